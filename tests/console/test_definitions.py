"""Definitions: their list, their page, and launches."""

import re

import pytest
from console import check_accessible, needs_console
from playwright.sync_api import expect

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-definitions")]


@pytest.fixture
def define(home_):
    """Makes definitions of the listener's imports."""

    def make(code, enabled=True, **fields):
        body = {"jobDefinitionCode": code, "jobType": "play:import", "enabled": enabled, **fields}
        if body["jobType"] == "play:import":
            body["params"] = {"owner": "Ada", **fields.get("params", {})}
        return home_.call("POST", "/v1/job-definitions", {"jobDefinition": body})["jobDefinition"]

    home_.declared("play:import")
    return make


def row(page, code):
    return page.locator(f"tr[data-code='{code}']")


def launch(scope, name="Launch"):
    return scope.get_by_role("button", name=name, exact=True)


def test_launch_moves_the_bar_and_ends_with_the_outcome(visit, define):
    define("contacts", name="Contacts", params={"pages": 25})
    page = visit().log_in("/definitions/contacts")
    launch(page).click()
    expect(page.get_by_role("status").filter(has_text="Contacts was started")).to_be_visible()
    job = page.locator("table.jobs tbody tr").first
    on_its_way = job.filter(has=page.locator("[role=progressbar][aria-valuenow]:not([aria-valuenow='100'])"))
    expect(on_its_way.filter(has_text=re.compile(r"Page \d+ of 25"))).to_be_visible()
    expect(job).to_have_attribute("data-status", "complete")
    expect(job).to_contain_text("full run of 25 pages for Ada.")
    expect(page.get_by_role("heading", level=1, name="Contacts").locator("..")).to_contain_text("OK")
    expect(page.locator(".watermark")).to_contain_text("19 Nov 2026")


def test_launch_is_dark_until_it_is_enabled(visit, home_, define):
    define("dark", name="Dark", enabled=False)
    first, second = visit().log_in("/definitions/dark"), visit().log_in("/definitions?enabled=false")
    expect(launch(first)).to_be_disabled()
    expect(first.get_by_text("it cannot be launched")).to_be_visible()
    expect(launch(row(second, "dark"), "Launch Dark")).to_be_disabled()
    first.get_by_role("switch", name="Enable Dark").click()
    expect(launch(first)).to_be_enabled()
    expect(first.get_by_text("it cannot be launched")).to_have_count(0)
    # The other browser sees it too: there is none left that is off.
    expect(row(second, "dark")).to_have_count(0)
    assert home_.call("GET", "/v1/job-definitions/dark")["jobDefinition"]["enabled"]


def test_the_arrow_offers_full_and_delta_in_words(visit, home_, define):
    define("ways", name="Ways", params={"pages": 1, "pause_s": 0}, modes={"default": "delta"})
    page = visit().log_in("/definitions/ways")
    arrow = page.get_by_role("button", name="Ways to launch")
    arrow.click()
    expect(page.get_by_role("button", name="Delta no run has succeeded yet")).to_be_visible()
    page.get_by_role("button", name="Full all of its source").click()
    expect(page.locator("table.jobs tbody tr")).to_have_count(1)
    expect(page.locator("table.jobs tbody tr")).to_contain_text("full run")
    expect(page.locator(".watermark")).to_be_visible()
    arrow.click()
    page.get_by_role("button", name=re.compile("Delta only what changed since 19 Nov 2026")).click()
    expect(page.locator("table.jobs tbody tr")).to_have_count(2)
    expect(page.locator("table.jobs tbody tr").first).to_contain_text("delta run")


def test_other_parameters_count_for_one_run(visit, home_, define):
    define("other", name="Other", params={"pages": 3, "pause_s": 0})
    page = visit().log_in("/definitions/other")
    page.get_by_role("button", name="Ways to launch").click()
    page.get_by_role("button", name=re.compile("With other parameters")).click()
    dialog = page.get_by_role("dialog", name="Launch Other")
    pages = dialog.get_by_label("Pages")
    expect(pages).to_have_value("3")
    pages.fill("900")
    dialog.get_by_role("button", name="Launch", exact=True).click()
    expect(pages).to_be_focused()
    expect(pages).to_have_accessible_description(re.compile("This must be 1 to 500"))
    pages.fill("2")
    dialog.get_by_label("Label").fill("By hand")
    dialog.get_by_role("button", name="Launch", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(page.locator("table.jobs tbody tr")).to_contain_text("full run of 2 pages")
    [job] = home_.call("GET", "/v1/jobs?definition=other")["data"]
    assert (job["label"], job["input"]["pages"], job["input"]["owner"]) == ("By hand", 2, "Ada")


def test_the_list_tells_health_last_and_next_run(visit, home_, define):
    define("nightly", name="Nightly import", params={"pages": 40})
    define("steps", name="Failing steps", jobType="play:fails")
    home_.call("POST", "/v1/job-definitions/nightly/schedules", {"cron": "0 3 * * *", "timeZone": "UTC"})
    page = visit(timezone_id="UTC").log_in("/definitions")
    nightly = row(page, "nightly")
    expect(nightly).to_contain_text("Not run yet")
    expect(nightly.locator("time")).to_contain_text("03:00")
    launch(nightly, "Launch Nightly import").click()
    expect(nightly).to_contain_text("Running")
    expect(nightly.get_by_role("progressbar")).to_be_visible()
    launch(row(page, "steps"), "Launch Failing steps").click()
    expect(row(page, "steps")).to_contain_text("Failed once")
    page.get_by_role("button", name="Failing", exact=True).click()
    expect(nightly).to_have_count(0)
    expect(row(page, "steps")).to_be_visible()
    assert page.url.endswith("/console/definitions?health=failed")
    page.get_by_role("button", name="All", exact=True).click()
    page.get_by_role("searchbox").fill("nightly")
    expect(row(page, "steps")).to_have_count(0)
    expect(nightly).to_be_visible()


def test_the_watermark_is_set_and_reset(visit, home_, define):
    define("mark", name="Mark")
    page = visit().log_in("/definitions/mark")
    expect(page.get_by_text("None yet: the next run reads all.")).to_be_visible()
    page.get_by_role("button", name="Set", exact=True).click()
    dialog = page.get_by_role("dialog", name="Set the watermark")
    dialog.get_by_label("Value").fill("page 7")
    dialog.get_by_role("button", name="Set", exact=True).click()
    expect(page.locator(".watermark")).to_have_text("page 7")
    page.get_by_role("button", name="Reset", exact=True).click()
    dialog = page.get_by_role("dialog", name="Reset the watermark of Mark?")
    expect(dialog.get_by_role("button", name="Leave it as it is")).to_be_focused()
    dialog.get_by_role("button", name="Reset").click()
    expect(page.locator(".watermark")).to_have_count(0)
    assert "value" not in home_.call("GET", "/v1/job-definitions/mark/watermark")["data"]


def test_versions_tell_what_each_has_changed(visit, home_, define):
    define("history", name="History", params={"pages": 3})
    changed = {"jobDefinition": {"params": {"owner": "Grace", "pages": 3}, "target": "us_sh_1"}}
    home_.call("PATCH", "/v1/job-definitions/history", changed)
    page = visit().log_in("/definitions/history")
    page.get_by_text("Version 2").click()
    diff = page.locator(".diff tbody tr")
    expect(diff.filter(has_text="params.owner")).to_contain_text("AdaGrace")
    expect(diff.filter(has_text="target")).to_contain_text("nothingus_sh_1")
    expect(diff).to_have_count(2)


def test_who_may_only_look_finds_no_buttons(visit, home_, define):
    define("looked-at", name="Looked at")
    viewer = home_.member("Vera", "viewer")
    page = visit().log_in("/definitions/looked-at", member=viewer["id"])
    expect(page.get_by_role("heading", level=1, name="Looked at")).to_be_visible()
    expect(page.get_by_role("switch")).to_be_disabled()
    for name in ("Launch", "Edit", "Delete", "Set", "Reset"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)


def test_a_definition_is_deleted_after_a_question(visit, home_, define):
    define("gone", name="Gone")
    page = visit().log_in("/definitions/gone")
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete Gone?")
    expect(dialog).to_contain_text("Its schedules and triggers go with it")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", level=1, name="Definitions")).to_be_visible()
    expect(row(page, "gone")).to_have_count(0)


def test_it_is_accessible(visit, home_, define):
    code = "shown"
    trigger = {
        "topic": "order:paid",
        "filter": {"payload.country": "DE"},
        "params": {"owner": "{{ event.payload.who }}"},
    }
    define(code, name="Shown", modes={"default": "delta"}, triggers=[trigger], description="All of them.")
    home_.call("POST", f"/v1/job-definitions/{code}/schedules", {"cron": "0 3 * * *"})
    home_.call("PUT", f"/v1/job-definitions/{code}/watermark", {"value": "7"})
    define(f"{code}-off", enabled=False)
    page = visit().log_in("/definitions")
    expect(row(page, code)).to_be_visible()
    check_accessible(page)
    page.get_by_role("link", name="Shown").first.click()
    page.get_by_text("Version 1").click()
    page.get_by_role("button", name="Ways to launch").click()
    expect(page.get_by_role("button", name="Full all of its source")).to_be_visible()
    check_accessible(page)
    page.get_by_role("button", name=re.compile("With other parameters")).click()
    page.get_by_role("dialog").get_by_label("Responsible").fill("")
    page.get_by_role("dialog").get_by_role("button", name="Launch", exact=True).click()
    expect(page.get_by_text("This is required.")).to_be_visible()
    check_accessible(page)

"""Long words fit: nothing scrolls sideways or is cut off, on a phone, a tablet or a desk. make console-gallery looks at every page."""

import pytest
from console import check_accessible, needs_console
from fitting import check_fits
from playwright.sync_api import expect
from processes import until

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-fits")]

LONG = "Orders of the market places of Austria, Switzerland and Liechtenstein, with returns, vouchers and gift cards"
STORY = f"Line 4,117 names nobody: {'https://crm.example.com/customers/8f14e45f/addresses ' * 5}"


@pytest.fixture(scope="module")
def ada(home_):
    """She is told of the definition's runs."""
    return home_.member("Ada", "admin")["id"]


@pytest.fixture(scope="module")
def job(home_, ada):
    """A run that has failed, of a definition with a long name."""
    home_.declared("play:fails")
    rule = {"on": "all", "channels": ["inbox"], "members": [ada]}
    body = {
        "jobDefinitionCode": "orders-market-places",
        "name": LONG,
        "jobType": "play:fails",
        "enabled": True,
    }
    body |= {"params": {"why": STORY}, "notifications": [rule]}
    home_.call("POST", "/v1/job-definitions", {"jobDefinition": body})
    made = home_.call("POST", "/v1/job-definitions/orders-market-places/_execute")["jobId"]
    until(lambda: home_.call("GET", f"/v1/jobs/{made}")["data"]["status"] == "failed", "it has failed")
    home_.call("PATCH", f"/v1/jobs/{made}", {"tags": ["shop", "market-place"]})
    return made


def test_a_job_with_a_long_input_and_its_tags(visit, job):
    page = visit().log_in(f"/jobs/{job}")
    expect(page.locator(".data pre")).to_contain_text("https://crm.example.com")
    check_fits(page)
    check_accessible(page)


def test_the_inbox_with_a_long_message(visit, job, ada):
    page = visit().log_in("/inbox", member=ada)
    expect(page.locator(".inboxtext")).to_contain_text("names nobody")
    check_fits(page)
    check_accessible(page)


def test_the_history_says_outcomes_in_plain_cells(visit, job):
    page = visit().log_in("/runs")
    cell = page.locator(f"tr[data-id={job}] td[title]")
    expect(cell).to_contain_text("names nobody")
    expect(cell).to_have_css("border-left-width", "0px")
    check_fits(page)


def test_the_builder_of_schedules(visit, job):
    page = visit().log_in("/schedules/new")
    begin, unit = page.get_by_label("First at"), page.get_by_label("Unit")
    expect(page.get_by_label("Name")).to_have_css("font-weight", "400")
    left, above = begin.bounding_box(), unit.bounding_box()
    assert left["x"] >= above["x"] + above["width"] or left["y"] >= above["y"] + above["height"]
    check_fits(page)


def test_a_rule_of_a_long_name(visit, job):
    page = visit().log_in("/settings/notifications")
    expect(page.locator("table.settings-rules .name")).to_contain_text(LONG)
    check_fits(page)


def test_a_job_that_waits_for_others(visit, home_, job):
    first = home_.job("by-hand")["id"]
    second = home_.job("by-hand", predecessorIds=[first])["id"]
    page = visit().log_in("/jobs")
    expect(page.locator(f"tr[data-id={second}]")).to_contain_text("Waiting for others")
    check_fits(page)
    page.locator(f"tr[data-id={job}] td.left").click()
    expect(page.locator(".drawer")).to_contain_text("names nobody")
    check_fits(page)


def test_a_short_log_below_the_window_is_as_high_as_its_lines(visit, home_):
    job = home_.job(input={"steps": 2, "pause_s": 0, "log": True})["id"]
    until(lambda: home_.call("GET", f"/v1/jobs/{job}")["data"]["status"] == "complete", "it has ended")
    page = visit(viewport={"width": 390, "height": 200}).log_in(f"/jobs/{job}")
    expect(page.get_by_text("That was the last one")).to_be_attached()
    assert page.locator(".loglines").bounding_box()["height"] < 100


def test_names_without_a_space_break(visit, home_):
    word = "W" * 200
    job = home_.job("by-hand", label=word, tags=["t" * 60])
    home_.call("POST", f"/v1/jobs/{job['id']}/ack", {"info": word})
    page = visit().log_in(f"/jobs/{job['id']}")
    expect(page.locator(".going")).to_contain_text(word)
    check_fits(page)
    following = {"type": "url", "url": "https://example.com", "label": word}
    outcome = {"heading": word, "message": word, "next": following}
    home_.call("POST", f"/v1/jobs/{job['id']}/complete", {"outcome": outcome})
    expect(page.get_by_role("link", name=word)).to_be_visible()
    check_fits(page)
    body = {"jobDefinitionCode": "unbroken", "name": word, "jobType": "noop", "description": word}
    home_.call("POST", "/v1/job-definitions", {"jobDefinition": body})
    fields = {"definition": "unbroken", "cron": "0 3 * * *", "timeZone": "Asia/Tokyo", "name": word}
    schedule = home_.call("POST", "/v1/schedules", fields)["data"]["id"]
    for path in ("/definitions/unbroken", f"/schedules/{schedule}", f"/schedules/{schedule}/edit"):
        page.goto(f"/console{path}")
        expect(page.get_by_role("heading", level=1)).to_contain_text(word)
        check_fits(page)

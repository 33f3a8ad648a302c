"""The history: what ran, what did not and why, and a run again."""

import csv
import io

import pytest
from console import NARROW, check_accessible, needs_console
from playwright.sync_api import expect

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-runs")]


@pytest.fixture(scope="module")
def definition(home_):
    """Of a job that does nothing, for as long as it is asked to."""
    body = {"jobDefinitionCode": "nightly", "jobType": "noop", "params": {"echo": "first"}, "enabled": True}
    home_.call("POST", "/v1/job-definitions", {"jobDefinition": body})
    return "nightly"


def launch(home, code, **params):
    return home.call("POST", f"/v1/job-definitions/{code}/_execute", {"params": params})["jobId"]


def row(page, run):
    return page.locator(f"tr[data-id={run}]")


def test_a_run_appears_and_ends_without_reload(visit, home_, definition):
    page = visit().log_in("/runs")
    run = launch(home_, definition, seconds=2)
    expect(row(page, run)).to_contain_text("Running")
    expect(row(page, run)).to_have_attribute("data-result", "success")
    expect(row(page, run)).to_contain_text("2 s")
    expect(page.locator(".summary")).to_contain_text("complete")


def test_another_space_is_exported_too(visit, home_):
    home_.call("POST", "/v1/spaces", {"name": "Elsewhere", "code": "elsewhere"})
    body = {"jobDefinitionCode": "there", "jobType": "noop", "params": {}, "enabled": True}
    home_.call("POST", "/v1/job-definitions", {"jobDefinition": body}, space="elsewhere")
    made = home_.call("POST", "/v1/job-definitions/there/_execute", {}, space="elsewhere")["jobId"]
    page = visit().log_in("/runs?space=elsewhere")
    expect(row(page, made)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export CSV").click()
    lines = csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig")))
    assert [line["id"] for line in lines] == [made]


def test_filters_stand_in_the_address_and_reach_the_export(visit, home_, definition):
    run = launch(home_, definition)
    canceled = launch(home_, definition, seconds=60)
    home_.call("POST", f"/v1/jobs/{canceled}/cancel", {})
    page = visit().log_in("/runs?result=canceled")
    expect(row(page, canceled)).to_be_visible()
    expect(row(page, run)).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export CSV").click()
    lines = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    assert {line["result"] for line in lines} == {"canceled"}
    assert canceled in {line["id"] for line in lines}
    page.get_by_label("Result").select_option("success")
    expect(row(page, run)).to_be_visible()
    expect(row(page, canceled)).to_have_count(0)
    page.get_by_label("Definition").select_option("nightly")
    page.get_by_label("Since").select_option("1h")
    expect(row(page, run)).to_be_visible()
    assert page.url.endswith("/runs?result=success&definition=nightly&since=1h")
    page.get_by_label("Started by").select_option("hook")
    expect(page.get_by_text("No run fits these filters.")).to_be_visible()


def test_a_run_is_run_again_with_other_parameters(visit, home_, definition):
    run = launch(home_, definition, echo="before", seconds=0)
    page = visit().log_in("/runs")
    row(page, run).get_by_role("button", name="Run again").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Echo")).to_have_value('"before"')
    dialog.get_by_label("Echo").fill('"after"')
    dialog.get_by_label("Seconds").fill("9999")
    dialog.get_by_role("button", name="Run again").click()
    expect(dialog.get_by_label("Seconds")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Seconds").fill("0")
    dialog.get_by_role("button", name="Run again").click()
    link = dialog.get_by_role("link", name="Open the job")
    again = link.get_attribute("href").rpartition("/")[2]
    found = home_.call("GET", f"/v1/runs/{again}")["data"]
    assert (found["rerunOf"], found["params"]["echo"]) == (run, "after")
    page.keyboard.press("Escape")
    expect(row(page, again)).to_contain_text("Again")


def test_a_summary_shows_what_a_run_was_given(visit, home_, definition):
    run = launch(home_, definition, echo="look at me")
    page = visit().log_in("/runs")
    row(page, run).get_by_role("button", name="Summary").click()
    dialog = page.get_by_role("dialog", name="nightly")
    expect(dialog).to_contain_text("look at me")
    expect(dialog.get_by_role("link", name="Open the job")).to_have_attribute("href", f"/console/jobs/{run}")
    check_accessible(page)


def test_a_due_time_at_which_nothing_ran_is_made_up_for(visit, home_):
    body = {"jobDefinitionCode": "asleep", "jobType": "noop", "enabled": False}
    home_.call("POST", "/v1/job-definitions", {"jobDefinition": body})
    fields = {"definition": "asleep", "name": "Ticks", "cron": "*/10 * * * * ?", "timeZone": "UTC"}
    home_.call("POST", "/v1/schedules", fields)
    page = visit().log_in("/runs?result=skipped")
    skipped = page.locator("tr[data-result=skipped]")
    expect(skipped).to_contain_text("Schedule · Ticks", timeout=20_000)
    expect(skipped.locator(".ending")).to_contain_text("disabled")
    wide = page.viewport_size
    page.set_viewport_size(NARROW)
    # It has no job that could be opened, so that the reason stands with it.
    expect(skipped.first.get_by_text("The definition was disabled.").locator("visible=true")).to_be_visible()
    page.set_viewport_size(wide)
    home_.call("PATCH", "/v1/job-definitions/asleep", {"jobDefinition": {"enabled": True}})
    skipped.last.get_by_role("button", name="Run again").click()
    expect(page.get_by_role("dialog")).to_contain_text("Nothing ran on")
    page.get_by_role("dialog").get_by_role("button", name="Run again").click()
    expect(page.get_by_role("dialog")).to_contain_text("A new job has started")


def test_new_runs_wait_while_the_pointer_is_in_the_list(visit, home_, definition):
    first = launch(home_, definition)
    page = visit().log_in("/runs?definition=nightly")
    row(page, first).hover()
    second = launch(home_, definition)
    page.get_by_role("button", name="1 new").wait_for()
    expect(row(page, second)).to_have_count(0)
    page.get_by_role("heading", level=1).hover()
    expect(row(page, second)).to_be_visible()


def test_who_may_only_look_runs_nothing_again(visit, home_, definition):
    run = launch(home_, definition)
    eve = home_.member("Eve", "viewer")
    page = visit().log_in("/runs", member=eve["id"])
    expect(row(page, run).get_by_role("button", name="Summary")).to_be_visible()
    expect(page.get_by_role("button", name="Run again")).to_have_count(0)


def test_it_is_accessible(visit, home_, definition):
    run = launch(home_, definition)
    page = visit().log_in("/runs")
    expect(row(page, run)).to_be_visible()
    check_accessible(page)
    row(page, run).get_by_role("button", name="Run again").click()
    expect(page.get_by_role("group", name="Parameters")).to_be_visible()
    check_accessible(page)

"""The builder of schedules: what is typed is explained while it is typed."""

import re

import pytest
from console import check_accessible, needs_console
from playwright.sync_api import expect

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-schedule-form")]


@pytest.fixture(scope="module")
def definition(home_):
    body = {"jobDefinitionCode": "nightly", "jobType": "noop", "name": "Nightly export", "enabled": True}
    home_.call("POST", "/v1/job-definitions", {"jobDefinition": body})
    return "nightly"


def means(page):
    return page.get_by_role("region", name="What it means")


def by_cron(page, text):
    page.get_by_role("radio", name="Cron").check()
    page.get_by_label("Cron expression").fill(text)


@pytest.fixture
def builder(visit, definition):
    """The page, of somebody in Vienna."""

    def begin(path="/schedules/new", **how):
        there = visit(timezone_id="Europe/Vienna", **how)
        page = there.log_in(path)
        expect(means(page).locator("tbody tr").first).to_be_visible()
        return there, page

    return begin


def test_a_cron_is_built_with_its_words_and_made(builder, home_):
    _, page = builder("/schedules/new?definition=nightly")
    by_cron(page, "0 9 * * 1-5")
    expect(means(page).get_by_role("status")).to_have_text("At 09:00, Monday to Friday")
    page.get_by_label("Time zone").fill("Asia/Kolkata")
    expect(page.get_by_text("there now, UTC+05:30")).to_be_visible()
    expect(means(page).locator("tbody tr")).to_have_count(10)
    expect(means(page).locator("tbody tr").first).to_contain_text(re.compile("09:00.*0[45]:30"))
    page.get_by_label("Name").fill("Mornings")
    page.get_by_text("When something stands in its way").click()
    page.get_by_label("While it runs").select_option("queue_one")
    page.get_by_label("Pause after failures").fill("3")
    page.get_by_label("Parameters").fill('{"seconds": 1}')
    page.get_by_role("button", name="Create the schedule").click()
    expect(page.get_by_role("heading", level=1, name="Mornings")).to_be_visible()
    [made] = [one for one in home_.call("GET", "/v1/schedules")["data"] if one["name"] == "Mornings"]
    assert (made["cron"], made["timeZone"], made["overlap"]) == ("0 9 * * 1-5", "Asia/Kolkata", "queue_one")
    assert (made["pauseAfter"], made["params"], made["definition"]) == (3, {"seconds": 1}, "nightly")


def test_one_whose_answer_is_lost_is_made_once(builder, home_):
    there, page = builder("/schedules/new?definition=nightly")
    by_cron(page, "0 9 * * 1-5")
    page.get_by_label("Name").fill("Once alone")
    page.route("**/v1/schedules", lambda route: (route.fetch(), route.abort()), times=1)
    create = page.get_by_role("button", name="Create the schedule")
    create.click()
    expect(page.get_by_role("alert").filter(has_text="cannot be reached")).to_be_visible()
    there.faults.clear()
    create.click()
    expect(page.get_by_role("heading", level=1, name="Once alone")).to_be_visible()
    assert [one["name"] for one in home_.call("GET", "/v1/schedules")["data"]].count("Once alone") == 1


def test_what_cannot_be_read_is_told_at_the_field(builder):
    there, page = builder()
    by_cron(page, "0 0 9 * * 1")
    problem = page.locator("#cron-problem")
    expect(problem).to_contain_text("may have its seconds first or last")
    expect(page.get_by_role("button", name="Create the schedule")).to_be_disabled()
    expect(page.get_by_label("Cron expression")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Dialect").select_option("quartz")
    expect(problem).to_have_count(0)
    expect(means(page).get_by_role("status")).to_have_text("At 09:00 on Sundays")
    page.get_by_label("Time zone").fill("Mars/Olympus")
    expect(page.get_by_text("Mars/Olympus")).to_be_visible()
    there.refusals.add(422)


def test_a_repetition_is_picked(builder):
    _, page = builder()
    page.get_by_label("Every", exact=True).fill("2")
    page.get_by_label("Unit").select_option("weeks")
    page.get_by_label("First at").fill("2030-01-07T09:00")
    page.get_by_label("Mon", exact=True).check()
    page.get_by_label("Fri", exact=True).check()
    expect(means(page).get_by_role("status")).to_contain_text(
        re.compile("2 weeks on Monday and Friday at 09:00")
    )
    expect(means(page).locator("tbody tr").nth(1)).to_contain_text("Fri 11 Jan 09:00")
    page.get_by_label("Unit").select_option("months")
    page.get_by_label("Which of the month").select_option("last")
    page.get_by_label("Weekday").select_option("fri")
    expect(means(page).locator("tbody tr").first).to_contain_text("Fri 25 Jan 09:00")
    page.get_by_label("Ends").select_option("count")
    page.get_by_label("Times", exact=True).fill("3")
    expect(means(page).locator("tbody tr")).to_have_count(3)
    page.get_by_role("radio", name="Once").check()
    page.get_by_label("At", exact=True).fill("2030-12-24T09:00")
    expect(means(page).locator("tbody tr")).to_have_count(1)


def test_a_number_that_is_taken_out_may_be_typed_anew(builder):
    there, page = builder()
    every = page.get_by_label("Every", exact=True)
    every.fill("3")
    expect(means(page).get_by_role("status")).to_contain_text("3 days")
    every.fill("")
    expect(means(page).get_by_role("status")).to_contain_text("Every day")
    expect(every).to_have_value("")
    every.fill("99999")
    wrong = page.locator(".field[data-wrong]").filter(has=every)
    expect(wrong.locator(".wrong")).to_be_visible()
    expect(wrong).not_to_contain_text("repeat.")
    there.faults[:] = [fault for fault in there.faults if "status of 4" not in fault]


def test_clock_changes_are_told(builder):
    _, page = builder()
    page.get_by_role("radio", name="Once").check()
    page.get_by_label("Time zone").fill("Europe/Paris")
    page.get_by_label("At", exact=True).fill("2030-03-31T02:30")
    expect(means(page)).to_contain_text("does not exist on 31 March 2030")


def test_a_free_minute_is_found(builder, home_):
    fields = {"definition": "nightly", "name": "In the way", "once": "2031-05-01T07:00", "timeZone": "UTC"}
    home_.call("POST", "/v1/schedules", fields)
    _, page = builder()
    page.get_by_role("radio", name="Once").check()
    page.get_by_label("Time zone").fill("UTC")
    page.get_by_label("At", exact=True).fill("2031-05-01T07:00")
    expect(means(page)).to_contain_text(
        "Another schedule starts in the minute of the first time: In the way."
    )
    means(page).get_by_role("button", name="Move to 07:01").click()
    expect(page.get_by_label("At", exact=True)).to_have_value("2031-05-01T07:01")
    expect(means(page)).to_contain_text("Nothing else of this space starts in that minute.")


def test_a_schedule_is_changed(builder, home_):
    fields = {
        "definition": "nightly",
        "name": "Old",
        "cron": "0 3 * * *",
        "timeZone": "Asia/Tokyo",
        "pauseAfter": 2,
    }
    made = home_.call("POST", "/v1/schedules", fields)["data"]
    _, page = builder(f"/schedules/{made['id']}/edit")
    expect(page.get_by_label("Cron expression")).to_have_value("0 3 * * *")
    # It does not stand in its own way.
    expect(means(page)).to_contain_text("Nothing else of this space starts in that minute.")
    page.get_by_label("Name").fill("New")
    page.get_by_role("radio", name="Repeat").check()
    page.get_by_label("Unit").select_option("hours")
    page.get_by_label("First at").fill("2030-01-07T09:00")
    page.get_by_text("When something stands in its way").click()
    page.get_by_label("Pause after failures").fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1, name="New")).to_be_visible()
    after = home_.call("GET", f"/v1/schedules/{made['id']}")["data"]
    assert (after["name"], after["repeat"]["unit"], "cron" in after) == ("New", "hours", False)
    assert (after["timeZone"], "pauseAfter" in after) == ("Asia/Tokyo", False)


def test_what_the_server_refuses_stands_above_the_form(builder):
    there, page = builder()
    page.get_by_text("When something stands in its way").click()
    page.get_by_label("Parameters").fill('{"x": "{{ event.id }}"}')
    page.get_by_role("button", name="Create the schedule").click()
    expect(page.get_by_role("alert")).to_contain_text("event")
    page.get_by_label("Parameters").fill("{")
    page.get_by_role("button", name="Create the schedule").click()
    expect(page.get_by_role("alert")).to_contain_text("This is no JSON object")
    there.refusals.add(400)


def test_it_is_accessible(builder):
    there, page = builder()
    page.get_by_text("When something stands in its way").click()
    page.get_by_label("Unit").select_option("months")
    check_accessible(page)
    page.get_by_label("Unit").select_option("weeks")
    check_accessible(page)
    by_cron(page, "0 0 9 * * 1")
    expect(page.locator("#cron-problem")).to_be_visible()
    check_accessible(page)
    there.refusals.add(422)


def test_one_time_keeps_its_seconds(builder, home_):
    fields = {"definition": "nightly", "once": "2030-01-07T09:00:30", "timeZone": "Asia/Tokyo"}
    made = home_.call("POST", "/v1/schedules", fields)["data"]
    _, page = builder(f"/schedules/{made['id']}/edit")
    page.get_by_label("Name").fill("Launch")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1, name="Launch")).to_be_visible()
    assert home_.call("GET", f"/v1/schedules/{made['id']}")["data"]["once"] == "2030-01-07T09:00:30"

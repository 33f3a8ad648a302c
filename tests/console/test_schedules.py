"""Schedules: the list with its strips, one schedule, and the builder."""

import re
import time

import pytest
from console import HEAR_CANCELED, check_accessible, needs_console
from playwright.sync_api import expect
from processes import until

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-schedules")]


def define(home, code, **fields):
    """A definition that is enabled."""
    given = {"jobDefinitionCode": code, "jobType": "noop", "enabled": True, **fields}
    home.call("POST", "/v1/job-definitions", {"jobDefinition": given})
    return code


@pytest.fixture(scope="module")
def made(home_):
    """Makes a schedule of a definition of its own."""
    numbers = iter(range(1000))

    def make(**fields):
        code = define(home_, f"nightly-{next(numbers)}")
        return home_.call(
            "POST",
            "/v1/schedules",
            {"definition": code, "cron": "0 3 * * *", "timeZone": "Europe/Paris", **fields},
        )["data"]

    return make


def row(page, schedule):
    return page.locator(f"tr[data-id={schedule['id']}]")


def shown(home, schedule):
    return home.call("GET", f"/v1/schedules/{schedule['id']}")["data"]


def heading(page, name):
    return page.get_by_role("heading", level=1, name=name)


def test_a_toggle_shows_in_another_browser(visit, home_, made):
    schedule = made(name="Nights")
    one, other = (visit(timezone_id="Europe/Paris").log_in("/schedules") for _ in range(2))
    expect(row(one, schedule).locator(".next")).to_contain_text("03:00")
    switch = row(one, schedule).get_by_role("switch")
    expect(row(other, schedule).get_by_role("switch")).to_be_checked()
    switch.click()
    expect(one.get_by_role("status").filter(has_text="Nights is off")).to_be_visible()
    expect(switch).not_to_be_checked()
    expect(row(other, schedule).get_by_role("switch")).not_to_be_checked()
    expect(row(other, schedule).locator(".next")).to_have_text("Off")
    assert shown(home_, schedule)["enabled"] is False
    row(other, schedule).get_by_role("switch").press("Space")
    expect(row(one, schedule).locator(".next")).to_contain_text("03:00")


def test_a_schedule_appears_changes_and_goes_without_reload(visit, home_, made):
    page = visit().log_in("/schedules")
    schedule = made(name="Late riser")
    expect(row(page, schedule)).to_contain_text("Late riser")
    home_.call("PATCH", f"/v1/schedules/{schedule['id']}", {"name": "Early bird"})
    expect(row(page, schedule)).to_contain_text("Early bird")
    home_.call("DELETE", f"/v1/schedules/{schedule['id']}")
    expect(row(page, schedule)).to_have_count(0)


def test_the_strip_tells_what_ran_what_was_skipped_and_what_comes(visit, home_, made):
    schedule = made(cron="0 * * * *", name="Hourly")
    page = visit().log_in("/schedules")
    strip = row(page, schedule).locator("svg.strip")
    expect(strip).to_have_attribute("aria-label", re.compile(r"2[34] to come$"))
    home_.call("PATCH", f"/v1/schedules/{schedule['id']}", {"cron": "*/10 * * * * ?"})
    expect(strip.locator("[data-kind=ran]")).to_have_count(1, timeout=20_000)
    expect(strip).to_have_attribute("aria-label", re.compile(r"\d ran"))
    home_.call(
        "PATCH", f"/v1/job-definitions/{schedule['definition']}", {"jobDefinition": {"enabled": False}}
    )
    expect(strip.locator("[data-kind=skipped] title")).to_contain_text("Skipped", timeout=20_000)
    expect(row(page, schedule).locator(".next")).to_have_text("Asleep")


def test_what_a_run_comes_to_while_it_is_read_is_shown(visit, home_):
    home_.declared("play:steps")
    code = define(home_, "slow", jobType="play:steps", params={"steps": 500, "pause_s": 0.1})
    body = {"definition": code, "cron": "0 3 * * *", "timeZone": "UTC"}
    schedule = home_.call("POST", "/v1/schedules", body)["data"]
    page = visit().log_in("/schedules")
    strip = row(page, schedule).locator("svg.strip")
    expect(strip).to_be_visible()
    held = []

    def hold(route):
        answer = route.fetch()
        if held or f'"scheduleId":"{schedule["id"]}"' not in answer.text():
            route.fulfill(response=answer)
        else:
            held.append((route, answer))

    page.route("**/v1/runs?*", hold)
    page.evaluate(HEAR_CANCELED)
    soon = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 4))
    home_.call("PATCH", f"/v1/schedules/{schedule['id']}", {"once": soon})
    until(lambda: page.evaluate("true") and held, "the run is read")
    runs = home_.call("GET", f"/v1/runs?schedule={schedule['id']}")["data"]
    [job] = [run["jobId"] for run in runs if run["result"] == "running"]
    home_.call("POST", f"/v1/jobs/{job}/cancel", {})
    until(lambda: job in page.evaluate("canceled"), "the page has heard of it")
    route, answer = held[0]
    route.fulfill(response=answer)
    expect(strip.locator("[data-kind=canceled]")).to_have_count(1)


def test_run_now_and_delete_ask_nothing_and_ask_first(visit, home_, made):
    schedule = made(name="By hand")
    page = visit().log_in("/schedules")
    row(page, schedule).get_by_role("button", name="Actions of By hand").click()
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_role("status").filter(has_text="A job has started")).to_be_visible()
    [run] = home_.call("GET", f"/v1/runs?schedule={schedule['id']}")["data"]
    assert run["trigger"]["scheduleId"] == schedule["id"]
    row(page, schedule).get_by_role("button", name="Actions of By hand").click()
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete the schedule By hand?")
    expect(dialog.get_by_role("button", name="Leave it as it is")).to_be_focused()
    check_accessible(page)
    dialog.get_by_role("button", name="Delete").click()
    expect(row(page, schedule)).to_have_count(0)
    expect(dialog).to_have_count(0)


def test_a_schedule_whose_owner_has_gone_is_taken_over(visit, home_, made):
    bea = home_.member("Bea", "operator")
    schedule = made(name="Orphan")
    home_.call("POST", f"/v1/schedules/{schedule['id']}/owner", {"owner": bea["id"]})
    home_.call("PATCH", f"/v1/members/{bea['id']}", {"active": False})
    ada = home_.member("Ada", "operator")
    page = visit().log_in("/schedules?show=attention", member=ada["id"])
    expect(row(page, schedule)).to_contain_text("Owner set aside")
    expect(row(page, schedule).locator(".owner")).to_have_text("Bea")
    row(page, schedule).get_by_role("button", name="Actions of Orphan").click()
    page.get_by_role("button", name="Take over").click()
    page.get_by_role("dialog").get_by_role("button", name="Take over").click()
    expect(row(page, schedule)).to_have_count(0)
    page.get_by_label("Which").select_option("mine")
    expect(row(page, schedule).locator(".owner")).to_have_text("You")
    assert shown(home_, schedule)["owner"] == ada["id"]


def test_who_takes_over_is_told_of_rules_that_name_the_former_owner(visit, home_, made):
    cleo = home_.member("Cleo", "operator")
    rule = {"on": "failed", "channels": ["inbox"], "members": [cleo["id"]]}
    schedule = made(name="Told elsewhere", notifications=[rule])
    home_.call("POST", f"/v1/schedules/{schedule['id']}/owner", {"owner": cleo["id"]})
    page = visit().log_in(f"/schedules/{schedule['id']}", member=home_.member("Dora", "operator")["id"])
    page.get_by_role("button", name="Take over").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("checkbox").uncheck()
    dialog.get_by_role("button", name="Take over").click()
    told = page.get_by_role("status").filter(has_text="One rule tells the former owner still")
    expect(told).to_contain_text("see Notifications in the settings")


def test_who_may_only_look_is_offered_nothing(visit, home_, made):
    schedule = made(name="Look at me")
    eve = home_.member("Eve", "viewer")
    page = visit().log_in("/schedules", member=eve["id"])
    expect(row(page, schedule).get_by_role("switch")).to_be_disabled()
    expect(page.get_by_role("button", name=re.compile("Actions of"))).to_have_count(0)
    expect(page.get_by_role("link", name="New schedule")).to_have_count(0)
    page.goto("/console/schedules/new")
    expect(page.get_by_text("Your role may look at schedules")).to_be_visible()


def test_filters_stand_in_the_address(visit, made):
    on, off = made(name="Alpha"), made(name="Beta", enabled=False)
    page = visit().log_in("/schedules?show=off")
    expect(row(page, off)).to_be_visible()
    expect(row(page, on)).to_have_count(0)
    page.get_by_label("Which").select_option("all")
    page.keyboard.press("Escape")
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("/")
    page.keyboard.type("alpha")
    expect(row(page, on)).to_be_visible()
    expect(row(page, off)).to_have_count(0)
    assert page.url.endswith("/schedules?q=alpha")
    page.goto(f"/console/schedules?definition={off['definition']}")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_one_schedule_shows_its_next_times_in_both_zones(visit, made):
    schedule = made(name="Paris nights", end="2199-01-01")
    page = visit(timezone_id="Asia/Tokyo").log_in(f"/schedules/{schedule['id']}")
    expect(heading(page, "Paris nights")).to_be_visible()
    times = page.get_by_role("region", name="Next times").locator("tbody tr")
    expect(times).to_have_count(5)
    expect(times.first).to_contain_text(re.compile("03:00.*1[01]:00"))
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_role("table", name="History").locator("tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(heading(page, "Schedules")).to_be_visible()


def test_a_schedule_that_is_gone_says_so(visit, home_, made):
    schedule = made()
    page = visit().log_in(f"/schedules/{schedule['id']}")
    expect(heading(page, schedule["name"])).to_be_visible()
    home_.call("DELETE", f"/v1/schedules/{schedule['id']}")
    expect(heading(page, "This schedule is deleted.")).to_be_visible()


def test_it_is_accessible(visit, home_, made):
    schedule = made(cron="0 * * * *", name="Hourly")
    home_.call("POST", f"/v1/schedules/{schedule['id']}/run")
    page = visit().log_in("/schedules")
    expect(row(page, schedule)).to_be_visible()
    check_accessible(page)
    page.goto(f"/console/schedules/{schedule['id']}")
    expect(page.get_by_role("region", name="Next times").locator("tbody tr")).to_have_count(5)
    check_accessible(page)

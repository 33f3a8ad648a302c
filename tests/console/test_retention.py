"""Retention: what is kept how long, and the times that a space may have of its own."""

import re

import pytest
from console import check_accessible, needs_console
from playwright.sync_api import expect

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-retention")]


def row(page, name):
    return page.locator(f"tr[data-id={name}]")


def own(home):
    found = home.call("GET", "/v1/spaces/default")["data"]["retention"]
    return found.get("jobDays"), found.get("fileDays")


def keep(home, **days):
    home.call("PATCH", "/v1/spaces/default", {"retention": days})


def test_a_space_has_times_of_its_own_and_gives_them_up(visit, home_):
    keep(home_)
    first, second = visit().log_in("/settings/retention"), visit().log_in("/settings/retention")
    expect(row(first, "jobs")).to_contain_text("90 days")
    expect(row(second, "jobs")).to_contain_text("as the server says")
    first.get_by_role("button", name="Change").press("Enter")
    dialog = first.get_by_role("dialog")
    jobs = dialog.get_by_label("Jobs, in days")
    expect(jobs).to_be_focused()
    first.keyboard.type("14")
    first.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(row(second, "jobs")).to_contain_text("14 days by this space")
    expect(row(second, "files")).to_contain_text("as the server says")
    assert own(home_) == (14, None)
    first.get_by_role("button", name="Change").click()
    expect(jobs).to_have_value("14")
    jobs.fill("")
    dialog.get_by_label("Files, in days").fill("0.5")
    dialog.get_by_role("button", name="Save").click()
    expect(row(second, "jobs")).to_contain_text("as the server says")
    expect(row(second, "files")).to_contain_text("0.5 days by this space")
    assert own(home_) == (None, 0.5)


def test_what_is_beyond_the_limits_stands_at_its_field(visit):
    page = visit().log_in("/settings/retention")
    page.get_by_role("button", name="Change").click()
    dialog = page.get_by_role("dialog")
    jobs = dialog.get_by_label("Jobs, in days")
    jobs.fill("0")
    dialog.get_by_role("button", name="Save").click()
    expect(jobs).to_be_focused()
    expect(jobs).to_have_accessible_description(re.compile("more than 0"))


def test_who_may_only_look_has_no_button_that_is_refused(visit, home_):
    reader = home_.member("Reader of times", "viewer")
    page = visit().log_in("/settings/retention", member=reader["id"])
    expect(row(page, "events")).to_contain_text("TICKWIRE_LOG_DAYS")
    expect(page.get_by_role("button", name="Change")).to_have_count(0)


def test_it_is_accessible(visit, home_):
    keep(home_, jobDays=30)
    page = visit().log_in("/settings/retention")
    expect(row(page, "jobs")).to_contain_text("30 days by this space")
    check_accessible(page)
    page.get_by_role("button", name="Change").click()
    check_accessible(page)

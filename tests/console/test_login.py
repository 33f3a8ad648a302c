"""Logging in and out, and what stands around every view."""

import re

import pytest
from console import NARROW, WIDE, check_accessible, needs_console
from playwright.sync_api import expect

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-login")]


def heading(page, name):
    return page.get_by_role("heading", level=1, name=name)


def test_a_link_logs_in_once_and_leaves_no_trace(visit, home_):
    link = home_.link()
    page = visit().page()
    page.goto(link)
    expect(heading(page, "Jobs")).to_be_visible()
    assert page.url == f"{home_.url}/console/jobs"
    other = visit()
    second = other.page()
    second.goto(link)
    expect(second.get_by_role("alert")).to_contain_text("has served")
    other.faults[:] = [fault for fault in other.faults if "401" not in fault]


def test_who_is_not_logged_in_comes_to_where_they_wanted(visit, home_):
    ada = home_.member("Ada Lovelace", "operator")
    page = visit().log_in(member=ada["id"])
    page.get_by_role("button", name="Account").click()
    page.get_by_role("button", name="Set a password").click()
    page.get_by_label("New password").fill("correct horse battery")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("status").filter(has_text="The password is set")).to_be_visible()

    page = visit().page()
    page.goto("/console/jobs?tag=shop")
    page.get_by_label("E-mail").fill("ada.lovelace@example.com")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Log in").click()
    expect(heading(page, "Jobs")).to_be_visible()
    assert page.url.endswith("/console/jobs?tag=shop")
    page.get_by_role("button", name="Account").click()
    expect(page.get_by_text("Operator")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("E-mail")).to_be_visible()
    page.reload()
    expect(page.get_by_label("E-mail")).to_be_visible()


def test_a_wrong_password_is_told_in_the_servers_words(visit):
    there = visit()
    page = there.page()
    page.goto("/console/")
    page.get_by_label("E-mail").fill("nobody@example.com")
    page.get_by_label("Password").fill("wrong wrong wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    expect(page.get_by_label("E-mail")).to_have_value("nobody@example.com")
    there.faults[:] = [fault for fault in there.faults if "401" not in fault]


def test_a_link_asks_before_it_logs_in_somebody_else(visit, home_):
    bob = home_.member("Bob", "viewer")
    page = visit().log_in()
    page.goto(home_.link(bob["id"]))
    expect(page.get_by_text("logged in as")).to_be_visible()
    page.get_by_role("button", name="Log in by the link").click()
    expect(page.get_by_role("button", name=re.compile("Account: Bob"))).to_be_visible()


def test_a_session_that_ends_elsewhere_shows_the_login(visit, home_):
    eve = home_.member("Eve", "viewer")
    there = visit()
    page = there.log_in(member=eve["id"])
    expect(heading(page, "Jobs")).to_be_visible()
    home_.call("PATCH", f"/v1/members/{eve['id']}", {"active": False})
    expect(page.get_by_label("E-mail")).to_be_visible()
    there.faults[:] = [fault for fault in there.faults if "401" not in fault]


def test_the_theme_stays_as_it_was_chosen(visit):
    page = visit(color_scheme="light").log_in()
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="Account").click()
    page.get_by_label("Dark").check()
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    expect(heading(page, "Jobs")).to_be_visible()
    assert page.evaluate(ground) == dark


def test_another_zone_shows_other_times(visit, home_):
    job = home_.job("nobody", scheduledAt="2030-01-01T12:00:00Z")
    page = visit(timezone_id="UTC").log_in()
    found = page.locator(f"tr[data-id={job['id']}] .left")
    expect(found).to_contain_text("12:00")
    page.get_by_role("button", name="Account").click()
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    expect(found).to_contain_text("21:00")


def test_a_question_mark_shows_all_keys(visit):
    page = visit().log_in()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Go to Jobs")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_an_unknown_address_says_so(visit):
    page = visit().log_in("/nowhere")
    expect(heading(page, "There is no such page.")).to_be_visible()
    page.get_by_role("link", name="Go to the jobs").click()
    expect(heading(page, "Jobs")).to_be_visible()


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_it_is_accessible(visit, size):
    there = visit(viewport=size)
    page = there.page()
    page.goto("/console/")
    expect(page.get_by_label("E-mail")).to_be_visible()
    check_accessible(page)
    page = there.log_in()
    if size is NARROW:
        page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Account").click()
    check_accessible(page)
    page.get_by_role("button", name="Keyboard shortcuts").click()
    check_accessible(page)

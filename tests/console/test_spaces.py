"""Spaces: made, changed, entered, archived and deleted by who may, and looked at by all others."""

import re

import pytest
from console import check_accessible, needs_console
from playwright.sync_api import expect

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-spaces")]


@pytest.fixture(autouse=True)
def named(home_):
    home_.call("PATCH", "/v1/spaces/default", {"name": "Default", "timeZone": "UTC", "archived": False})


def make(home, code, **fields):
    return home.call("POST", "/v1/spaces", {"name": code.title(), "code": code, **fields})["data"]


def row(page, code):
    return page.locator(f"tr[data-id=us_sp_{code}]")


def act(page, code, name, what):
    row(page, code).get_by_role("button", name=f"What can be done with {name}").click()
    row(page, code).get_by_role("button", name=what, exact=True).click()
    return page.get_by_role("dialog")


def test_one_is_made_by_keyboard_and_entered(visit, home_):
    page = visit().log_in("/settings/spaces")
    expect(page.get_by_role("button", name="New space")).to_be_visible()
    page.keyboard.press("n")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_be_focused()
    page.keyboard.type("Acme & Sons")
    dialog.get_by_label("Time zone").select_option("Europe/Paris")
    dialog.get_by_role("button", name="Make the space").click()
    expect(row(page, "acme-sons")).to_contain_text("Europe/Paris")
    assert home_.call("GET", "/v1/spaces/acme-sons")["data"]["timeZone"] == "Europe/Paris"
    row(page, "acme-sons").get_by_role("button", name="What can be done").click()
    row(page, "acme-sons").get_by_role("button", name="Go there").click()
    expect(page.get_by_role("heading", level=1, name="Jobs")).to_be_visible()
    expect(page.locator(".rail .menu.space")).to_contain_text("Acme & Sons")
    assert "space=acme-sons" in page.url


def test_what_is_refused_stands_at_its_field(visit, home_):
    make(home_, "taken")
    there = visit()
    page = there.log_in("/settings/spaces")
    page.get_by_role("button", name="New space").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Another")
    dialog.get_by_label("Code").fill("taken")
    dialog.get_by_role("button", name="Make the space").click()
    expect(dialog.get_by_label("Code")).to_have_accessible_description(re.compile("choose another code"))
    dialog.get_by_label("Code").fill("other")
    dialog.get_by_label("Where ids of outcomes open").fill("https://example.com")
    dialog.get_by_role("button", name="Make the space").click()
    template = dialog.get_by_label("Where ids of outcomes open")
    expect(template).to_have_attribute("aria-invalid", "true")
    there.refusals |= {400, 409}


def test_a_name_and_its_settings_are_changed_and_seen_elsewhere(visit, home_):
    boss = home_.member("Boss of the space", "admin")
    first = visit().log_in("/settings/spaces", member=boss["id"])
    second = visit().log_in("/settings/spaces", member=boss["id"])
    expect(row(second, "default")).to_contain_text("Default")
    expect(first.get_by_role("button", name="New space")).to_have_count(0)
    dialog = act(first, "default", "Default", "Edit")
    dialog.get_by_label("Name").fill("Headquarters")
    dialog.get_by_label("Where ids of outcomes open").fill("https://app.example.com/{type}/{id}")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    expect(row(second, "default")).to_contain_text("Headquarters")
    expect(second.locator(".rail .space")).to_contain_text("Headquarters")
    dialog = act(first, "default", "Headquarters", "Edit")
    dialog.get_by_label("Where ids of outcomes open").fill("")
    dialog.get_by_role("button", name="Save").click()
    expect(row(second, "default")).not_to_contain_text("app.example.com")
    assert home_.call("GET", "/v1/spaces/default")["data"]["linkTemplate"] is None


def test_one_is_archived_and_restored(visit, home_):
    make(home_, "resting")
    page = visit().log_in("/settings/spaces")
    dialog = act(page, "resting", "Resting", "Archive")
    dialog.get_by_role("button", name="Archive").click()
    expect(row(page, "resting")).to_contain_text("Archived")
    row(page, "resting").get_by_role("button", name="What can be done").click()
    row(page, "resting").get_by_role("button", name="Restore").click()
    expect(row(page, "resting")).to_contain_text("Active")


def test_one_is_deleted_when_its_code_is_typed(visit, home_):
    make(home_, "short-lived")
    page = visit().log_in("/settings/spaces")
    dialog = act(page, "short-lived", "Short-Lived", "Delete")
    button = dialog.get_by_role("button", name="Delete")
    expect(button).to_be_disabled()
    dialog.get_by_label("Type short-lived to go on").fill("short-lived")
    button.click()
    expect(dialog).to_have_count(0)
    expect(row(page, "short-lived").get_by_role("button")).to_have_count(0)
    row(page, "default").get_by_role("button").click()
    expect(row(page, "default").get_by_role("button", name="Delete")).to_have_count(0)


def test_who_may_only_look_has_no_buttons_that_are_refused(visit, home_):
    reader = home_.member("Reader of spaces", "viewer")
    page = visit().log_in("/settings/spaces", member=reader["id"])
    expect(row(page, "default")).to_contain_text("you are here")
    expect(row(page, "default").get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("button", name="New space")).to_have_count(0)


def test_it_is_accessible(visit, home_):
    make(home_, "looked-at", linkTemplate="https://app.example.com/{type}/{id}")
    page = visit().log_in("/settings/spaces")
    expect(row(page, "looked-at")).to_be_visible()
    check_accessible(page)
    act(page, "looked-at", "Looked-At", "Edit")
    check_accessible(page)
    page.keyboard.press("Escape")
    act(page, "looked-at", "Looked-At", "Delete")
    check_accessible(page)

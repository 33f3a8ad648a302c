"""The profile: who one is, how the console looks, and what one is told about."""

import pytest
from console import check_accessible, needs_console
from playwright.sync_api import expect

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-profile")]


@pytest.fixture(scope="module")
def person(home_):
    made = home_.member("Ada", "operator")
    rule = {"channels": ["inbox"], "members": [made["id"]], "on": "failedAndPartial"}
    body = {
        "jobDefinitionCode": "nightly",
        "name": "Nightly export",
        "jobType": "noop",
        "notifications": [rule],
    }
    home_.call("POST", "/v1/job-definitions", {"jobDefinition": body})
    return made


def section(page, name):
    return page.get_by_role("region", name=name, exact=True)


def test_it_says_who_one_is_and_what_one_is_told(visit, home_, person):
    page = visit().log_in(member=person["id"])
    page.get_by_role("button", name="Account: Ada").press("Enter")
    page.get_by_role("link", name="Profile").press("Enter")
    expect(page.get_by_role("heading", level=1, name="Profile")).to_be_visible()
    expect(section(page, "You")).to_contain_text("ada@example.com")
    expect(section(page, "You").get_by_role("button", name="Edit")).to_have_count(0)
    expect(section(page, "What you are told about")).to_contain_text("Nightly export")
    home_.call("PATCH", f"/v1/members/{person['id']}", {"name": "Ada L."})
    expect(section(page, "You")).to_contain_text("Ada L.")
    home_.call("PATCH", "/v1/job-definitions/nightly", {"jobDefinition": {"notifications": []}})
    expect(page.get_by_text("No rule names you.")).to_be_visible()


def test_a_password_is_set_and_all_sessions_end(visit, home_):
    bob = home_.member("Bob", "viewer")
    there, other = visit(), visit()
    page, away = there.log_in("/settings/profile", member=bob["id"]), other.log_in(member=bob["id"])
    section(page, "You").get_by_role("button", name="Set a password").click()
    page.get_by_label("New password").fill("correct horse battery")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("status").filter(has_text="The password is set")).to_be_visible()
    expect(section(page, "You")).not_to_contain_text("none: you log in by links")
    expect(away.get_by_label("E-mail")).to_be_visible()
    section(page, "You").get_by_role("button", name="Log out everywhere").click()
    page.get_by_role("dialog").get_by_role("button", name="Log out everywhere").click()
    expect(page.get_by_label("E-mail")).to_be_visible()
    for one in (there, other):
        one.faults[:] = [fault for fault in one.faults if "401" not in fault]
        one.refusals.add(401)


def test_the_theme_is_chosen_there_too(visit):
    page = visit(color_scheme="light").log_in("/settings/profile")
    expect(section(page, "A key")).to_contain_text("all spaces of the store")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(ground)
    section(page, "How the console looks").get_by_label("Dark").check()
    assert page.evaluate(ground) != light


def test_it_is_accessible(visit, home_, person):
    boss = home_.member("Boss", "admin")
    page = visit().log_in("/settings/profile", member=boss["id"])
    expect(section(page, "What you are told about")).to_be_visible()
    check_accessible(page)
    section(page, "You").get_by_role("button", name="Edit").click()
    check_accessible(page)

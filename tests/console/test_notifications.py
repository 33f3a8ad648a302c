"""Notifications: whether mails are sent, and who is told of which runs."""

import asyncio
import threading

import pytest
from console import check_accessible, needs_console
from notified import SENDER, post_office
from playwright.sync_api import expect

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-notifications")]

PATIENCE_S = 20


@pytest.fixture(scope="module")
def office():
    """A mail server, which runs in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def wait(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(PATIENCE_S)

    opened = post_office()
    yield wait(opened.__aenter__())
    wait(opened.__aexit__(None, None, None))
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="module")
def settings(office):
    return {"smtp_url": office.url, "smtp_from": SENDER}


@pytest.fixture
def define(home_):
    def make(code, name, **fields):
        body = {"jobDefinitionCode": code, "name": name, "jobType": "noop", "enabled": True, **fields}
        return home_.call("POST", "/v1/job-definitions", {"jobDefinition": body})["jobDefinition"]

    return make


def rules(home, code):
    return home.call("GET", f"/v1/job-definitions/{code}")["jobDefinition"].get("notifications", [])


def row(page, name):
    return page.locator("table.settings-rules tbody tr").filter(has_text=name)


def act(page, name, what):
    row(page, name).get_by_role("button", name=f"What can be done with the rule of {name}").click()
    row(page, name).get_by_role("button", name=what, exact=True).click()
    return page.get_by_role("dialog")


def test_the_mail_server_is_checked_and_tried(visit, office):
    there = visit()
    page = there.log_in("/settings/notifications")
    expect(page.get_by_text("jobs@tickwire.example")).to_be_visible()
    page.get_by_role("button", name="Check the mail server").click()
    expect(page.get_by_text("The mail server answers")).to_be_visible()
    page.get_by_role("button", name="Send a test mail").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Address")).to_be_focused()
    office.refusals.append("550 5.1.1 There is no such mailbox")
    page.keyboard.type("ada@example.com")
    page.keyboard.press("Enter")
    expect(dialog.get_by_label("Address")).to_have_attribute("aria-invalid", "true")
    there.refusals.add(502)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="has taken a test mail")).to_be_visible()
    assert len(office.to("ada@example.com")) == 1


def test_a_rule_is_made_changed_and_seen_elsewhere(visit, home_, define):
    told = home_.member("Told", "viewer")
    define("nightly", "Nightly export")
    first, second = visit().log_in("/settings/notifications"), visit().log_in("/settings/notifications")
    expect(second.get_by_role("button", name="New rule")).to_be_visible()
    expect(first.get_by_role("button", name="New rule")).to_be_visible()
    first.keyboard.press("n")
    dialog = first.get_by_role("dialog")
    dialog.get_by_role("radio", name="Nightly export").check()
    dialog.get_by_role("radio", name="Failed and partial").check()
    dialog.get_by_role("checkbox", name="Told").check()
    dialog.get_by_role("checkbox", name="E-mail").check()
    addresses = dialog.get_by_role("group", name="Addresses")
    addresses.get_by_role("button", name="Add").click()
    expect(addresses.get_by_role("textbox")).to_be_focused()
    first.keyboard.type("team@example.com")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    expect(row(second, "Nightly export")).to_contain_text("Failed and partial")
    expect(row(second, "Nightly export")).to_contain_text("Told, team@example.com")
    [rule] = rules(home_, "nightly")
    assert (rule["on"], rule["channels"]) == ("failedAndPartial", ["inbox", "email"])
    assert (rule["members"], rule["addresses"]) == ([told["id"]], ["team@example.com"])
    dialog = act(first, "Nightly export", "Edit")
    dialog.get_by_role("checkbox", name="E-mail").uncheck()
    expect(dialog.get_by_role("group", name="Addresses")).to_have_count(0)
    dialog.get_by_role("checkbox", name="Also due times").check()
    dialog.get_by_role("button", name="Save").click()
    expect(row(second, "Nightly export")).to_contain_text("missed")
    [rule] = rules(home_, "nightly")
    assert (rule["channels"], rule["missed"], rule["addresses"]) == (["inbox"], True, [])


def test_a_rule_of_a_schedule_says_that_it_changes_hands(visit, home_, define):
    define("weekly", "Weekly export")
    made = {"definition": "weekly", "cron": "0 3 * * 1", "name": "Mondays"}
    rule = {"channels": ["email"], "addresses": ["team@example.com"]}
    schedule = home_.call("POST", "/v1/schedules", made | {"notifications": [rule]})["data"]
    page = visit().log_in("/settings/notifications")
    dialog = act(page, "Mondays (weekly)", "Edit")
    expect(dialog).to_contain_text("Who changes a schedule owns it")
    dialog.get_by_role("radio", name="All that end").check()
    dialog.get_by_role("button", name="Save").click()
    expect(row(page, "Mondays")).to_contain_text("All that end")
    now = home_.call("GET", f"/v1/schedules/{schedule['id']}")["data"]["notifications"]
    assert [one["on"] for one in now] == ["all"]


def test_what_is_refused_stands_at_its_field(visit, home_, define):
    define("posted", "Posted", notifications=[{"channels": ["inbox"], "starter": True}])
    there = visit()
    page = there.log_in("/settings/notifications")
    dialog = act(page, "Posted", "Edit")
    dialog.get_by_role("checkbox", name="Slack").check()
    dialog.get_by_label("Address of the Slack webhook").fill("{{ secrets.MISSING }}")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_label("Address of the Slack webhook")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_role("checkbox", name="Slack").uncheck()
    dialog.get_by_role("checkbox", name="Whoever starts the run").uncheck()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("inbox tells members")
    there.refusals.add(400)


def test_what_others_have_changed_meanwhile_stays(visit, home_, define):
    first = {"channels": ["inbox"], "starter": True, "on": "failed"}
    second = {"channels": ["email"], "addresses": ["team@example.com"], "on": "all"}
    define("shared", "Shared", notifications=[first])
    page = visit().log_in("/settings/notifications")
    dialog = act(page, "Shared", "Remove")
    body = {"jobDefinition": {"notifications": [second, first]}}
    home_.call("PATCH", "/v1/job-definitions/shared", body)
    expect(row(page, "Shared")).to_have_count(2)
    dialog.get_by_role("button", name="Remove").click()
    expect(row(page, "Shared")).to_have_count(1)
    assert [one["on"] for one in rules(home_, "shared")] == ["all"]


def test_who_may_only_look_has_no_buttons_that_are_refused(visit, home_, define):
    define("looked", "Looked at", notifications=[{"channels": ["inbox"], "starter": True}])
    reader = home_.member("Reader of rules", "viewer")
    page = visit().log_in("/settings/notifications", member=reader["id"])
    expect(row(page, "Looked at")).to_contain_text("whoever starts it")
    expect(row(page, "Looked at").get_by_role("button")).to_have_count(0)
    for name in ("New rule", "Check the mail server", "Send a test mail"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)


def test_it_is_accessible(visit, define):
    rule = {
        "channels": ["inbox", "email"],
        "starter": True,
        "addresses": ["team@example.com"],
        "missed": True,
    }
    define("accessible", "Accessible", notifications=[rule])
    page = visit().log_in("/settings/notifications")
    expect(row(page, "Accessible")).to_be_visible()
    check_accessible(page)
    act(page, "Accessible", "Edit")
    check_accessible(page)

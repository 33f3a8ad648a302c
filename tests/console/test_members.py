"""Members: added, let in by a link, changed, logged out, set aside with what runs in their name, and removed."""

import re

import pytest
from console import check_accessible, needs_console
from playwright.sync_api import expect

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-members")]


def row(page, member):
    return page.locator(f"tr[data-id={member['id']}]")


def act(page, member, what):
    found = row(page, member)
    found.get_by_role("button", name=f"What can be done with {member['name']}").click()
    found.get_by_role("button", name=what, exact=True).click()
    return page.get_by_role("dialog")


def one(home, member):
    return home.call("GET", f"/v1/members/{member['id']}")["data"]


def test_one_is_added_by_keyboard_and_let_in_by_the_link(visit):
    first, second = visit().log_in("/settings/members"), visit().log_in("/settings/members")
    expect(second.get_by_role("button", name="Add a member")).to_be_visible()
    expect(first.get_by_role("heading", level=1, name="Members")).to_be_visible()
    first.keyboard.press("n")
    dialog = first.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_be_focused()
    first.keyboard.type("Ada Lovelace")
    first.keyboard.press("Tab")
    first.keyboard.type("ada@example.com")
    dialog.get_by_role("radio", name=re.compile("^Developer")).check()
    first.keyboard.press("Enter")
    expect(dialog).to_contain_text("logs a browser in as Ada Lovelace once")
    dialog.get_by_role("button", name="Make the link").click()
    link = dialog.locator("pre").inner_text()
    dialog.get_by_role("button", name="Done").click()
    expect(dialog).to_have_count(0)
    assert link not in first.content()
    # The other browser sees the new row too.
    found = second.locator("table tbody tr").filter(has_text="Ada Lovelace")
    expect(found).to_contain_text("Developer")
    page = visit().page()
    page.goto(link)
    expect(page.get_by_role("button", name="Account: Ada Lovelace")).to_be_visible()


def test_what_is_refused_stands_at_its_field(visit, home_):
    home_.member("Taken", "viewer")
    there = visit()
    page = there.log_in("/settings/members")
    page.get_by_role("button", name="Add a member").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Somebody")
    dialog.get_by_role("button", name="Add", exact=True).click()
    email = dialog.get_by_label("E-mail")
    expect(email).to_be_focused()
    expect(email).to_have_accessible_description("This is required.")
    email.fill("TAKEN@example.com")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(email).to_have_accessible_description(re.compile("has this e-mail"))
    there.refusals.add(409)


def test_a_role_is_changed_and_seen_elsewhere(visit, home_):
    bob = home_.member("Bob", "operator")
    first, second = visit().log_in("/settings/members"), visit().log_in("/settings/members?role=viewer")
    expect(second.get_by_label("Role")).to_have_value("viewer")
    dialog = act(first, bob, "Edit")
    dialog.get_by_role("radio", name=re.compile("^Viewer")).check()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    expect(row(first, bob)).to_contain_text("Viewer")
    expect(row(second, bob)).to_be_visible()
    assert one(home_, bob)["role"] == "viewer"


def test_all_that_a_menu_offers_is_seen(visit, home_):
    theo = home_.member("Theo Menu", "viewer")
    page = visit().log_in("/settings/members")
    row(page, theo).get_by_role("button").click()
    panel = page.locator(".panel:popover-open")
    expect(panel.get_by_role("button", name="Remove")).to_be_visible()
    page.wait_for_function("document.querySelector('.panel:popover-open').style.left")
    box = panel.bounding_box()
    for name in ("Edit", "Login link", "Log out everywhere", "Set aside", "Remove"):
        found = panel.get_by_role("button", name=name, exact=True).bounding_box()
        assert found["x"] + found["width"] <= box["x"] + box["width"], name


def test_who_takes_a_role_from_themselves_is_warned_and_sees_it_at_once(visit, home_):
    chief = home_.member("Chief", "admin")
    there = visit()
    there.refusals.add(403)
    page = there.log_in("/settings/members", member=chief["id"])
    dialog = act(page, chief, "Edit")
    expect(dialog).to_contain_text("This is you.")
    dialog.get_by_role("radio", name=re.compile("^Viewer")).check()
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Add a member")).to_have_count(0)
    page.get_by_role("button", name="Account").click()
    expect(page.get_by_text("· Viewer")).to_be_visible()


def test_that_nobody_else_administers_is_said_first(visit, home_):
    # Those of other tests, by whatever they are called.
    for other in home_.call("GET", "/v1/members?role=admin&active=true")["data"]:
        home_.call("PATCH", f"/v1/members/{other['id']}", {"role": "viewer"})
    last = home_.member("Last of all", "admin")
    page = visit().log_in("/settings/members", member=last["id"])
    warning = "Nobody else administers this space"
    for what in ("Edit", "Set aside", "Remove"):
        dialog = act(page, last, what)
        expect(dialog).to_contain_text(warning)
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
    home_.member("Another of them", "admin")
    dialog = act(page, last, "Remove")
    expect(dialog).to_contain_text("nobody lets this member in again")
    expect(dialog).not_to_contain_text(warning)


def test_who_is_set_aside_hands_over_schedules_and_comes_back(visit, home_):
    carol, dave = home_.member("Carol", "operator"), home_.member("Dave", "operator")
    body = {"jobDefinitionCode": "nightly", "jobType": "noop", "enabled": True}
    home_.call("POST", "/v1/job-definitions", {"jobDefinition": body})
    schedule = home_.call("POST", "/v1/schedules", {"definition": "nightly", "cron": "0 3 * * *"})["data"]
    home_.call("POST", f"/v1/schedules/{schedule['id']}/owner", {"owner": carol["id"]})
    page = visit().log_in("/settings/members")
    dialog = act(page, carol, "Set aside")
    expect(dialog).to_contain_text("One schedule runs in this name")
    dialog.get_by_label("Hand them over to").select_option("Dave")
    dialog.get_by_role("button", name="Set aside").click()
    expect(row(page, carol)).to_contain_text("Set aside")
    assert one(home_, carol)["active"] is False
    assert home_.call("GET", f"/v1/schedules/{schedule['id']}")["data"]["owner"] == dave["id"]
    found = row(page, carol)
    found.get_by_role("button", name="What can be done with Carol").click()
    expect(found.get_by_role("button", name="Login link")).to_have_count(0)
    found.get_by_role("button", name="Let in again").click()
    expect(row(page, carol)).to_contain_text("Active")
    assert one(home_, carol)["active"] is True


def test_one_is_logged_out_everywhere_and_removed(visit, home_):
    erin = home_.member("Erin", "viewer")
    away = visit()
    theirs = away.log_in(member=erin["id"])
    page = visit().log_in("/settings/members")
    act(page, erin, "Log out everywhere").get_by_role("button", name="Log out everywhere").click()
    expect(theirs.get_by_label("E-mail")).to_be_visible()
    away.faults[:] = [fault for fault in away.faults if "401" not in fault]
    away.refusals.add(401)
    dialog = act(page, erin, "Remove")
    expect(dialog.get_by_role("button", name="Leave it as it is")).to_be_focused()
    dialog.get_by_role("button", name="Remove").click()
    expect(row(page, erin)).to_have_count(0)
    assert one(home_, erin)["deletedAt"]


def test_who_does_not_administer_reads_nothing_of_it(visit, home_):
    reader = home_.member("Reader of members", "viewer")
    page = visit().log_in("/settings/members", member=reader["id"])
    expect(page.get_by_text("Only administrators of this space see this page.")).to_be_visible()
    expect(page.get_by_role("button", name="Add a member")).to_have_count(0)
    ways = page.get_by_role("navigation", name="Settings")
    for name in ("Members", "Keys", "Audit"):
        expect(ways.get_by_role("link", name=name)).to_have_count(0)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", level=1, name="Secrets")).to_be_visible()


def test_it_is_accessible(visit, home_):
    looked = home_.member("Looked at", "admin")
    aside = home_.member("Away", "operator")
    home_.call("PATCH", f"/v1/members/{aside['id']}", {"active": False})
    page = visit().log_in("/settings/members")
    expect(row(page, aside)).to_be_visible()
    check_accessible(page)
    row(page, looked).get_by_role("button").click()
    check_accessible(page)
    page.keyboard.press("Escape")
    act(page, looked, "Edit")
    check_accessible(page)

"""Keys: made and shown once, restricted, given new secrets, and revoked."""

import re
import urllib.error

import pytest
from console import check_accessible, needs_console
from playwright.sync_api import expect

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-keys")]


def make(home, name, **fields):
    return home.call("POST", "/v1/keys", {"name": name, "role": "viewer", **fields})["data"]


def row(page, key):
    return page.locator(f"tr[data-id={key['id']}]")


def act(page, key, what):
    found = row(page, key)
    found.get_by_role("button", name=f"What can be done with {key['name']}").click()
    found.get_by_role("button", name=what, exact=True).click()
    return page.get_by_role("dialog")


def is_open(home, secret):
    try:
        return bool(home.call("GET", "/v1/whoami", key=secret))
    except urllib.error.HTTPError as refused:
        return refused.code != 401


def test_one_is_made_by_keyboard_shown_once_and_seen_elsewhere(visit, home_):
    first, second = visit().log_in("/settings/keys"), visit().log_in("/settings/keys")
    expect(second.get_by_role("button", name="New key")).to_be_visible()
    expect(first.get_by_role("button", name="New key")).to_be_visible()
    first.keyboard.press("n")
    dialog = first.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_be_focused()
    first.keyboard.type("Importer")
    group = dialog.get_by_role("group", name="Only these jobs")
    group.get_by_role("button", name="Add").click()
    expect(group.get_by_role("textbox")).to_be_focused()
    first.keyboard.type("import:*")
    first.keyboard.press("Enter")
    expect(dialog).to_contain_text("shown this once")
    secret = dialog.locator("pre").inner_text()
    assert is_open(home_, secret)
    dialog.get_by_role("button", name="I have kept it").click()
    expect(dialog).to_have_count(0)
    assert secret not in first.content()
    found = second.locator("table tbody tr").filter(has_text="Importer")
    expect(found).to_contain_text("import:*")
    expect(found).to_contain_text("Listener")


def test_one_whose_answer_is_lost_is_named_and_not_made_twice(visit, home_):
    there = visit()
    page = there.log_in("/settings/keys")
    page.get_by_role("button", name="New key").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Lost on its way")
    page.route("**/v1/keys", lambda route: (route.fetch(), route.abort()), times=1)
    make = dialog.locator("button.primary")
    make.click()
    expect(dialog.get_by_role("alert")).to_contain_text("cannot be reached")
    there.faults.clear()
    there.refusals.add(409)
    make.click()
    expect(dialog).to_contain_text("revoke it, and make another")
    assert [one["name"] for one in home_.call("GET", "/v1/keys")["data"]].count("Lost on its way") == 1


def test_administrators_keys_have_no_restrictions(visit):
    page = visit().log_in("/settings/keys")
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("group", name="Only these jobs")).to_be_visible()
    dialog.get_by_role("radio", name=re.compile("^Administrator")).check()
    expect(dialog.get_by_role("group", name="Only these jobs")).to_have_count(0)
    expect(dialog.get_by_label("Opens every space")).to_be_visible()


def test_what_is_refused_stands_at_its_field(visit):
    there = visit()
    page = there.log_in("/settings/keys")
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Too late")
    dialog.get_by_label("Ends").fill("2020-01-01T00:00")
    dialog.get_by_role("button", name="Make the key").click()
    expect(dialog.get_by_label("Ends")).to_have_accessible_description(re.compile("must lie in the future"))
    there.refusals.add(400)


def test_restrictions_are_changed_and_lifted(visit, home_):
    key = make(home_, "Reader", jobs=["import:*", "export:*"])
    page = visit().log_in("/settings/keys")
    expect(row(page, key)).to_contain_text("export:*")
    dialog = act(page, key, "Edit")
    dialog.get_by_role("button", name="Remove Only these jobs 2").click()
    dialog.get_by_role("button", name="Remove Only these jobs 1").click()
    dialog.get_by_label("Name").fill("Reader of all")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    expect(row(page, key)).to_contain_text("nothing: all of the space")
    now = home_.call("GET", f"/v1/keys/{key['id']}")["data"]
    assert (now["name"], now["jobs"]) == ("Reader of all", None)


def test_a_new_secret_takes_the_place_of_the_old_one(visit, home_):
    key = make(home_, "Rotated")
    assert is_open(home_, key["key"])
    page = visit().log_in("/settings/keys")
    expect(row(page, key)).to_contain_text("ago")
    dialog = act(page, key, "New secret")
    dialog.get_by_label("The old secret is valid for").select_option("0")
    dialog.get_by_role("button", name="New secret").click()
    expect(dialog).to_contain_text("has a new secret")
    secret = dialog.locator("pre").inner_text()
    dialog.get_by_role("button", name="I have kept it").click()
    assert is_open(home_, secret)
    assert not is_open(home_, key["key"])


def test_one_is_revoked_after_a_question(visit, home_):
    key = make(home_, "Short-lived")
    page = visit().log_in("/settings/keys")
    dialog = act(page, key, "Revoke")
    expect(dialog.get_by_role("button", name="Leave it as it is")).to_be_focused()
    expect(dialog).to_contain_text("It was never used.")
    dialog.get_by_role("button", name="Revoke").click()
    expect(row(page, key)).to_have_count(0)
    assert not is_open(home_, key["key"])
    page.get_by_label("Also revoked and expired").check()
    expect(row(page, key)).to_contain_text("Revoked")
    expect(row(page, key).get_by_role("button")).to_have_count(0)


def test_who_does_not_administer_reads_nothing_of_it(visit, home_):
    maker = home_.member("Maker of no keys", "developer")
    page = visit().log_in("/settings/keys", member=maker["id"])
    expect(page.get_by_text("Only administrators of this space see this page.")).to_be_visible()
    expect(page.get_by_role("button", name="New key")).to_have_count(0)


def test_it_is_accessible(visit, home_):
    limited = make(home_, "Looked at", jobs=["import:*"], expiresAt="2099-01-01T00:00:00Z")
    gone = make(home_, "Gone")
    home_.call("DELETE", f"/v1/keys/{gone['id']}")
    page = visit().log_in("/settings/keys?all=1")
    expect(row(page, gone)).to_be_visible()
    check_accessible(page)
    act(page, limited, "Edit")
    check_accessible(page)
    page.keyboard.press("Escape")
    act(page, limited, "New secret")
    check_accessible(page)

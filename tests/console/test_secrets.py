"""Secrets: set, set anew and removed by those who may, and never shown."""

import re

import pytest
from console import check_accessible, needs_console
from playwright.sync_api import expect

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-secrets")]

KEY = "-----BEGIN KEY-----\nabc\n-----END KEY-----\n"


def put(home, name, **fields):
    found = home.call("POST", "/v1/secrets", {"name": name, "value": "first value", **fields})["data"]
    return next(one for one in found if one["name"] == name)


def row(page, secret):
    return page.locator(f"tr[data-id={secret['id']}]")


def act(page, secret, what):
    found = row(page, secret)
    found.get_by_role("button", name=f"What can be done with {secret['name']}").click()
    found.get_by_role("button", name=what, exact=True).click()
    return page.get_by_role("dialog")


@pytest.fixture
def reading(home_):
    """What a listener reads."""
    made = home_.call("POST", "/v1/keys", {"name": "reader of secrets", "role": "listener"})["data"]

    def read(name):
        found = home_.call("GET", "/v1/secrets", key=made["key"])["data"]
        return next(one["value"] for one in found if one["name"] == name)

    return read


def test_one_is_set_by_keyboard_never_shown_and_seen_elsewhere(visit, reading):
    first, second = visit().log_in("/settings/secrets"), visit().log_in("/settings/secrets")
    expect(second.get_by_role("button", name="New secret")).to_be_visible()
    expect(first.get_by_role("button", name="New secret")).to_be_visible()
    first.keyboard.press("n")
    dialog = first.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_be_focused()
    first.keyboard.type("ssh_key")
    first.keyboard.press("Tab")
    value = dialog.get_by_label("Value", exact=True)
    expect(value).to_be_focused()
    covered = "getComputedStyle(document.activeElement).webkitTextSecurity"
    assert first.evaluate(covered) == "disc"
    value.fill(KEY)
    dialog.get_by_role("button", name="Set", exact=True).click()
    expect(dialog).to_have_count(0)
    found = second.locator("table tbody tr").filter(has_text="ssh_key")
    expect(found).to_contain_text("all jobs")
    assert "BEGIN KEY" not in first.content() + second.content()
    assert reading("ssh_key") == KEY


def test_one_is_set_anew_for_some_jobs(visit, home_):
    secret = put(home_, "crm_token", description="Of the sandbox")
    page = visit().log_in("/settings/secrets")
    expect(row(page, secret)).to_contain_text("Of the sandbox")
    dialog = act(page, secret, "Set anew")
    value = dialog.get_by_label("Value", exact=True)
    expect(value).to_be_focused()
    expect(value).to_have_value("")
    dialog.get_by_label("Show the value").check()
    value.fill("second value")
    dialog.get_by_label("For these jobs").fill("crm:*, shop:sync")
    dialog.get_by_role("button", name="Set", exact=True).click()
    expect(row(page, secret)).to_contain_text("shop:sync")
    now = home_.call("GET", f"/v1/secrets/{secret['id']}")["data"]
    assert (now["jobs"], now["version"], now["description"]) == (["crm:*", "shop:sync"], 2, "Of the sandbox")


def test_what_is_refused_stands_at_its_field(visit):
    there = visit()
    page = there.log_in("/settings/secrets")
    page.get_by_role("button", name="New secret").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("token")
    dialog.get_by_label("Value", exact=True).fill("x" * 65_537)
    dialog.get_by_role("button", name="Set", exact=True).click()
    value = dialog.get_by_label("Value", exact=True)
    expect(value).to_have_attribute("aria-invalid", "true")
    expect(value).to_have_accessible_description(re.compile("65536|65,536"))
    there.refusals.add(400)


def test_a_wrong_pattern_is_told_at_its_field(visit):
    there = visit()
    there.refusals.add(400)
    page = there.log_in("/settings/secrets")
    page.get_by_role("button", name="New secret").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("crm_token")
    dialog.get_by_label("Value", exact=True).fill("x")
    dialog.get_by_label("For these jobs").fill("crm:*, x")
    dialog.get_by_role("button", name="Set", exact=True).click()
    expect(dialog.get_by_label("For these jobs")).to_have_attribute("aria-invalid", "true")


def test_one_is_removed_after_a_question(visit, home_):
    secret = put(home_, "short_lived")
    page = visit().log_in("/settings/secrets")
    dialog = act(page, secret, "Remove")
    expect(dialog.get_by_role("button", name="Leave it as it is")).to_be_focused()
    dialog.get_by_role("button", name="Remove").click()
    expect(row(page, secret)).to_have_count(0)


def test_who_may_only_look_sees_names_and_no_buttons(visit, home_):
    secret = put(home_, "seen_by_all")
    reader = home_.member("Reader of names", "viewer")
    page = visit().log_in("/settings/secrets", member=reader["id"])
    expect(row(page, secret)).to_be_visible()
    expect(page.get_by_role("button", name="New secret")).to_have_count(0)
    expect(row(page, secret).get_by_role("button")).to_have_count(0)


def test_it_is_accessible(visit, home_):
    secret = put(home_, "looked_at", jobs=["crm:*"], description="Of the sandbox", actorId="us_usr_1")
    page = visit().log_in("/settings/secrets")
    expect(row(page, secret)).to_be_visible()
    check_accessible(page)
    act(page, secret, "Set anew")
    check_accessible(page)

"""The audit: lines with what has changed, filters in the address, and its export."""

import csv
import io
import json
import re

import pytest
from console import check_accessible, needs_console
from playwright.sync_api import expect

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-audit")]


def line(page, text):
    return page.locator("tr[data-id]").filter(has_text=text).first


def promote(home, name):
    """A member who was a viewer and is an operator."""
    member = home.member(name, "viewer")
    home.call("PATCH", f"/v1/members/{member['id']}", {"role": "operator"})
    return member


def test_a_line_opens_to_what_has_changed(visit, home_):
    ada = promote(home_, "Ada")
    page = visit().log_in(f"/settings/audit?target={ada['id']}")
    found = line(page, "member:updated")
    found.get_by_role("button", name="member:updated").click()
    changed = page.locator(".diff tbody tr").filter(has_text="role")
    expect(changed.locator(".was")).to_have_text("viewer")
    expect(changed.locator(".is")).to_have_text("operator")
    facts = page.locator("tr.opened .facts")
    expect(facts).to_contain_text("Ada")
    expect(facts).to_contain_text("127.0.0.1")
    found.get_by_role("button", name="member:updated").click()
    expect(page.locator("tr.opened")).to_have_count(0)


def test_it_is_read_by_keyboard(visit, home_):
    promote(home_, "Kay")
    page = visit().log_in("/settings/audit?action=member:*")
    first = page.locator("tr[data-id]").first.get_by_role("button")
    expect(first).to_be_visible()
    page.keyboard.press("j")
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("tr.opened")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("tr[data-id]").nth(1).get_by_role("button")).to_be_focused()


def test_what_is_done_elsewhere_appears_here(visit, home_):
    page = visit().log_in("/settings/audit?action=member:*")
    expect(page.get_by_role("navigation", name="Often wanted")).to_be_visible()
    bob = promote(home_, "Bob")
    expect(line(page, bob["id"])).to_contain_text("member:updated")


def test_filters_stand_in_the_address(visit, home_):
    cleo = promote(home_, "Cleo")
    operator = home_.member("Actor", "admin")
    acting = visit().log_in("/settings/members", member=operator["id"])
    expect(acting.get_by_role("button", name="Add a member")).to_be_visible()
    page = visit().log_in("/settings/audit")
    page.get_by_label("Who").select_option("Actor")
    page.get_by_label("What", exact=True).fill("session:*")
    page.get_by_role("button", name="Show").click()
    expect(line(page, "session:begun")).to_contain_text("Actor")
    expect(page.locator("tr[data-id]").filter(has_text="member:")).to_have_count(0)
    assert f"actor={operator['id']}" in page.url
    assert "action=session:*" in page.url
    page.go_back()
    page.get_by_role("link", name="Members", exact=True).last.click()
    expect(line(page, cleo["id"])).to_be_visible()
    expect(page.locator("tr[data-id]").filter(has_text="session:begun")).to_have_count(0)
    page.get_by_label("From").fill("2099-01-01T00:00")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("No line fits these filters")).to_be_visible()
    page.get_by_role("link", name="Clear the filters").click()
    expect(page.locator("tr[data-id]").first).to_be_visible()


def test_what_is_shown_is_exported(visit, home_):
    dora = promote(home_, "Dora")
    page = visit().log_in(f"/settings/audit?target={dora['id']}")
    expect(line(page, "member:updated")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export CSV").click()
    assert re.fullmatch(r"audit-default\.csv", download.value.suggested_filename)
    lines = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    assert [one["action"] for one in lines] == ["member:updated", "member:created"]
    with page.expect_download() as download:
        page.get_by_role("button", name="Export JSON Lines").click()
    texts = download.value.path().read_text(encoding="utf-8").splitlines()
    assert [json.loads(text)["target"] for text in texts] == [dora["id"]] * 2


def test_who_does_not_administer_reads_nothing_of_it(visit, home_):
    maker = home_.member("Maker of no lines", "developer")
    page = visit().log_in("/settings/audit", member=maker["id"])
    expect(page.get_by_text("Only administrators of this space see this page.")).to_be_visible()
    expect(page.get_by_role("button", name="Export CSV")).to_have_count(0)


def test_it_is_accessible(visit, home_):
    promote(home_, "Looked at")
    page = visit().log_in("/settings/audit?action=member:updated")
    line(page, "member:updated").get_by_role("button").click()
    expect(page.locator("tr.opened")).to_be_visible()
    check_accessible(page)

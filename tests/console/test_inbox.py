"""The inbox: what a member was told, what of it is unread, and where it leads."""

import pytest
from console import check_accessible, needs_console
from playwright.sync_api import expect
from processes import until

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-inbox")]


@pytest.fixture(scope="module", autouse=True)
def declared(home_):
    home_.declared("play:steps")


def inbox(home, member):
    return home.call("GET", f"/v1/notifications?member={member['id']}")


def tell(home, member, code, count=1, **params):
    """Run a definition that tells the member of its ends; what has come into the inbox is returned, the newest first."""
    before = len(inbox(home, member)["data"])
    rule = {"on": "all", "channels": ["inbox"], "members": [member["id"]]}
    body = {
        "jobDefinitionCode": code,
        "name": f"Definition {code}",
        "jobType": "play:steps",
        "enabled": True,
        "params": {"steps": 1, "pause_s": 0, **params},
        "notifications": [rule],
    }
    home.call("POST", "/v1/job-definitions", {"jobDefinition": body})
    for _ in range(count):
        home.call("POST", f"/v1/job-definitions/{code}/_execute")
    until(lambda: len(inbox(home, member)["data"]) > before, "the member is told")
    return inbox(home, member)["data"]


def row(page, found):
    return page.locator(f"li[data-id={found['id']}]")


def rail(page):
    return page.get_by_role("navigation", name="Main").get_by_role("link", name="Inbox")


def test_what_one_was_told_leads_to_its_job(visit, home_):
    ada = home_.member("Ada", "operator")
    [told] = tell(home_, ada, "ada-first")
    page = visit().log_in("/jobs", member=ada["id"])
    expect(rail(page)).to_contain_text("1 unread")
    rail(page).click()
    expect(row(page, told)).to_contain_text(told["title"])
    expect(row(page, told)).to_contain_text("Complete")
    row(page, told).get_by_role("link", name=told["title"]).click()
    expect(page).to_have_url(f"{home_.url}/console/jobs/{told['jobId']}")
    expect(rail(page)).not_to_contain_text("unread")
    assert inbox(home_, ada)["unread"] == 0


def test_new_ones_come_by_themselves_and_are_read_one_by_one(visit, home_):
    bea = home_.member("Bea", "viewer")
    page = visit().log_in("/inbox", member=bea["id"])
    expect(page.get_by_text("You have not been told anything yet")).to_be_visible()
    [told] = tell(home_, bea, "bea-first")
    expect(row(page, told)).to_be_visible()
    expect(rail(page)).to_contain_text("1 unread")
    row(page, told).get_by_role("button", name="Mark as read").click()
    expect(row(page, told).get_by_role("button")).to_have_count(0)
    expect(row(page, told)).to_contain_text("Read")
    expect(rail(page)).not_to_contain_text("unread")
    page.get_by_role("link", name="Unread", exact=True).click()
    expect(page.get_by_text("There is nothing unread.")).to_be_visible()


def test_all_are_read_at_once(visit, home_):
    cleo = home_.member("Cleo", "operator")
    tell(home_, cleo, "cleo-first")
    newest, oldest = tell(home_, cleo, "cleo-second")
    page = visit().log_in("/inbox?show=unread", member=cleo["id"])
    expect(row(page, oldest)).to_be_visible()
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.get_by_text("There is nothing unread.")).to_be_visible()
    page.get_by_role("link", name="All", exact=True).click()
    for one in (newest, oldest):
        expect(row(page, one)).to_contain_text("Read")
    assert inbox(home_, cleo)["unread"] == 0


def test_what_others_read_for_one_is_seen_at_once(visit, home_):
    dora = home_.member("Dora", "operator")
    tell(home_, dora, "dora-first")
    page = visit().log_in("/inbox", member=dora["id"])
    expect(rail(page)).to_contain_text("1 unread")
    home_.call("POST", "/v1/notifications/read", {"member": dora["id"]})
    expect(rail(page)).not_to_contain_text("unread")


def test_a_key_has_no_inbox(visit):
    page = visit().log_in("/inbox")
    expect(page.get_by_text("A key has no inbox")).to_be_visible()
    expect(rail(page)).to_have_count(0)


def test_it_is_accessible(visit, home_):
    eva = home_.member("Eva", "operator")
    tell(home_, eva, "eva-first")
    newest, oldest = tell(home_, eva, "eva-second")
    page = visit().log_in("/inbox", member=eva["id"])
    row(page, oldest).get_by_role("button", name="Mark as read").click()
    expect(row(page, oldest)).to_contain_text("Read")
    expect(row(page, newest)).to_be_visible()
    check_accessible(page)
    empty = home_.member("Fay", "viewer")
    page = visit().log_in("/inbox", member=empty["id"])
    expect(page.get_by_text("You have not been told anything yet")).to_be_visible()
    check_accessible(page)

"""Endpoints: made, tested, watched, replayed, changed, and given new secrets."""

import pytest
from console import check_accessible, needs_console
from playwright.sync_api import expect
from receiving import Receiver, receiver

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-endpoints")]


@pytest.fixture(scope="module")
def settings():
    return {"allow_addresses": "127.0.0.0/8"}


@pytest.fixture(scope="module", name="receiver")
def _receiver():
    with receiver() as found:
        yield found


def make(home, url, **fields):
    return home.call("POST", "/v1/endpoints", {"url": url, "topics": ["shop:*"], **fields})["data"]


def publish(home, topic="shop:paid"):
    return home.call("POST", "/v1/events", {"topic": topic, "payload": {"order": 1}})


def row(page, found):
    return page.locator(f"tr[data-id={found['id']}]")


def test_one_is_made_tested_and_changed(visit, home_, receiver):
    page = visit().log_in("/endpoints")
    page.get_by_role("button", name="New endpoint").click()
    page.get_by_label("Address").fill(f"{receiver}/events")
    page.get_by_label("Topics").fill("shop:paid, shop:refunded")
    page.get_by_label("Name").fill("Warehouse")
    page.get_by_role("button", name="Make the endpoint").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("pre")).to_contain_text("whsec_")
    page.get_by_role("button", name="I have kept it").click()
    page.get_by_role("link", name="Warehouse").click()
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_role("heading", level=1, name="endpoint:test")).to_be_visible()
    expect(page.locator(".heading")).to_contain_text("Delivered")
    expect(page.locator("table.attempts")).to_contain_text("204")
    page.get_by_role("link", name="Warehouse").click()
    page.get_by_role("button", name="Edit").click()
    expect(page.get_by_label("Topics")).to_have_value("shop:paid\nshop:refunded")
    page.get_by_label("Topics").fill("shop:paid")
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_label("status 1", exact=True).fill("order")
    page.get_by_label("Value, such as failed 1").fill("1")
    page.get_by_label("Kind of value 1").select_option("json")
    page.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    [made] = [one for one in home_.call("GET", "/v1/endpoints")["data"] if one.get("name") == "Warehouse"]
    assert (made["topics"], made["filter"]) == (["shop:paid"], {"order": 1})


def test_an_address_that_is_refused_is_told_at_its_field(visit):
    there = visit()
    page = there.log_in("/endpoints")
    page.get_by_role("button", name="New endpoint").first.click()
    page.get_by_label("Address").fill("http://10.0.0.1/events")
    page.get_by_label("Topics").fill("shop:*")
    page.get_by_role("button", name="Make the endpoint").click()
    expect(page.get_by_role("dialog")).to_contain_text("10.0.0.1")
    expect(page.get_by_role("dialog").get_by_text("TICKWIRE_ALLOW_ADDRESSES")).to_be_visible()
    there.faults[:] = [fault for fault in there.faults if "status of 4" not in fault]


def test_a_post_that_fails_is_told_with_its_answer_and_replayed(visit, home_, receiver):
    Receiver.takes = False
    made = make(home_, f"{receiver}/fail", name="Closed at night")
    page = visit().log_in(f"/endpoints/{made['id']}")
    publish(home_)
    found = page.locator("tr[data-status=pending]")
    expect(found).to_contain_text("The warehouse is closed")
    expect(found).to_contain_text("again in")
    home_.call("PATCH", f"/v1/endpoints/{made['id']}", {"enabled": False})
    expect(page.locator("tr[data-status=disabled]")).to_contain_text("shop:paid")
    Receiver.takes = True
    page.get_by_role("switch").click()
    page.get_by_role("button", name="Replay several").click()
    page.get_by_role("dialog").get_by_role("button", name="Replay").click()
    expect(page.get_by_role("dialog")).to_contain_text("1 goes out once more.")
    page.get_by_role("button", name="Done").click()
    page.locator("tr[data-status=delivered]").get_by_role("link").click()
    expect(page.locator("table.attempts tbody tr")).to_have_count(2)
    page.get_by_role("button", name="Replay").click()
    expect(page.locator("table.attempts tbody tr")).to_have_count(3)


def test_a_post_that_waits_is_sent_now(visit, home_, receiver):
    Receiver.takes = False
    made = make(home_, f"{receiver}/fail", name="Mended since", topics=["wait:*"])
    page = visit().log_in(f"/endpoints/{made['id']}")
    publish(home_, "wait:paid")
    page.locator("tr[data-status=pending]").get_by_role("link").click()
    expect(page.locator("table.attempts tbody tr")).to_have_count(1)
    Receiver.takes = True
    page.get_by_role("button", name="Replay").click()
    expect(page.locator("table.attempts tbody tr")).to_have_count(2)


def test_events_that_were_missed_go_out_afterwards(visit, home_, receiver):
    made = make(home_, f"{receiver}/events", topics=["late:*"], enabled=False)
    publish(home_, "late:one")
    page = visit().log_in(f"/endpoints/{made['id']}")
    page.get_by_role("switch").click()
    page.get_by_role("button", name="Replay several").click()
    page.get_by_label("Which").select_option("missed")
    page.get_by_role("dialog").get_by_role("button", name="Replay").click()
    expect(page.get_by_role("dialog")).to_contain_text("1 goes out once more.")
    page.get_by_role("button", name="Done").click()
    expect(page.locator("tr[data-status=delivered]")).to_contain_text("late:one")


def test_a_span_that_is_refused_is_corrected(visit, home_, receiver):
    made = make(home_, f"{receiver}/events", topics=["span:*"])
    there = visit()
    there.refusals.add(400)
    page = there.log_in(f"/endpoints/{made['id']}")
    publish(home_, "span:one")
    expect(page.locator("tr[data-status=delivered]")).to_be_visible()
    page.get_by_role("button", name="Replay several").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Which").select_option("delivered")
    dialog.get_by_role("combobox", name="Time").select_option("week")
    refused = {"errors": [{"code": "invalid", "key": "since", "message": "since lies too far back."}]}
    page.route("**/replay", lambda route: route.fulfill(status=400, json=refused), times=1)
    dialog.get_by_role("button", name="Replay").click()
    expect(dialog.get_by_role("alert")).to_contain_text("since lies too far back.")
    dialog.get_by_role("combobox", name="Time").select_option("hour")
    expect(dialog.get_by_role("alert")).to_have_count(0)
    dialog.get_by_role("button", name="Replay").click()
    expect(dialog).to_contain_text("1 goes out once more.")


def test_a_span_that_is_none_replays_nothing(visit, home_, receiver):
    made = make(home_, f"{receiver}/events", topics=["none:*"])
    page = visit().log_in(f"/endpoints/{made['id']}")
    publish(home_, "none:one")
    expect(page.locator("tr[data-status=delivered]")).to_be_visible()
    page.get_by_role("button", name="Replay several").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Time").select_option("between")
    replay = dialog.get_by_role("button", name="Replay")
    expect(replay).to_be_enabled()
    dialog.get_by_label("From").fill("")
    expect(dialog).to_contain_text("Say from when on.")
    expect(replay).to_be_disabled()
    dialog.get_by_label("From").fill("2026-02-02T10:00")
    dialog.get_by_label("Until").fill("2026-02-01T10:00")
    expect(dialog).to_contain_text("The end must be after the beginning.")
    expect(replay).to_be_disabled()
    dialog.get_by_label("Until").fill("")
    expect(replay).to_be_enabled()


def test_a_replay_whose_answer_is_lost_goes_on_and_posts_once(visit, home_, receiver):
    made = make(home_, f"{receiver}/events", topics=["again:*"])
    there = visit()
    page = there.log_in(f"/endpoints/{made['id']}")
    publish(home_, "again:one")
    found = page.locator("tr[data-status=delivered]")
    expect(found).to_be_visible()
    page.get_by_role("button", name="Replay several").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Which").select_option("delivered")
    page.route("**/replay", lambda route: (route.fetch(), route.abort()), times=1)
    dialog.get_by_role("button", name="Replay").click()
    expect(dialog).to_contain_text("cannot be reached")
    there.faults.clear()
    dialog.get_by_role("button", name="Replay").click()
    expect(dialog).to_contain_text("1 goes out once more.")
    dialog.get_by_role("button", name="Done").click()
    found.get_by_role("link").click()
    expect(page.locator("table.attempts tbody tr")).to_have_count(2)


def test_a_new_secret_is_shown_once(visit, home_, receiver):
    made = make(home_, f"{receiver}/events")
    page = visit().log_in(f"/endpoints/{made['id']}")
    page.get_by_role("button", name="New secret").click()
    page.get_by_role("dialog").get_by_role("button", name="New secret").click()
    expect(page.get_by_role("dialog").locator("pre")).to_contain_text("whsec_")
    page.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_text("Old secret")).to_be_visible()
    assert "whsec_" not in page.content()


def test_a_secret_whose_answer_is_lost_is_shown_and_not_made_twice(visit, home_, receiver):
    made = make(home_, f"{receiver}/events")
    there = visit()
    page = there.log_in(f"/endpoints/{made['id']}")
    page.get_by_role("button", name="New secret").click()
    lost = []
    page.route("**/rotate", lambda route: (lost.append(route.fetch().json()), route.abort()), times=1)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="New secret").click()
    expect(dialog.get_by_role("alert")).to_contain_text("cannot be reached")
    there.faults.clear()
    dialog.get_by_role("button", name="New secret").click()
    expect(dialog.locator("pre")).to_have_text(lost[0]["data"]["secret"])


def test_who_may_only_look_has_no_buttons_that_are_refused(visit, home_, receiver):
    made = make(home_, f"{receiver}/events")
    reader = home_.member("Reader of endpoints", "viewer")
    page = visit().log_in("/endpoints", member=reader["id"])
    expect(row(page, made).get_by_role("switch")).to_be_disabled()
    expect(page.get_by_role("button", name="New endpoint")).to_have_count(0)
    page.goto(f"/console/endpoints/{made['id']}")
    expect(page.get_by_role("heading", name="Deliveries")).to_be_visible()
    for name in ("Send a test", "Edit", "New secret", "Delete", "Replay several"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)


def test_it_is_accessible(visit, home_, receiver):
    Receiver.takes = False
    made = make(home_, f"{receiver}/fail", name="Looked at", filter={"order": 1})
    tried = home_.call("POST", f"/v1/endpoints/{made['id']}/test", {})["data"]
    page = visit().log_in("/endpoints")
    expect(row(page, made)).to_be_visible()
    check_accessible(page)
    page.get_by_role("button", name="New endpoint").click()
    check_accessible(page)
    for path in (f"/endpoints/{made['id']}", f"/endpoint-deliveries/{tried['id']}"):
        page.goto(f"/console{path}")
        expect(page.locator("main table tbody tr").first).to_be_visible()
        check_accessible(page)

"""Hooks: made, called, tried, replayed, and given new secrets."""

import json
import re
import urllib.request

import pytest
from console import check_accessible, needs_console
from playwright.sync_api import expect
from processes import until

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-hooks")]


@pytest.fixture(scope="module", autouse=True)
def defined(home_):
    until(lambda: home_.call("GET", "/v1/job-types?q=play")["data"], "the listener is there")
    body = {"jobDefinitionCode": "steps", "jobType": "play:steps", "enabled": True, "params": {"steps": 1}}
    return home_.call("POST", "/v1/job-definitions", {"jobDefinition": body})


def make(home, **fields):
    usual = {"name": "Orders", "verification": {"kind": "none"}, "jobType": "play:steps"}
    return home.call("POST", "/v1/hooks", usual | fields)["data"]


def send(hook, body):
    request = urllib.request.Request(
        hook["url"], json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)["data"]


def row(page, found):
    return page.locator(f"tr[data-id={found}]")


def test_one_is_made_and_its_secret_shown_once(visit, home_):
    page = visit().log_in("/hooks")
    page.get_by_role("button", name="New hook").click()
    page.get_by_label("Name").fill("Pushes")
    page.get_by_label("Proves itself by").select_option("github")
    page.get_by_label("Definition", exact=True).select_option("steps")
    page.get_by_role("button", name="Make the hook").click()
    shown = page.get_by_role("dialog")
    expect(shown).to_contain_text("shown this once")
    address, secret = shown.locator("pre").all_inner_texts()
    page.get_by_role("button", name="I have kept it").click()
    page.get_by_role("link", name="Pushes").click()
    expect(page.get_by_role("heading", level=1, name="Pushes")).to_be_visible()
    expect(page.get_by_text(address, exact=True)).to_be_visible()
    assert secret not in page.content()
    [made] = [one for one in home_.call("GET", "/v1/hooks")["data"] if one["name"] == "Pushes"]
    assert made["verification"] == {"kind": "github"}
    page.get_by_role("button", name="New secret").click()
    page.get_by_label("The old secret is valid for").select_option("0")
    page.get_by_role("dialog").get_by_role("button", name="New secret").click()
    expect(shown.get_by_text("has a new secret")).to_be_visible()
    assert shown.locator("pre").all_inner_texts() != [secret]


def test_what_is_refused_stands_at_its_field(visit):
    there = visit()
    page = there.log_in("/hooks")
    page.get_by_role("button", name="New hook").first.click()
    page.get_by_label("Name").fill("Bad")
    page.get_by_label("Proves itself by").select_option("hmac")
    page.get_by_label("Header", exact=True).fill("X Sign")
    page.get_by_text("An event", exact=True).click()
    page.get_by_label("Topic", exact=True).fill("shop:paid")
    page.get_by_role("button", name="Make the hook").click()
    field = page.get_by_label("Header", exact=True)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(
        re.compile("must be the name of a header, such as X-Signature")
    )
    there.refusals.add(400)


def test_it_is_switched_off_and_on(visit, home_):
    hook = make(home_)
    page = visit().log_in("/hooks")
    switch = row(page, hook["id"]).get_by_role("switch")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false")
    assert home_.call("GET", f"/v1/hooks/{hook['id']}")["data"]["enabled"] is False
    home_.call("PATCH", f"/v1/hooks/{hook['id']}", {"enabled": True})
    expect(switch).to_have_attribute("aria-checked", "true")


def test_calls_appear_and_lead_to_their_jobs(visit, home_):
    hook = make(home_, params={"steps": "{{ hook.body.steps }}"})
    page = visit().log_in(f"/hooks/{hook['id']}")
    expect(page.get_by_text("Nobody has called yet")).to_be_visible()
    sent = send(hook, {"steps": 1, "password": "hunter2"})
    found = row(page, sent["deliveryId"])
    expect(found).to_contain_text("Started")
    expect(found.get_by_role("link", name=sent["jobId"])).to_have_attribute(
        "href", f"/console/jobs/{sent['jobId']}"
    )
    found.get_by_role("link", name="Delivery").click()
    expect(page.locator(".tree").first).to_contain_text("steps")
    expect(page.get_by_text("hunter2")).to_have_count(0)
    page.get_by_role("button", name="Show password").click()
    expect(page.get_by_text("hunter2")).to_be_visible()


def test_a_mapping_is_tried_on_what_came_and_saved(visit, home_):
    hook = make(home_)
    sent = send(hook, {"order": {"lines": 3}, "kind": "new"})
    page = visit().log_in(f"/hooks/{hook['id']}/mapping?delivery={sent['deliveryId']}")
    expect(page.get_by_role("heading", name="What becomes of it")).to_be_visible()
    page.get_by_label("Pass the whole body on").uncheck()
    page.get_by_role("button", name="lines").click()
    expect(page.get_by_label("Parameter 1", exact=True)).to_have_value("lines")
    page.get_by_label("Parameter 1", exact=True).fill("steps")
    outcome = page.locator("section[aria-labelledby=outcome]")
    expect(outcome).to_contain_text("Starts a job.")
    expect(outcome.locator(".tree")).to_contain_text("steps: 3")
    page.get_by_label("Value, such as {{ hook.body.order }} 1").fill("{{ hook.body.missing }}")
    expect(outcome).to_contain_text("Nothing could be started")
    page.get_by_label("Value, such as {{ hook.body.order }} 1").fill("{{ hook.body.order.lines }}")
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_label("body.action 1").fill("body.kind")
    page.get_by_label("Value, such as opened 1").fill("old")
    expect(outcome).to_contain_text("Ignored.")
    page.get_by_label("Value, such as opened 1").fill("new")
    expect(outcome).to_contain_text("Starts a job.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    now = home_.call("GET", f"/v1/hooks/{hook['id']}")["data"]
    assert (now["params"], now["filter"]) == ({"steps": "{{ hook.body.order.lines }}"}, {"body.kind": "new"})


def test_one_is_replayed(visit, home_):
    hook = make(home_, params={"steps": "{{ hook.body.count }}"})
    failed = send(hook, {"amount": 2})
    home_.call("PATCH", f"/v1/hooks/{hook['id']}", {"params": {"steps": "{{ hook.body.amount }}"}})
    page = visit().log_in(f"/hook-deliveries/{failed['deliveryId']}")
    expect(page.get_by_label("Problems")).to_contain_text("gives null")
    page.get_by_role("button", name="Replay").click()
    page.get_by_role("dialog").get_by_role("button", name="Replay").click()
    expect(page.get_by_text("A replay of")).to_be_visible()
    expect(page.get_by_role("link", name=failed["deliveryId"])).to_be_visible()


def test_what_failed_in_a_span_is_replayed_once(visit, home_):
    hook = make(home_, params={"steps": "{{ hook.body.count }}"})
    for amount in (1, 2, 3):
        send(hook, {"amount": amount})
    home_.call("PATCH", f"/v1/hooks/{hook['id']}", {"params": {"steps": "{{ hook.body.amount }}"}})
    page = visit().log_in(f"/hooks/{hook['id']}")
    page.get_by_role("button", name="Replay several").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("3 calls")
    dialog.get_by_role("button", name="Replay").click()
    expect(dialog).to_contain_text("3 started")
    dialog.get_by_role("button", name="Done").click()
    expect(page.get_by_role("link", name="a replay")).to_have_count(3)
    page.get_by_role("button", name="Replay several").click()
    expect(dialog).to_contain_text("0 calls")
    expect(dialog.get_by_role("button", name="Replay")).to_be_disabled()


def test_a_replay_that_loses_the_line_goes_on_where_it_was(visit, home_):
    hook = make(home_, params={"steps": "{{ hook.body.count }}"})
    for amount in (1, 2, 3):
        send(hook, {"amount": amount})
    home_.call("PATCH", f"/v1/hooks/{hook['id']}", {"params": {"steps": "{{ hook.body.amount }}"}})
    there = visit()
    page = there.log_in(f"/hooks/{hook['id']}")
    page.get_by_role("button", name="Replay several").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("3 calls")
    page.route("**/replay", lambda route: (route.fetch(), route.abort()), times=1)
    dialog.get_by_role("button", name="Replay").click()
    expect(dialog.get_by_role("alert")).to_contain_text("cannot be reached")
    expect(dialog).to_contain_text("0 / 3")
    there.faults.clear()
    dialog.get_by_role("button", name="Go on").click()
    expect(dialog).to_contain_text("3 / 3 · 3 started")
    expect(dialog.get_by_role("alert")).to_have_count(0)
    dialog.get_by_role("button", name="Done").click()
    expect(page.get_by_role("link", name="a replay")).to_have_count(3)


def test_calls_that_could_not_be_counted_are_counted_when_asked_again(visit, home_):
    hook = make(home_)
    sent = send(hook, {"steps": 1})
    there = visit()
    page = there.log_in(f"/hooks/{hook['id']}")
    expect(row(page, sent["deliveryId"])).to_be_visible()
    page.route("**/deliveries?*", lambda route: route.abort(), times=1)
    page.get_by_role("button", name="Replay several").click()
    alert = page.get_by_role("dialog").get_by_role("alert")
    alert.get_by_role("button").click()
    expect(page.get_by_role("dialog")).to_contain_text("0 calls")
    expect(alert).to_have_count(0)
    there.faults.clear()


def test_one_is_deleted_after_a_question(visit, home_):
    hook = make(home_, name="Short-lived")
    page = visit().log_in(f"/hooks/{hook['id']}")
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete Short-lived?")
    expect(dialog.get_by_role("button", name="Leave it as it is")).to_be_focused()
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", level=1, name="Hooks")).to_be_visible()
    expect(row(page, hook["id"])).to_have_count(0)


def test_who_may_only_look_has_no_buttons_that_are_refused(visit, home_):
    hook = make(home_)
    send(hook, {"steps": 1})
    reader = home_.member("Reader of hooks", "viewer")
    page = visit().log_in("/hooks", member=reader["id"])
    expect(row(page, hook["id"]).get_by_role("switch")).to_be_disabled()
    expect(page.get_by_role("button", name="New hook")).to_have_count(0)
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    page.goto(f"/console/hooks/{hook['id']}")
    expect(page.get_by_role("link", name="Mapping")).to_have_count(0)
    for name in ("Delete", "New secret", "Replay several"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)


def test_it_is_accessible(visit, home_):
    hook = make(
        home_, name="Looked at", params={"steps": "{{ hook.body.count }}"}, filter={"body.kind": "new"}
    )
    sent = send(
        hook, {"kind": "new", "list": [1, {"a": None}], "token": "abc", "link": "https://example.com"}
    )
    page = visit().log_in("/hooks")
    expect(row(page, hook["id"])).to_be_visible()
    check_accessible(page)
    page.get_by_role("button", name="New hook").click()
    check_accessible(page)
    for path in (
        f"/hooks/{hook['id']}",
        f"/hooks/{hook['id']}/mapping",
        f"/hook-deliveries/{sent['deliveryId']}",
    ):
        page.goto(f"/console{path}")
        expect(page.locator(".tree").first).to_be_visible()
        check_accessible(page)

"""The log: its live end, filters, pages further back, and what an event says."""

import re

import pytest
from console import check_accessible, needs_console
from playwright.sync_api import expect
from processes import until

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-events")]


def publish(home, topic, **payload):
    return home.call("POST", "/v1/events", {"topic": topic, "payload": payload})["data"]


def row(page, event):
    return page.locator(f"tr[data-id={event['id']}]")


def test_events_appear_as_they_happen_the_newest_first(visit, home_):
    first = publish(home_, "shop:paid", name="First")
    page = visit().log_in("/events?topics=shop:*")
    expect(row(page, first)).to_contain_text("First")
    second = publish(home_, "shop:paid", name="Second")
    publish(home_, "other:paid")
    expect(page.locator("tbody tr").first).to_have_attribute("data-id", second["id"])
    expect(page.get_by_role("button", name="other:paid")).to_have_count(0)


def test_new_ones_wait_while_paused_or_under_the_pointer(visit, home_):
    first = publish(home_, "wait:one")
    page = visit().log_in("/events?topics=wait:*")
    expect(row(page, first)).to_be_visible()
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    second = publish(home_, "wait:two")
    expect(page.get_by_role("button", name="1 new")).to_be_visible()
    expect(row(page, second)).to_have_count(0)
    page.keyboard.press("p")
    expect(row(page, second)).to_be_visible()
    row(page, second).hover()
    third = publish(home_, "wait:three")
    # The pointer stays where it is: what waits is shown by itself when it leaves.
    page.get_by_role("button", name="1 new").press("Enter")
    expect(row(page, third)).to_be_visible()


def test_an_event_opens_to_its_payload_and_position(visit, home_):
    event = publish(home_, "open:one", order={"id": 1001, "lines": ["<b>bold</b>"]}, token="abc")
    page = visit().log_in("/events?topics=open:*")
    expect(row(page, event)).to_be_visible()
    button = row(page, event).get_by_role("button")
    until(
        lambda: page.keyboard.press("j") or button.evaluate("one => one === document.activeElement"),
        "it has the focus",
    )
    page.keyboard.press("Enter")
    opened = page.locator("tr.opened")
    expect(opened).to_contain_text("<b>bold</b>")
    expect(opened).to_contain_text(event["position"])
    expect(opened.get_by_text("abc", exact=True)).to_have_count(0)
    opened.get_by_role("button", name="As text").first.click()
    expect(opened.locator("pre")).to_contain_text('"token": "***"')
    opened.get_by_role("link", name=event["id"]).click()
    expect(page.get_by_role("heading", level=1, name="open:one")).to_be_visible()
    expect(page.locator(".tree").first).to_contain_text("id: 1001")


def test_filters_stand_in_the_address(visit, home_):
    wanted, other = publish(home_, "find:it", name="Needle"), publish(home_, "find:it", name="Hay")
    page = visit().log_in("/events")
    page.get_by_label("Topics").fill("find:*")
    page.get_by_label("Contains").fill("needle")
    page.keyboard.press("Enter")
    expect(row(page, wanted)).to_be_visible()
    expect(row(page, other)).to_have_count(0)
    assert page.url.endswith("/events?topics=find:*&text=needle")
    page.go_back()
    expect(row(page, other)).to_be_visible()


def test_progress_is_left_out_unless_it_is_asked_for(visit, home_):
    job = home_.job(input={"steps": 3, "pause_s": 0.1})
    page = visit().log_in(f"/events?job={job['id']}")
    expect(page.get_by_role("button", name="job:completed")).to_be_visible()
    expect(page.get_by_text(re.compile(r"\d+ %"))).to_have_count(0)
    page.get_by_label("Progress too").check()
    expect(page.locator("td.about", has_text=re.compile(r"\d+ %")).first).to_be_visible()
    page.get_by_role("button", name="Of any job").click()
    expect(page.get_by_text("Of job", exact=True)).to_have_count(0)


def test_older_ones_come_when_they_are_asked_for(visit, home_):
    oldest = publish(home_, "many:first")
    for _ in range(130):
        publish(home_, "many:more")
    page = visit().log_in("/events?topics=many:*")
    expect(page.locator("tbody tr")).to_have_count(100)
    expect(row(page, oldest)).to_have_count(0)
    page.get_by_role("button", name="Show older events").click()
    expect(page.locator("tbody tr")).to_have_count(131)
    expect(row(page, oldest)).to_be_visible()
    expect(page.get_by_role("button", name="Show older events")).to_have_count(0)


def test_what_is_shown_can_be_followed_by_program(visit, home_):
    event = publish(home_, "code:one")
    page = visit().log_in("/events?topics=code:*")
    expect(row(page, event)).to_be_visible()
    page.get_by_role("button", name="Follow by program").click()
    code = page.get_by_role("dialog").locator("pre")
    expect(code).to_contain_text(f"{home_.url}/v1/events/stream?topics=code:*&after={event['position']}")
    page.get_by_label("Python").check()
    expect(code).to_contain_text(f'client.subscribe("code:*", after="{event["position"]}")')


def test_nothing_that_fits_says_so(visit):
    page = visit().log_in("/events?topics=never:*")
    expect(page.get_by_role("heading", name="No event fits")).to_be_visible()
    page.get_by_role("link", name="Clear the filters").click()
    expect(page.locator("tbody tr").first).to_be_visible()


def test_who_follows_from_before_where_the_line_stands_misses_nothing(visit, home_):
    page = visit().log_in()
    since = home_.call("GET", "/v1/whoami")["data"]["position"]
    page.evaluate(
        """async (since) => {
        const { follow } = await import("/console/live.js")
        window.first = [], window.late = []
        const into = (all) => ({ onEvent: ({ context }) => all.push(context.jobId), onGap: () => {} })
        follow(["job:*"], since, into(first))
        window.join = (since) => follow(["job:*"], since, into(late))
    }""",
        since,
    )
    job = home_.job("nobody")
    page.wait_for_function("(id) => first.includes(id)", arg=job["id"])
    page.evaluate("(since) => void join(since)", since)
    page.wait_for_function("(id) => late.includes(id)", arg=job["id"])


def test_it_is_accessible(visit, home_):
    event = publish(home_, "look:failed", name="Looked at", list=[1, None, True], link="https://example.com")
    page = visit().log_in("/events")
    expect(row(page, event)).to_be_visible()
    row(page, event).get_by_role("button").click()
    expect(page.locator("tr.opened")).to_be_visible()
    check_accessible(page)
    page.get_by_role("button", name="Follow by program").click()
    check_accessible(page)
    page.goto(f"/console/events/{event['id']}")
    expect(page.locator(".tree").first).to_be_visible()
    check_accessible(page)

"""Durable subscriptions as server-sent events: followed by name, acked beside."""

import asyncio
import json

import pytest
from browser import Browser
from server_sent import event_source
from websockets.asyncio.client import connect

from listener_sdk.protocol.subscriptions import WINDOW_EVENTS

DEADLINE_S = 20.0
PATH = "/v1/events/stream?topics=invoice:*&after=oldest&name="
ACKED = "/v1/subscriptions/billing/acked"


def source(server, name="billing", last="", key=None, **headers):
    return event_source(server.http, server.url + PATH + name, key or server.key, last, **headers)


async def publish(server, count=1, first=0):
    for n in range(first, first + count):
        event = {"topic": "invoice:paid", "payload": {"n": n}}
        assert (await server.call("POST", "/v1/events", event)).status == 200


async def numbers(found, count):
    return [event["payload"]["n"] for event in await found.events(count)]


async def ack(server, position, key="", **more):
    return await server.call("POST", ACKED, {"position": position}, key=key, **more)


async def shown(server):
    return (await server.call("GET", "/v1/subscriptions/billing")).data


async def until(test):
    async with asyncio.timeout(DEADLINE_S):
        while not await test():  # noqa: ASYNC110 - what it looks at has no event
            await asyncio.sleep(0.01)


async def left(server):
    return not (await shown(server))["connected"]


# ---- the cursor


async def test_it_goes_on_behind_what_was_acked(server):
    await publish(server, 4)
    async with source(server) as found:
        begun = await found.next("position")
        events = await found.events(4)
        assert [event["payload"]["n"] for event in events] == [0, 1, 2, 3]
        assert (await shown(server))["position"] == begun.data["position"]
        assert (await ack(server, events[1]["position"])).body == {"data": {"success": True}}
        told = await shown(server)
        assert (told["position"], told["connected"]) == (events[1]["position"], True)
    await until(lambda: left(server))
    # Where the client says no more than the name.
    async with source(server) as found:
        assert await numbers(found, 2) == [2, 3]
    # What it has in hand does not come again.
    async with source(server, last=events[2]["position"]) as found:
        assert await numbers(found, 1) == [3]
        assert (await ack(server, events[2]["position"])).status == 200


async def test_acks_may_come_when_nobody_follows(server):
    await publish(server, 2)
    async with source(server) as found:
        first, second = await found.events(2)
    await until(lambda: left(server))
    assert (await ack(server, second["position"])).status == 200
    assert (await ack(server, first["position"])).status == 200
    assert (await shown(server))["position"] == second["position"]


async def test_an_ack_that_is_repeated_is_answered_as_before(server):
    await publish(server, 1)
    async with source(server) as found:
        (event,) = await found.events(1)
        for _ in range(2):
            answer = await ack(server, event["position"], headers={"Idempotency-Key": "once"})
            assert answer.body == {"data": {"success": True}}


async def test_no_more_is_sent_than_the_window_holds(server):
    async with source(server) as found:
        for first in range(0, WINDOW_EVENTS + 100, 100):
            await asyncio.gather(*(publish(server, 1, first + n) for n in range(100)))
        events = await found.events(WINDOW_EVENTS)
        subscription = server.node.subscriptions.all()[0]
        await asyncio.sleep(0.05)
        assert f"{server.node.epoch}:{subscription.prev}" == events[-1]["position"]
        await ack(server, events[WINDOW_EVENTS // 2]["position"])
        assert len(await found.events(100)) == 100


async def test_acks_that_came_to_another_server_are_heard_of(server, monkeypatch):
    """As that server does it: the cursor in the store moves, and this one is not told."""
    monkeypatch.setattr(server.node.hub, "poll", server.node.hub.reach_end)
    monkeypatch.setattr(server.node.hub, "acked", lambda *_: None)
    async with source(server) as found:
        await found.next("position")
        for first in range(0, WINDOW_EVENTS + 100, 100):
            await asyncio.gather(*(publish(server, 1, first + n) for n in range(100)))
        events = await found.events(WINDOW_EVENTS)
        await ack(server, events[-1]["position"])
        assert len(await found.events(100)) == 100


# ---- one at a time


async def test_the_newest_takes_over_and_the_older_is_told(server):
    await publish(server, 2)
    async with source(server) as first:
        events = await first.events(2)
        async with source(server) as second:
            assert (await first.next("refused")).data["code"] == "subscription_taken"
            await first.ended()
            assert await numbers(second, 2) == [0, 1]
            assert (await ack(server, events[1]["position"])).status == 200
            assert (await shown(server))["connected"]


async def test_a_websocket_and_an_answer_take_over_from_each_other(server):
    url = server.url.replace("http", "ws") + "/v1/stream"
    frames = [{"type": "hello"}, {"type": "subscribe", "sub": "s", "durable": "billing", "id": 2}]
    async with source(server) as found:
        await found.next("position")
        headers = {"Authorization": f"Bearer {server.key}"}
        async with connect(url, additional_headers=headers, proxy=None) as socket:
            await socket.send(json.dumps(frames))
            assert (await found.next("refused")).data["code"] == "subscription_taken"
            async with source(server):
                told = []
                async with asyncio.timeout(DEADLINE_S):
                    while not any(frame.get("code") == "subscription_taken" for frame in told):
                        told = json.loads(await socket.recv())


async def test_only_the_key_that_follows_acks(server):
    await publish(server, 1)
    async with source(server) as found:
        (event,) = await found.events(1)
        answer = await ack(server, event["position"], key=server.listener)
        assert (answer.status, answer.error["code"]) == (409, "subscription_taken")
        server.node.hub._durables = None
        assert (await ack(server, event["position"], key=server.listener)).status == 409


async def test_one_that_is_removed_ends(server):
    async with source(server) as found:
        await found.next("position")
        await server.call("DELETE", "/v1/subscriptions/billing")
        assert (await found.next("refused")).data["code"] == "not_found"
        await found.ended()
    answer = await ack(server, str(server.node.log.head))
    assert (answer.status, answer.error["code"]) == (404, "not_found")


# ---- refusals


@pytest.mark.parametrize(
    ("role", "query", "status", "code", "key"),
    [
        ("listener", "a%20b", 400, "invalid", "name"),
        ("listener", "us_sub_0000000001", 400, "invalid", "name"),
        ("listener", "x" * 65, 400, "invalid", "name"),
        ("viewer", "billing", 403, "forbidden", None),
        ("operator", "billing", 403, "forbidden", None),
    ],
)
async def test_what_is_refused_makes_nothing(server, role, query, status, code, key):
    made = (await server.call("POST", "/v1/keys", {"name": "eye", "role": role})).data["key"]
    answer = await server.call("GET", PATH + query, key=made)
    assert (answer.status, answer.error["code"], answer.error.get("key")) == (status, code, key)
    assert (await server.call("GET", "/v1/subscriptions")).data == []
    assert not server.node.sockets.peers


async def test_a_cursor_that_cannot_be_continued_is_refused_before_the_first_byte(server):
    answer = await server.call("GET", f"{PATH}billing", headers={"Last-Event-ID": "other:1"})
    assert (answer.status, answer.error["code"]) == (410, "epoch_changed")
    assert (await server.call("GET", "/v1/subscriptions")).data == []


async def test_a_restricted_key_passes_over_nothing_for_others(server):
    body = {"name": "few", "role": "listener", "topics": ["invoice:*"]}
    key = (await server.call("POST", "/v1/keys", body)).data["key"]
    await publish(server, 1)
    async with source(server) as found:
        (event,) = await found.events(1)
        answer = await server.call("GET", f"{PATH}billing", key=key)
        assert (answer.status, answer.error["code"], answer.error["key"]) == (403, "forbidden", "name")
        assert (await ack(server, event["position"], key=key)).status == 403


async def test_a_look_makes_nothing(server):
    assert (await server.call("HEAD", f"{PATH}billing")).status == 200
    assert (await server.call("GET", "/v1/subscriptions")).data == []


@pytest.mark.parametrize(
    ("position", "code"), [("E:99999", "cursor_ahead"), ("other:1", "epoch_changed"), ("now", "bad_cursor")]
)
@pytest.mark.parametrize("here", [True, False])
async def test_only_what_was_sent_can_be_acked(server, position, code, here):
    async with source(server) as found:
        await found.next("position")
        if not here:
            server.node.hub._durables = None
        answer = await ack(server, position.replace("E", server.node.epoch))
        assert (answer.error["code"], answer.error["key"]) == (code, "position")


async def test_what_is_in_the_log_and_was_not_sent_is_not_acked(server):
    async with source(server) as found:
        await found.next("position")
        other = {"topic": "order:made", "payload": {}}
        position = (await server.call("POST", "/v1/events", other)).data["position"]
        assert (await ack(server, position)).error["code"] == "cursor_ahead"
        server.node.rest()
        assert (await found.next("position")).id == position
        assert (await ack(server, position)).status == 200


async def test_a_page_shows_that_it_is_the_servers_own(server):
    """Any page can lead a browser to an address, and its cookie comes along."""
    browser = Browser(server)
    await browser.by_link()
    answer = await browser.call("GET", f"{PATH}billing", csrf=None, origin=None)
    assert (answer.status, answer.error["code"], answer.error["key"]) == (403, "csrf", "X-CSRF-Token")
    assert (await browser.call("HEAD", f"{PATH}billing")).status == 200
    async with server.http.get(f"{server.url}{PATH}billing", headers=browser.headers()) as response:
        assert response.status == 200
        assert (await shown(server))["connected"]

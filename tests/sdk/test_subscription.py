import asyncio

import pytest

from listener_sdk.errors import ApiError, CursorError
from listener_sdk.protocol.events import Event
from listener_sdk.subscription import AHEAD, LiveTick
from tests.sdk.fake_server import DEADLINE_S, error, wire_event


async def taken(events, count):
    async with asyncio.timeout(DEADLINE_S):
        return [await anext(events) for _ in range(count)]


async def test_it_asks_for_topics_filter_and_position_and_hands_out_events(server, client):
    async with client.subscribe("job:*", ["invoice:paid"], where={"jobId": "x"}, after="oldest") as events:
        await server.send(
            {"type": "events", "sub": "events", "prev": "e:0", "events": [wire_event(1), wire_event(4)]}
        )
        first, second = await taken(events, 2)
    (asked,) = server.said("subscribe")
    assert (asked["topics"], asked["filter"], asked["after"]) == (
        ["job:*", "invoice:paid"],
        {"jobId": "x"},
        "oldest",
    )
    assert isinstance(first, Event)
    assert (first.position, second.position, events.position) == ("e:1", "e:4", "e:4")


async def test_it_resumes_exactly_after_a_lost_connection(server, client):
    async with client.subscribe() as events:
        await server.send(
            {"type": "events", "sub": "events", "prev": "e:0", "events": [wire_event(1), wire_event(2)]}
        )
        await taken(events, 2)
        await server.drop()
        (_, again) = await server.until_said("subscribe", 2)
        await server.send({"type": "events", "sub": "events", "prev": "e:2", "events": [wire_event(3)]})
        (third,) = await taken(events, 1)
    assert again["after"] == "e:2"
    assert third.position == "e:3"
    assert server.said("subscribe")[0]["topics"] == ["**"]


async def test_a_gap_makes_it_subscribe_again_from_its_last_position(server, client):
    async with client.subscribe() as events:
        await server.send({"type": "events", "sub": "events", "prev": "e:0", "events": [wire_event(1)]})
        await server.send({"type": "events", "sub": "events", "prev": "e:5", "events": [wire_event(6)]})
        (_, again) = await server.until_said("subscribe", 2)
        await server.send({"type": "events", "sub": "events", "prev": "e:1", "events": [wire_event(5)]})
        found = await taken(events, 2)
    assert again["after"] == "e:1"
    assert [event.position for event in found] == ["e:1", "e:5"]


async def test_a_position_that_cannot_be_continued_is_named(server, client):
    server.answers["subscribe"] = lambda frame: [
        error(frame, "cursor_too_old", "Gone.", sub=frame["sub"], oldest="e:50", head="e:99")
    ]
    events = client.subscribe(after="e:1")
    with pytest.raises(CursorError) as caught:
        await taken(events, 1)
    assert (caught.value.code, caught.value.oldest, caught.value.head) == ("cursor_too_old", "e:50", "e:99")
    assert [event async for event in events] == []


async def test_entering_raises_what_the_server_refuses(server, client):
    server.answers["subscribe"] = lambda frame: [error(frame, "bad_filter", "No such form.")]
    with pytest.raises(ApiError, match="No such form"):
        async with client.subscribe(where={"x": "y"}):
            raise AssertionError("not entered")
    server.refuse_upgrade = (401, {"errors": [{"code": "unauthorized", "message": "Unknown key."}]})
    with pytest.raises(ApiError, match="Unknown key"):
        async with client.subscribe():
            raise AssertionError("not entered")


async def test_what_is_malformed_is_refused_before_anything_is_sent(server, client):
    for code, malformed in (
        ("bad_filter", {"where": {"a": {}}}),
        ("bad_cursor", {"after": "yesterday"}),
    ):
        with pytest.raises(ApiError) as caught:
            client.subscribe(**malformed)
        assert caught.value.code == code
    with pytest.raises(ApiError, match="topic pattern"):
        client.subscribe("job ready")
    assert server.hellos == []


async def test_live_ticks_come_when_asked_for(server, client):
    async with client.subscribe("job:*", progress=True) as events:
        tick = {
            "id": "us_jb_1",
            "job": "a:b",
            "progress": 40,
            "info": "rows",
            "estimatedCompletionAt": "2026-01-01T00:00:09Z",
        }
        await server.send({"type": "progress", "sub": "events", "jobs": [tick]})
        (found,) = await taken(events, 1)
    assert isinstance(found, LiveTick)
    assert (found.job_id, found.job, found.percent, found.text) == ("us_jb_1", "a:b", 40, "rows")
    assert found.estimated_completion_at is not None
    assert server.said("subscribe")[0]["progress"] is True


async def test_a_reader_that_is_behind_loses_no_event(server, client):
    total = AHEAD * 2 + 10
    async with client.subscribe() as events:
        for start in range(0, total, 100):
            batch = [wire_event(seq + 1) for seq in range(start, min(start + 100, total))]
            await server.send({"type": "events", "sub": "events", "prev": f"e:{start}", "events": batch})
        found = await taken(events, total)
    assert [event.position for event in found] == [f"e:{seq + 1}" for seq in range(total)]


async def test_closing_the_client_ends_its_subscriptions(server, client):
    events = client.subscribe()
    async with asyncio.timeout(DEADLINE_S):
        await events.__aenter__()
        await client.close()
    assert events.ended
    with pytest.raises(StopAsyncIteration):
        await anext(events)


# ---- with a name


def told(*seqs, prev):
    return {
        "type": "events",
        "sub": "events",
        "prev": f"e:{prev}",
        "events": [wire_event(seq) for seq in seqs],
    }


async def test_an_event_is_acked_when_the_next_is_asked_for(server, client):
    async with client.subscribe("invoice:*", name="billing", after="oldest") as events:
        (asked,) = server.said("subscribe")
        assert (asked["durable"], asked["after"]) == ("billing", "oldest")
        await server.send(told(1, 2, 3, prev=0))
        await taken(events, 1)
        assert server.said("acked") == []
        await taken(events, 1)
        (acked,) = await server.until_said("acked")
    assert (acked["sub"], acked["position"]) == ("events", "e:1")


async def test_an_ack_returns_once_it_is_stored(server, client):
    stored = asyncio.Event()
    server.answers["acked"] = lambda _frame: []
    async with client.subscribe(name="billing") as events:
        await server.send(told(1, prev=0))
        await taken(events, 1)
        task = asyncio.create_task(events.ack())
        task.add_done_callback(lambda _: stored.set())
        (acked,) = await server.until_said("acked")
        assert not stored.is_set()
        await server.send({"type": "ok", "id": acked["id"]})
        await asyncio.wait_for(task, DEADLINE_S)
    assert acked["position"] == "e:1"


async def test_after_a_lost_connection_it_goes_on_behind_what_it_has_and_acks_again(server, client):
    async with client.subscribe(name="billing") as events:
        await server.send(told(1, 2, prev=0))
        await taken(events, 2)
        await server.until_said("acked")
        await server.drop()
        (_, again) = await server.until_said("subscribe", 2)
        assert (again["after"], again["durable"]) == ("e:2", "billing")
        await server.until_said("acked", 2, position="e:1")


async def test_who_is_taken_over_is_told(server, client):
    async with client.subscribe(name="billing") as events:
        await server.send(
            {"type": "error", "sub": "events", "code": "subscription_taken", "message": "Another."}
        )
        with pytest.raises(ApiError) as caught:
            await taken(events, 1)
    assert caught.value.code == "subscription_taken"


async def test_a_refused_ack_is_raised(server, client):
    server.answers["acked"] = lambda frame: [error(frame, "unavailable", "Away.", sub="events")]
    async with client.subscribe(name="billing") as events:
        await server.send(told(1, prev=0))
        await taken(events, 1)
        with pytest.raises(ApiError, match="Away"):
            await events.ack()


async def test_only_one_with_a_name_is_acked(client):
    with pytest.raises(RuntimeError, match="name="):
        await client.subscribe().ack()


async def test_a_bad_name_is_refused_before_anything_is_sent(client):
    with pytest.raises(ApiError) as caught:
        client.subscribe(name="a b")
    assert caught.value.errors[0]["key"] == "durable"

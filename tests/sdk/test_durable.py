"""Durable callbacks: run by the server's cursor, acked, tried again, passed over, and given to whoever comes last."""

import asyncio

import pytest

from listener_sdk import Listener, RegistrationError
from listener_sdk import _durable as module
from tests.sdk.fake_server import AT, DEADLINE_S, KEY, error, wire_event


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(module, "LONGEST_PAUSE_S", 0.01)
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.01)


def told(*seqs, prev):
    return {
        "type": "events",
        "sub": "events",
        "prev": f"e:{prev}",
        "events": [wire_event(seq) for seq in seqs],
    }


def serve(listener, server, **options):
    stop = asyncio.Event()
    return stop, asyncio.create_task(listener.serve(server.url, KEY, stop=stop, **options))


async def end(stop, task):
    stop.set()
    async with asyncio.timeout(DEADLINE_S):
        await task


async def test_it_follows_by_its_name_and_the_last_event_is_acked_at_the_stop(server, monkeypatch):
    listener, seen, draining = Listener(), [], asyncio.Event()
    drain = module.DurableWatch.drain

    async def drained(watch, grace_s):
        asyncio.get_running_loop().call_soon(draining.set)
        await drain(watch, grace_s)

    monkeypatch.setattr(module.DurableWatch, "drain", drained)

    @listener.on("invoice:*", {"job": "a:*"}, name="billing", start="oldest")
    async def note(event):
        seen.append(event.position)
        if len(seen) == 2:
            stop.set()
            await draining.wait()

    stop, task = serve(listener, server)
    (asked,) = await server.until_said("subscribe")
    assert (asked["durable"], asked["after"], asked["topics"], asked["filter"]) == (
        "billing",
        "oldest",
        ["invoice:*"],
        {"job": "a:*"},
    )
    await server.send(told(1, 2, 3, prev=0))
    await end(stop, task)
    assert seen == ["e:1", "e:2"]
    assert server.said("acked")[-1]["position"] == "e:2"


async def test_filters_around_it_hold_and_what_they_leave_out_is_acked(server):
    listener, seen = Listener(), asyncio.Event()

    @listener.filter({"topic": "other:*"}).filter({"id": "*"}).on("**", name="billing")
    async def never(event):
        raise AssertionError("not let through")

    listener.on("invoice:paid", name="seen")(lambda _event: loop.call_soon_threadsafe(seen.set))
    loop = asyncio.get_running_loop()
    stop, task = serve(listener, server)
    asked = await server.until_said("subscribe", 2)
    assert {frame["durable"] for frame in asked} == {"billing", "seen"}
    for place in (0, 1):
        await server.send(told(1, 2, prev=0), socket=place)
    await seen.wait()
    await server.until(lambda: len(server.said("acked", position="e:2")) >= 2)
    await end(stop, task)


async def test_a_callback_that_fails_is_run_again_and_at_last_passed_over(server, caplog):
    listener, tries = Listener(), []

    @listener.on("**", name="billing")
    def flaky(event):
        tries.append(event.position)
        if event.position == "e:1" or tries.count("e:2") < 3:
            raise ValueError("no")

    stop, task = serve(listener, server)
    await server.until_said("subscribe")
    await server.send(told(1, 2, 3, prev=0))
    await server.until_said("acked", position="e:2")
    await end(stop, task)
    assert tries[:8] == ["e:1"] * 5 + ["e:2"] * 3
    assert caplog.text.count("for good") == 1


async def test_what_follows_an_event_is_tried_again_with_it(server):
    listener, ends = Listener(), []

    @listener.on("**", name="billing")
    async def with_end(event):
        event.after_all(last)

    async def last(event):
        ends.append(event.position)
        if len(ends) == 1:
            raise ValueError("no")

    stop, task = serve(listener, server)
    await server.until_said("subscribe")
    await server.send(told(1, 2, prev=0))
    await server.until_said("acked", position="e:2")
    await end(stop, task)
    assert ends[:2] == ["e:1", "e:1"]


async def test_a_stop_between_two_tries_acks_nothing(server, monkeypatch):
    monkeypatch.setattr(module, "backoff_s", lambda *_: 3600)
    listener, failed = Listener(), asyncio.Event()

    @listener.on("**", name="billing")
    async def failing(event):
        failed.set()
        raise ValueError("no")

    stop, task = serve(listener, server)
    await server.until_said("subscribe")
    await server.send(told(1, prev=0))
    await failed.wait()
    await end(stop, task)
    assert server.said("acked") == []


async def test_one_that_does_not_finish_in_time_is_not_acked(server, caplog):
    listener, began = Listener(), asyncio.Event()

    @listener.on("**", name="billing")
    async def endless(event):
        began.set()
        await asyncio.Event().wait()

    stop, task = serve(listener, server, grace_s=0)
    await server.until_said("subscribe")
    await server.send(told(1, prev=0))
    await began.wait()
    await end(stop, task)
    assert server.said("acked") == []
    assert "did not finish within 0 s" in caplog.text


async def test_events_that_were_removed_are_told_of_and_the_oldest_taken(server, caplog):
    def gone(frame):
        del server.answers["subscribe"]
        return [error(frame, "cursor_too_old", "Gone.", sub="events", oldest="e:7", head="e:9")]

    server.answers["subscribe"] = gone
    listener = Listener()
    listener.on("**", name="billing")(lambda _event: None)
    stop, task = serve(listener, server)
    _, again = await server.until_said("subscribe", 2)
    await end(stop, task)
    assert again["after"] == "e:7"
    assert "events were missed" in caplog.text


async def test_one_that_was_taken_over_stands_by_until_nobody_follows(server, caplog):
    shown = {
        "name": "billing",
        "owner": "k",
        "topics": ["**"],
        "position": "e:1",
        "createdAt": AT,
        "updatedAt": AT,
    }
    answers = [{"data": {**shown, "connected": True}}] * 2 + [{"data": {**shown, "connected": False}}]
    server.routes["GET", "/v1/subscriptions/billing"] = lambda *_: answers.pop(0)
    listener = Listener()
    listener.on("**", name="billing", start="oldest")(lambda _event: None)
    stop, task = serve(listener, server)
    await server.until_said("subscribe")
    await server.send({"type": "error", "sub": "events", "code": "subscription_taken", "message": "Another."})
    _, again = await server.until_said("subscribe", 2)
    await end(stop, task)
    assert (again["after"], answers) == ("now", [])
    assert "stands by" in caplog.text


async def test_one_that_was_removed_while_it_stood_by_begins_anew(server):
    listener = Listener()
    listener.on("**", name="billing")(lambda _event: None)
    stop, task = serve(listener, server)
    await server.until_said("subscribe")
    await server.send({"type": "error", "sub": "events", "code": "subscription_taken", "message": "Another."})
    await server.until_said("subscribe", 2)
    await end(stop, task)


async def test_what_the_server_refuses_for_good_ends_the_listener(server):
    server.answers["subscribe"] = lambda frame: [error(frame, "forbidden", "No.", sub="events")]
    listener = Listener()
    listener.on("**", name="billing")(lambda _event: None)
    _, task = serve(listener, server)
    with pytest.raises(Exception, match="No"):
        await asyncio.wait_for(task, DEADLINE_S)


# ---- registering


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": "a b"}, "name='a b'"),
        ({"name": "a", "start": "later"}, "A cursor is"),
        ({"start": "oldest"}, "start is for callbacks with a name"),
    ],
)
def test_a_bad_name_or_start_is_refused_with_its_place(given, message):
    with pytest.raises(RegistrationError, match=message) as caught:
        Listener().on("**", **given)(lambda _event: None)
    assert "test_durable.py" in str(caught.value)


def test_a_name_stands_once():
    listener, other = Listener(), Listener()
    listener.on("**", name="a")(lambda _event: None)
    with pytest.raises(RegistrationError, match="'a' is that of the callback"):
        listener.on("**", name="a")(lambda _event: None)
    other.on("**", name="b")(lambda _event: None)
    assert other.durables == ("b",)
    assert other.topics == ()


def test_off_takes_it_back():
    def note(_event):
        pass

    listener = Listener()
    listener.on("**", name="a")(note)
    listener.off("**", note)
    assert listener.durables == ()

"""However much filters ask for, others have their turn in between, and every subscriber gets what it would get."""

import asyncio
import contextlib

import pytest
from readers import Reader, publish
from stage import DEADLINE_S

from server.engine import subscriptions as module
from server.engine.subscriptions import TEST_COST, Subscription

MOST = 5
"""Tests at one go."""


@pytest.fixture
def gos(stage, monkeypatch):
    """How many events filters have looked into between two turns of the loop."""
    found, passes = [0], Subscription.passes

    def counted(self, event):
        found[-1] += 1
        return passes(self, event)

    monkeypatch.setattr(Subscription, "passes", counted)
    monkeypatch.setattr(module, "TURN", MOST * 2 * TEST_COST)
    monkeypatch.setattr(stage.node.subscriptions, "_left", 0)
    return found


@contextlib.asynccontextmanager
async def counting(gos):
    async def count():
        while True:
            gos.append(0)
            await asyncio.sleep(0)

    task = asyncio.create_task(count())
    yield
    task.cancel()
    # Of those that are live, and of those that read on.
    assert max(gos) <= 2 * MOST


async def reader_of(listener, name, **asked):
    listener.say(type="subscribe", sub=name, **asked)
    reader = Reader(listener, name)
    reader.position = (await listener.of_type("subscribed"))["from"]
    return reader


async def readers(stage, count, after):
    listener = stage.connect()
    await listener.hello()
    return [
        await reader_of(listener, f"s{number}", after=after, filter={"n": [number, 9]})
        for number in range(count)
    ]


async def test_live_events_are_tested_by_turns_where_filters_are_many(stage, gos):
    found = await readers(stage, 8, "now")
    listener = stage.connect()
    await listener.hello("session-plain")
    plain = await reader_of(listener, "plain")
    async with counting(gos), asyncio.timeout(DEADLINE_S):
        seqs = await publish(stage, 10)
        for number, reader in enumerate(found):
            assert await reader.reach(2) == [seqs[number], seqs[9]]
    assert await plain.reach(10) == seqs


async def test_history_is_tested_by_turns(stage, gos):
    seqs = await publish(stage, 10)
    async with counting(gos), asyncio.timeout(DEADLINE_S):
        for number, reader in enumerate(await readers(stage, 8, "oldest")):
            assert await reader.reach(2) == [seqs[number], seqs[9]]
    assert not any(entry._data for entry in stage.node.log.after(0, 20))


async def test_live_ticks_go_first_to_those_who_ask_least(stage, monkeypatch):
    monkeypatch.setattr(module, "TURN_OF_TICKS", 2 * 2 * TEST_COST)
    listener = stage.connect()
    await listener.hello()
    for name, filters in (("heavy", {"b": "*x*"}), ("light", {"b": "x"}), ("none", None)):
        await reader_of(listener, name, progress=True, filter=filters)
    event = {"b": "x"}
    stage.node.subscriptions.progress([(1, {"id": "us_jb_1"}, event), (1, {"id": "us_jb_2"}, event)])
    told = [frame["sub"] for frame in listener.seen("progress")]
    assert sorted(told) == ["light", "none"]

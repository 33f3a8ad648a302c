"""The loop by itself: it hears of events, outlives faults, and begins anew with another log."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from stage import ADMIN, DEADLINE_S, STRANGER
from triggered import made, publish, triggered

from server.commands.spaces import DELETE_SPACE, DeleteSpace
from server.engine import follower
from server.engine import triggers as module
from server.store.database import StoreError
from server.store.log import Head


@asynccontextmanager
async def running(stage):
    task = asyncio.create_task(stage.node.triggers.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until_made(stage, count):
    async with asyncio.timeout(DEADLINE_S):
        while len(await made(stage)) < count:  # noqa: ASYNC110 - the store has no event for what stands in it
            await asyncio.sleep(0.01)
    assert len(await made(stage)) == count


async def test_it_hears_of_definitions_and_events(stage):
    async with running(stage):
        await publish(stage)
        await triggered(stage)
        for n in range(3):
            await publish(stage)
            await until_made(stage, n + 1)


@pytest.mark.parametrize("error", [StoreError("away"), ValueError("a fault")])
async def test_it_outlives_what_goes_wrong(stage, monkeypatch, error):
    monkeypatch.setattr(follower, "AFTER_ERROR_S", 0)
    await triggered(stage)
    await publish(stage)
    loop, read, failed = stage.node.triggers, stage.node.read, []

    async def failing(query):
        if len(failed) < 3:
            failed.append(query)
            raise error
        return await read(query)

    loop._read = failing
    async with running(stage):
        await until_made(stage, 1)
    assert len(failed) == 3


async def test_starts_that_wait_are_tried_without_any_event(stage, monkeypatch):
    monkeypatch.setattr(follower, "LOOK_EVERY_S", 0.01)
    stage.facts.bound.largest = 0
    await triggered(stage)
    async with running(stage):
        await publish(stage)
        async with asyncio.timeout(DEADLINE_S):
            while not await stage.rows("SELECT id FROM trigger_wait"):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)
        stage.facts.bound.largest = 9
        stage.clock.forward(5)
        await until_made(stage, 1)


async def test_another_log_is_looked_at_from_where_the_store_says(stage):
    await triggered(stage)
    await publish(stage)
    loop = stage.node.triggers
    await loop.look()
    await publish(stage)
    head = stage.node.log.ends
    stage.node.log.replace(Head("other", head.seq, head.oldest))
    stage.node._begin_anew(head)
    assert await loop.look() == 1
    assert await loop.look() == 0


async def test_without_triggers_only_what_tells_of_definitions_wakes_it(stage):
    loop = stage.node.triggers
    await publish(stage)
    await loop.look()
    loop._wake.clear()
    await publish(stage)
    assert not loop._wake.is_set()
    assert loop._seq == stage.node.log.seq
    await triggered(stage)
    assert loop._wake.is_set()
    loop._wake.clear()
    await publish(stage)
    assert loop._wake.is_set(), "it may be one for the new trigger"
    assert await loop.look() == 1


async def test_a_log_that_cannot_be_read_on_is_tried_later(stage):
    await triggered(stage)
    loop = stage.node.triggers
    await loop.look()
    stage.node.log.seq += 5
    stage.node.log._ring.clear()
    with pytest.raises(StoreError, match="just now"):
        await loop.look()


async def test_many_events_leave_turns_to_others(stage, monkeypatch):
    monkeypatch.setattr(module, "TURN_S", -1.0)
    await triggered(stage, filter={"payload.n": 1})
    for _ in range(5):
        await publish(stage)
    assert await turns_beside(stage.node.triggers.look()) > 5


async def turns_beside(act):
    """How often others of the loop have their turn meanwhile."""
    turns = 0

    async def count():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(count())
    await act
    other.cancel()
    return turns


async def test_others_have_their_turn_while_a_new_topic_is_compared_with_patterns(stage, monkeypatch):
    monkeypatch.setattr(module, "TURN_S", 0)
    patterns = ", ".join(f"*{n}:*" for n in range(30))
    await triggered(stage, topic=patterns)
    loop = stage.node.triggers
    await loop.look()
    seq = await publish(stage, "a:b")
    [entry] = stage.node.log.after(seq - 1, 1)
    assert await turns_beside(loop._found(entry)) > 25
    assert loop.triggers.of(1, "a:b") == ()


async def test_events_that_concern_no_trigger_do_not_wake_it(stage):
    await triggered(stage)
    await triggered(stage, "other", topic="book:*")
    loop = stage.node.triggers
    await publish(stage, "sheet:filled")
    await loop.look()
    loop._wake.clear()
    for _ in range(3):
        seq = await publish(stage, "sheet:filled")
    assert not loop._wake.is_set()
    assert loop._seq == seq
    await publish(stage, "book:closed")
    assert loop._wake.is_set()
    assert await loop.look() == 1
    loop._wake.clear()
    await publish(stage)
    assert loop._wake.is_set()
    assert await loop.look() == 1


async def test_the_triggers_of_a_deleted_space_go_with_it(stage):
    await triggered(stage)
    await triggered(stage, actor=STRANGER)
    loop = stage.node.triggers
    await loop.look()
    await stage.do(DELETE_SPACE, DeleteSpace(ADMIN, STRANGER.space.id))
    await loop.look()
    assert [space for space, _ in loop.triggers.every()] == [1]
    loop.begin_anew()
    await loop.look()
    assert [space for space, _ in loop.triggers.every()] == [1]

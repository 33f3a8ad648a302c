"""Subscriptions that are far behind."""

import asyncio

import pytest
from readers import publish
from stage import ADMIN

from server.commands.subscriptions import FOLLOW, MOVE, Follow, Move
from server.core.retention import Retention
from server.core.subscriptions import Start
from server.engine import laggards as module
from server.engine.laggards import Laggards


@pytest.fixture
def laggards(stage, monkeypatch):
    monkeypatch.setattr(module, "PAGE", 2)
    rules = Retention(log_events=10, log_ms=1_000_000)
    return Laggards(rules, stage.node.submit, stage.node.read, stage.clock)


async def follow(stage, name, after=0):
    start = Start(stage.node.epoch, after, chosen=False)
    return await stage.do(FOLLOW, Follow(ADMIN, name, '["**"]', None, "h", start))


async def told(stage):
    found = await stage.events("subscription:behind", "subscription:recovered")
    return [(event["topic"].partition(":")[2], event["payload"]["name"]) for event in found]


async def test_each_is_told_of_once_and_again_when_it_has_caught_up(stage, laggards):
    assert await laggards.look() == 0
    rows = [await follow(stage, name) for name in ("a", "b", "c")]
    assert await laggards.look() == 0
    await publish(stage, 6)
    await stage.do(MOVE, Move(rows[1].id, 1, 8))
    assert await laggards.look() == 2
    assert await laggards.look() == 0
    assert await told(stage) == [("behind", "a"), ("behind", "c")]
    await stage.do(MOVE, Move(rows[0].id, 1, stage.node.log.seq))
    assert await laggards.look() == 1
    assert (await told(stage))[-1] == ("recovered", "a")


async def test_time_counts_as_well(stage, laggards):
    await follow(stage, "a")
    stage.clock.forward(799)
    assert await laggards.look() == 0
    stage.clock.forward(1)
    assert await laggards.look() == 1


async def test_the_loop_looks_again_and_again(stage):
    slept, looks = [], asyncio.Event()

    async def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 3:
            looks.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(
        Laggards(Retention(), stage.node.submit, stage.node.read, stage.clock, sleep).run()
    )
    await asyncio.wait_for(looks.wait(), 20)
    task.cancel()
    assert slept == [600.0] * 3

"""The loop of time: clocks that jump, stores that fail, jobs that cannot be dealt with."""

import asyncio

import pytest
from situations import reach
from stage import DEADLINE_S

from server.commands import due as commands
from server.engine import due as module
from server.engine.due import DueLoop
from server.store.database import StoreError


@pytest.mark.parametrize("seconds", [6, -3600, 3600])
async def test_a_jump_of_the_clock_spares_all_leases_for_one_lease_time(stage, seconds):
    found = await reach(stage, "executing")
    stage.clock.jump(seconds)
    await stage.look()
    if seconds < 0:
        found.listener.say(**found.listener.leases("renew", found.grant))
        await stage.idle()
    stage.clock.forward(29.9)
    await stage.look()
    assert (await stage.row(found.job)).status == "executing"
    stage.clock.forward(0.2)
    await stage.look()
    assert (await stage.row(found.job)).status == "scheduled"


async def test_a_small_correction_of_the_clock_spares_nothing(stage):
    found = await reach(stage, "executing")
    stage.clock.jump(5)
    stage.clock.forward(25)
    await stage.look()
    assert (await stage.row(found.job)).status == "scheduled"


async def test_everything_that_is_due_is_done_in_one_look(stage, monkeypatch):
    monkeypatch.setattr(module, "PAGE", 3)
    for _ in range(10):
        await reach(stage, "scheduled")
    stage.clock.forward(60)
    assert await stage.look() == 10
    assert len(await stage.events("job:ready")) == 10
    assert await stage.look() == 0


async def test_a_job_that_cannot_be_dealt_with_keeps_no_other_from_its_time(stage, monkeypatch):
    poison = await reach(stage, "scheduled")
    sound = await reach(stage, "scheduled")

    def make_ready(tx, row, actor):
        if row.id == poison.job.id:
            raise ZeroDivisionError
        real(tx, row, actor)

    real = commands.moves.make_ready
    monkeypatch.setattr(commands.moves, "make_ready", make_ready)
    stage.clock.forward(60)
    with pytest.raises(ZeroDivisionError):
        await stage.look()
    assert (await stage.row(sound.job)).status == "ready"
    assert (await stage.row(poison.job)).status == "scheduled"


@pytest.mark.parametrize("error", [StoreError("gone"), ZeroDivisionError()])
async def test_the_loop_survives_what_a_look_raises(stage, monkeypatch, error):
    monkeypatch.setattr(module, "EVERY_S", 0)
    looks = asyncio.Semaphore(0)

    async def read(query):
        looks.release()
        raise error

    loop = DueLoop(stage.facts, stage.node.submit, read, stage.clock, lambda: stage.clock.monotonic_ms)
    task = asyncio.create_task(loop.run())
    async with asyncio.timeout(DEADLINE_S):
        for _ in range(3):
            await looks.acquire()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()


async def test_an_outage_of_the_store_is_told_once_and_the_next_one_again(stage, monkeypatch, capsys):
    monkeypatch.setattr(module, "EVERY_S", 0)
    reads = iter([True, True, False, True, None])
    over = asyncio.Event()

    async def read(query):
        fails = next(reads, None)
        if fails is None:
            over.set()
        if fails:
            raise StoreError("gone")
        return []

    loop = DueLoop(stage.facts, stage.node.submit, read, stage.clock, lambda: stage.clock.monotonic_ms)
    task = asyncio.create_task(loop.run())
    async with asyncio.timeout(DEADLINE_S):
        await over.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert capsys.readouterr().out.count("store_unreachable") == 2


async def test_after_a_store_that_did_not_answer_no_lease_is_taken_for_a_lease_time(stage, monkeypatch):
    monkeypatch.setattr(module, "EVERY_S", 0)
    found = await reach(stage, "executing")
    stage.clock.forward(100)
    spared = asyncio.Event()

    async def read(query):
        if not spared.is_set():
            spared.set()
            raise StoreError("gone")
        return await stage.node.read(query)

    loop = DueLoop(stage.facts, stage.node.submit, read, stage.clock, lambda: stage.clock.monotonic_ms)
    stage.clock.forward(100)
    task = asyncio.create_task(loop.run())
    async with asyncio.timeout(DEADLINE_S):
        await spared.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert stage.facts.limits.reap_after == stage.clock() + 30_000
    await stage.look()
    assert (await stage.row(found.job)).status == "executing"

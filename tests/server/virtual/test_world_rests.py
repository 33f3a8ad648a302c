"""What the loops of a server look at while nothing is due: counted in virtual time, where each look of hours is seen."""

import asyncio
from collections import Counter

import pytest
from scheduled import scheduled

from server.engine.schedules import ScheduleLoop
from server.engine.ticks import Ticks
from server.virtual.world import run


@pytest.fixture
def looks(monkeypatch):
    """How often each of these has looked."""
    counts = Counter()

    def count(kind, name):
        whole = getattr(kind, name)

        def look(self, *given):
            counts[kind] += 1
            return whole(self, *given)

        monkeypatch.setattr(kind, name, look)

    count(Ticks, "_look")
    count(ScheduleLoop, "look")
    return counts


async def steadily(job):
    """Ten minutes, and a tick each second."""
    for done in range(600):
        job.tick(done / 6)
        await asyncio.sleep(1)


async def at_once(job):
    return None


def test_jobs_that_move_are_looked_at_when_the_first_of_them_may_stall(looks):
    async def scenario(world):
        world.listener("report:*", work=steadily)
        for _ in range(5):
            await world.create("report:make")
        await world.settle()
        return world.rows("SELECT COUNT(*) FROM job WHERE status = 'complete'")[0][0]

    assert run(scenario) == 5
    assert 10 < looks[Ticks] < 100, "of 600 seconds, and no stall before 10 of them have passed"


def test_a_stall_is_told_as_soon_as_it_is_one(looks):
    async def scenario(world):
        async def hang(job):
            job.tick(10)
            await asyncio.sleep(60)

        world.listener("report:*", work=hang)
        job = await world.create("report:make")
        await world.advance(seconds=5)
        (ticked,) = (one.at_s for one in world.trace.lines if "granted" in one.what)
        stalled = "SELECT stalled_at FROM job WHERE stalled_at IS NOT NULL"
        await world.run_until(lambda: world.rows(stalled), seconds=60)
        told_s = world.loop.time() - ticked
        await world.settle()
        assert world.job(job).status == "complete"
        return told_s

    assert 10 <= run(scenario) < 11


def test_the_end_of_a_job_of_no_definition_sends_nobody_to_look_at_schedules(looks):
    async def scenario(world):
        world.listener("report:*", work=at_once)
        await world.advance(minutes=3)
        before = looks[ScheduleLoop]
        for _ in range(50):
            await world.create("report:make")
            await world.advance(seconds=1)
        return looks[ScheduleLoop] - before

    assert run(scenario) <= 2


def test_the_end_of_a_job_of_a_definition_does(looks):
    async def scenario(world):
        world.listener(work=at_once)
        await scheduled(world, world.admin, code="hourly", cron="0 * * * *", timeZone="UTC")
        await world.run_until(lambda: world.events("job:ready"), hours=2)
        before = looks[ScheduleLoop]
        await world.run_until(lambda: world.events("job:completed"), minutes=1)
        await world.advance(seconds=1)
        return looks[ScheduleLoop] - before

    assert run(scenario) >= 1

"""Schedules in virtual time: nights of a clock change, and a server that was away."""

from datetime import UTC, datetime

from defined import define
from scheduled import schedule, scheduled

from server.virtual.world import run


async def at_once(job):
    return None


def starts(world):
    return [
        f"{datetime.fromtimestamp(at / 1000, UTC):%d %H:%M:%S}"
        for (at,) in world.rows("SELECT created_at FROM job ORDER BY id")
    ]


def test_a_night_that_skips_an_hour():
    async def scenario(world):
        world.listener(work=at_once)
        await scheduled(world, world.admin, code="nightly", cron="30 2 * * *", timeZone="Europe/Paris")
        await world.advance(days=3)
        await world.settle()
        world.check()
        return starts(world)

    at = datetime(2026, 3, 27, 12, tzinfo=UTC)
    assert run(scenario, start=at) == ["28 01:30:00", "29 01:00:00", "30 00:30:00"]


def test_due_times_while_the_server_was_away_are_all_accounted_for():
    async def scenario(world):
        world.listener(work=at_once)
        await scheduled(world, world.admin, code="hourly", cron="0 * * * *", timeZone="UTC")
        await world.advance(hours=2, minutes=30)
        world.crash()
        await world.advance(hours=5)
        await world.start()
        await world.advance(hours=2)
        await world.settle()
        world.check()
        slots = world.rows("SELECT due_at, result, count FROM slot ORDER BY due_at")
        return len(world.rows("SELECT id FROM job")), sum(count for _, _, count in slots)

    jobs, slots = run(scenario, start=datetime(2026, 3, 1, tzinfo=UTC))
    assert slots == 9
    assert 4 <= jobs <= 9


def test_twenty_schedules_through_a_week():
    async def scenario(world):
        world.listener(work=at_once)
        await scheduled(world, world.admin, code="nightly", cron="0 3 * * *", timeZone="UTC")
        for minute in range(10):
            await schedule(world, world.admin, definition="nightly", cron=f"{minute} 4 * * *", timeZone="UTC")
        await define(world, world.admin, jobDefinitionCode="other", jobType="nightly", params={})
        for minute in range(9):
            await schedule(world, world.admin, definition="other", cron=f"{minute} 5 * * *", timeZone="UTC")
        await world.advance(days=7)
        await world.settle()
        world.check()
        return len(world.rows("SELECT id FROM job"))

    assert run(scenario, start=datetime(2026, 2, 1, tzinfo=UTC)) == 7 * 20

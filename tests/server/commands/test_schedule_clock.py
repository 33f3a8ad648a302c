"""Schedules whose clock had been ahead come back with it; of one that is put back they wait."""

import pytest
from defined import change
from scheduled import edit, look, now, schedule, scheduled, slots
from stage import ADMIN

from server.commands import jobs
from server.commands.jobs import CancelJob
from server.commands.schedule_clock import CAME_BACK

MINUTE = 60_000
HOUR = 60 * MINUTE
YEAR = 365 * 24 * HOUR


async def outcomes(stage, first):
    """(hours after the first due time, reason or None for a job, count)."""
    return [((due - first) / HOUR, reason, count) for due, _, _, reason, count in await slots(stage)]


async def glitch(stage, at, by=YEAR):
    """The clock is ahead for two minutes."""
    await look(stage, at)
    for minutes in (1, 2):
        await look(stage, at + by + minutes * MINUTE)
    await look(stage, at + 3 * MINUTE)


@pytest.mark.parametrize("late", ["latest", "none", "all"])
async def test_a_clock_that_was_a_year_ahead_stops_nothing(stage, late):
    row = await scheduled(stage, overlap="allow", late=late)
    first = row.next_at
    await glitch(stage, first)
    assert (await now(stage, row)).next_at == first + HOUR
    for hour in (1, 2, 3):
        assert await look(stage, first + hour * HOUR) == 1
    assert [one for one in await outcomes(stage, first) if one[0] < 100] == [
        (hour, None, 1) for hour in (0, 1, 2, 3)
    ]
    [event] = await stage.events("schedule:updated")
    assert (event["payload"]["message"], event["payload"]["changed"]) == (CAME_BACK, ["nextAt"])


async def test_nothing_runs_twice_that_ran_while_the_clock_was_ahead(stage):
    row = await scheduled(stage, overlap="allow", late="all")
    first = row.next_at
    await glitch(stage, first, by=3 * HOUR)
    assert await outcomes(stage, first) == [(hour, None, 1) for hour in (0, 1, 2, 3)]
    assert (await now(stage, row)).next_at == first + 4 * HOUR
    assert [await look(stage, first + hour * HOUR) for hour in (1, 2, 3, 4)] == [0, 0, 0, 1]


async def test_a_record_that_reaches_ahead_speaks_of_what_has_been_alone(stage):
    row = await scheduled(stage, overlap="allow", late="none")
    first = row.next_at
    await look(stage, first)
    await look(stage, first + 5 * HOUR + 2 * MINUTE)
    assert await outcomes(stage, first) == [(0, None, 1), (1, "late", 5)]
    await look(stage, first + 2 * HOUR + MINUTE)
    assert await outcomes(stage, first) == [(0, None, 1), (1, "late", 2)]
    assert await stage.rows("SELECT until_at FROM slot WHERE reason = 'late'") == [(first + 2 * HOUR,)]
    assert await look(stage, first + 3 * HOUR) == 1


async def test_one_that_waits_or_sleeps_or_has_ended_comes_back_as_it_was(stage):
    queued = await scheduled(stage, overlap="queue_one")
    first = queued.next_at
    asleep = await scheduled(stage, code="asleep")
    await change(stage, which="asleep", enabled=False)
    once = await scheduled(stage, code="once", cron=None, once="2026-01-02T00:00", late="none")
    off = await schedule(stage, definition="once", enabled=False)
    await look(stage, first)
    await look(stage, first + HOUR)
    await glitch(stage, first + HOUR)
    assert (await now(stage, queued)).queued_at == first + HOUR
    assert ((await now(stage, asleep)).state, (await now(stage, asleep)).fires_at) == ("asleep", None)
    assert (await now(stage, once)).next_at == once.next_at
    assert await now(stage, off) == off
    for (job_id,) in await stage.rows("SELECT id FROM job"):
        await stage.do(jobs.CANCEL, CancelJob(ADMIN, job_id))
    assert await look(stage) == 1


async def test_one_that_was_woken_while_the_clock_was_ahead_goes_on(stage):
    row = await scheduled(stage)
    first = row.next_at
    await change(stage, enabled=False)
    await look(stage, first)
    stage.clock.ms = first + YEAR
    await stage.node.schedules.look()
    await change(stage, enabled=True)
    await look(stage, first + MINUTE)
    found = await now(stage, row)
    assert (found.state, found.next_at) == ("active", first + HOUR)
    assert await look(stage, first + HOUR) == 1


async def test_of_a_clock_that_is_put_back_due_times_wait(stage):
    row = await scheduled(stage, overlap="allow")
    first = row.next_at
    for minutes in range(0, 122, 2):
        await look(stage, first + minutes * MINUTE)
    standing = await now(stage, row)
    for minutes in range(1, 180, 2):
        made = await look(stage, first + minutes * MINUTE)
        assert made == 0
    assert await now(stage, row) == standing
    assert await look(stage, first + 3 * HOUR) == 1


async def test_an_edit_while_it_was_ahead_comes_back_too(stage):
    row = await scheduled(stage)
    first = row.next_at
    await look(stage, first)
    await look(stage, first + YEAR)
    await edit(stage, row, cron="30 * * * *")
    await look(stage, first + MINUTE)
    assert (await now(stage, row)).next_at == first + HOUR // 2

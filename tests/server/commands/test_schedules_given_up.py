"""Due times that have come and did not run yet when their schedule changes, pauses or goes: each is recorded."""

import pytest
from defined import change, declare, define
from scheduled import edit, look, now, remove, schedule, scheduled, slots

from listener_sdk.protocol.times import to_wire

MINUTE = 60_000
HOUR = 60 * MINUTE


async def outcomes(stage, first):
    """(due times after the first, reason or None for a job, count)."""
    return [((due - first) // MINUTE, reason, count) for due, _, _, reason, count in await slots(stage)]


@pytest.mark.parametrize("how", [{"cron": "30 * * * *"}, {"enabled": False}, {"timeZone": "Asia/Tokyo"}])
async def test_an_edit_in_the_moment_of_a_due_time_says_that_it_took_its_place(stage, how):
    row = await scheduled(stage)
    stage.clock.ms = row.next_at
    await edit(stage, row, **how)
    assert await outcomes(stage, row.next_at) == [(0, "schedule_changed", 1)]
    [event] = await stage.events("schedule:skipped")
    assert (event["payload"]["definition"], event["payload"]["dueAt"]) == ("nightly", to_wire(row.next_at))


async def test_another_jitter_takes_no_due_time_away(stage):
    row = await scheduled(stage, jitterS=3_600)
    stage.clock.ms = row.next_at
    changed = await edit(stage, row, jitterS=3_000)
    assert changed.next_at == row.next_at
    assert changed.fires_at == changed.fires_when(row.next_at)
    assert await look(stage, changed.fires_at) == 1
    assert await outcomes(stage, row.next_at) == [(0, None, 1)]


async def test_an_edit_of_one_that_is_asleep_tells_what_it_has_slept_through(stage):
    row = await scheduled(stage)
    await change(stage, enabled=False)
    for hour in (0, 4):
        await look(stage, row.next_at + hour * HOUR)
    await edit(stage, row, cron="30 * * * *")
    await edit(stage, row, enabled=False)
    await change(stage, enabled=True)
    assert await outcomes(stage, row.next_at) == [
        (0, "definition_disabled", 1),
        (60, "definition_disabled", 4),
    ]


async def test_what_waits_is_recorded_where_the_definition_changes_or_ends_its_schedule(stage):
    await declare(stage)
    await define(stage, schedule={"cron": "0 * * * *"})
    [(first,)] = await stage.rows("SELECT next_at FROM schedule")
    stage.clock.ms = first
    await change(stage, schedule={"cron": "30 * * * *"})
    stage.clock.ms = first + HOUR // 2
    await change(stage, schedule=None)
    assert await outcomes(stage, first) == [(0, "schedule_changed", 1), (30, "schedule_changed", 1)]


async def test_one_that_is_removed_leaves_a_record_of_what_was_due(stage):
    row = await scheduled(stage, overlap="queue_one")
    for hour in (0, 1):
        await look(stage, row.next_at + hour * HOUR)
    stage.clock.ms = row.next_at + 2 * HOUR
    await remove(stage, row)
    assert await outcomes(stage, row.next_at) == [(60, "schedule_changed", 1), (120, "schedule_changed", 1)]


async def test_a_due_time_that_waits_is_recorded_where_the_run_before_it_pauses_the_schedule(stage):
    row = await scheduled(stage, overlap="queue_one", pauseAfter=1)
    listener = await stage.listener(credit=1)
    await look(stage, row.next_at)
    one = await listener.grant()
    await listener.ask(**listener.about("ack", one))
    await look(stage, row.next_at + HOUR)
    await listener.ask(**listener.about("fail", one, message="no", retry=False))
    assert (await now(stage, row)).state == "paused"
    assert await outcomes(stage, row.next_at) == [(0, None, 1), (60, "schedule_paused", 1)]


async def test_a_pause_amid_many_due_times_accounts_for_the_rest(stage):
    row = await scheduled(
        stage, late="all", overlap="allow", pauseAfter=2, params={"x": "{{ trigger.nothing }}"}
    )
    await look(stage, row.next_at + 11 * HOUR)
    assert (await now(stage, row)).state == "paused"
    assert await outcomes(stage, row.next_at) == [
        (0, "invalid", 1),
        (60, "invalid", 1),
        (120, "schedule_paused", 10),
    ]


async def test_a_pause_at_the_last_of_them_leaves_nothing_over(stage):
    row = await scheduled(stage, late="latest", pauseAfter=1, params={"x": "{{ trigger.nothing }}"})
    await look(stage, row.next_at + 3 * HOUR + 5 * MINUTE)
    assert await outcomes(stage, row.next_at) == [(0, "late", 3), (180, "invalid", 1)]


async def test_due_times_of_a_span_are_dealt_with_when_the_clock_is_set_back(stage):
    row = await scheduled(stage, cron="*/10 * * * *", overlap="allow")
    await look(stage, row.next_at + 120 * MINUTE)
    before = await outcomes(stage, row.next_at)
    assert before == [(0, "late", 12), (120, None, 1)]
    stage.clock.ms = row.next_at + MINUTE
    for enabled in (False, True):
        await edit(stage, row, enabled=enabled)
    for minutes in range(10, 130, 10):
        assert await look(stage, row.next_at + minutes * MINUTE) == 0
    assert await outcomes(stage, row.next_at) == before
    assert await look(stage, row.next_at + 130 * MINUTE) == 1


async def test_nothing_is_said_of_what_is_not_due_yet(stage):
    row = await scheduled(stage)
    await edit(stage, row, cron="30 * * * *")
    other = await schedule(stage, cron="0 3 * * *")
    await remove(stage, other)
    assert await slots(stage) == []

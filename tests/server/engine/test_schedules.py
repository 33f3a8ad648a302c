"""The loop of schedules: each due time becomes one job or one skip, and what the policies make of obstacles."""

import pytest
from defined import change, declare, define
from scheduled import edit, look, now, remove, schedule, scheduled, slots
from stage import ADMIN, STRANGER

from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.members import MemberCreate, MemberUpdate
from listener_sdk.protocol.spaces import SpaceUpdate
from listener_sdk.protocol.times import to_wire
from server.commands import definition_starts, jobs, members, spaces
from server.core.actors import Actor
from server.core.queue_bound import QueueBound
from server.store.database import StoreError

MINUTE = 60_000
HOUR = 60 * MINUTE


async def told(stage, topic="schedule:skipped"):
    """(dueAt, reason, count) of events."""
    return [
        (one["payload"]["dueAt"], one["payload"]["reason"], one["payload"]["count"])
        for one in await stage.events(topic)
    ]


async def job_ids(stage):
    return [row[0] for row in await stage.rows("SELECT id FROM job ORDER BY id")]


async def end(listener, *, well=True):
    """The job that the listener is given begins and ends."""
    one = await listener.grant()
    await listener.ask(**listener.about("ack", one))
    how = {} if well else {"message": "no", "retry": False}
    await listener.ask(**listener.about("complete" if well else "fail", one, **how))


async def test_a_due_time_starts_a_job_that_tells_of_it(stage):
    await declare(stage)
    await define(stage, params={"url": "{{ dueTime }}"})
    row = await schedule(stage, name="Every hour", mode="delta")
    assert await look(stage) == 0
    due = row.next_at
    assert await look(stage, due) == 1
    [job_id] = await job_ids(stage)
    said = (await stage.row(job_id)).described()
    assert said["startedBy"] == {
        "kind": "schedule", "scheduleId": row.public_id, "name": "Every hour", "dueTime": to_wire(due),
    }  # fmt: skip
    assert (said["definition"], said["input"]) == ("nightly", {"url": to_wire(due), "limit": 10})
    assert said["modes"]["asked"] == "delta"
    assert await slots(stage) == [(due, job_id, None, None, 1)]
    assert (await now(stage, row)).next_at == due + HOUR
    assert await look(stage) == 0


async def test_parameters_of_the_schedule_join_those_of_the_definition(stage):
    await scheduled(stage, params={"day": "{{ dueTime }}", "by": "{{ trigger.name }}"}, name="Daily")
    row = (await stage.rows("SELECT next_at FROM schedule"))[0]
    await look(stage, row[0])
    [job_id] = await job_ids(stage)
    assert (await stage.row(job_id)).described()["input"] == {"day": to_wire(row[0]), "by": "Daily"}


# ---- late


@pytest.mark.parametrize(
    ("policy", "started", "dropped"),
    [("latest", [5], [(0, "late", 5)]), ("all", [0, 1, 2, 3, 4, 5], []), ("none", [], [(0, "late", 6)])],
)
async def test_what_was_missed_goes_by_the_late_policy(stage, policy, started, dropped):
    row = await scheduled(stage, late=policy, overlap="allow")
    first = row.next_at
    assert await look(stage, first + 5 * HOUR + 30 * MINUTE) == len(started)
    found = await slots(stage)
    assert [(due - first) // HOUR for due, job, *_ in found if job] == started
    assert [((due - first) // HOUR, *rest[1:]) for due, job, *rest in found if not job] == dropped
    assert [count for _, _, count in await told(stage)] == [count for _, _, count in dropped]
    assert (await now(stage, row)).next_at == first + 6 * HOUR


async def test_a_minute_late_is_on_time(stage):
    row = await scheduled(stage, late="none")
    assert await look(stage, row.next_at + MINUTE) == 1
    assert await look(stage, row.next_at + HOUR + MINUTE + 1) == 0


async def test_with_one_on_time_the_missed_ones_are_left_out(stage):
    row = await scheduled(stage)
    assert await look(stage, row.next_at + 3 * HOUR) == 1
    found = await slots(stage)
    assert [(due, count) for due, job, _, _, count in found if not job] == [(row.next_at, 3)]


async def test_no_more_than_a_hundred_and_none_of_another_day_is_made_up_for(stage):
    often = await scheduled(stage, cron="*/10 * * * *", late="all", overlap="allow")
    assert await look(stage, often.next_at + 30 * HOUR + 5 * MINUTE) == 100
    seldom = await scheduled(stage, code="seldom", cron="0 * * * *", late="all", overlap="allow")
    assert await look(stage, seldom.next_at + 48 * HOUR + 5 * MINUTE) == 100 + 24


async def test_a_year_of_minutes_is_seen_to_at_once(stage):
    row = await scheduled(stage, cron="* * * * *")
    assert await look(stage, row.next_at + 366 * 24 * HOUR + 5_000) == 1
    dropped, run = await slots(stage)
    assert (dropped[0], dropped[3], dropped[4]) == (row.next_at, "late", 10_000)
    assert run[0] == row.next_at + 366 * 24 * HOUR
    [event] = await stage.events("schedule:skipped")
    assert event["payload"]["countIsLeast"] is True


async def test_a_clock_that_goes_back_fires_nothing_twice(stage):
    row = await scheduled(stage, cron="*/10 * * * *", overlap="allow")
    await look(stage, row.next_at)
    await look(stage, row.next_at + 10 * MINUTE)
    stage.clock.jump(-3600)
    assert await look(stage) == 0
    await edit(stage, row, cron="*/5 * * * *")
    again = await now(stage, row)
    assert again.next_at < row.next_at
    await look(stage, row.next_at - 1)
    made = [await look(stage, row.next_at + minutes * MINUTE) for minutes in (0, 5, 10, 15)]
    assert made == [0, 1, 0, 1]
    assert len(await job_ids(stage)) == 4 + 1


# ---- overlap


async def test_while_a_job_runs_due_times_are_left_out(stage):
    row = await scheduled(stage)
    await look(stage, row.next_at)
    [job_id] = await job_ids(stage)
    assert await look(stage, row.next_at + HOUR) == 0
    assert await told(stage) == [(to_wire(row.next_at + HOUR), "still_running", 1)]
    [event] = await stage.events("schedule:skipped")
    assert encode("jb", job_id) in event["payload"]["message"]
    await end(await stage.listener())
    assert await look(stage, row.next_at + 2 * HOUR) == 1


async def test_one_due_time_may_wait_for_the_end_of_a_job(stage):
    row = await scheduled(stage, overlap="queue_one")
    await look(stage, row.next_at)
    assert await look(stage, row.next_at + HOUR) == 0
    assert (await now(stage, row)).queued_at == row.next_at + HOUR
    assert await look(stage, row.next_at + 2 * HOUR) == 0
    assert await told(stage) == [(to_wire(row.next_at + 2 * HOUR), "still_running", 1)]
    await end(await stage.listener())
    assert await look(stage) == 1
    after = await now(stage, row)
    assert (after.queued_at, after.next_at) == (None, row.next_at + 3 * HOUR)
    assert [due for due, job, *_ in await slots(stage) if job] == [row.next_at, row.next_at + HOUR]


async def test_a_schedule_may_run_beside_itself(stage):
    row = await scheduled(stage, overlap="allow")
    await look(stage, row.next_at)
    assert await look(stage, row.next_at + HOUR) == 1


async def test_a_due_time_may_end_the_job_that_runs(stage):
    row = await scheduled(stage, overlap="cancel_running")
    await look(stage, row.next_at)
    assert await look(stage, row.next_at + HOUR) == 1
    statuses = [status for (status,) in await stage.rows("SELECT status FROM job ORDER BY id")]
    assert statuses == ["canceled", "ready"]


async def test_the_next_run_waits_for_a_handler_that_was_asked_to_stop(stage):
    row = await scheduled(stage, overlap="cancel_running")
    listener = await stage.listener()
    await look(stage, row.next_at)
    grant = await listener.grant()
    await listener.ask(**listener.about("ack", grant))
    assert await look(stage, row.next_at + HOUR) == 0
    await listener.of_type("cancel")
    assert await look(stage, row.next_at + 2 * HOUR) == 0
    assert await told(stage) == [(to_wire(row.next_at + HOUR), "replaced", 1)]
    await listener.ask(**listener.about("fail", grant, message="stopped"))
    await stage.idle()
    assert await look(stage) == 1
    assert (await slots(stage))[-1][0] == row.next_at + 2 * HOUR


async def test_jobs_that_wait_for_their_own_time_hold_nothing_up(stage):
    row = await scheduled(stage)
    later = to_wire(row.next_at + 50 * HOUR)
    item = definition_starts.asked(ADMIN, "nightly", _execute(scheduledAt=later), 10)
    await stage.do(definition_starts.EXECUTE_DEFINITION, item)
    assert await look(stage, row.next_at) == 1


def _execute(**fields):
    from listener_sdk.protocol.definitions import DefinitionExecute

    return DefinitionExecute.model_validate(fields)


async def test_two_schedules_of_a_definition_do_not_overlap_either(stage):
    one = await scheduled(stage)
    other = await schedule(stage)
    assert await look(stage, one.next_at) == 1
    assert [len(await slots(stage, row)) for row in (one, other)] == [1, 1]


# ---- what keeps schedules asleep


async def test_a_disabled_definition_is_told_once_and_woken_without_surprise(stage):
    row = await scheduled(stage)
    await change(stage, enabled=False)
    assert await look(stage, row.next_at) == 0
    assert await look(stage, row.next_at + 5 * HOUR) == 0
    asleep = await now(stage, row)
    assert (asleep.state, asleep.fires_at) == ("asleep", None)
    assert await told(stage) == [(to_wire(row.next_at), "definition_disabled", 1)]
    await change(stage, enabled=True)
    assert await look(stage) == 0
    assert await told(stage) == [
        (to_wire(row.next_at), "definition_disabled", 1),
        (to_wire(row.next_at + HOUR), "definition_disabled", 5),
    ]
    assert (await now(stage, row)).state == "active"
    assert await look(stage, row.next_at + 6 * HOUR) == 1


async def test_an_archived_space_is_the_same(stage):
    row = await scheduled(stage)
    await stage.do(
        spaces.UPDATE_SPACE, spaces.UpdateSpace(ADMIN, 1, SpaceUpdate.model_validate({"archived": True}))
    )
    assert await look(stage, row.next_at) == 0
    assert await told(stage) == [(to_wire(row.next_at), "space_archived", 1)]
    await stage.do(
        spaces.UPDATE_SPACE, spaces.UpdateSpace(ADMIN, 1, SpaceUpdate.model_validate({"archived": False}))
    )
    assert await look(stage) == 0
    assert await look(stage, row.next_at + HOUR) == 1


async def test_a_schedule_that_is_switched_off_makes_up_for_nothing(stage):
    row = await scheduled(stage)
    off = await edit(stage, row, enabled=False)
    assert (off.state, off.fires_at) == ("off", None)
    stage.clock.ms = row.next_at + 3 * HOUR + MINUTE
    on = await edit(stage, row, enabled=True)
    assert await look(stage) == 0
    assert (on.next_at, await slots(stage)) == (row.next_at + 4 * HOUR, [])
    await remove(stage, row)
    assert await look(stage, on.next_at) == 0


# ---- failures


async def test_after_failures_in_a_row_it_pauses(stage):
    row = await scheduled(stage, pauseAfter=2)
    listener = await stage.listener()
    for number in range(2):
        await look(stage, row.next_at + number * HOUR)
        await end(listener, well=False)
    paused = await now(stage, row)
    assert (paused.state, paused.failures, paused.next_at) == ("paused", 2, None)
    [event] = await stage.events("schedule:paused")
    assert event["payload"]["failures"] == 2
    again = await edit(stage, row, enabled=True)
    assert (again.state, again.failures, again.paused) == ("active", 0, None)


async def test_a_success_between_failures_counts_them_anew(stage):
    row = await scheduled(stage, pauseAfter=2)
    listener = await stage.listener()
    for number, well in enumerate((False, True, False)):
        await look(stage, row.next_at + number * HOUR)
        await end(listener, well=well)
    found = await now(stage, row)
    assert (found.state, found.failures) == ("active", 1)


async def test_a_start_that_is_refused_is_a_failure(stage):
    row = await scheduled(stage, params={"x": "{{ trigger.nothing }}"}, pauseAfter=1)
    assert await look(stage, row.next_at) == 0
    assert await told(stage, "schedule:failed") == [(to_wire(row.next_at), "invalid", 1)]
    assert (await now(stage, row)).state == "paused"


async def test_a_full_queue_is_waited_for(stage):
    row = await scheduled(stage)
    await stage.create()
    stage.facts.bound = QueueBound(largest=1)
    assert await look(stage, row.next_at) == 0
    found = await now(stage, row)
    assert (found.next_at, found.fires_at) == (row.next_at, row.next_at + 5_000)
    stage.facts.bound = QueueBound(largest=10)
    assert await look(stage, row.next_at + 5_000) == 1
    assert [due for due, *_ in await slots(stage)] == [row.next_at]


async def test_who_was_set_aside_has_no_jobs_run(stage):
    body = MemberCreate(name="Ada", email="ada@example.com", role="operator")
    ada = await stage.do(members.CREATE_MEMBER, members.CreateMember(ADMIN, body))
    row = await scheduled(stage)
    row = await edit(stage, row, Actor(ada.public_id, "operator", ADMIN.space), name="Ada's")
    assert row.owner == ada.public_id
    await stage.do(members.UPDATE_MEMBER, members.UpdateMember(ADMIN, ada.id, MemberUpdate(active=False)))
    assert await look(stage, row.next_at) == 0
    assert await told(stage, "schedule:failed") == [(to_wire(row.next_at), "owner_inactive", 1)]


# ---- ends, jitter, several


async def test_a_time_that_comes_once_is_the_end(stage):
    row = await scheduled(stage, cron=None, once="2026-01-02T09:00")
    assert await look(stage, row.next_at) == 1
    assert (await now(stage, row)).state == "finished"
    assert len(await stage.events("schedule:finished")) == 1


async def test_jitter_moves_a_run_and_not_its_due_time(stage):
    row = await scheduled(stage, jitterS=600)
    assert row.next_at < row.fires_at <= row.next_at + 600_000
    assert await look(stage, row.fires_at - 1) == 0
    assert await look(stage, row.fires_at) == 1
    assert [due for due, *_ in await slots(stage)] == [row.next_at]


async def test_many_are_seen_to_by_pages(stage):
    await declare(stage)
    for number in range(20):
        await define(stage, jobDefinitionCode=f"d{number}")
        for _ in range(16):
            row = await schedule(stage, definition=f"d{number}", overlap="allow")
    assert await look(stage, row.next_at) == 320
    assert len({due for due, *_ in await slots(stage)}) == 1


async def test_one_at_fault_keeps_no_other_from_its_time(stage, monkeypatch):
    good = await scheduled(stage)
    bad = await scheduled(stage, code="bad")
    real = jobs.check

    def check(tx, item):
        if item.said.get("definition") == "bad":
            raise RuntimeError("a fault")
        return real(tx, item)

    monkeypatch.setattr(jobs, "check", check)
    assert await look(stage, good.next_at) == 1
    assert await told(stage, "schedule:failed") == [(to_wire(bad.next_at), "internal", 1)]


async def test_spaces_do_not_share_anything(stage):
    one = await scheduled(stage)
    await scheduled(stage, STRANGER)
    assert await look(stage, one.next_at) == 2
    assert await stage.rows("SELECT space_id FROM job ORDER BY space_id") == [(1,), (2,)]


async def test_a_store_that_is_away_is_told(stage):
    await scheduled(stage)

    async def away(query):
        raise StoreError("away")

    stage.node.schedules._read = away
    with pytest.raises(StoreError):
        await look(stage)

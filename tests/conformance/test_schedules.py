"""Schedules on every database: the SQL, the life of a due time, and servers that race for the same ones."""

import asyncio
from dataclasses import replace
from pathlib import Path

from buttons import FORM
from defined import change, define
from scheduled import edit, look, now, remove, schedule, scheduled, slots
from stage import ADMIN, STRANGER, Stage

from listener_sdk.protocol.actions import ActionCreate
from listener_sdk.protocol.schedules import HandOverAll
from listener_sdk.protocol.spaces import SpaceUpdate
from server.commands import actions, definitions, jobs, spaces
from server.commands.definitions import DeleteDefinition
from server.commands.jobs import CancelJob
from server.commands.ownership import HAND_OVER_ALL, HandOverSchedules
from server.engine.schedules import ScheduleLoop
from server.store import clearing, due_times
from server.store import schedules as sql
from server.store.pages import Window
from server.store.schedules import ScheduleFilter, Slot

HOUR = 3_600_000
MANY = 60


async def test_from_schedule_to_job(stage):
    row = await scheduled(stage, name="Stündlich", overlap="queue_one", params={"day": "{{ dueTime }}"})
    assert await now(stage, row) == row
    assert await look(stage, row.next_at) == 1
    assert await look(stage, row.next_at + HOUR) == 0
    assert await look(stage, row.next_at + 2 * HOUR) == 0
    [(job_id,)] = await stage.rows("SELECT id FROM job")
    await stage.do(jobs.CANCEL, CancelJob(ADMIN, job_id))
    assert await look(stage) == 1
    assert [(due - row.next_at, reason) for due, _, _, reason, _ in await slots(stage)] == [
        (0, None),
        (HOUR, None),
        (2 * HOUR, "still_running"),
    ]


async def test_the_next_due_time_of_a_definition(stage):
    row = await scheduled(stage)
    later = await schedule(stage, definition="nightly", cron="0 0 1 1 *")
    found = await stage.node.read(lambda reader: sql.next_of_definitions(reader, [row.definition_id, 99]))
    assert found == {row.definition_id: row.next_at}
    await remove(stage, row)
    found = await stage.node.read(lambda reader: sql.next_of_definitions(reader, [row.definition_id]))
    assert found == {row.definition_id: later.next_at}


async def test_asleep_and_awake(stage):
    row = await scheduled(stage)
    await change(stage, enabled=False)
    await look(stage, row.next_at)
    assert (await now(stage, row)).state == "asleep"
    stage.clock.ms += 2 * HOUR
    await change(stage, enabled=True)
    await look(stage)
    assert [(reason, count) for _, _, _, reason, count in await slots(stage)] == [
        ("definition_disabled", 1),
        ("definition_disabled", 2),
    ]
    for archived in (True, False):
        body = SpaceUpdate.model_validate({"archived": archived, "timeZone": "Asia/Tokyo"})
        await stage.do(spaces.UPDATE_SPACE, spaces.UpdateSpace(ADMIN, 1, body))
    assert (await now(stage, row)).state == "active"


async def test_lists_and_counts(stage):
    first = await scheduled(stage)
    second = await schedule(stage, enabled=False)
    await scheduled(stage, STRANGER)
    read = stage.node.read
    for wanted, expected in (
        (ScheduleFilter(), [first, second]),
        (ScheduleFilter(definition_id=first.definition_id, enabled=True), [first]),
        (ScheduleFilter(owner="nobody"), []),
        (ScheduleFilter(action_id=5), []),
    ):
        assert await read(lambda reader, w=wanted: sql.page(reader, 1, w, Window(9))) == expected
    assert await read(lambda reader: (sql.count(reader, 1), sql.count(reader, 1, first.definition_id))) == (
        2,
        2,
    )
    assert await read(due_times.least) == first.fires_at
    assert await read(lambda reader: sql.codes(reader, [first.definition_id])) == {
        first.definition_id: "nightly"
    }
    found = await read(lambda reader: sql.planned_otherwise(reader, "other", 0, 9))
    assert [row.id for row in found][:1] == [first.id]


async def test_owners_and_kept_ones(stage):
    row = await scheduled(stage)
    await define(
        stage, jobDefinitionCode="kept", jobType="nightly", params={}, schedule={"cron": "0 9 * * *"}
    )
    await change(stage, which="kept", schedule={"cron": "0 10 * * *"})
    item = HandOverAll(former=ADMIN.key_id, owner=ADMIN.key_id)
    assert len((await stage.do(HAND_OVER_ALL, HandOverSchedules(ADMIN, item))).rows) == 2
    await change(stage, which="kept", schedule=None)
    body = ActionCreate.model_validate(
        {"label": "a", "operation": "b", "schedule": "hourly", "inputForm": FORM}
    )
    [action] = await stage.do(actions.CREATE_ACTIONS, actions.CreateActions(ADMIN, (body,)))
    await look(stage, row.next_at)
    await stage.do(actions.DELETE_ACTION, actions.DeleteAction(ADMIN, action.id))
    assert await stage.rows("SELECT id FROM schedule") == [(row.id,)]


async def test_what_goes_takes_its_slots_along(stage):
    row = await scheduled(stage)
    await look(stage, row.next_at)
    await look(stage, row.next_at + HOUR)
    await remove(stage, row)
    assert len(await slots(stage)) == 1
    [(job_id,)] = await stage.rows("SELECT id FROM job")
    await stage.do(jobs.CANCEL, CancelJob(ADMIN, job_id))
    await stage.do(definitions.DELETE_DEFINITION, DeleteDefinition(ADMIN, "nightly"))
    assert await slots(stage) == []


async def test_failures_are_counted(stage):
    row = await scheduled(stage, pauseAfter=2)
    listener = await stage.listener(credit=1)
    for hour, well in ((0, False), (1, True), (2, False), (3, False)):
        await look(stage, row.next_at + hour * HOUR)
        one = await listener.grant()
        await listener.ask(**listener.about("ack", one))
        how = {} if well else {"message": "no", "retry": False}
        await listener.ask(**listener.about("complete" if well else "fail", one, **how))
    assert (await now(stage, row)).state == "paused"


def test_slots(tx, connection):
    rows = [Slot(1, due, 1, 5, due + 1, job_id=due) for due in range(1, 6)]
    rows.append(Slot(2**40, 9, 2, None, 3, None, "skipped", "late", 7, 11))
    tx.insert_many("slot", sql.SLOT, rows)
    assert known(sql.dealt_with(tx, {1: 4, 2**40: 8})) == {1: [4, 5], 2**40: [9, 10, 11]}
    assert known(sql.dealt_with(tx, {2**40: 11})) == {2**40: [9, 10, 11]}
    assert sql.dealt_with(tx, {}) == {}
    assert [sql.forget_old(tx, 5, 2), sql.forget_old(tx, 5, 2), sql.forget_old(tx, 5, 2)] == [2, 1, 0]
    assert sql.running_of(tx, [1]) == {}
    clearing.forget(tx, 2)
    assert known(sql.dealt_with(tx, {1: 0, 2**40: 0})) == {1: [4, 5]}


def known(found):
    return {schedule_id: [at for at in range(20) if at in one] for schedule_id, one in found.items()}


async def test_the_last_job_of_an_action_is_found(stage):
    body = ActionCreate.model_validate({"label": "a", "operation": "b", "schedule": "hourly"})
    await stage.do(actions.CREATE_ACTIONS, actions.CreateActions(ADMIN, (body,)))
    [(schedule_id, due)] = await stage.rows("SELECT id, next_at FROM schedule")
    assert await look(stage, due) == 1
    [(job_id,)] = await stage.rows("SELECT id FROM job")
    found = await stage.node.read(lambda reader: sql.running_of(reader, [schedule_id]))
    assert found == {schedule_id: job_id}
    assert await look(stage, due + HOUR) == 0


# ---- several servers


async def test_two_servers_see_to_each_due_time_once(backend, tmp_path: Path):
    one = await Stage(tmp_path, backend.open).start()
    two = await Stage(tmp_path, backend.open, one.clock).start() if one.database.shared else None
    loops = [one.node.schedules, two.node.schedules if two is not None else _another(one)]
    try:
        rows = [await scheduled(one, overlap="allow")]
        rows += [await schedule(one, overlap="allow") for _ in range(15)]
        for number in range(1, MANY // 16):
            rows.append(await scheduled(one, code=f"d{number}", overlap="allow"))
            rows += [await schedule(one, definition=f"d{number}", overlap="allow") for _ in range(15)]
        for hour in range(3):
            one.clock.ms = rows[0].next_at + hour * HOUR
            found = await asyncio.gather(*(loop.look() for loop in loops))
            assert sum(found) == len(rows)
        pairs = await one.rows("SELECT schedule_id, due_at, job_id FROM slot")
        assert len({pair[:2] for pair in pairs}) == len({pair[2] for pair in pairs}) == 3 * len(rows)
        assert await one.rows("SELECT COUNT(*) FROM job") == [(3 * len(rows),)]
    finally:
        for stage in (one, two):
            if stage is not None:
                await stage.stop()


def _another(stage):
    node = stage.node
    return ScheduleLoop(node.facts, node.submit, node.read, stage.clock)


async def test_an_edit_and_a_due_time_may_meet(stage):
    row = await scheduled(stage)
    stage.clock.ms = row.next_at
    edited, made = await asyncio.gather(edit(stage, row, cron="30 * * * *"), stage.node.schedules.look())
    found = await now(stage, row)
    assert found.next_at == edited.next_at == row.next_at + HOUR // 2
    # It ran, or its record says why not.
    [(due, job_id, result, _, _)] = await slots(stage)
    assert (due, job_id is not None, result) == (row.next_at, bool(made), None if made else "skipped")
    assert replace(found, updated_at=0) == replace(edited, updated_at=0)


async def test_a_clock_that_was_ahead_takes_no_due_time_along(stage):
    row = await scheduled(stage, overlap="allow")
    first = row.next_at
    await look(stage, first)
    for seen in (first + 1000 * HOUR + 60_000, first + 60_000):
        await look(stage, seen)
    assert (await now(stage, row)).next_at == first + HOUR
    assert [await look(stage, first + hour * HOUR) for hour in (1, 2)] == [1, 1]
    assert [(due - first) // HOUR for due, job_id, *_ in await slots(stage) if job_id] == [0, 1, 2, 1000]
    assert len(await slots(stage)) == 4

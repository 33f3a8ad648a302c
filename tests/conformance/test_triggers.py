"""Event triggers on every database: the SQL, the life of a start, and servers that race for the same events."""

import asyncio
from dataclasses import astuple, replace
from pathlib import Path

from defined import change
from stage import ADMIN, STRANGER, Stage
from triggered import made, publish, triggered

from listener_sdk.protocol.ids import encode
from server.commands import jobs
from server.commands import triggers as commands
from server.commands.jobs import CancelJob
from server.core.jobs import COLUMNS
from server.core.trigger_states import TriggerState
from server.engine.triggers import TriggerLoop
from server.store import clearing
from server.store import triggers as sql
from server.store.triggers import WHOLE, Cursor, Waiting

EVENTS = 60


def waiting(number=1, **fields):
    return Waiting(number, 1, 5, 0, 9, 1, 100, 200)._replace(**fields)


# ---- SQL


def test_the_cursor_never_goes_back(tx):
    assert sql.cursor(tx) == Cursor(0, 0, WHOLE, 0)
    assert sql.keep_cursor(tx) == sql.keep_cursor(tx) == Cursor(0, 0, WHOLE, 0)
    sql.move_cursor(tx, sql.keep_cursor(tx), (7, 2**40, 3))
    assert sql.keep_cursor(tx) == sql.cursor(tx) == Cursor(1, 7, 2**40, 3)
    sql.move_cursor(tx, sql.keep_cursor(tx), (7, 5, 9))
    assert sql.cursor(tx) == Cursor(2, 7, 2**40, 3)


def test_states_are_kept_and_replaced(tx):
    sql.put_states(tx, {1: (1, TriggerState(3)), 2**40: (2, TriggerState(4, problem={"é": "日"}))})
    sql.put_states(tx, {1: (1, TriggerState(3, stops=2)), 5: (1, TriggerState(6))})
    assert sql.states(tx, [1, 2**40, 5, 9]) == {
        1: TriggerState(3, stops=2), 2**40: TriggerState(4, problem={"é": "日"}), 5: TriggerState(6),
    }  # fmt: skip
    sql.forget(tx, 5)
    clearing.forget(tx, 2)
    assert list(sql.states(tx, [1, 2**40, 5])) == [1]


def test_starts_wait(tx):
    sql.wait(
        tx,
        [waiting(1), waiting(2, due_at=150), waiting(3, due_at=201), waiting(4, space_id=2, definition_id=6)],
    )
    assert [one.id for one in sql.due(tx, 200, 9)] == [2, 1, 4]
    assert [one.id for one in sql.due(tx, 200, 1)] == [2]
    assert [sql.waits_as_many(tx, 1, count) for count in (3, 4)] == [True, False]
    sql.wait_longer(tx, [waiting(1, tries=2, due_at=300)])
    assert sql.due(tx, 300, 9)[-1] == waiting(1, tries=2, due_at=300)
    sql.wait_no_more(tx, [2])
    sql.forget(tx, 6)
    assert [one.id for one in sql.due(tx, 300, 9)] == [3, 1]


def test_depths_are_those_of_the_deepest_in_the_family(tx, job):
    def row(number, parent=None, depth=None, space=1):
        spec = "{}" if depth is None else f'{{"depth": {depth}}}'
        definition = None if depth is None else 3
        return replace(job, id=number, space_id=space, parent_id=parent, spec=spec, definition_id=definition)

    rows = [
        row(1, depth=2),
        row(2, 1),
        row(3, 2, depth=1),
        row(4),
        row(5, 4),
        row(6, depth=7, space=2),
        row(7, depth=0),
    ]
    tx.insert_many("job", COLUMNS, [astuple(one) for one in rows])
    assert sql.depths(tx, [1, 2, 3, 5, 6, 7, 99]) == {(1, 1): 2, (1, 2): 2, (1, 3): 2, (2, 6): 7}
    assert sql.depths(tx, []) == {}


# ---- a life


async def test_from_definition_to_job(stage):
    row = await triggered(stage, mapping={"n": "{{ event.payload.n }}"}, maxPerMinute=3)
    await triggered(stage, actor=STRANGER)
    [known, other] = (await stage.node.read(lambda reader: sql.every(reader, 0, 9)))[0]
    assert (known.space_id, other.space_id) == (1, 2)
    assert known.triggers[0].after == (await stage.events("definition:created"))[0]["seq"]
    found = await stage.node.read(lambda reader: sql.found(reader, [row.id, 99]))
    assert found[row.id].row == row
    assert found[row.id].after == known.triggers[0].after
    assert found[row.id].type_body is not None
    for n in range(4):
        await publish(stage, payload={"n": n})
    await publish(stage)
    assert await stage.node.triggers.look() == 3
    assert [job["input"] for job in await made(stage)] == [{"n": 0}, {"n": 1}, {"n": 2}]
    await stage.restart()
    assert await stage.node.triggers.look() == 0
    await change(stage, enabled=False)
    [gone] = await stage.node.read(lambda reader: sql.coded(reader, [(1, "nightly")]))
    assert gone.triggers == ()
    assert (await stage.node.read(lambda reader: sql.every(reader, row.id, 9)))[0] == [other]


async def test_a_start_waits_for_room(stage):
    stage.facts.bound.largest = 1
    await triggered(stage)
    await publish(stage)
    await publish(stage)
    assert await stage.node.triggers.look() == 1
    [(job_id,)] = await stage.rows("SELECT id FROM job")
    await stage.do(jobs.CANCEL, CancelJob(ADMIN, job_id))
    stage.clock.forward(2)
    assert await stage.node.triggers.look() == 1
    assert await stage.rows("SELECT id FROM trigger_wait") == []


async def test_what_was_removed_is_told(stage):
    await triggered(stage)
    missed = commands.Missed(sql.Cursor(0, 0, WHOLE, 0), 2, 5, (1, 99))
    assert await stage.do(commands.MISS_EVENTS, missed)
    assert not await stage.do(commands.MISS_EVENTS, missed), "another server has told it"
    assert len(await stage.events("definition:triggers-missed")) == 1
    assert (await stage.node.read(sql.cursor)).seq == 4


async def test_a_depth_is_found_through_the_store(stage):
    await triggered(stage, topic="job:canceled")
    child = await stage.create("a:b")
    await stage.do(jobs.CANCEL, CancelJob(ADMIN, child.id))
    assert await stage.node.triggers.look() == 1
    [(first,)] = await stage.rows("SELECT id FROM job WHERE definition_id IS NOT NULL")
    grand = await stage.create("a:b", parentId=encode("jb", first))
    await stage.do(jobs.CANCEL, CancelJob(ADMIN, grand.id))
    assert await stage.node.triggers.look() == 1
    assert [job["depth"] for job in await made(stage)] == [1, 2]


# ---- several servers


async def test_two_servers_start_each_once(backend, tmp_path: Path):
    one = await Stage(tmp_path, backend.open).start()
    if not one.database.shared:
        loops = [one.node.triggers, _another(one)]
        two = None
    else:
        two = await Stage(tmp_path, backend.open, one.clock).start()
        loops = [one.node.triggers, two.node.triggers]
    try:
        await triggered(one, maxPerMinute=6000)
        await triggered(one, "other", maxPerMinute=EVENTS // 2)
        await asyncio.gather(*(publish(one if n % 2 or two is None else two) for n in range(EVENTS)))
        if two is not None:
            await asyncio.gather(one.node.tail.poll(), two.node.tail.poll())
        found = await asyncio.gather(*(loop.look() for loop in loops))
        assert sum(found) == EVENTS + EVENTS // 2
        pairs = {(job["definition"], job["startedBy"]["eventId"]) for job in await made(one)}
        assert len(pairs) == len(await made(one)) == EVENTS + EVENTS // 2
        assert len(await one.events("definition:trigger-stopped")) == 1
    finally:
        for stage in (one, two):
            if stage is not None:
                await stage.stop()


def _another(stage):
    node = stage.node
    return TriggerLoop(node.log, node.facts, node.submit, node.read, node._read_page, stage.clock)

"""Old runs go from the history: due times with the jobs of their space, and what a definition has beyond its number."""

import pytest
from aging import loop
from defined import declare, define, start
from history import listed, missed, slot, succeeded
from stage import ADMIN, STRANGER

from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.spaces import SpaceUpdate
from server.commands.spaces import UPDATE_SPACE, UpdateSpace
from server.core.retention import DAY_MS
from server.engine import old_runs
from server.engine import retention as module
from server.engine.retention import Went

DAY_S = DAY_MS / 1000
HOUR_S = 3_600
MS = 0.001
LONG = {"log_ms": DAY_MS * 1000}


@pytest.fixture
async def row(stage):
    await declare(stage)
    return await define(stage)


async def slots(stage):
    return [
        tuple(row)
        for row in await stage.rows("SELECT schedule_id, due_at FROM slot ORDER BY schedule_id, due_at")
    ]


async def test_due_times_without_a_job_are_kept_as_long_as_jobs(stage, row):
    retention = loop(stage, **LONG)
    at = stage.clock.ms
    mine = [slot(1, 1, row.id, at=at), slot(1, 2, row.id, at=at, result="failed"), slot(2, 1, None, at=at)]
    became = slot(1, 3, row.id, at=at, result=None, reason=None, job_id=5)
    await missed(stage, *mine, became, slot(9, 1, 77, at=at, space_id=STRANGER.space.id))
    body = SpaceUpdate.model_validate({"retention": {"jobDays": 100}})
    await stage.do(UPDATE_SPACE, UpdateSpace(ADMIN, STRANGER.space.id, body))
    stage.clock.forward(90 * DAY_S - MS)
    assert await retention.look() == Went()
    stage.clock.forward(MS)
    assert await retention.look() == Went(missed=3)
    # What became a job tells of itself, and goes by a time of its own.
    assert await slots(stage) == [(1, 3), (9, 1)]
    stage.clock.forward(10 * DAY_S)
    assert await retention.look() == Went(missed=1)


async def test_due_times_are_kept_a_day_where_jobs_are_not(stage, row):
    retention = loop(stage, job_ms=5, **LONG)
    await missed(stage, slot(1, 1, row.id, at=stage.clock.ms))
    stage.clock.forward(DAY_S - MS)
    assert await retention.look() == Went()
    stage.clock.forward(MS)
    assert await retention.look() == Went(missed=1)


async def test_they_go_by_pages(stage, row, monkeypatch):
    monkeypatch.setattr(module, "FIRST_SIZE", 3)
    monkeypatch.setattr(module, "next_size", lambda found, *_: found)
    await missed(stage, *[slot(1, n, row.id, at=stage.clock.ms) for n in range(10)])
    stage.clock.forward(90 * DAY_S)
    pages = []

    async def submit(command, page):
        result = await stage.node.submit(command, page)
        pages.append((command.name, result[0]))
        return result

    retention = loop(stage, submit=submit, **LONG)
    stage.clock.forward(0)
    assert await retention.look() == Went(missed=10)
    assert pages == [("old_missed", 3), ("old_missed", 3), ("old_missed", 3), ("old_missed", 1)]


async def test_of_too_many_runs_the_oldest_go(stage, row):
    retention = loop(stage, definition_runs=2, **LONG)
    other = await define(stage, jobDefinitionCode="other")
    for _ in range(2):
        await succeeded(stage, other)
    going_on = await start(stage, row)
    made = [await succeeded(stage, row) for _ in range(4)]
    stage.clock.forward(HOUR_S - MS)
    # Somebody may wait for the end of what has ended just now.
    assert await retention.look() == Went()
    stage.clock.forward(MS)
    assert await retention.look() == Went(jobs=3)
    left = await stage.rows("SELECT id FROM job_run WHERE definition_id = :id ORDER BY id", id=row.id)
    assert [one for (one,) in left] == [going_on.id, made[-1].id]
    assert (await stage.rows("SELECT COUNT(*) FROM job"))[0] == (4,)
    assert len(await listed(stage)) == 4
    assert await retention.look() == Went()


async def test_what_others_need_stays_and_younger_ones_go(stage, row, monkeypatch):
    monkeypatch.setattr(old_runs, "AT_ONCE", 1)
    retention = loop(stage, definition_runs=2, **LONG)
    made = [await succeeded(stage, row) for _ in range(4)]
    await stage.create(trigger="manual", parentId=encode("jb", made[0].id))
    stage.clock.forward(HOUR_S)
    assert await retention.look() == Went(jobs=2)
    assert await stage.rows("SELECT id FROM job_run ORDER BY id") == [(made[0].id,), (made[3].id,)]


async def test_nothing_goes_where_too_many_go_on(stage, row):
    retention = loop(stage, definition_runs=1, **LONG)
    for _ in range(3):
        await start(stage, row)
    stage.clock.forward(HOUR_S)
    assert await retention.look() == Went()


async def test_of_too_many_due_times_the_oldest_of_each_result_go(stage, row):
    retention = loop(stage, definition_runs=2, **LONG)
    at = stage.clock.ms
    await missed(stage, *[slot(1, n, row.id, at=at + n) for n in range(5)])
    await missed(stage, *[slot(2, n, row.id, at=at, result="failed") for n in range(3)])
    await missed(stage, *[slot(3, n, None, at=at) for n in range(3)])
    stage.clock.forward(DAY_S + MS)
    # The younger of them are not a day old.
    assert await retention.look() == Went(missed=2)
    stage.clock.forward(MS)
    assert await retention.look() == Went(missed=1)
    # Of one instant all stay, or none.
    assert await slots(stage) == [(1, 3), (1, 4), (2, 0), (2, 1), (2, 2), (3, 0), (3, 1), (3, 2)]
    assert await retention.look() == Went()


async def test_counting_rests_fifty_times_as_long_as_it_took(stage, row):
    now = 0.0
    counted = []

    def timer():
        nonlocal now
        now += 0.1
        return now

    async def read(find):
        counted.append(getattr(find, "func", find).__name__)
        return await stage.node.read(find)

    retention = loop(stage, read=read, timer=timer, definition_runs=1, **LONG)
    await retention.look()
    assert counted.count("may_be_too_many") == 1
    # Two reads of a tenth of a second.
    stage.clock.forward(9)
    await retention.look()
    assert counted.count("may_be_too_many") == 1
    stage.clock.forward(1)
    await retention.look()
    assert counted.count("may_be_too_many") == 2

"""Each space keeps its jobs and files for its own span; and the audit."""

from aging import loop, stored
from stage import ADMIN, STRANGER

from listener_sdk.protocol.spaces import SpaceUpdate
from server.commands import jobs
from server.commands.spaces import UPDATE_SPACE, UpdateSpace
from server.core.retention import DAY_MS
from server.engine import retention as module
from server.engine.retention import Went

DAY_S = DAY_MS / 1000
MS = 0.001


async def ids(stage):
    return [row[0] for row in await stage.rows("SELECT id FROM job ORDER BY id")]


async def keep(stage, space=STRANGER.space, **days):
    body = SpaceUpdate.model_validate({"retention": days})
    return await stage.do(UPDATE_SPACE, UpdateSpace(ADMIN, space.id, body))


async def ended(stage, actor):
    job = await stage.create(trigger="manual", actor=actor)
    await stage.do(jobs.CANCEL, jobs.CancelJob(actor, job.id))
    return job.id


async def test_a_space_keeps_its_jobs_and_files_longer_or_shorter_than_the_server(stage):
    retention = loop(stage, log_ms=DAY_MS * 1000)
    await keep(stage, jobDays=10, fileDays=60)
    ours, theirs = await ended(stage, ADMIN), await ended(stage, STRANGER)
    await stored(stage, "ours.csv")
    await stored(stage, "theirs.csv", STRANGER)
    stage.clock.forward(10 * DAY_S - MS)
    assert await retention.look() == Went()
    stage.clock.forward(MS)
    assert await retention.look() == Went(jobs=1)
    assert await ids(stage) == [ours]
    assert theirs not in await ids(stage)
    stage.clock.forward(20 * DAY_S)
    assert await retention.look() == Went(files=1)
    assert await stage.rows("SELECT name FROM file") == [("theirs.csv",)]
    stage.clock.forward(30 * DAY_S - MS)
    assert await retention.look() == Went()
    stage.clock.forward(MS)
    assert await retention.look() == Went(files=1)
    stage.clock.forward(30 * DAY_S)
    assert await retention.look() == Went(jobs=1)


async def test_a_shorter_span_takes_effect_at_the_next_look_and_a_longer_one_too(stage):
    retention = loop(stage, log_ms=DAY_MS * 1000)
    await ended(stage, STRANGER)
    await stored(stage, "a.csv", STRANGER)
    stage.clock.forward(3 * DAY_S)
    assert await retention.look() == Went()
    await keep(stage, jobDays=200, fileDays=200)
    stage.clock.forward(150 * DAY_S)
    assert await retention.look() == Went()
    await keep(stage, jobDays=2)
    assert await retention.look() == Went(files=1, jobs=1)


async def test_where_much_is_kept_for_long_it_is_walked_over_less_often(stage):
    taken = iter(range(0, 10_000, 10))
    walks = 0

    async def read(query):
        nonlocal walks
        walks += getattr(query, "func", None) is module.sql.old_jobs
        return await stage.node.read(query)

    retention = loop(stage, read=read, timer=lambda: next(taken), log_ms=DAY_MS * 1000, job_ms=1000)
    await ended(stage, ADMIN)
    await retention.look()
    assert walks == 1
    stage.clock.forward(60)
    await retention.look()
    assert walks == 1
    stage.clock.forward(module.REST_OF_WALK * 20)
    assert (await retention.look()).jobs == 1


# ---- the audit


async def test_the_audit_is_kept_for_four_hundred_days(stage):
    retention = loop(stage, log_ms=DAY_MS * 1000)
    await keep(stage, jobDays=1)
    stage.clock.forward(400 * DAY_S - MS)
    assert await retention.look() == Went()
    stage.clock.forward(MS)
    assert await retention.look() == Went(audit=1)
    assert await stage.rows("SELECT COUNT(*) FROM audit") == [(0,)]

"""What the end of a definition's job leaves; tests/conformance/test_runs.py follows it on every database."""

import pytest
from defined import declare, define, start
from history import failed, succeeded
from modes import ack
from splits import children, end, split
from stage import ADMIN

from server.commands import jobs
from server.commands.jobs import CancelJob


async def kept(stage):
    return await stage.rows("SELECT facets, reason FROM job_run ORDER BY id")


@pytest.fixture
async def row(stage):
    await declare(stage)
    return await define(stage)


async def test_each_end_is_found_by_its_result(stage, row):
    await succeeded(stage, row)
    await succeeded(stage, row, "partial")
    await failed(stage, row)
    job = await start(stage, row)
    await stage.do(jobs.CANCEL, CancelJob(ADMIN, job.id))
    assert await kept(stage) == [
        ("success full api", None), ("partial full api", None), ("failed full api", None), ("canceled - api", None)
    ]  # fmt: skip


async def test_a_failure_of_the_servers_own_keeps_its_reason(stage, row):
    await ack(stage, await start(stage, row))
    stage.clock.forward(90_000)
    await stage.look()
    assert await kept(stage) == [("failed full api", "total time-out")]


async def test_parts_and_plain_jobs_are_no_runs(stage, row):
    job = await ack(stage, await start(stage, row))
    await split(stage, job, 2, parallel=True)
    for part in await children(stage, job):
        await end(stage, part)
    plain = await stage.create()
    await end(stage, plain)
    assert await kept(stage) == [("running full api", None)]


async def test_a_mode_is_known_from_the_grant_on(stage, row):
    await succeeded(stage, row)
    await ack(stage, await start(stage, row, mode="delta"))
    assert await kept(stage) == [("success full api", None), ("running delta api", None)]

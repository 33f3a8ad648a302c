"""What ends of jobs mean for schedules."""

import pytest
from scheduled import edit, look, now, scheduled
from stage import ADMIN

from server.commands import jobs
from server.commands.jobs import CancelJob, JobAct

HOUR = 3_600_000


async def run(stage, row, hour):
    await look(stage, row.next_at + hour * HOUR)
    return (await stage.rows("SELECT MAX(id) FROM job"))[0][0]


async def fail(listener):
    one = await listener.grant()
    await listener.ask(**listener.about("ack", one))
    await listener.ask(**listener.about("fail", one, message="no", retry=False))


async def test_a_canceled_run_counts_neither_way(stage):
    row = await scheduled(stage, pauseAfter=2)
    listener = await stage.listener(credit=1)
    await run(stage, row, 0)
    await fail(listener)
    await listener.listen("none:*")
    job_id = await run(stage, row, 1)
    await stage.do(jobs.CANCEL, CancelJob(ADMIN, job_id))
    assert (await now(stage, row)).failures == 1


async def test_a_rerun_that_ends_well_clears_the_count(stage):
    row = await scheduled(stage, pauseAfter=5)
    listener = await stage.listener(credit=1)
    job_id = await run(stage, row, 0)
    await fail(listener)
    assert (await now(stage, row)).failures == 1
    await stage.do(jobs.RETRY, JobAct(ADMIN, job_id))
    one = await listener.grant()
    await listener.ask(**listener.about("ack", one))
    await listener.ask(**listener.about("complete", one))
    assert (await now(stage, row)).failures == 0


async def test_failures_are_counted_without_a_limit_too(stage):
    row = await scheduled(stage)
    listener = await stage.listener(credit=1)
    for hour in range(3):
        await run(stage, row, hour)
        await fail(listener)
    found = await now(stage, row)
    assert (found.failures, found.state) == (3, "active")


async def test_jobs_of_others_count_for_nobody(stage):
    row = await scheduled(stage, pauseAfter=1)
    await stage.create("nightly:run", input={"startedBy": {"kind": "schedule", "scheduleId": row.public_id}})
    await fail(await stage.listener(credit=1))
    assert (await now(stage, row)).failures == 0


async def test_one_that_was_switched_off_meanwhile_is_not_paused(stage):
    row = await scheduled(stage, pauseAfter=1)
    listener = await stage.listener(credit=1)
    await run(stage, row, 0)
    await edit(stage, row, enabled=False)
    await fail(listener)
    assert (await now(stage, row)).state == "off"
    assert await stage.events("schedule:paused") == []


@pytest.mark.parametrize("policy", ["skip", "allow"])
async def test_only_what_waits_is_looked_at_again(stage, policy):
    row = await scheduled(stage, overlap=policy)
    before = (await now(stage, row)).fires_at
    await stage.create("nightly:run")
    await fail(await stage.listener(credit=1))
    assert (await now(stage, row)).fires_at == before

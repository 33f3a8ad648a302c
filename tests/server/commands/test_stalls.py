"""Stalls in the store and the log: one event when they begin, one when they end, over the stream and over REST."""

import pytest
from situations import reach
from stage import ADMIN

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.jobs import JobAck, JobSplit, JobUpdate
from listener_sdk.protocol.progress import Progress
from listener_sdk.protocol.times import to_wire
from server.commands import jobs, leases, parts, rest
from server.commands.leases import Held
from server.commands.stalls import STALL, StallLease
from server.core.views import job_wire


def lease(found, fence=1):
    return Held(found.listener.peer.holder, 1, found.job.id, fence)


async def tick(stage, found, eta_given=False, **progress):
    item = leases.TickLease(lease(found), Progress(**progress), eta_given)
    await stage.do(leases.TICK, item)


async def ack(stage, job, **body):
    return await stage.do(rest.ACK, rest.AckJob(ADMIN, job.id, JobAck.model_validate(body)))


async def updates(stage):
    return [event["payload"] for event in await stage.events("job:updated")]


# ---- on the stream


async def test_a_stall_withdraws_the_estimate_and_says_since_when_once(stage):
    found = await reach(stage, "executing")
    await tick(stage, found, percent=40.0, eta_ms=stage.clock() + 5_000)
    since = stage.clock()
    stage.clock.forward(11)
    before = len(await updates(stage))
    for _ in range(2):
        assert await stage.do(STALL, StallLease(lease(found), since)) is True
    (said,) = (await updates(stage))[before:]
    assert (said["progress"], said["stalledSince"]) == (40, to_wire(since))
    assert "estimatedCompletionAt" not in said
    wire = job_wire(await stage.row(found.job), ADMIN.space)
    assert wire["stalledSince"] == to_wire(since)
    assert "estimatedCompletionAt" not in wire


async def test_progress_ends_it_and_a_text_does_not(stage):
    found = await reach(stage, "executing")
    await tick(stage, found, percent=40.0)
    await stage.do(STALL, StallLease(lease(found), stage.clock()))
    await tick(stage, found, percent=40.0, text="still here")
    assert (await updates(stage))[-1]["stalledSince"] == to_wire(stage.clock())
    await tick(stage, found, percent=41.0, eta_ms=stage.clock() + 5_000)
    said = (await updates(stage))[-1]
    assert "stalledSince" not in said
    assert said["estimatedCompletionAt"] == to_wire(stage.clock() + 5_000)
    assert (await stage.row(found.job)).stalled_at is None


async def test_a_new_estimate_of_the_handler_ends_it(stage):
    found = await reach(stage, "executing")
    own = stage.clock() + 5_000
    await tick(stage, found, eta_given=True, percent=40.0, eta_ms=own)
    await stage.do(STALL, StallLease(lease(found), stage.clock()))
    await tick(stage, found, eta_given=True, percent=40.0, eta_ms=own)
    assert (await stage.row(found.job)).stalled_at is not None
    await tick(stage, found, eta_given=True, percent=40.0, eta_ms=own + 60_000)
    assert (await stage.row(found.job)).stalled_at is None


@pytest.mark.parametrize("end", ["complete", "release", "fail"])
async def test_a_job_that_nobody_holds_any_more_does_not_stall(stage, end):
    found = await reach(stage, "executing")
    await tick(stage, found, percent=40.0)
    await stage.do(STALL, StallLease(lease(found), stage.clock()))
    if end == "release":
        await found.listener.listen(credit=0)
        await found.listener.ask(**found.listener.leases("release", found.grant))
    else:
        await found.ask(end, **({"message": "x"} if end == "fail" else {}))
    assert (await stage.row(found.job)).stalled_at is None


async def test_a_split_job_does_not_stall_its_parts_do(stage):
    found = await reach(stage, "executing")
    await tick(stage, found, percent=40.0)
    await stage.do(STALL, StallLease(lease(found), stage.clock()))
    await stage.do(parts.SPLIT, parts.SplitJob(ADMIN, found.job.id, JobSplit(parts=2)))
    assert (await stage.row(found.job)).stalled_at is None
    before = len(await updates(stage))
    assert await stage.do(STALL, StallLease(lease(found), stage.clock())) is False
    assert len(await updates(stage)) == before
    rows = await stage.rows("SELECT stalls_at, stalled_at FROM job WHERE part IS NOT NULL")
    assert rows == [(None, None), (None, None)]


async def test_a_lost_lease_cannot_say_so(stage):
    found = await reach(stage, "executing")
    with pytest.raises(Refusal) as refused:
        await stage.do(STALL, StallLease(lease(found, 7), stage.clock()))
    assert refused.value.code == "stale_lease"


# ---- over REST


async def test_a_job_held_over_rest_stalls_by_itself_and_goes_on_with_its_next_progress(stage):
    job = await stage.create()
    for percent in (10, 20):
        stage.clock.forward(2)
        await ack(stage, job, progress=percent)
    since = stage.clock()
    before = len(await updates(stage))
    stage.clock.forward(9.999)
    await stage.look()
    assert len(await updates(stage)) == before
    stage.clock.forward(0.001)
    for _ in range(2):
        await stage.look()
    (said,) = (await updates(stage))[before:]
    assert said["stalledSince"] == to_wire(since)
    assert (await stage.row(job)).eta_at is None
    stage.clock.forward(2)
    row = await ack(stage, job, info="still here")
    assert row.stalled_at == since
    stage.clock.forward(1)
    row = await ack(stage, job, progress=21)
    assert (row.stalled_at, row.stalls_at) == (None, stage.clock() + 40_000)
    assert row.eta_at is not None
    assert "stalledSince" not in (await updates(stage))[-1]


async def test_long_pauses_before_make_it_patient(stage):
    job = await stage.create()
    for percent in (0, 10, 20):
        row = await ack(stage, job, progress=percent)
        stage.clock.forward(30)
    assert row.stalls_at == stage.clock() - 30_000 + 120_000
    stage.clock.forward(80)
    await stage.look()
    assert (await stage.row(job)).stalled_at is None


async def test_what_has_told_no_progress_does_not_stall(stage):
    job = await stage.create()
    assert (await ack(stage, job, progress=0)).stalls_at is None
    assert (await ack(stage, job, info="working")).stalls_at is None


async def test_the_handlers_own_estimate_holds_until_it_has_passed(stage):
    job = await stage.create()
    own = to_wire(stage.clock() + 60_000)
    await ack(stage, job, progress=10, estimatedCompletionAt=own)
    stage.clock.forward(69.999)
    await stage.look()
    assert job_wire(await stage.row(job), ADMIN.space)["estimatedCompletionAt"] == own
    stage.clock.forward(0.001)
    await stage.look()
    wire = job_wire(await stage.row(job), ADMIN.space)
    assert "estimatedCompletionAt" not in wire
    assert "stalledSince" in wire


async def test_what_is_patched_besides_does_not_touch_the_stall(stage):
    job = await stage.create()
    await ack(stage, job, progress=10)
    stage.clock.forward(10)
    await stage.look()
    body = JobUpdate.model_validate({"metadata": {"a": 1}})
    row = await stage.do(rest.UPDATE, jobs.UpdateJob(ADMIN, job.id, body))
    assert row.stalled_at == stage.clock() - 10_000


async def test_a_restart_keeps_the_deadline_of_a_stall(stage):
    job = await stage.create()
    await ack(stage, job, progress=10)
    since = stage.clock()
    await stage.restart()
    stage.clock.forward(stage.facts.limits.lease_ms / 1000)
    await stage.look()
    assert (await stage.row(job)).stalled_at == since

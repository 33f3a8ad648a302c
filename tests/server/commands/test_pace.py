"""Past runs: which are remembered, and what they change for the next one; quick jobs cost nothing."""

import pytest
from situations import Situation, reach
from stage import ADMIN

from listener_sdk.protocol.jobs import JobAck, JobEnd, JobSplit
from listener_sdk.protocol.progress import Progress
from listener_sdk.protocol.times import to_wire
from server.commands import jobs, leases, parts, rest
from server.commands.leases import Held
from server.core.pace import KEPT
from server.store import pace as sql
from server.store.sqlite import SqliteConnection

NAME = "workbook:export"


async def runs(stage, name=NAME):
    return await stage.node.read(lambda reader: sql.load(reader, 1, name))


async def tick(stage, found, percent):
    lease = Held(found.listener.peer.holder, 1, found.job.id, found.grant["fence"])
    points = ((stage.clock(), percent),)
    await stage.do(leases.TICK, leases.TickLease(lease, Progress(percent), eta_given=False, points=points))


async def run(stage, seconds=10, **end):
    """A job that runs for so long, at the pace of a square: half of its percents in a quarter of its time."""
    found = await reach(stage, "executing")
    began = stage.clock.ms
    for percent in range(10, 101, 10):
        stage.clock.ms = began + int(seconds * 10 * percent**2 / 100)
        await tick(stage, found, float(percent))
    await found.ask("complete", **end)
    found.listener.peer.gone()
    await stage.idle()
    return found


async def test_a_run_that_ends_well_is_remembered_with_its_length_and_its_way(stage):
    await run(stage)
    (found,) = await runs(stage)
    assert found.duration_ms == 10_000
    assert found.gone[10] == pytest.approx(0.25, abs=0.001)
    assert found.gone[-1] == 1


async def test_only_the_newest_few_are_kept_and_their_text_is_short(stage):
    for seconds in range(2, KEPT + 5):
        await run(stage, seconds)
    assert [one.duration_ms for one in await runs(stage)] == [
        1_000 * seconds for seconds in range(5, KEPT + 5)
    ]
    ((text,),) = await stage.rows("SELECT runs FROM job_pace")
    assert len(text) < 2_000


async def test_a_run_over_rest_is_remembered_too(stage):
    job = await stage.create()
    for percent in (0, 50, 100):
        await stage.do(rest.ACK, rest.AckJob(ADMIN, job.id, JobAck(progress=percent)))
        stage.clock.forward(5)
    await stage.do(rest.COMPLETE, rest.EndJob(ADMIN, job.id, JobEnd()))
    (found,) = await runs(stage)
    assert (found.duration_ms, found.gone[10], found.gone[-1]) == (15_000, 0.3333, 0.6667)


async def partly(stage):
    await run(stage, outcome={"message": "Some rows failed", "result": "partial"})


async def shortly(stage):
    await run(stage, 1.99)


async def silently(stage):
    found = await reach(stage, "executing")
    stage.clock.forward(10)
    await found.ask("complete")


async def badly(stage):
    found = await reach(stage, "executing")
    await tick(stage, found, 50.0)
    stage.clock.forward(10)
    await found.ask("fail", message="x", retry=False)


async def by_force(stage):
    found = await reach(stage, "executing")
    await tick(stage, found, 50.0)
    stage.clock.forward(10)
    await stage.do(jobs.CANCEL, jobs.CancelJob(ADMIN, found.job.id, None))
    await found.listener.ask(**found.listener.leases("release", found.grant))
    assert (await stage.row(found.job)).status == "canceled"


@pytest.mark.parametrize("ends", [partly, shortly, silently, badly, by_force])
async def test_no_other_end_is_remembered(stage, ends):
    await ends(stage)
    assert await runs(stage) == []


async def test_the_attempt_is_remembered_that_ended_well_not_those_before(stage):
    found = await reach(stage, "executing")
    await tick(stage, found, 90.0)
    stage.clock.forward(20)
    await found.ask("fail", message="x", retryAt=to_wire(stage.clock()))
    await stage.look()
    second = Situation(found.job, found.listener, await found.listener.grant())
    await second.ask("ack")
    stage.clock.forward(5)
    await tick(stage, second, 50.0)
    stage.clock.forward(5)
    await second.ask("complete")
    (one,) = await runs(stage)
    assert (one.duration_ms, one.gone[10]) == (10_000, 0.5)


async def test_parts_are_other_work_than_the_whole(stage):
    job = await stage.create()
    await stage.do(parts.SPLIT, parts.SplitJob(ADMIN, job.id, JobSplit(parts=1)))
    ((part,),) = await stage.rows("SELECT id FROM job WHERE part = 0")
    for _ in range(2):
        await stage.do(rest.ACK, rest.AckJob(ADMIN, part, JobAck(progress=50)))
        stage.clock.forward(5)
    await stage.do(rest.COMPLETE, rest.EndJob(ADMIN, part, JobEnd()))
    assert await runs(stage) == []
    assert len(await runs(stage, f"{NAME}\tpart")) == 1


async def half(stage):
    """How wrong the estimate is (ms) of a job over REST that has done half of its percents in a quarter of its 10 s."""
    job = await stage.create()
    began = stage.clock()
    for percent in range(0, 51, 10):
        stage.clock.ms = began + percent**2
        row = await stage.do(rest.ACK, rest.AckJob(ADMIN, job.id, JobAck(progress=percent)))
    return abs(row.eta_at - (began + 10_000))


async def test_over_rest_the_estimate_knows_the_runs_before(stage):
    plain = await half(stage)
    for _ in range(3):
        await run(stage)
    assert await half(stage) < plain


async def test_a_job_without_progress_asks_and_writes_nothing_more(stage, monkeypatch):
    asked = []
    for act in ("rows", "run"):
        real = getattr(SqliteConnection, act)

        def heard(self, statement, /, _real=real, **params):
            asked.append(statement)
            return _real(self, statement, **params)

        monkeypatch.setattr(SqliteConnection, act, heard)
    await silently(stage)
    await stage.idle()
    assert len(asked) > 0
    assert not [statement for statement in asked if "job_pace" in statement or "job_curve" in statement]

"""What the store knows of a run and of those before it."""

import pytest
from situations import reach
from stage import ADMIN

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.jobs import JobSplit
from listener_sdk.protocol.progress import Progress
from server.commands import leases, parts
from server.commands.leases import Held
from server.commands.recall import RECALL, RecallLease
from server.core.pace import PastRun
from server.store import curves, pace
from server.store.command import Command


def lease(found, fence=1):
    return Held(found.listener.peer.holder, 1, found.job.id, fence)


def _known(tx, item):
    curves.save(tx.connection, item, [(tx.now - 90_000, 99.0)])
    pace.save(tx.connection, 1, "workbook:export", [PastRun(7_000, tuple(n / 20 for n in range(21)))])


KNOWN = Command("known", _known)


async def test_of_a_first_run_nothing_is_known(stage):
    found = await reach(stage, "executing")
    past = await stage.do(RECALL, RecallLease(lease(found)))
    assert (past.points, past.pace) == ([], None)


async def test_the_curve_of_this_attempt_and_the_pace_of_those_before_are_told(stage):
    found = await reach(stage, "executing")
    await stage.do(KNOWN, found.job.id)
    point = (stage.clock(), 5.0)
    await stage.do(
        leases.TICK, leases.TickLease(lease(found), Progress(5.0), eta_given=False, points=(point,))
    )
    past = await stage.do(RECALL, RecallLease(lease(found)))
    assert past.points == [point], "not the point of an earlier attempt"
    assert past.pace.duration_ms == 7_000


async def test_the_curve_of_a_split_job_is_not_its_own(stage):
    found = await reach(stage, "executing")
    await stage.do(parts.SPLIT, parts.SplitJob(ADMIN, found.job.id, JobSplit(parts=2)))
    assert (await stage.do(RECALL, RecallLease(lease(found)))).points == []


async def test_a_lost_lease_is_told_nothing(stage):
    found = await reach(stage, "executing")
    with pytest.raises(Refusal) as refused:
        await stage.do(RECALL, RecallLease(lease(found, 2)))
    assert refused.value.code == "stale_lease"

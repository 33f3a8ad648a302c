"""What time does to jobs: start, lost leases, time-outs. Nothing is taken before a full lease time after the start."""

import pytest
from situations import reach

from listener_sdk.protocol.ids import encode
from server.commands.due import DUE, DueJob
from server.commands.ends import default_outcome
from server.core.deadlines import Due
from server.core.views import job_wire


async def attempts(stage):
    return await stage.rows("SELECT attempt, fence, reason FROM attempt ORDER BY fence")


# ---- leases


async def test_a_job_that_is_not_begun_within_ten_seconds_is_taken_away(stage):
    found = await reach(stage, "granted")
    found.listener.say(**found.listener.leases("renew", found.grant))
    stage.clock.forward(9.999)
    await stage.look()
    assert (await stage.row(found.job)).holder is not None
    stage.clock.forward(0.001)
    await stage.look()
    row = await stage.row(found.job)
    assert (row.status, row.holder, row.fence, row.attempt) == ("scheduled", None, 2, 1)
    assert await attempts(stage) == [(1, 1, "not acknowledged")]
    assert (await found.listener.of_type("stale"))["leases"] == [
        {"job": found.grant["job"]["id"], "fence": 1}
    ]


async def test_a_lost_lease_gives_the_job_to_another_and_refuses_the_first(stage):
    found = await reach(stage, "executing")
    stage.clock.forward(29.999)
    await stage.look()
    assert (await stage.row(found.job)).status == "executing"
    stage.clock.forward(0.001)
    lost_at = stage.clock()
    await stage.look()
    row = await stage.row(found.job)
    assert (row.status, row.fence, row.holder) == ("scheduled", 2, None)
    assert lost_at <= row.scheduled_at < lost_at + 10_000, "full jitter over twice five seconds"
    failed = (await stage.events("job:attempt-failed"))[0]["payload"]
    assert (failed["attempt"], failed["reason"]) == (1, "lease lost")
    assert "lease ran out" in failed["message"]
    assert row.info == failed["message"]
    assert await stage.rows("SELECT attempt, level, message FROM job_log") == [(1, "warning", row.info)]
    other = await stage.listener(session="session-two")
    assert not other.seen("grants")
    stage.clock.ms = row.scheduled_at
    await stage.look()
    second = await other.grant()
    assert (second["fence"], second["attempt"]) == (3, 2)
    assert "info" not in second["job"], "the new attempt has not failed"
    for kind, more in (
        ("ack", {}),
        ("complete", {"outcome": {"message": "late"}}),
        ("fail", {"message": "late"}),
    ):
        late = await found.ask(kind, **more)
        assert (late["code"], late["job"]) == ("stale_lease", encode("jb", row.id))
    found.listener.frames.clear()
    for late in (
        found.frame("tick", percent=99),
        found.frame("log", lines=[{"message": "late"}]),
        found.listener.leases("renew", found.grant),
    ):
        found.listener.say(**late)
        stale = await found.listener.of_type("stale")
        assert stale["leases"] == [{"job": encode("jb", row.id), "fence": 1}]
    await found.listener.ask(**found.listener.leases("release", found.grant))
    assert await other.ask(**other.about("complete", second)) is None
    final = await stage.row(row)
    assert (final.status, final.progress, final.attempt) == ("complete", 100.0, 2)
    assert final.info is None
    assert len(await stage.rows("SELECT id FROM job_log")) == 1
    assert await stage.topics(row.id) == [
        "job:created", "job:ready", "job:updated", "job:attempt-failed", "job:scheduled", "job:ready", "job:updated",
        "job:completed",
    ]  # fmt: skip


async def test_when_no_attempt_remains_the_job_fails_and_offers_to_try_again(stage):
    found = await reach(stage, "executing", maxAttempts=2)
    stage.clock.forward(30)
    await stage.look()
    stage.clock.forward(10)
    await stage.look()
    found.listener.say(**found.listener.leases("renew", found.grant))
    second = await found.listener.grant()
    assert second["attempt"] == 2
    stage.clock.forward(10)
    await stage.look()
    row = await stage.row(found.job)
    assert (row.status, row.attempt, row.holder) == ("failed", 2, None)
    message = "The listener did not begin within 10 s."
    assert job_wire(row, found.listener.peer.actor.space)["outcome"] == default_outcome(message)
    told = (await stage.events("job:failed"))[0]["payload"]
    assert (told["message"], told["reason"]) == (message, "not acknowledged")
    assert told["outcome"]["next"] == {"type": "retry", "label": "Try again"}
    assert await attempts(stage) == [(1, 1, "lease lost"), (2, 3, "not acknowledged")]


async def test_after_a_start_no_lease_is_taken_for_one_full_lease_time(stage):
    found = await reach(stage, "executing")
    unacked = await stage.create()
    await found.listener.grant()
    stage.clock.forward(300)
    await stage.restart()
    stage.clock.forward(29.999)
    await stage.look()
    assert (await stage.row(found.job)).status == "executing"
    assert (await stage.row(unacked)).holder is not None
    stage.clock.forward(0.001)
    await stage.look()
    assert (await stage.row(found.job)).status == "scheduled"
    assert (await stage.row(unacked)).status == "scheduled"


# ---- time limits


async def test_the_run_time_bounds_one_attempt(stage):
    found = await reach(stage, "executing", runTimeoutS=20)
    stage.clock.forward(20)
    await stage.look()
    row = await stage.row(found.job)
    assert (row.status, row.fence) == ("scheduled", 2)
    assert await attempts(stage) == [(1, 1, "run time-out")]
    assert (await stage.events("job:attempt-failed"))[0]["payload"]["message"].endswith("limit of 20 s.")
    assert await found.listener.of_type("stale")


async def test_the_queue_time_bounds_the_wait_for_a_listener(stage):
    job = await stage.create(queueTimeoutS=60)
    stage.clock.forward(59)
    await stage.look()
    assert (await stage.row(job)).status == "ready"
    stage.clock.forward(1)
    await stage.look()
    row = await stage.row(job)
    assert (row.status, row.attempt) == ("failed", 0)
    assert await attempts(stage) == []
    assert (await stage.events("job:failed"))[0]["payload"]["reason"] == "queue time-out"
    listener = await stage.listener()
    await stage.idle()
    assert not listener.seen("grants")


async def test_a_job_that_somebody_holds_has_no_queue_time(stage):
    found = await reach(stage, "executing", queueTimeoutS=5)
    stage.clock.forward(20)
    await stage.look()
    assert (await stage.row(found.job)).status == "executing"


async def test_the_total_time_bounds_all_attempts_since_the_first_start(stage):
    found = await reach(stage, "executing", totalTimeoutS=50)
    stage.clock.forward(25)
    found.listener.say(**found.listener.leases("renew", found.grant))
    await stage.idle()
    stage.clock.forward(25)
    await stage.look()
    row = await stage.row(found.job)
    assert (row.status, row.attempt, row.fence) == ("failed", 1, 2)
    assert await attempts(stage) == [(1, 1, "total time-out")]
    assert (await found.ask("complete"))["code"] == "stale_lease"


async def test_a_time_limit_counts_from_the_start_and_not_from_the_creation(stage):
    found = await reach(stage, "ready", totalTimeoutS=5, runTimeoutS=5)
    stage.clock.forward(500)
    await stage.look()
    assert (await stage.row(found.job)).status == "ready"


# ---- the loop's items


async def test_a_look_before_the_time_or_at_a_job_that_is_gone_does_nothing(stage):
    found = await reach(stage, "scheduled")
    assert await stage.do(DUE, DueJob(found.job.id)) is None
    assert await stage.do(DUE, DueJob(999)) is None
    assert await stage.row(found.job) == found.job


async def test_a_deadline_that_was_moved_is_noted_and_not_looked_at_again_before(stage):
    found = await reach(stage, "executing")
    stage.clock.forward(20)
    found.listener.say(**found.listener.leases("renew", found.grant))
    await stage.idle()
    stage.clock.forward(10)
    assert await stage.look() == 1
    row = await stage.row(found.job)
    assert row.due_at == row.lease_expires_at == stage.clock() + 20_000
    assert await stage.look() == 0


@pytest.mark.parametrize("seconds", [30, 31])
async def test_what_was_due_is_told(stage, seconds):
    found = await reach(stage, "executing")
    stage.clock.forward(seconds)
    assert await stage.do(DUE, DueJob(found.job.id)) is Due.LEASE


async def test_a_job_whose_start_time_passed_while_the_server_was_away_starts(stage):
    found = await reach(stage, "scheduled")
    stage.clock.forward(3600)
    await stage.restart()
    await stage.look()
    assert (await stage.row(found.job)).status == "ready"

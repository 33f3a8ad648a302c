"""The life cycle over REST: leases of keys, ticks by acknowledgement, ends, and PATCH."""

import pytest
from situations import reach
from stage import ADMIN, OTHER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.jobs import JobAck, JobEnd, JobUpdate
from listener_sdk.protocol.times import to_wire
from server.commands import jobs, rest
from server.core.views import job_wire


async def ack(stage, job, actor=ADMIN, **body):
    return await stage.do(rest.ACK, rest.AckJob(actor, job.id, JobAck.model_validate(body)))


async def complete(stage, job, actor=ADMIN, **body):
    return await stage.do(rest.COMPLETE, rest.EndJob(actor, job.id, JobEnd.model_validate(body)))


async def fail(stage, job, actor=ADMIN, **body):
    return await stage.do(rest.FAIL, rest.EndJob(actor, job.id, JobEnd.model_validate(body)))


async def patch(stage, job, actor=ADMIN, **body):
    return await stage.do(rest.UPDATE, jobs.UpdateJob(actor, job.id, JobUpdate.model_validate(body)))


CALLS = {
    "ack": ack,
    "complete": complete,
    "fail": fail,
    "patch": lambda s, job, actor, **body: patch(s, job, actor, progress=50, **body),
    "patch executing": lambda s, job, actor, **body: patch(
        s, job, actor, status="executing", progress=9, **body
    ),
    "patch failed": lambda s, job, actor, **body: patch(s, job, actor, status="failed", **body),
}


async def refusal(call):
    with pytest.raises(Refusal) as refused:
        await call
    return refused.value


async def new_events(stage, call):
    before = len(await stage.events())
    await call
    return (await stage.events())[before:]


# ---- acknowledging


async def test_an_acknowledgement_takes_the_job_for_the_key(stage):
    job = await stage.create()
    row = await ack(stage, job, info="Accepted", progress=0)
    assert (row.status, row.holder, row.attempt, row.fence) == ("executing", ADMIN.key_id, 1, 1)
    assert (row.started_at, row.attempt_started_at) == (stage.clock(), stage.clock())
    assert row.lease_expires_at is None
    assert (row.info, row.progress) == ("Accepted", 0)
    assert await stage.topics(job.id) == ["job:created", "job:ready", "job:updated"]


async def test_its_lease_needs_no_renewal_and_ends_with_the_run_time(stage):
    job = await stage.create(runTimeoutS=300)
    await ack(stage, job)
    stage.clock.forward(299)
    await stage.look()
    assert (await stage.row(job)).status == "executing"
    stage.clock.forward(1)
    await stage.look()
    row = await stage.row(job)
    assert (row.status, row.holder, row.fence) == ("scheduled", None, 2)
    failed = (await stage.events("job:attempt-failed"))[0]["payload"]
    assert (failed["reason"], failed["attempt"]) == ("run time-out", 1)


@pytest.mark.parametrize("name", CALLS)
async def test_only_the_key_that_holds_a_job_may_go_on_with_it(stage, name):
    found = await reach(stage, "held by a key")
    events = await stage.events()
    for body in ({}, {"fence": found.job.fence}):
        error = await refusal(CALLS[name](stage, found.job, OTHER, **body))
        assert (error.code, error.details["status"]) == ("lease_held", "executing")
    assert await stage.row(found.job) == found.job
    assert await stage.events() == events
    await CALLS[name](stage, found.job, ADMIN)


@pytest.mark.parametrize("name", CALLS)
async def test_a_fence_is_checked_when_it_is_given(stage, name):
    found = await reach(stage, "held by a key")
    for wrong in (0, 2, 2**53):
        error = await refusal(CALLS[name](stage, found.job, ADMIN, fence=wrong))
        assert (error.code, error.details["job"]) == ("stale_lease", encode("jb", found.job.id))
    assert await stage.row(found.job) == found.job
    await CALLS[name](stage, found.job, ADMIN, fence=1)


@pytest.mark.parametrize("name", CALLS)
async def test_a_key_may_go_on_with_a_lease_of_its_own_session(stage, name):
    found = await reach(stage, "granted")
    await CALLS[name](stage, found.job, ADMIN)
    row = await stage.row(found.job)
    expected = {"complete": "complete", "fail": "failed", "patch failed": "failed"}
    assert row.status == expected.get(name, "executing")
    if name in expected:
        assert (await found.listener.of_type("stale"))["leases"][0]["fence"] == 1
        assert (await found.ask("ack"))["code"] == "stale_lease"
    else:
        assert row.holder == f"{ADMIN.key_id}/session-one"
        assert row.lease_expires_at is not None
        assert await found.ask("complete") is None


async def test_a_job_that_a_session_of_another_key_holds_is_not_taken(stage):
    found = await reach(stage, "granted")
    assert (await refusal(ack(stage, found.job, OTHER))).code == "lease_held"


async def test_of_two_keys_the_first_acknowledgement_wins(stage):
    job = await stage.create()
    await ack(stage, job, OTHER)
    assert (await refusal(ack(stage, job, ADMIN))).code == "lease_held"


async def test_progress_of_a_job_that_nobody_holds_needs_an_acknowledgement_first(stage):
    job = await stage.create()
    error = await refusal(patch(stage, job, progress=10))
    assert (error.code, error.details["status"]) == ("no_lease", "ready")
    assert "acknowledge" in error.message


# ---- ticks


async def test_each_acknowledgement_is_a_tick_and_logs_one_update(stage):
    job = await stage.create()
    for progress, info in ((0, "Accepted"), (30.5, "a third"), (90, "nearly")):
        events = await new_events(stage, ack(stage, job, progress=progress, info=info))
        assert [event["topic"] for event in events] == ["job:updated"]
        assert (events[0]["payload"]["progress"], events[0]["payload"]["info"]) == (int(progress), info)
        stage.clock.forward(10)


async def test_progress_never_goes_back_within_an_attempt(stage):
    job = await stage.create()
    await ack(stage, job, progress=60)
    assert (await ack(stage, job, progress=10)).progress == 60
    assert (await patch(stage, job, progress=20)).progress == 60
    assert (await ack(stage, job, info="still")).progress == 60


async def test_an_estimate_is_made_from_the_ticks_until_the_listener_gives_one(stage):
    job = await stage.create()
    await ack(stage, job, progress=0)
    began = stage.clock()
    stage.clock.forward(10)
    row = await ack(stage, job, progress=25)
    assert row.eta_at == began + 40_000
    assert job_wire(row, ADMIN.space)["estimatedCompletionAt"] == to_wire(began + 40_000)
    own = to_wire(began + 90_000)
    assert (await ack(stage, job, estimatedCompletionAt=own)).eta_at == began + 90_000
    stage.clock.forward(10)
    assert (await ack(stage, job, progress=50)).eta_at == began + 90_000
    assert "estimatedCompletionAt" not in job_wire(await complete(stage, job), ADMIN.space)


async def test_the_curve_of_the_ticks_is_kept(stage):
    job = await stage.create()
    for progress in (0, 40, 80):
        await ack(stage, job, progress=progress)
        stage.clock.forward(1)
    points = (await stage.rows("SELECT points FROM job_curve"))[0][0]
    assert points.count("[") == 4


# ---- ends


async def test_a_job_ends_with_its_outcome_and_full_progress(stage):
    job = await stage.create()
    await ack(stage, job, progress=30)
    stage.clock.forward(3)
    outcome = {
        "message": "3 rows",
        "next": {"type": "url", "url": "https://example.com"},
        "own": {"kept": True},
    }
    row = await complete(stage, job, outcome=outcome, info="done", result={"rows": 3})
    wire = job_wire(row, ADMIN.space)
    assert (wire["status"], wire["progress"], wire["info"]) == ("complete", 100, "done")
    assert (wire["outcome"], wire["result"]) == (outcome, {"rows": 3})
    assert wire["finishedAt"] == to_wire(stage.clock())
    assert row.holder is None
    told = (await stage.events("job:completed"))[0]["payload"]
    assert (told["status"], told["result"], told["outcome"]) == ("complete", "success", outcome)


async def test_the_same_end_again_is_answered_alike_and_another_is_refused(stage):
    job = await stage.create()
    await ack(stage, job)
    first = await complete(stage, job, outcome={"message": "a"})
    stage.clock.forward(1)
    events = await stage.events()
    for fence in ({}, {"fence": 1}):
        assert await complete(stage, job, outcome={"message": "a"}, **fence) == first
    assert (await refusal(complete(stage, job, outcome={"message": "b"}))).code == "illegal_move"
    assert (await refusal(complete(stage, job, outcome={"message": "a"}, fence=7))).code == "illegal_move"
    assert (await refusal(fail(stage, job))).code == "illegal_move"
    assert await stage.events() == events


async def test_failing_over_rest_is_final(stage):
    job = await stage.create(maxAttempts=5)
    await ack(stage, job)
    row = await fail(stage, job, outcome={"message": "The file is empty", "acknowledge": True})
    assert (row.status, row.info, row.attempt) == ("failed", "The file is empty", 1)
    assert await stage.topics(job.id) == [
        "job:created", "job:ready", "job:updated", "job:attempt-failed", "job:failed",
    ]  # fmt: skip
    stage.clock.forward(1)
    assert await fail(stage, job, outcome={"message": "The file is empty", "acknowledge": True}) == row
    assert await fail(stage, job) == row
    assert (await refusal(fail(stage, job, outcome={"message": "else"}))).code == "illegal_move"


@pytest.mark.parametrize("result", ["success", "partial"])
async def test_a_failed_job_tells_of_no_success(stage, result):
    job = await stage.create()
    await ack(stage, job)
    outcome = {"message": "It broke.", "result": result, "own": 1}
    row = await fail(stage, job, outcome=outcome)
    assert job_wire(row, ADMIN.space)["outcome"] == {"message": "It broke.", "own": 1}
    assert (await stage.events("job:failed"))[0]["payload"]["outcome"] == {"message": "It broke.", "own": 1}
    assert await fail(stage, job, outcome=outcome) == row


async def test_a_failure_without_words_offers_to_try_again(stage):
    job = await stage.create()
    await ack(stage, job)
    outcome = job_wire(await fail(stage, job), ADMIN.space)["outcome"]
    assert outcome == {
        "heading": "Job failed",
        "message": "The job failed.",
        "acknowledge": True,
        "next": {"type": "retry", "label": "Try again"},
    }


@pytest.mark.parametrize(("name", "size"), [("outcome", 64), ("result", 256)])
async def test_an_end_that_is_too_large_changes_nothing(stage, name, size):
    found = await reach(stage, "held by a key")
    body = {name: {"own": "x" * size * 1024}}
    error = await refusal(complete(stage, found.job, **body))
    assert (error.code, error.key) == ("too_large", name)
    assert await stage.row(found.job) == found.job


async def test_the_event_of_a_large_outcome_leaves_it_out(stage):
    found = await reach(stage, "held by a key")
    await complete(stage, found.job, outcome={"own": "x" * 9000, "counts": {"ok": 1}, "result": "partial"})
    told = (await stage.events("job:completed"))[0]["payload"]
    assert "outcome" not in told
    assert (told["result"], told["counts"]) == ("partial", {"ok": 1})


# ---- patch


@pytest.mark.parametrize(
    ("place", "body", "topics"),
    [
        ("created", {}, ["job:updated"]),
        ("created", {"info": "x"}, ["job:updated"]),
        ("created", {"info": "x", "metadata": {"a": 1}, "config": {"b": 2}}, ["job:updated"]),
        ("created", {"status": "ready"}, ["job:ready", "job:updated"]),
        ("created", {"status": "ready", "metadata": {"a": 1}}, ["job:ready", "job:updated"]),
        ("ready", {"status": "ready"}, ["job:updated"]),
        ("ready", {"status": "executing"}, ["job:updated"]),
        ("ready", {"status": "executing", "progress": 5, "info": "x", "metadata": {"a": 1}}, ["job:updated"]),
        ("ready", {"status": "canceled"}, ["job:updated", "job:canceled"]),
        ("ready", {"status": "canceled", "info": "x", "config": {}}, ["job:updated", "job:canceled"]),
        ("held by a key", {"progress": 5}, ["job:updated"]),
        ("held by a key", {"estimatedCompletionAt": "2030-01-01T00:00:00Z"}, ["job:updated"]),
        ("held by a key", {"progress": 5, "info": "x", "metadata": {"a": 1}}, ["job:updated"]),
        ("held by a key", {"status": "executing", "progress": 5}, ["job:updated"]),
        ("held by a key", {"status": "complete", "info": "x"}, ["job:updated", "job:completed"]),
        (
            "held by a key",
            {"status": "failed", "metadata": {}},
            ["job:updated", "job:attempt-failed", "job:failed"],
        ),
        ("granted", {"status": "complete", "info": "x"}, ["job:updated", "job:completed"]),
        ("granted", {"progress": 1, "info": "x"}, ["job:updated"]),
        ("executing", {"status": "canceled", "metadata": {"a": 1}}, ["job:updated"]),
        ("complete", {"metadata": {"a": 1}}, ["job:updated"]),
        (
            "complete",
            {"outcomeAcknowledgedAt": "2026-01-01T00:00:00Z", "info": "seen"},
            ["job:outcome-acknowledged", "job:updated"],
        ),
    ],
)
async def test_a_patch_logs_one_update_however_much_it_changes(stage, place, body, topics):
    found = await reach(stage, place)
    events = await new_events(stage, patch(stage, found.job, **body))
    assert [event["topic"] for event in events] == topics
    wire = job_wire(await stage.row(found.job), ADMIN.space)
    for name in {"status", "info", "progress", "metadata", "config"} & body.keys() - {"status", place}:
        asked_to_stop = place == "executing" and name == "status"
        assert wire[name] == ("executing" if asked_to_stop else body[name])


async def test_a_second_patch_to_cancel_is_told_but_changes_no_deadline(stage):
    found = await reach(stage, "executing")
    await patch(stage, found.job, status="canceled")
    asked = stage.clock()
    stage.clock.forward(5)
    row = await patch(stage, found.job, status="canceled", info="now please")
    assert (row.status, row.cancel_requested_at, row.info) == ("executing", asked, "now please")


@pytest.mark.parametrize("body", [{}, {"status": "complete"}, {"status": "canceled"}, {"progress": 9}])
async def test_a_patch_that_is_refused_in_one_part_changes_no_other(stage, body):
    found = await reach(stage, "held by a key")
    events = await stage.events()
    for wrong in ({"metadata": {"x": "y" * 65_536}}, {"outcomeAcknowledgedAt": "2026-01-01T00:00:00Z"}):
        error = await refusal(patch(stage, found.job, info="new", **body, **wrong))
        assert error.code in {"too_large", "illegal_move"}
    assert await stage.row(found.job) == found.job
    assert await stage.events() == events


async def test_plain_fields_need_no_lease(stage):
    found = await reach(stage, "held by a key")
    row = await patch(stage, found.job, OTHER, metadata={"team": "b"})
    assert row.described()["metadata"] == {"team": "b"}
    assert row.holder == ADMIN.key_id

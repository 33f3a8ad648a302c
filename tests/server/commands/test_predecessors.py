"""Jobs that wait for others: what they may name, when they go on, and what becomes of them when one ends badly."""

import pytest
from situations import act, reach
from stage import ADMIN, OTHER, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.jobs import JobAck, JobUpdate
from listener_sdk.protocol.times import to_wire
from server.commands import jobs, predecessors, rest
from server.core.views import job_wire


def names(*found):
    return [encode("jb", job.id) for job in found]


async def after(stage, *others, **fields):
    return await stage.create(predecessorIds=names(*others), **fields)


async def end(stage, job, how="complete"):
    await stage.do(rest.ACK, rest.AckJob(ADMIN, job.id, JobAck()))
    await stage.do(*act(how, job))


async def replace(stage, job, *others, **fields):
    body = JobUpdate.model_validate({"predecessorIds": names(*others), **fields})
    return await stage.do(rest.UPDATE, jobs.UpdateJob(ADMIN, job.id, body))


async def refused(stage, make):
    before = await stage.events()
    with pytest.raises(Refusal) as caught:
        await make
    assert await stage.events() == before
    return caught.value


async def status(stage, job):
    return (await stage.row(job)).status


async def test_a_job_waits_until_all_are_complete(stage):
    first, second = await stage.create(), await stage.create()
    job = await after(stage, first, second)
    assert job.status == "waiting"
    assert job_wire(job, ADMIN.space)["predecessorIds"] == names(first, second)
    assert await stage.topics(job.id) == ["job:created", "job:waiting"]
    assert (await stage.events("job:waiting"))[0]["payload"]["waitingFor"] == names(first, second)
    await end(stage, second)
    assert await status(stage, job) == "waiting"
    await end(stage, first)
    assert await status(stage, job) == "ready"


async def test_those_that_are_complete_already_are_not_waited_for(stage):
    done = (await reach(stage, "complete")).job
    assert (await after(stage, done)).status == "ready"
    other = await stage.create()
    job = await after(stage, done, other)
    assert (await stage.events("job:waiting"))[0]["payload"]["waitingFor"] == names(other)
    await end(stage, other)
    assert await status(stage, job) == "ready"


async def test_a_start_time_ahead_counts_when_nobody_is_waited_for_any_more(stage):
    other = await stage.create()
    at = stage.clock() + 60_000
    job = await after(stage, other, scheduledAt=to_wire(at))
    assert job.status == "waiting"
    await end(stage, other)
    row = await stage.row(job)
    assert (row.status, row.scheduled_at) == ("scheduled", at)
    stage.clock.forward(60)
    await stage.look()
    assert await status(stage, job) == "ready"


async def test_a_start_time_that_passes_meanwhile_is_over(stage):
    other = await stage.create()
    job = await after(stage, other, scheduledAt=to_wire(stage.clock() + 60_000))
    stage.clock.forward(61)
    await stage.look()
    assert await status(stage, job) == "waiting"
    await end(stage, other)
    assert await status(stage, job) == "ready"


async def test_a_job_that_waits_has_no_queue_time_out(stage):
    other = await stage.create()
    job = await after(stage, other, queueTimeoutS=5)
    assert job.due_at is None
    stage.clock.forward(60)
    await end(stage, other)
    row = await stage.row(job)
    assert (row.status, row.due_at) == ("ready", stage.clock() + 5_000)


async def test_a_manual_job_stays_created_and_waits_once_it_is_executed(stage):
    other = await stage.create()
    job = await after(stage, other, trigger="manual")
    assert job.status == "created"
    await stage.do(*act("execute", job))
    assert await status(stage, job) == "waiting"
    await stage.do(*act("execute", job))
    assert await status(stage, job) == "ready", "a person starts it all the same"
    await end(stage, other)
    assert (await stage.topics(job.id)).count("job:ready") == 1


async def test_a_manual_job_whose_predecessors_are_complete_is_ready_when_executed(stage):
    other = await stage.create()
    job = await after(stage, other, trigger="manual")
    await end(stage, other)
    assert await status(stage, job) == "created"
    await stage.do(*act("patch status=ready", job))
    assert await status(stage, job) == "ready"


@pytest.mark.parametrize("how", ["fail", "cancel", "delete"])
async def test_a_job_fails_with_what_it_waits_for(stage, how):
    other, third = await stage.create(), await stage.create()
    job = await after(stage, other, third)
    if how == "fail":
        await end(stage, other, "fail")
    else:
        await stage.do(*act(how, other))
    row = await stage.row(job)
    ended = "failed" if how == "fail" else "canceled"
    assert row.info == f"Job {encode('jb', other.id)}, which must complete before this one, is {ended}."
    failed = [
        e["payload"]
        for e in await stage.events("job:failed")
        if e["context"]["jobId"] == encode("jb", job.id)
    ]
    assert [(e["reason"], e["message"]) for e in failed] == [("predecessor_failed", row.info)]
    await end(stage, third)
    assert await status(stage, job) == "failed"


@pytest.mark.parametrize("place", ["failed", "canceled"])
async def test_so_does_one_that_names_a_job_that_has_ended_badly(stage, place):
    other = (await reach(stage, place)).job
    job = await after(stage, other)
    assert await stage.topics(job.id) == ["job:created", "job:waiting", "job:failed"]
    later = await after(stage, other, trigger="manual")
    await stage.do(*act("execute", later))
    assert await status(stage, later) == "failed"


async def test_a_manual_job_whose_predecessor_is_gone_fails_when_executed(stage):
    other = (await reach(stage, "failed")).job
    job = await after(stage, other, trigger="manual")
    await stage.do(*act("delete", other))
    await stage.do(*act("execute", job))
    row = await stage.row(job)
    assert (row.status, row.info) == (
        "failed",
        f"Job {encode('jb', other.id)}, which must complete before this one, was deleted.",
    )


async def test_those_that_follow_follow_suit_however_many_they_are(stage):
    first = last = await stage.create()
    for _ in range(1_200):
        last = await after(stage, last)
    await stage.do(*act("cancel", first))
    assert await status(stage, last) == "failed"
    assert len(await stage.events("job:failed")) == 1_200


async def test_a_partial_result_is_complete(stage):
    found = await reach(stage, "executing", name="a:b")
    job = await after(stage, found.job)
    await found.ask("complete", outcome={"message": "Some", "result": "partial"})
    assert (await stage.row(found.job)).status == "complete"
    assert await status(stage, job) == "ready"


async def test_what_waits_is_granted_when_it_is_ready(stage):
    listener = await stage.listener("a:after")
    other = await stage.create(name="b:before")
    job = await stage.create(name="a:after", predecessorIds=names(other))
    await end(stage, other)
    assert (await listener.grant())["job"]["id"] == encode("jb", job.id)


async def test_waiting_goes_on_after_a_restart(stage):
    other = await stage.create()
    job = await after(stage, other)
    await stage.restart()
    await end(stage, other)
    assert await status(stage, job) == "ready"


# ---- what may be named


@pytest.mark.parametrize("named", ["us_jb_00000zzzzz", "us_wb_1", "x", "#0"])
async def test_unknown_jobs_are_refused(stage, named):
    error = await refused(stage, stage.create(predecessorIds=[named]))
    assert (error.code, error.key) == ("not_found", "predecessorIds")


async def test_so_are_those_of_another_space(stage):
    other = await stage.create(actor=STRANGER)
    error = await refused(stage, after(stage, other))
    assert (error.code, error.key) == ("not_found", "predecessorIds")


async def test_a_job_that_is_named_twice_is_waited_for_once(stage):
    other = await stage.create()
    job = await after(stage, other, other)
    assert job_wire(job, ADMIN.space)["predecessorIds"] == names(other)


async def test_a_child_cannot_wait_for_those_above_it_nor_for_what_waits_for_them(stage):
    top = await stage.create(trigger="manual")
    middle = await stage.create(trigger="manual", parentId=encode("jb", top.id))
    waits = await after(stage, top)
    further = await after(stage, waits)
    for other in (middle, top, waits, further):
        error = await refused(stage, after(stage, other, parentId=encode("jb", middle.id)))
        assert (error.code, error.key) == ("cycle", "predecessorIds")
        assert error.details["jobs"][0] == encode("jb", other.id)


@pytest.mark.parametrize("length", [1, 2, 3, 7])
async def test_circles_are_refused_and_the_jobs_named(stage, length):
    ring = [await stage.create(trigger="manual")]
    for _ in range(length - 1):
        ring.append(await after(stage, ring[-1], trigger="manual"))
    error = await refused(stage, replace(stage, ring[0], ring[-1]))
    assert error.code == "cycle"
    assert error.details["jobs"] == names(*ring[::-1])
    assert encode("jb", ring[0].id) in error.message


async def test_the_search_for_circles_is_bounded(stage, monkeypatch):
    monkeypatch.setattr(predecessors, "MOST_EDGES", 3)
    chain = [await stage.create(trigger="manual")]
    for _ in range(4):
        chain.append(await after(stage, chain[-1], trigger="manual"))
    job = await stage.create(trigger="manual")
    assert (await refused(stage, replace(stage, job, chain[-1]))).code == "limit"
    await replace(stage, job, chain[2])


async def test_complete_jobs_close_no_circle(stage):
    first = await stage.create()
    second = await after(stage, first, trigger="manual")
    await end(stage, first)
    again = await stage.create(trigger="manual")
    await replace(stage, again, first, second)
    assert (await refused(stage, replace(stage, second, again))).code == "cycle"


# ---- other predecessors


async def test_a_list_is_replaced_as_a_whole(stage):
    first, second = await stage.create(), await stage.create()
    job = await after(stage, first)
    await replace(stage, job, second)
    assert job_wire(await stage.row(job), ADMIN.space)["predecessorIds"] == names(second)
    await end(stage, first)
    assert await status(stage, job) == "waiting"
    await replace(stage, job)
    row = await stage.row(job)
    assert row.status == "ready"
    assert "predecessorIds" not in job_wire(row, ADMIN.space)


@pytest.mark.parametrize("place", ["created", "planning"])
async def test_a_job_that_has_not_set_out_stays_where_it_is(stage, place):
    job = (await reach(stage, place)).job
    await replace(stage, job, await stage.create())
    assert await status(stage, job) == place
    assert (await stage.topics(job.id))[-1] == "job:updated"


async def test_a_scheduled_job_that_gets_predecessors_waits(stage):
    job = (await reach(stage, "scheduled")).job
    other = await stage.create()
    await replace(stage, job, other)
    row = await stage.row(job)
    assert (row.status, row.due_at) == ("waiting", None)
    assert (await stage.topics(job.id))[-2:] == ["job:updated", "job:waiting"]
    await end(stage, other)
    assert await status(stage, job) == "scheduled"


async def test_one_that_gets_a_failed_predecessor_fails(stage):
    other = await stage.create()
    job = await after(stage, other)
    await replace(stage, job, (await reach(stage, "failed")).job)
    assert await status(stage, job) == "failed"


@pytest.mark.parametrize(
    "place", ["ready", "granted", "executing", "held by a key", "complete", "failed", "canceled"]
)
async def test_it_is_too_late_when_the_job_is_ready(stage, place):
    job = (await reach(stage, place)).job
    error = await refused(stage, replace(stage, job))
    assert (error.code, error.key, error.details["status"]) == (
        "illegal_move",
        "predecessorIds",
        await status(stage, job),
    )


async def test_a_status_cannot_be_sent_along(stage):
    job = await stage.create(trigger="manual")
    error = await refused(stage, replace(stage, job, status="ready"))
    assert (error.code, error.key) == ("invalid", "predecessorIds")


async def test_another_key_of_the_space_may_change_them(stage):
    other = await stage.create()
    job = await after(stage, other)
    body = JobUpdate(predecessor_ids=[])
    await stage.do(rest.UPDATE, jobs.UpdateJob(OTHER, job.id, body))
    assert await status(stage, job) == "ready"


# ---- what it costs


async def test_jobs_that_nobody_follows_and_that_follow_nobody_cost_nothing_more(stage, monkeypatch):
    connection = stage.node.writer._connection
    said = []
    for name in ("rows", "run"):
        plain = getattr(type(connection), name)

        def spy(self, sql, /, _plain=plain, **params):
            said.append(sql)
            return _plain(self, sql, **params)

        monkeypatch.setattr(type(connection), name, spy)
    job = await stage.create()
    await end(stage, job)
    child = await stage.create(parentId=encode("jb", job.id))
    await stage.do(*act("cancel", child))
    assert said
    assert not [sql for sql in said if "job_predecessor" in sql or "job_split" in sql]

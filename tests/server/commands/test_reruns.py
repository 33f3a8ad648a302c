"""Jobs that are run again: behind which predecessors, and not once more with the job that they are a part of."""

import pytest
from defined import change, declare, define, start
from situations import act, reach
from splits import children, end, split
from stage import ADMIN

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.jobs import JobAck, JobUpdate
from server.commands import bulk, jobs, rest
from server.commands.bulk import ActOnJobs
from server.commands.definitions import DELETE_DEFINITION, DeleteDefinition
from server.core.queue_bound import QueueBound
from server.core.views import job_wire
from server.store import bulk as bulk_sql
from server.store.job_pages import JobFilter

FAILED = JobFilter(statuses=("failed",))


def names(*found):
    return [encode("jb", job.id) for job in found]


async def after(stage, *others, **fields):
    return await stage.create(predecessorIds=names(*others), **fields)


async def retry_failed(stage):
    """Run again what a filter for failed jobs means: the tally, and the new jobs by what they run again."""
    found = await stage.node.read(lambda reader: bulk_sql.candidates(reader, 1, FAILED, "retry", 1000))
    last = (await stage.rows("SELECT MAX(id) FROM job"))[0][0]
    tally = await stage.do(bulk.RETRY, ActOnJobs(ADMIN, found, FAILED))
    made = await stage.rows("SELECT rerun_of, id FROM job WHERE id > :last ORDER BY id", last=last)
    return tally, {old: await stage.row(new) for old, new in made}


def follows(row):
    return job_wire(row, ADMIN.space).get("predecessorIds", [])


# ---- one


async def test_it_waits_for_a_predecessor_that_has_not_ended(stage):
    first, second = await stage.create(), await stage.create()
    job = await after(stage, first, second)
    await stage.do(*act("cancel", job))
    await end(stage, second)
    again = await stage.do(*act("retry", job))
    assert (again.status, follows(again)) == ("waiting", names(first, second))
    await end(stage, first)
    assert (await stage.row(again)).status == "ready"


@pytest.mark.parametrize("how", ["fail", "cancel", "delete"])
async def test_it_waits_for_none_that_ended_without_success(stage, how):
    first = (await reach(stage, "held by a key")).job
    job = await after(stage, first)
    await stage.do(*act(how, first))
    again = await stage.do(*act("retry", job))
    assert (again.status, follows(again)) == ("ready", [])


async def test_it_waits_for_the_rerun_of_a_predecessor(stage):
    first = (await reach(stage, "held by a key")).job
    job = await after(stage, first)
    await stage.do(*act("fail", first))
    rerun = await stage.do(*act("retry", first))
    again = await stage.do(*act("retry", job))
    assert (again.status, follows(again)) == ("waiting", names(rerun))


async def test_a_child_stays_one(stage):
    parent, other = await stage.create(), await stage.create()
    child = await after(stage, other, parentId=encode("jb", parent.id))
    await stage.do(*act("cancel", child))
    again = await stage.do(*act("retry", child))
    assert (again.status, again.parent_id, follows(again)) == ("waiting", parent.id, names(other))


# ---- many


async def test_a_chain_is_run_again_as_a_chain(stage):
    first = (await reach(stage, "held by a key")).job
    second = await after(stage, first)
    third = await after(stage, second)
    await stage.do(*act("fail", first))
    for _ in range(2):
        tally, made = await retry_failed(stage)
        assert (tally.matched, tally.done) == (3, 3)
        again = list(made.values())
        assert [row.status for row in again] == ["ready", "waiting", "waiting"]
        assert [follows(row) for row in again] == [[], names(again[0]), names(again[1])]
        await end(stage, again[0], "fail")
    assert (await stage.row(third)).status == "failed"


async def test_they_are_made_in_the_order_of_the_chain_whatever_their_age(stage):
    follower = await stage.create("a:late", trigger="manual")
    first = await stage.create("a:early")
    body = JobUpdate.model_validate({"predecessorIds": names(first)})
    await stage.do(rest.UPDATE, jobs.UpdateJob(ADMIN, follower.id, body))
    await stage.do(*act("execute", follower))
    await end(stage, first, "fail")
    _, made = await retry_failed(stage)
    assert list(made) == [first.id, follower.id]
    assert follows(made[follower.id]) == names(made[first.id])


async def test_a_predecessor_is_stood_for_by_its_newest_run(stage):
    first = (await reach(stage, "held by a key")).job
    second = await after(stage, first)
    await stage.do(*act("fail", first))
    alone = await stage.do(*act("retry", first))
    await end(stage, alone, "fail")
    _, made = await retry_failed(stage)
    assert list(made) == [alone.id, second.id]
    assert follows(made[second.id]) == names(made[alone.id])


async def test_a_part_of_the_chain_that_is_complete_is_not_waited_for(stage):
    first = await stage.create()
    second = await after(stage, first)
    await end(stage, first)
    await end(stage, second, "fail")
    _, made = await retry_failed(stage)
    assert {old: (row.status, follows(row)) for old, row in made.items()} == {
        second.id: ("ready", names(first))
    }


async def test_a_chain_that_a_full_queue_cuts_goes_on_with_the_next_call(stage):
    first = (await reach(stage, "held by a key")).job
    second = await after(stage, first)
    await stage.do(*act("fail", first))
    stage.facts.bound = QueueBound(1)
    tally, made = await retry_failed(stage)
    assert (list(made), tally.more) == ([first.id], True)
    stage.facts.bound = QueueBound(10)
    _, later = await retry_failed(stage)
    assert follows(later[second.id]) == names(made[first.id])


async def test_named_jobs_may_stand_in_any_order(stage):
    first = (await reach(stage, "held by a key")).job
    second = await after(stage, first)
    await stage.do(*act("fail", first))
    tally = await stage.do(bulk.RETRY, ActOnJobs(ADMIN, [second.id, 999, first.id]))
    assert (tally.done, [job_id for job_id, _ in tally.skipped]) == (2, [999])
    rows = await stage.rows("SELECT rerun_of, status FROM job WHERE rerun_of IS NOT NULL ORDER BY id")
    assert rows == [(first.id, "ready"), (second.id, "waiting")]


# ---- parts


async def failed_with_parts(stage):
    """A job that has failed, as its first part did."""
    job = (await reach(stage, "held by a key")).job
    await split(stage, job, 2)
    first, second = await children(stage, job)
    await end(stage, first, "fail")
    await end(stage, second, "fail")
    await stage.do(*act("fail", job))
    return job, first, second


async def test_parts_of_a_job_that_is_run_again_are_not(stage):
    job, first, second = await failed_with_parts(stage)
    tally, made = await retry_failed(stage)
    assert list(made) == [job.id]
    assert [(job_id, why.code) for job_id, why in tally.skipped] == [
        (part.id, "already_retried") for part in (first, second)
    ]
    assert tally.skipped[0][1].message == (
        f"Job {encode('jb', made[job.id].id)} runs {encode('jb', job.id)}, of which this is a part, again and has not ended: "
        "wait for it."
    )
    tally, made = await retry_failed(stage)
    assert (tally.matched, made) == (0, {}), "nor by the next call"


async def test_nor_are_parts_of_its_parts(stage):
    job = (await reach(stage, "held by a key")).job
    await split(stage, job, 1)
    (middle,) = await children(stage, job)
    await split(stage, middle, 1)
    (low,) = await children(stage, middle)
    for one in (low, middle):
        await end(stage, one, "fail")
    await stage.do(*act("fail", job))
    tally = await stage.do(bulk.RETRY, ActOnJobs(ADMIN, [low.id, middle.id, job.id]))
    assert (tally.done, [job_id for job_id, _ in tally.skipped]) == (1, [middle.id, low.id])
    assert (await retry_failed(stage))[0].matched == 0


async def test_parts_alone_are_run_again_as_parts(stage):
    job, first, second = await failed_with_parts(stage)
    tally = await stage.do(bulk.RETRY, ActOnJobs(ADMIN, [first.id, second.id]))
    assert (tally.done, tally.skipped) == (2, [])
    made = await stage.rows("SELECT id FROM job WHERE rerun_of IS NOT NULL ORDER BY id")
    wires = [job_wire(await stage.row(number[0]), ADMIN.space) for number in made]
    assert [(wire["part"], wire["parentId"]) for wire in wires] == [(0, *names(job)), (1, *names(job))]


async def test_a_part_is_not_run_again_beside_the_rerun_of_its_job(stage):
    job, first, _ = await failed_with_parts(stage)
    again = await stage.do(*act("retry", job))
    with pytest.raises(Refusal) as caught:
        await stage.do(*act("retry", first))
    assert (caught.value.code, caught.value.details["job"]) == ("already_retried", *names(again))
    await end(stage, again, "fail")
    assert (await stage.do(*act("retry", first))).status == "ready"


async def test_children_that_are_no_parts_are_run_again_beside_their_parent(stage):
    parent = (await reach(stage, "held by a key")).job
    child = await stage.create("a:child", parentId=encode("jb", parent.id))
    await end(stage, child, "fail")
    await stage.do(*act("fail", parent))
    _, made = await retry_failed(stage)
    assert list(made) == [parent.id, child.id]


# ---- of a definition


async def canceled(stage, row):
    job = await start(stage, row)
    return await stage.do(*act("cancel", job))


async def test_a_disabled_definition_s_jobs_are_not_run_again(stage):
    await declare(stage)
    job, plain = await canceled(stage, await define(stage)), await stage.create()
    await stage.do(*act("cancel", plain))
    await change(stage, enabled=False)
    with pytest.raises(Refusal, match="definitions enable nightly") as caught:
        await stage.do(*act("retry", job))
    assert caught.value.code == "disabled"
    tally = await stage.do(bulk.RETRY, ActOnJobs(ADMIN, [job.id, plain.id]))
    assert (tally.done, [(one, why.code) for one, why in tally.skipped]) == (1, [(job.id, "disabled")])
    every = JobFilter(statuses=("canceled",))
    found = await stage.node.read(lambda reader: bulk_sql.candidates(reader, 1, every, "retry", 10))
    assert found == [], "who repeats the call comes to an end"
    await change(stage, enabled=True)
    assert await stage.node.read(lambda reader: bulk_sql.candidates(reader, 1, every, "retry", 10)) == [
        job.id
    ]
    assert (await stage.do(*act("retry", job))).rerun_of == job.id


async def test_a_part_of_a_disabled_definition_s_job_still_is(stage):
    await declare(stage)
    job = await start(stage, await define(stage))
    await stage.do(rest.ACK, rest.AckJob(ADMIN, job.id, JobAck()))
    await split(stage, job, 2)
    first, _ = await children(stage, job)
    await stage.do(*act("cancel", first))
    await change(stage, enabled=False)
    assert (await stage.do(*act("retry", first))).rerun_of == first.id


async def test_a_deleted_definition_s_jobs_are_run_again_as_they_were(stage):
    await declare(stage)
    job = await canceled(stage, await define(stage, params={"url": "y"}))
    await stage.do(DELETE_DEFINITION, DeleteDefinition(ADMIN, "nightly"))
    again = await stage.do(*act("retry", job))
    assert (again.rerun_of, again.described()["input"]) == (job.id, {"url": "y", "limit": 10})
    assert (again.head, again.status) == (job.head, "ready")
    await define(stage, enabled=False)
    await stage.do(*act("cancel", again))
    assert (await stage.do(*act("retry", job))).status == "ready", "another definition has the code now"

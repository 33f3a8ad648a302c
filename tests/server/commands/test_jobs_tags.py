"""Tags of jobs: kept where there are any, changed as a whole, and taken over by parts and reruns."""

import asyncio

import pytest
from stage import ADMIN

from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.jobs import JobCreate, JobEnd, JobSplit, JobUpdate
from server.commands import bulk, jobs, parts, rest

TAGS = ["acme", "vip"]


async def kept(stage):
    """What the index of tags has, by job."""
    found = {}
    for job_id, space, tag in await stage.rows(
        "SELECT job_id, space_id, tag FROM job_tag ORDER BY job_id, tag"
    ):
        assert space == 1
        found.setdefault(job_id, []).append(tag)
    return found


async def patch(stage, job, **fields):
    body = JobUpdate.model_validate(fields)
    return await stage.do(rest.UPDATE, jobs.UpdateJob(ADMIN, job.id, body))


async def told(stage, job):
    """The topics of all events about a job, each with the tags that it says."""
    mine = [event for event in await stage.events() if event["context"].get("jobId") == encode("jb", job.id)]
    return [(event["topic"], event["payload"].get("tags")) for event in mine]


async def end(stage, job):
    await stage.do(rest.ACK, rest.AckJob(ADMIN, job.id, rest.JobAck()))
    await stage.do(rest.FAIL, rest.EndJob(ADMIN, job.id, JobEnd()))


async def test_a_job_keeps_its_tags_and_every_event_says_them(stage):
    job = await stage.create(tags=TAGS, input={"rows": 3})
    assert (await stage.row(job)).tags == TAGS
    assert await kept(stage) == {job.id: TAGS}
    await end(stage, job)
    found = await told(stage, job)
    assert [topic for topic, _ in found][-1] == "job:failed"
    assert [tags for _, tags in found] == [TAGS] * len(found)


@pytest.mark.parametrize("fields", [{}, {"tags": []}, {"tags": None}])
async def test_a_job_without_tags_leaves_nothing(stage, fields):
    job = await stage.create(**fields)
    assert "tags" not in (await stage.row(job)).described()
    assert await kept(stage) == {}
    assert {tags for _, tags in await told(stage, job)} == {None}


async def test_a_change_replaces_all_tags(stage):
    job, other = await stage.create(tags=TAGS, label="l"), await stage.create(tags=["other"])
    await patch(stage, job, tags=["new", "vip"])
    row = await stage.row(job)
    assert (row.tags, row.described()["label"]) == (["new", "vip"], "l")
    assert await kept(stage) == {job.id: ["new", "vip"], other.id: ["other"]}
    assert (await told(stage, job))[-1] == ("job:updated", ["new", "vip"])
    await patch(stage, job, tags=[], metadata={"a": 1})
    row = await stage.row(job)
    assert (row.tags, row.described()["metadata"]) == ([], {"a": 1})
    assert await kept(stage) == {other.id: ["other"]}
    await patch(stage, job, metadata={"a": 2}, tags=["late"])
    assert (await stage.row(job)).tags == ["late"]


async def test_other_changes_leave_the_tags(stage):
    first, job = await stage.create(trigger="manual"), await stage.create(tags=TAGS, trigger="manual")
    await patch(stage, job, config={"a": 1}, priority=3, predecessorIds=[encode("jb", first.id)])
    assert (await stage.row(job)).tags == TAGS
    assert await kept(stage) == {job.id: TAGS}


async def test_changes_in_one_batch_leave_the_last(stage):
    job = await stage.create(tags=TAGS)
    await asyncio.gather(*(patch(stage, job, tags=[f"t{number}", "same"]) for number in range(5)))
    assert (await stage.row(job)).tags == ["t4", "same"]
    assert await kept(stage) == {job.id: ["same", "t4"]}


async def test_an_ended_job_can_be_tagged(stage):
    job = await stage.create()
    await end(stage, job)
    await patch(stage, job, tags=["seen"])
    assert await kept(stage) == {job.id: ["seen"]}


async def test_a_change_of_tags_stands_in_the_audit_once(stage):
    job = await stage.create(tags=["old"])
    for _ in range(2):
        await patch(stage, job, tags=TAGS)
    lines = await stage.rows("SELECT action, before, after FROM audit")
    assert lines == [("job:updated", '{"tags":["old"]}', '{"tags":["acme","vip"]}')]


async def test_parts_and_reruns_have_the_tags_of_their_job(stage):
    job = await stage.create(tags=TAGS)
    await stage.do(parts.SPLIT, parts.SplitJob(ADMIN, job.id, JobSplit(parts=2, run_in_parallel=True)))
    await end(stage, job)
    again = await stage.do(jobs.RETRY, jobs.JobAct(ADMIN, job.id))
    found = await kept(stage)
    assert len(found) == 4
    assert {tuple(tags) for tags in found.values()} == {tuple(TAGS)}
    assert again.tags == TAGS


async def test_children_that_are_no_parts_have_their_own(stage):
    job = await stage.create(tags=TAGS)
    child = await stage.create(parentId=encode("jb", job.id))
    assert (await stage.row(child)).tags == []


async def test_many_jobs_of_one_call_have_theirs(stage):
    members = [JobCreate(type="a", operation="b", tags=[f"t{n}"] if n else []) for n in range(3)]
    made = await stage.do(bulk.CREATE, bulk.CreateJobs(ADMIN, members, range(3)))
    assert await kept(stage) == {made[1].id: ["t1"], made[2].id: ["t2"]}


async def test_a_job_that_is_deleted_leaves_none(stage):
    job = await stage.create(tags=TAGS)
    await stage.do(jobs.DELETE, jobs.JobAct(ADMIN, job.id))
    assert await kept(stage) == {}
    assert (await told(stage, job))[-1] == ("job:deleted", TAGS)


async def test_a_job_that_is_deleted_in_the_batch_of_its_change_leaves_none(stage):
    job = await stage.create(tags=TAGS)
    await asyncio.gather(patch(stage, job, tags=["new"]), stage.do(jobs.DELETE, jobs.JobAct(ADMIN, job.id)))
    assert await kept(stage) == {}


async def test_listeners_may_ask_for_a_tag(stage):
    await stage.create(tags=["other"])
    mine = await stage.create(tags=TAGS)
    listener = stage.connect()
    await listener.hello()
    await listener.listen("**", filter={"tag": "acme"}, credit=2)
    grant = await listener.grant()
    assert grant["job"]["tags"] == TAGS
    await stage.idle()
    assert listener.seen("grants") == []
    assert (await stage.row(mine)).holder is not None

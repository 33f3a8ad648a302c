"""How jobs end: what follows for others, told in an order in which nobody is told of an end twice."""

from situations import act, reach
from stage import ADMIN

from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.jobs import JobAck, JobSplit, JobUpdate
from server.commands import jobs, parts, rest
from server.commands.ends import default_outcome


async def split(stage, job, number=1):
    await stage.do(parts.SPLIT, parts.SplitJob(ADMIN, job.id, JobSplit(parts=number)))
    found = await stage.rows("SELECT id FROM job WHERE parent_id = :id ORDER BY part", id=job.id)
    return [row[0] for row in found]


async def follow(stage, job_id, *others):
    body = JobUpdate(predecessor_ids=[encode("jb", other) for other in others])
    await stage.do(rest.UPDATE, jobs.UpdateJob(ADMIN, job_id, body))


async def terminal(stage):
    found = await stage.events("job:completed", "job:failed", "job:canceled")
    return [(e["context"]["jobId"], e["topic"]) for e in found]


async def test_a_job_that_waits_for_its_own_part_ends_once(stage):
    job = await stage.create(trigger="manual")
    (part,) = await split(stage, job)
    await follow(stage, job.id, part)
    await stage.do(*act("execute", job))
    assert (await stage.row(job)).status == "waiting"
    await stage.do(*act("cancel", job))
    assert await terminal(stage) == [
        (encode("jb", part), "job:canceled"),
        (encode("jb", job.id), "job:canceled"),
    ]


async def test_a_part_that_fails_with_what_it_waits_for_lets_the_next_begin(stage):
    other, job = await stage.create(), await stage.create()
    first, second, third = await split(stage, job, 3)
    await follow(stage, second, other.id)
    await stage.do(*act("cancel", other))
    assert (await stage.row(second)).status == "failed"
    assert (await stage.row(third)).status == "waiting"
    await stage.do(*act("cancel", await stage.row(first)))
    assert (await stage.row(third)).status == "ready"


async def test_the_end_of_a_last_part_and_of_its_followers_are_all_told(stage):
    job = await stage.create()
    (part,) = await split(stage, job)
    after = await stage.create(predecessorIds=[encode("jb", part)])
    await stage.do(rest.ACK, rest.AckJob(ADMIN, part, JobAck()))
    await stage.do(*act("complete", await stage.row(part)))
    assert (await stage.row(after)).status == "ready"
    topics = [e["topic"] for e in await stage.events()]
    assert topics[-4:] == ["job:completed", "job:updated", "job:parts-completed", "job:ready"]


async def test_a_job_that_was_split_tries_again_with_the_same_parts(stage):
    found = await reach(stage, "executing")
    made = await split(stage, found.job, 2)
    await found.ask("fail", message="broken")
    assert (await stage.row(found.job)).status == "scheduled"
    assert not (await stage.row(made[0])).ended
    assert (await stage.row(found.job)).parts == 2


def test_a_failure_without_outcome_offers_another_try():
    found = default_outcome("The disk is full.")
    assert (found["heading"], found["message"], found["next"]["type"]) == (
        "Job failed",
        "The disk is full.",
        "retry",
    )

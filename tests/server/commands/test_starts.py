"""How jobs set out: by their trigger, by a person, with a start time, and in their place in the queue."""

import pytest
from situations import act, reach
from stage import ADMIN

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.jobs import JobUpdate
from listener_sdk.protocol.times import to_wire
from server.commands import jobs, rest


async def test_a_start_time_ahead_is_told_and_kept(stage):
    at = stage.clock() + 60_000
    job = await stage.create(trigger="manual", scheduledAt=to_wire(at))
    assert (job.status, job.scheduled_at, job.due_at) == ("scheduled", at, at)
    (event,) = await stage.events("job:scheduled")
    assert (event["payload"]["scheduledAt"], event["payload"]["status"]) == (to_wire(at), "scheduled")


@pytest.mark.parametrize("how", ["execute", "patch status=ready"])
async def test_a_scheduled_job_is_started_by_a_person(stage, how):
    job = (await reach(stage, "scheduled")).job
    await stage.do(*act(how, job))
    assert (await stage.row(job)).status == "ready"
    stage.clock.forward(120)
    await stage.look()
    assert (await stage.topics(job.id)).count("job:ready") == 1


async def test_a_start_time_that_is_over_means_now(stage):
    job = await stage.create(scheduledAt=to_wire(stage.clock() - 1))
    assert (job.status, job.scheduled_at) == ("ready", None)


async def prefer(stage, job, priority):
    body = JobUpdate.model_validate({"priority": priority})
    return await stage.do(rest.UPDATE, jobs.UpdateJob(ADMIN, job.id, body))


async def test_another_priority_gives_a_ready_job_another_place_in_the_queue(stage):
    first, second, third = [await stage.create() for _ in range(3)]
    await prefer(stage, third, 5)
    await prefer(stage, first, -5)
    assert (await stage.topics(third.id))[-1] == "job:updated"
    listener = await stage.listener("workbook:export", credit=1)
    order = []
    for _ in range(3):
        grant = await listener.grant()
        order.append(grant["job"]["id"])
        await listener.ask(**listener.about("complete", grant))
    assert order == [encode("jb", job.id) for job in (third, second, first)]


async def test_so_it_does_where_jobs_are_filtered(stage):
    first, second = [await stage.create(metadata={"team": "red"}) for _ in range(2)]
    listener = stage.connect()
    await listener.hello()
    await prefer(stage, second, 5)
    listener.say(
        type="listen", jobs=[{"job": "**", "filter": {"payload.metadata.team": "red"}}], credit=1, id=2
    )
    grant = await listener.grant()
    assert grant["job"]["id"] == encode("jb", second.id)
    await prefer(stage, first, 9)
    await listener.ask(**listener.about("complete", grant))
    assert (await listener.grant())["job"]["id"] == encode("jb", first.id)


@pytest.mark.parametrize("place", ["created", "planning", "scheduled", "waiting", "granted", "executing"])
async def test_whatever_has_not_ended_may_get_another_priority(stage, place):
    job = (await reach(stage, place)).job
    assert (await prefer(stage, job, 7)).priority == 7
    assert (await stage.row(job)).status == job.status


@pytest.mark.parametrize("place", ["complete", "failed", "canceled"])
async def test_what_has_ended_may_not(stage, place):
    job = (await reach(stage, place)).job
    with pytest.raises(Refusal) as caught:
        await prefer(stage, job, 7)
    assert (caught.value.code, caught.value.key) == ("illegal_move", "priority")
    assert (await stage.row(job)).priority == 0

"""Two servers on one database: what one does, the other tells its listeners and subscribers."""

import asyncio
import contextlib

import pytest
from postgres import postgres
from splits import children, split
from stage import ADMIN, Clock, Stage

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.jobs import JobAck, JobEnd, JobUpdate
from server.commands import jobs, rest
from server.core.jobs import JobRow
from server.store.postgres import PostgresDatabase


@contextlib.asynccontextmanager
async def servers(path, count):
    clock = Clock()
    with postgres().lent() as url:
        found = [await Stage(path, lambda _: PostgresDatabase(url), clock).start() for _ in range(count)]
        clock.forward(found[0].facts.limits.lease_ms / 1000)
        try:
            yield found
        finally:
            for stage in found:
                await stage.stop()


@pytest.fixture
async def pair(tmp_path):
    async with servers(tmp_path, 2) as found:
        yield found


async def told(stage):
    """All that other servers have done is known here, and what follows from it has been delivered."""
    await stage.node.tail.poll()
    await stage.idle()


async def lease(stage, listener) -> dict:
    await told(stage)
    return await listener.grant()


async def test_a_job_made_on_one_server_is_taken_by_a_listener_of_the_other(pair):
    here, there = pair
    listener = await there.listener("workbook:export")
    job = await here.create()
    grant = await lease(there, listener)
    assert grant["job"]["id"] == encode("jb", job.id)
    await listener.ask(**listener.about("ack", grant))
    await listener.ask(**listener.about("complete", grant))
    assert (await here.row(job)).status == "complete"


async def test_jobs_of_both_servers_are_taken_in_one_order(pair):
    here, there = pair
    made = [await (here, there)[n % 2].create(priority=n % 3) for n in range(12)]
    await told(there)
    listener = await there.listener("workbook:export", credit=12)
    await there.idle()
    granted = [g["job"]["id"] for frame in listener.seen("grants") for g in frame["jobs"]]
    wanted = sorted(made, key=lambda job: (-job.priority, job.id))
    assert granted == [encode("jb", job.id) for job in wanted]


async def test_a_job_is_taken_once_however_many_servers_want_it(pair):
    here, there = pair
    listeners = [
        await stage.listener("workbook:*", credit=1_000, session="s" * n) for n, stage in enumerate(pair, 9)
    ]
    async with asyncio.TaskGroup() as group:
        for n in range(200):
            group.create_task(pair[n % 2].create())
    for _ in range(3):
        for stage in pair:
            await told(stage)
    granted = [g["job"]["id"] for one in listeners for frame in one.seen("grants") for g in frame["jobs"]]
    assert len(granted) == len(set(granted)) == 200
    assert here.node.dispatch.doubtful == there.node.dispatch.doubtful == set()


async def test_a_claim_in_vain_is_made_up_for(pair):
    here, there = pair
    job = await here.create()
    await told(there)
    await here.do(rest.ACK, rest.AckJob(ADMIN, job.id, JobAck()))
    listener = await there.listener("workbook:export")
    await there.idle()
    assert listener.seen("grants") == []
    other = await here.create()
    assert (await lease(there, listener))["job"]["id"] == encode("jb", other.id)


async def test_a_cancel_reaches_the_listener_of_another_server_once(pair):
    here, there = pair
    listener = await there.listener("workbook:export")
    job = await here.create()
    grant = await lease(there, listener)
    await listener.ask(**listener.about("ack", grant))
    await told(here)
    await here.do(jobs.CANCEL, jobs.CancelJob(ADMIN, job.id, "enough"))
    await told(there)
    asked = await listener.of_type("cancel")
    assert (asked["job"], asked["reason"]) == (encode("jb", job.id), "enough")
    await here.do(rest.UPDATE, jobs.UpdateJob(ADMIN, job.id, JobUpdate(metadata={"a": 1})))
    await told(there)
    assert listener.seen("cancel") == []


async def test_a_lease_that_another_server_ends_is_lost_and_its_credit_comes_back(pair):
    here, there = pair
    listener = await there.listener("workbook:export", credit=1)
    job, following = await here.create(), await here.create()
    grant = await lease(there, listener)
    await told(here)
    await here.do(jobs.DELETE, jobs.JobAct(ADMIN, job.id))
    await told(there)
    stale = await listener.of_type("stale")
    assert [one["job"] for one in stale["leases"]] == [grant["job"]["id"]]
    assert (await listener.grant())["job"]["id"] == encode("jb", following.id)


async def test_a_lease_that_runs_out_is_taken_by_either_server_and_given_to_any(pair):
    here, there = pair
    await there.listener("workbook:export")
    job = await here.create()
    await told(there)
    assert (await here.row(job)).holder is not None
    here.clock.forward(31)
    await here.node.due.look()
    await there.node.due.look()
    assert (await here.row(job)).status == "scheduled"
    here.clock.forward(3600)
    other = await here.listener("workbook:export", session="another-one")
    for stage in pair:
        await stage.node.due.look()
        await told(stage)
    again = await here.row(job)
    assert again.attempt == 2
    assert again.holder is not None
    assert len(await here.events("job:attempt-failed")) == 1
    assert len(other.seen("grants")) <= 1


async def test_a_session_goes_on_at_another_server(pair):
    here, there = pair
    listener = await there.listener("workbook:export", credit=1)
    job, following = await here.create(), await here.create()
    grant = await lease(there, listener)
    listener.peer.gone()
    await there.idle()
    moved = here.connect()
    welcome = await moved.hello(held=[{"job": grant["job"]["id"], "fence": grant["fence"]}])
    assert "stale" not in welcome or welcome["stale"] == []
    await moved.listen("workbook:export", credit=1)
    assert moved.seen("grants") == [], "its credit is spent"
    await moved.ask(**moved.about("complete", grant))
    assert (await moved.grant())["job"]["id"] == encode("jb", following.id)
    assert (await there.row(job)).status == "complete"
    await told(there)
    assert there.node.hub.ticks.lease(job.id) is None


@pytest.mark.parametrize("ahead", [True, False])
async def test_a_position_of_one_server_is_continued_at_the_other(pair, ahead):
    here, there = pair
    first: JobRow = await here.create()
    position = str(here.node.log.head)
    if not ahead:
        await told(there)
    subscriber = there.connect()
    await subscriber.hello()
    subscriber.say(type="subscribe", sub="s", topics=["job:*"], after=position, id=7)
    await subscriber.of_type("subscribed")
    second = await here.create()
    await told(there)
    frame = await subscriber.of_type("events")
    assert {event["context"]["jobId"] for event in frame["events"]} == {encode("jb", second.id)} != {first.id}


async def test_a_position_that_nobody_has_told_is_refused(pair):
    here, there = pair
    subscriber = there.connect()
    await subscriber.hello()
    subscriber.say(type="subscribe", sub="s", topics=["**"], after=f"{here.node.log.epoch}:999", id=7)
    assert (await subscriber.of_type("error"))["code"] == "cursor_ahead"


async def test_subscribers_of_either_server_see_every_event_once_and_in_order(pair):
    subscribers = []
    for stage in pair:
        found = stage.connect()
        await found.hello()
        found.say(type="subscribe", sub="s", topics=["**"], after="oldest")
        await found.of_type("subscribed")
        subscribers.append(found)
    async with asyncio.TaskGroup() as group:
        for n in range(100):
            group.create_task(pair[n % 2].create(trigger="manual"))
    for stage in pair:
        await told(stage)
    seen = [
        [event["position"] for frame in one.seen("events") for event in frame["events"]]
        for one in subscribers
    ]
    epoch = pair[0].node.log.epoch
    assert seen[0] == seen[1] == [f"{epoch}:{n}" for n in range(1, 101)]


async def test_a_listener_that_let_a_lease_run_out_gets_nothing_whoever_noticed(pair):
    here, there = pair
    listener = await there.listener("workbook:export", credit=5)
    await here.create()
    await lease(there, listener)
    await told(here)
    here.clock.forward(31)
    await here.node.due.look()
    await told(there)
    await here.create()
    await told(there)
    assert listener.seen("grants") == [], "it may hang: nothing until it speaks"
    listener.say(type="renew", leases=[])
    await there.idle()
    assert listener.seen("grants") != []


# ---- two servers at the same moment


async def both(pair, first, second):
    """Two commands at once, each at a server of its own; their results or refusals."""
    return await asyncio.gather(pair[0].do(*first), pair[1].do(*second), return_exceptions=True)


def ending(job):
    return rest.COMPLETE, rest.EndJob(ADMIN, job.id, JobEnd())


async def begun(stage, *jobs):
    for job in jobs:
        await stage.do(rest.ACK, rest.AckJob(ADMIN, job.id, JobAck()))


async def test_parts_that_end_at_two_servers_are_all_counted(pair):
    here, _ = pair
    for _ in range(5):
        job = await here.create()
        await split(here, job, 16, parallel=True)
        made = await children(here, job)
        await begun(here, *made)
        for first, second in zip(made[::2], made[1::2], strict=True):
            await both(pair, ending(first), ending(second))
        last = (await here.events("job:parts-completed"))[-1]
        assert last["context"]["jobId"] == encode("jb", job.id)
        assert last["payload"]["parts"] == {"total": 16, "completed": 16, "failed": 0, "canceled": 0}


async def test_a_job_goes_on_when_its_last_predecessors_end_at_two_servers(pair):
    here, _ = pair
    for _ in range(15):
        first, second = await here.create(), await here.create()
        await begun(here, first, second)
        names = [encode("jb", first.id), encode("jb", second.id)]
        follower = await here.create(predecessorIds=names)
        await both(pair, ending(first), ending(second))
        assert (await here.row(follower)).status == "ready"


async def test_two_servers_do_not_close_a_circle_together(pair, capsys):
    here, _ = pair
    for _ in range(10):
        one, two = await here.create(trigger="manual"), await here.create(trigger="manual")

        def patch(job, other):
            body = JobUpdate(predecessor_ids=[encode("jb", other.id)])
            return rest.UPDATE, jobs.UpdateJob(ADMIN, job.id, body)

        found = await both(pair, patch(one, two), patch(two, one))
        refused = [one.code for one in found if isinstance(one, Refusal)]
        assert refused == ["cycle"], found
    assert "batch_again" not in capsys.readouterr().out, "neither waits for what the other keeps"


async def test_queues_that_nobody_told_of_are_sought(pair):
    here, there = pair
    listener = await there.listener("workbook:export")
    job = await here.create()
    there.node.log.replace(here.node.log.ends)
    await told(there)
    assert listener.seen("grants") == []
    there.node.neighbours.seek()
    await there.idle()
    assert (await listener.grant())["job"]["id"] == encode("jb", job.id)

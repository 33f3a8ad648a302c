"""Simulated listeners keep the rules of the protocol, whatever befalls them."""

import asyncio

import pytest
from defined import declare, define, start

from listener_sdk.protocol.ids import decode
from server.commands.jobs import CANCEL, CancelJob
from server.virtual.listeners import Failed
from server.virtual.world import run


def seconds(count):
    async def work(job):
        job.log("begins")
        await asyncio.sleep(count)
        return {"attempt": job.attempt}

    return work


def test_leases_are_renewed_for_as_long_as_the_work_takes():
    async def scenario(world):
        world.listener(work=seconds(900))
        job = await world.create("report:make")
        await world.settle()
        world.check()
        return world.job(job)

    job = run(scenario)
    assert (job.status, job.attempt, job.result) == ("complete", 1, {"attempt": 1})


def test_a_run_says_up_to_where_it_has_read_with_its_success_alone():
    begun = []

    async def work(job):
        begun.append((job.facts["runMode"], job.facts["watermark"]["since"]))
        job.advance(f"run {len(begun)}")
        if len(begun) == 2:
            raise Failed("No.", retry=False)

    async def scenario(world):
        world.listener(work=work)
        await declare(world, world.admin, inputSchema={"type": "object"})
        row = await define(world, world.admin, modes={"default": "delta"})
        for _ in range(3):
            await start(world, row, world.admin)
            await world.settle()
        world.check()

    run(scenario)
    assert begun == [("full", None), ("delta", "run 1"), ("delta", "run 1")]


def test_a_listener_takes_no_more_than_its_credit():
    running, most = set(), []

    async def work(job):
        running.add(job.id)
        most.append(len(running))
        await asyncio.sleep(5)
        running.discard(job.id)

    async def scenario(world):
        world.listener(work=work, credit=3)
        await asyncio.gather(*(world.create("report:make") for _ in range(20)))
        await world.settle()
        world.check()

    run(scenario)
    assert max(most) == 3


def test_a_listener_that_stops_lets_its_handlers_end():
    async def scenario(world):
        listener = world.listener(work=seconds(60))
        job = await world.create("report:make")
        await world.advance(seconds=5)
        await listener.stop()
        late = await world.create("report:make")
        await world.advance(minutes=1)
        return world.job(job).status, world.job(late).status, list(world.listeners)

    assert run(scenario) == ("complete", "ready", [])


def test_a_killed_listener_leaves_its_jobs_to_others():
    async def scenario(world):
        first = world.listener(work=seconds(60))
        job = await world.create("report:make")
        await world.advance(seconds=5)
        first.kill()
        world.listener(work=seconds(1))
        await world.settle()
        world.check()
        return world.job(job), world.topics(job)

    job, topics = run(scenario)
    assert (job.status, job.attempt) == ("complete", 2)
    assert topics.count("job:attempt-failed") == 1


def test_an_ending_whose_answer_was_lost_is_said_again_and_taken_once():
    async def scenario(world):
        listener = world.listener(work=seconds(5))
        job = await world.create("report:make")
        await world.run_until(lambda: world.job(job).status == "complete")
        listener.cut()
        await world.settle()
        world.check()
        return [end.answer for end in world.history.ends], world.topics(job).count("job:completed")

    assert run(scenario, wire_s=1.0) == ([None, "ok"], 1)


def test_a_cancel_stops_the_handler():
    ended = []

    async def work(job):
        try:
            await asyncio.sleep(600)
        finally:
            ended.append(job.id)

    async def scenario(world):
        world.listener(work=work)
        job = await world.create("report:make")
        await world.advance(seconds=5)
        await world.do(CANCEL, CancelJob(world.admin, decode("jb", job)))
        await world.advance(seconds=5)
        world.check()
        return job, world.job(job).status

    job, status = run(scenario)
    assert (status, ended) == ("canceled", [job])


@pytest.mark.parametrize(("retry", "attempts"), [(True, 3), (False, 1)])
def test_a_handler_says_whether_another_attempt_may_follow(retry, attempts):
    async def work(job):
        raise Failed("No.", retry=retry)

    async def scenario(world):
        world.listener(work=work)
        job = await world.create("report:make", maxAttempts=3)
        await world.settle()
        world.check()
        return world.job(job)

    job = run(scenario)
    assert (job.status, job.attempt) == ("failed", attempts)


def test_a_listener_that_vanishes_is_missed_and_comes_back():
    async def scenario(world):
        listener = world.listener(work=seconds(20))
        await world.advance(seconds=1)
        listener.vanish()
        job = await world.create("report:make")
        await world.run_until(lambda: world.job(job).status == "complete", minutes=10)
        world.check()
        return world.job(job).attempt

    assert run(scenario) == 2


def test_a_subscriber_hears_everything_once_over_many_connections():
    async def scenario(world):
        world.listener(work=seconds(1))
        follower = world.subscriber("job:*", name="follower")
        for _ in range(30):
            await world.create("report:make")
            await world.advance(seconds=2)
            follower.cut()
        await world.settle()
        world.check()
        return world.history.followed["follower"].heard

    heard = run(scenario)
    assert heard == sorted(set(heard))
    assert len(heard) >= 120

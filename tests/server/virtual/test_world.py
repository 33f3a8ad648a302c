"""A world in virtual time: jobs, leases, retries, restarts and crashes of a whole server, without waiting."""

import asyncio
from datetime import UTC, datetime

import pytest

from listener_sdk.protocol.codes import Refusal
from server.virtual.listeners import Failed
from server.virtual.world import CrashedError, UnmetError, World, run


async def at_once(job):
    return {"n": job.input.get("n", 0)}


def seconds(count, percent=50):
    async def work(job):
        job.tick(percent)
        await asyncio.sleep(count)

    return work


def test_a_job_is_made_taken_and_done():
    async def scenario(world):
        world.listener("report:*", work=at_once)
        job = await world.create("report:make", input={"n": 7})
        await world.settle()
        world.check()
        return world.job(job), world.topics(job)

    job, topics = run(scenario)
    assert (job.status, job.result) == ("complete", {"n": 7})
    assert topics == ["job:created", "job:ready", "job:updated", "job:completed"]


def test_the_clock_says_what_has_passed():
    async def scenario(world):
        await world.advance(hours=6, minutes=30)
        return world.now

    start = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)
    assert run(scenario, start=start) == datetime(2026, 3, 29, 5, 30, tzinfo=UTC)


def test_a_job_starts_at_its_time():
    async def scenario(world):
        world.listener(work=at_once)
        job = await world.create("report:make", scheduledAt="2026-01-03T12:00:00Z")
        await world.advance(hours=59, minutes=59)
        before = world.job(job).status
        await world.advance(minutes=2)
        return before, world.job(job)

    before, job = run(scenario)
    assert (before, job.status) == ("scheduled", "complete")
    assert job.started_at - datetime(2026, 1, 3, 12, tzinfo=UTC) < job.started_at.resolution * 500_000


def test_attempts_that_fail_are_followed_by_others_until_they_are_used_up():
    async def scenario(world):
        async def fail(job):
            raise Failed("It did not work.")

        world.listener(work=fail)
        job = await world.create("report:make", maxAttempts=4)
        await world.settle(days=2)
        world.check()
        return world.job(job), world.topics(job).count("job:attempt-failed")

    job, failures = run(scenario)
    assert (job.status, job.attempt, failures) == ("failed", 4, 4)


def test_a_frozen_listener_loses_its_lease_and_its_late_result_is_refused():
    async def scenario(world):
        first = world.listener(work=seconds(10), name="listener-one")
        job = await world.create("report:make")
        await world.advance(seconds=5)
        first.freeze(120)
        world.listener(work=seconds(10), name="listener-two")
        await world.advance(minutes=3)
        await world.settle()
        world.check()
        ends = [(end.session, end.answer) for end in world.history.ends]
        return world.job(job), ends

    job, ends = run(scenario)
    assert (job.status, job.attempt) == ("complete", 2)
    assert ("listener-two", "ok") in ends
    assert ("listener-one", "ok") not in ends


def test_a_cut_connection_costs_no_attempt():
    async def scenario(world):
        listener = world.listener(work=seconds(60))
        job = await world.create("report:make")
        for _ in range(5):
            await world.advance(seconds=9)
            listener.cut()
        await world.settle()
        world.check()
        return world.job(job)

    job = run(scenario)
    assert (job.status, job.attempt) == ("complete", 1)


def test_a_restart_costs_no_attempt():
    async def scenario(world):
        world.listener(work=seconds(60))
        job = await world.create("report:make")
        await world.advance(seconds=20)
        await world.restart()
        await world.settle()
        world.check()
        return world.job(job)

    job = run(scenario)
    assert (job.status, job.attempt) == ("complete", 1)


def test_what_was_answered_outlives_a_crash():
    async def scenario(world):
        job = await world.create("report:make")
        world.crash()
        await world.advance(hours=1)
        await world.start()
        world.listener(work=at_once)
        await world.settle()
        world.check()
        return world.job(job).status

    assert run(scenario) == "complete"


def test_a_call_that_the_crash_cut_off_may_be_made_again():
    async def scenario(world):
        making = asyncio.ensure_future(world.create("report:make", key="once"))
        await asyncio.sleep(0.002)
        world.crash()
        await world.advance(seconds=1)
        await world.start()
        job = await making
        assert await world.create("report:make", key="once") == job
        world.listener(work=at_once)
        await world.settle()
        world.check()
        return len(world.rows("SELECT id FROM job"))

    assert {run(scenario, seed) for seed in range(8)} == {1}


def test_while_the_server_is_down_nobody_is_answered():
    async def scenario(world):
        world.crash()
        with pytest.raises(CrashedError):
            await world.do(None, None)

    run(scenario)


def test_a_clock_that_is_set_forward_takes_no_lease_away():
    async def scenario(world):
        world.listener(work=seconds(60))
        job = await world.create("report:make")
        await world.advance(seconds=5)
        world.jump(minutes=40)
        await world.settle()
        world.check()
        return world.job(job)

    assert run(scenario).attempt == 1


def test_refusals_are_raised():
    async def scenario(world):
        await world.create("report:make", uniqueKey="a")
        with pytest.raises(Refusal, match="has this uniqueKey"):
            await world.create("report:make", uniqueKey="a")

    run(scenario)


def test_what_does_not_come_about_is_told_with_what_happened_last():
    async def scenario(world):
        await world.create("report:make")
        await world.run_until(lambda: False, hours=2)

    with pytest.raises(UnmetError, match=r"02:00:0.*Jobs: {'ready': 1}(?s:.*)job:ready"):
        run(scenario)


def test_a_condition_may_be_awaited():
    async def scenario(world):
        async def over():
            return world.loop.time() > 100

        await world.run_until(over, hours=1)
        return world.loop.time()

    assert run(scenario) < 102


def test_events_are_seen_as_subscribers_see_them():
    async def scenario(world):
        job = await world.create("report:make", input={"n": 1})
        (event,) = world.events("job:created")
        return job, event

    job, event = run(scenario)
    assert event["context"]["jobId"] == job
    assert event["payload"]["input"] == {"n": 1}


def test_a_world_needs_a_virtual_loop():
    async def real():
        World()

    with pytest.raises(RuntimeError, match="virtual loop"):
        asyncio.run(real())

"""What a world writes down for its judges."""

import asyncio

from server.virtual.world import run


async def slow(job):
    await asyncio.sleep(15)


def test_asks_grants_ends_and_renewals_are_written_down():
    async def scenario(world):
        world.listener(work=slow, name="listener-one")
        world.subscriber("job:completed", name="follower")
        job = await world.create("report:make", key="mine")
        await world.settle()
        return job, world.history

    job, history = run(scenario)
    assert history.asks["mine"].job == job
    ((_, session, number, fence, attempt, log_seq),) = history.grants
    assert (session, fence, attempt, log_seq) == ("listener-one", 1, 1, 2)
    assert history.heard == {("listener-one", number, 1)}
    (end,) = history.ends
    assert (end.session, end.job_id, end.fence, end.kind, end.answer) == (
        "listener-one",
        number,
        1,
        "complete",
        "ok",
    )
    assert 9 < history.renewed[number, 1] < 11
    assert history.followed["follower"].heard == [4]
    assert [event.seq for event in history.log] == [1, 2, 3, 4]


def test_a_lease_that_ran_out_is_written_down_with_its_last_renewal():
    async def scenario(world):
        listener = world.listener(work=slow, name="listener-one")
        await world.create("report:make")
        await world.advance(seconds=12)
        listener.freeze(100)
        await world.advance(seconds=60)
        return world.history

    (lost,) = run(scenario).lost
    assert 9 < lost.renewed_s < 11
    assert 30 < lost.at_s - lost.renewed_s < 31

"""Looking at what other servers have done: what this one believes comes in line with the store, and nothing else changes."""

import pytest
from stage import ADMIN

from server.commands.leases import Held
from server.commands.neighbours import LOOK, Look

KEY = (1, "workbook:export")


@pytest.fixture
def dispatch(stage):
    return stage.node.dispatch


def forget(dispatch):
    """As if another server had made the jobs."""
    dispatch.waiting.load([])


async def test_jobs_that_wait_are_entered_once(stage, dispatch):
    jobs = [await stage.create() for _ in range(3)]
    done = await stage.create(trigger="manual")
    forget(dispatch)
    for _ in range(2):
        await stage.do(LOOK, Look(ready=(*(job.id for job in jobs), done.id, 999)))
    assert dispatch.waiting.queue(KEY).heads == [(0, job.id) for job in jobs]


async def test_a_lease_that_is_as_it_was_is_left_alone(stage, dispatch):
    listener = await stage.listener()
    job = await stage.create()
    grant = await listener.grant()
    held = Held(listener.peer.holder, 1, job.id, grant["fence"])
    await stage.do(LOOK, Look(leases=(held,)))
    assert listener.seen("stale", "cancel") == []
    assert dispatch.held == {held.holder: 1}


async def test_a_lease_that_is_over_is_told_and_its_credit_set_right(stage, dispatch):
    listener = await stage.listener(credit=1)
    job = await stage.create()
    await listener.grant()
    dispatch.held[listener.peer.holder] = 5
    await stage.do(LOOK, Look(leases=(Held(listener.peer.holder, 1, job.id, 77),)))
    assert [one["fence"] for one in (await listener.of_type("stale"))["leases"]] == [77]
    assert dispatch.held == {listener.peer.holder: 1}


async def test_queues_are_sought_in_the_store(stage, dispatch):
    job = await stage.create()
    other = await stage.create("a:b")
    forget(dispatch)
    dispatch.doubtful.add(KEY)
    await stage.do(LOOK, Look(whole=True))
    assert dispatch.waiting.all_keys() == {KEY, (1, "a:b")}
    assert dispatch.doubtful == set()
    listener = await stage.listener("**")
    await stage.idle()
    granted = [grant["job"]["id"] for frame in listener.seen("grants") for grant in frame["jobs"]]
    assert len(granted) == len({job.id, other.id})


async def test_it_writes_nothing(stage):
    await stage.create(actor=ADMIN)
    before = await stage.events()
    await stage.do(LOOK, Look(ready=(1, 2), whole=True))
    assert await stage.events() == before

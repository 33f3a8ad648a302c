"""A session of the server's own: what it says and hears, without a socket."""

import asyncio

import pytest
from own_jobs import until
from stage import SPACE

from listener_sdk.protocol import frames as f
from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from server.commands import jobs
from server.commands.built_in import KINDS
from server.core.actors import SYSTEM
from server.engine.own_sessions import OwnSession

JOB = encode("jb", 1)


class Noted:
    """A run that notes why it was stopped."""

    def __init__(self, grant):
        self.fence = grant["fence"]
        self.stops = []

    def stop(self, why):
        self.stops.append(why)


class Own:
    """A session that notes what it was granted."""

    def __init__(self, stage):
        self.stage = stage
        self.grants = []
        self.closed = False
        self.session = OwnSession(stage.node.hub, SPACE, self.begin, self.close)

    def begin(self, session, grant):
        self.grants.append(grant)
        session.runs[grant["job"]["id"]] = Noted(grant)

    def close(self, session):
        assert session is self.session
        self.closed = True

    async def granted(self, count=1):
        async def enough():
            return len(self.grants) == count

        await until(enough, f"{count} grants")
        return self.grants[-1]

    @property
    def run(self):
        return self.session.runs[JOB]


@pytest.fixture
async def own(stage):
    stage.node.runner._limit = 0
    found = Own(stage)
    found.session.open()
    found.session.listen(2)
    await stage.idle()
    return found


async def test_it_takes_jobs_of_built_in_types_up_to_its_credit(stage, own):
    taker = stage.node.dispatch.takers[f"{SYSTEM}/{stage.node.hub.server_id}-1"]
    assert [wish.pattern for wish in taker.wishes] == [one.name for one in KINDS.values()]
    for _ in range(3):
        await stage.create("system:noop", input={"echo": 1})
    grant = await own.granted(2)
    assert (grant["job"]["input"], grant["fence"], grant["attempt"]) == ({"echo": 1}, 1, 1)
    own.session.listen(3)
    await own.granted(3)


async def test_the_same_credit_is_not_said_twice(stage, own):
    before = stage.node.writer._busy, len(stage.node.writer._waiting)
    own.session.listen(2)
    assert (stage.node.writer._busy, len(stage.node.writer._waiting)) == before


async def test_an_answer_is_waited_for_and_a_refusal_is_raised(stage, own):
    await stage.create("system:noop")
    await own.granted()
    assert await own.session.ask(f.Ack(job=JOB, fence=1)) is None
    with pytest.raises(Refusal) as caught:
        await own.session.ask(f.Complete(job=JOB, fence=7))
    assert caught.value.code == "stale_lease"
    assert await own.session.ask(f.Complete(job=JOB, fence=1)) is None
    assert (await stage.row(1)).status == "complete"


async def test_a_store_that_does_not_answer_is_a_refusal_too(own, monkeypatch):
    monkeypatch.setattr(own.stage.node.database, "broken", "for good")
    with pytest.raises(Refusal) as caught:
        await own.session.ask(f.Complete(job=JOB, fence=1))
    assert caught.value.error.retry


async def test_whoever_waited_and_went_away_is_not_answered(stage, own):
    await stage.create("system:noop")
    await own.granted()
    asking = asyncio.create_task(own.session.ask(f.Complete(job=JOB, fence=1)))
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait([asking])
    await stage.idle()
    assert (await stage.row(1)).status == "complete"


async def test_a_cancel_and_a_lost_lease_stop_the_run_that_they_are_about(stage, own):
    job = await stage.create("system:noop")
    await own.granted()
    await own.session.ask(f.Ack(job=JOB, fence=1))
    await stage.do(jobs.CANCEL, jobs.CancelJob(own.session.actor, job.id))
    await stopped(own, "cancel")
    stage.clock.forward(31)
    await stage.look()
    await stopped(own, "cancel", "stale")


async def test_one_that_lost_a_lease_gets_jobs_again(stage, own):
    await stage.create("system:noop", maxAttempts=1)
    await own.granted()
    stage.clock.forward(31)
    await stage.look()
    await stopped(own, "stale")
    del own.session.runs[JOB]
    await stage.create("system:noop")
    await own.granted(2)


async def stopped(own, *why):
    async def told():
        return own.run.stops == list(why)

    await until(told, f"stopped for {why}")


async def test_renewing_keeps_the_leases(stage, own):
    job = await stage.create("system:noop")
    await own.granted()
    before = (await stage.row(job)).lease_expires_at
    stage.clock.forward(5)
    own.session.renew()
    await stage.idle()
    assert (await stage.row(job)).lease_expires_at == before + 5_000


async def test_a_refusal_that_nobody_asked_about_is_logged(own, capsys):
    own.session.tell(f.Publish(event={"topic": "job:ready"}))
    told = []

    async def refused():
        told.append(capsys.readouterr().out)
        return "frame_refused" in "".join(told)

    await until(refused, "the refusal is logged")
    assert "reserved_topic" in "".join(told)


async def test_leaving_ends_the_session_and_keeps_its_leases(stage, own):
    job = await stage.create("system:noop")
    await own.granted()
    own.session.leave()
    await stage.idle()
    assert stage.node.dispatch.takers == {}
    assert (await stage.row(job)).holder.startswith(f"{SYSTEM}/")
    assert not own.closed


async def test_hello_that_the_store_does_not_answer_closes_it(stage, monkeypatch):
    monkeypatch.setattr(stage.node.database, "broken", "for good")
    found = Own(stage)
    found.session.open()
    assert found.closed


async def test_it_needs_no_link_and_no_sign_of_life(own):
    assert own.session.link is None
    assert own.session.beat() is None

"""Stalls and past runs as the merged ticks see them: told without a tick, at most once, and taken back by progress."""

import pytest
from situations import Situation, reach
from stage import ADMIN, OTHER

from listener_sdk.protocol.jobs import JobSplit
from listener_sdk.protocol.times import to_wire
from server.commands import parts
from server.core.pace import PastRun
from server.engine import ticks as module
from server.store import pace
from server.store.command import Command
from server.store.database import StoreError


@pytest.fixture(autouse=True)
def _time_by_hand(monkeypatch):
    monkeypatch.setattr(module, "PULSE_S", 3600)
    monkeypatch.setattr(module, "STALLS_EVERY_S", 3600)


async def beat(stage, seconds=0.25):
    """Time passes; the next pulse, and the next look for stalls."""
    stage.clock.forward(seconds)
    ticks = stage.node.hub.ticks
    ticks._beat()
    await stage.idle()
    if ticks._watch is not None:
        ticks._watch.cancel()
        ticks._look()
    await stage.idle()
    ticks._beat()
    await stage.idle()


def tick(found, **progress):
    found.listener.say(**found.frame("tick", **progress))


async def updates(stage):
    return [event["payload"] for event in await stage.events("job:updated") if "progress" in event["payload"]]


async def eye_of(stage):
    eye = stage.connect(OTHER)
    await eye.hello("session-eye")
    eye.say(type="subscribe", sub="s", topics=["**"], progress=True)
    await eye.of_type("subscribed")
    return eye


def live(eye):
    frames = eye.seen("progress")
    eye.frames = [frame for frame in eye.frames if frame["type"] != "progress"]
    return [job for frame in frames for job in frame["jobs"]]


async def moving(stage):
    """A job that has ticked each second, and the time of its last tick."""
    found = await reach(stage, "executing")
    for percent in (10, 20, 30):
        stage.clock.forward(0.75)
        tick(found, percent=percent)
        last = stage.clock()
        await beat(stage)
    return found, last


async def test_a_stall_comes_without_a_tick_to_the_log_and_to_those_who_look_on(stage):
    found, last = await moving(stage)
    eye = await eye_of(stage)
    before = len(await updates(stage))
    await beat(stage, 9.7)
    assert (live(eye), len(await updates(stage))) == ([], before)
    for _ in range(3):
        await beat(stage, 1)
    (said,) = (await updates(stage))[before:]
    assert (said["progress"], said["stalledSince"]) == (30, to_wire(last))
    assert "estimatedCompletionAt" not in said
    (shown,) = live(eye)
    assert (shown["progress"], shown["stalledSince"]) == (30, to_wire(last))
    assert "estimatedCompletionAt" not in shown
    assert (await stage.row(found.job)).stalled_at == last


async def test_the_next_progress_ends_it_with_an_estimate(stage):
    found, _ = await moving(stage)
    await beat(stage, 11)
    eye = await eye_of(stage)
    tick(found, text="still here")
    await beat(stage, 1)
    (shown,) = live(eye)
    assert "stalledSince" in shown
    tick(found, percent=31)
    await beat(stage, 1)
    (shown,) = live(eye)
    assert "stalledSince" not in shown
    assert "estimatedCompletionAt" in shown
    assert "stalledSince" not in (await updates(stage))[-1]
    assert (await stage.row(found.job)).stalled_at is None


async def test_nobody_looks_for_stalls_while_no_job_may_stall(stage):
    ticks = stage.node.hub.ticks
    found = await reach(stage, "executing")
    tick(found, text="looking around")
    await beat(stage)
    assert ticks._watch is None
    found, _ = await moving(stage)
    assert ticks._watch is not None
    await found.ask("complete")
    await beat(stage, 1)
    assert ticks._watch is None


async def test_the_handlers_own_estimate_holds_until_it_has_passed(stage):
    found, _ = await moving(stage)
    own = stage.clock() + 30_000
    tick(found, estimatedCompletionAt=to_wire(own))
    await beat(stage, 1)
    for seconds in (19, 10, 9):
        found.listener.say(**found.listener.leases("renew", found.grant))
        await beat(stage, seconds)
        assert (await stage.row(found.job)).stalled_at is None
    await beat(stage, 2)
    assert (await stage.row(found.job)).stalled_at is not None
    tick(found, estimatedCompletionAt=to_wire(stage.clock() + 60_000))
    await beat(stage, 1)
    assert (await stage.row(found.job)).stalled_at is None


async def test_a_split_job_is_asked_about_once_and_left_alone(stage):
    found, _ = await moving(stage)
    await stage.do(parts.SPLIT, parts.SplitJob(ADMIN, found.job.id, JobSplit(parts=2)))
    eye = await eye_of(stage)
    before = len(await updates(stage))
    await beat(stage, 11)
    await beat(stage, 11)
    assert (live(eye), len(await updates(stage))) == ([], before)
    assert stage.node.hub.ticks._watch is None


async def test_what_the_store_could_not_take_is_said_at_the_next_look(stage, monkeypatch):
    found, last = await moving(stage)
    writer = stage.node.hub.ticks._writer
    real = writer.post
    monkeypatch.setattr(writer, "post", lambda _command, _item, done: done(None, StoreError("full")))
    await beat(stage, 11)
    monkeypatch.setattr(writer, "post", real)
    assert (await stage.row(found.job)).stalled_at is None
    await beat(stage, 1)
    assert (await stage.row(found.job)).stalled_at == last


# ---- after a restart


async def again(stage, found):
    """The same session at another server."""
    await stage.idle()
    await stage.restart()
    listener = stage.connect()
    await listener.hello("session-one", [{"job": found.grant["job"]["id"], "fence": 1}])
    await stage.idle()
    return Situation(found.job, listener, found.grant)


async def test_a_job_that_hangs_through_a_restart_is_said_to_stall(stage):
    found, last = await moving(stage)
    await again(stage, found)
    await beat(stage, 11)
    assert (await stage.row(found.job)).stalled_at == last


async def test_a_job_with_long_pauses_is_not_said_to_stall_after_a_restart(stage):
    found = await reach(stage, "executing")
    for percent in (10, 20, 30):
        tick(found, percent=percent)
        await beat(stage, 9)
    await again(stage, found)
    await beat(stage, 20)
    assert (await stage.row(found.job)).stalled_at is None
    await beat(stage, 8)
    assert (await stage.row(found.job)).stalled_at is not None


async def test_a_stall_goes_on_through_a_restart_and_ends_with_progress(stage):
    found, last = await moving(stage)
    await beat(stage, 11)
    before = len(await updates(stage))
    found = await again(stage, found)
    await beat(stage, 11)
    assert (len(await updates(stage)), (await stage.row(found.job)).stalled_at) == (before, last)
    tick(found, percent=31)
    await beat(stage, 1)
    assert (await stage.row(found.job)).stalled_at is None


# ---- past runs


def _known(tx, item):
    gone = tuple((n / 20) ** 2 for n in range(21))
    pace.save(tx.connection, 1, "workbook:export", [PastRun(100_000, gone)] * 3)


KNOWN = Command("known", _known)


async def slowing(stage):
    """How wrong (ms) the estimate is of a run that has done half of its percents in a quarter of its 100 s."""
    found = await reach(stage, "executing")
    began = stage.clock()
    for percent in range(2, 51, 2):
        stage.clock.ms = began + 10 * percent**2
        tick(found, percent=percent)
        await beat(stage, 0)
        found.listener.say(**found.listener.leases("renew", found.grant))
    told = stage.node.hub.ticks._running[found.job.id].estimate()
    await found.ask("fail", message="x", retry=False)
    found.listener.peer.gone()
    await stage.idle()
    return abs(told - (began + 100_000))


async def test_past_runs_are_known_from_the_first_stored_tick(stage):
    plain = await slowing(stage)
    await stage.do(KNOWN, None)
    assert await slowing(stage) < plain / 2


async def test_a_job_that_ends_before_its_first_stored_tick_asks_for_nothing(stage, monkeypatch):
    posted = []
    writer = stage.node.hub.ticks._writer
    real = writer.post

    def post(command, *rest):
        posted.append(command.name)
        real(command, *rest)

    monkeypatch.setattr(writer, "post", post)
    found = await reach(stage, "executing")
    tick(found, percent=50)
    await found.ask("complete")
    assert "tick" in posted
    assert "recall" not in posted

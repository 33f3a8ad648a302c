"""Ticks: merged in memory, one a second in the log, four a second live, never back, going on after a restart."""

import asyncio
import json
from dataclasses import replace

import pytest
from situations import Situation, act, reach
from stage import OTHER, STRANGER

from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.times import to_wire
from server.engine import ticks as module
from server.engine.running import live_tick
from server.store.database import StoreError


@pytest.fixture(autouse=True)
def _pulse_by_hand(monkeypatch):
    monkeypatch.setattr(module, "PULSE_S", 3600)


async def beat(stage, seconds=0.25):
    """Time passes until the next pulse, and what it says is stored and read."""
    stage.clock.forward(seconds)
    stage.node.hub.ticks._beat()
    await stage.idle()


def tick(found, **progress):
    found.listener.say(**found.frame("tick", **progress))


async def updates(stage):
    """Payloads of the ticks in the log."""
    found = [event["payload"] for event in await stage.events("job:updated")]
    return [payload for payload in found if "progress" in payload]


async def follow(stage, *topics, actor=OTHER, session="session-eye", **more):
    eye = stage.connect(actor)
    await eye.hello(session)
    eye.say(type="subscribe", sub="s", topics=[*topics] or ["**"], **{"progress": True, **more})
    await eye.of_type("subscribed")
    return eye


def live(eye):
    """Live ticks so far; they are taken off the list."""
    frames = eye.seen("progress")
    eye.frames = [frame for frame in eye.frames if frame["type"] != "progress"]
    return [job for frame in frames for job in frame["jobs"]]


# ---- nobody


async def test_live_ticks_are_drawn_for_those_alone_who_look_on(stage, monkeypatch):
    drawn = []
    monkeypatch.setattr(module, "live_tick", lambda running: drawn.append(running) or live_tick(running))
    found = await reach(stage, "executing")
    eye = await follow(stage, progress=False)
    tick(found, percent=10)
    await beat(stage)
    assert drawn == []
    other = await follow(stage, session="session-other")
    tick(found, percent=20)
    await beat(stage)
    assert ([one["progress"] for one in live(other)], live(eye), len(drawn)) == ([20], [], 1)


# ---- the log


async def test_the_log_gets_at_most_one_tick_a_second_and_always_the_last(stage):
    found = await reach(stage, "executing")
    for percent in range(1, 41):
        tick(found, percent=percent)
        tick(found, percent=percent + 0.5)
        await beat(stage)
    logged = await updates(stage)
    assert 9 <= len(logged) <= 11
    times = [
        event["createdAt"] for event in await stage.events("job:updated") if "progress" in event["payload"]
    ]
    assert len({time[:19] for time in times}) == len(times)
    tick(found, percent=77)
    await found.ask("complete")
    assert (await updates(stage))[-1]["progress"] == 77


async def test_a_tick_that_is_not_followed_by_another_is_logged_within_a_second(stage):
    found = await reach(stage, "executing")
    tick(found, percent=1)
    await beat(stage)
    tick(found, percent=2)
    for _ in range(3):
        await beat(stage)
    assert [payload["progress"] for payload in await updates(stage)] == [1]
    await beat(stage)
    assert [payload["progress"] for payload in await updates(stage)] == [1, 2]
    assert not any(running.changed for running in stage.node.hub.ticks._running.values())


async def test_what_a_tick_leaves_out_stays(stage):
    found = await reach(stage, "executing")
    tick(found, done=1, total=4, text="one")
    tick(found, done=3)
    await beat(stage)
    (payload,) = await updates(stage)
    assert (payload["done"], payload["total"], payload["progress"], payload["info"]) == (3, 4, 75, "one")


async def test_a_text_alone_is_a_tick_too(stage):
    found = await reach(stage, "executing")
    tick(found, text="looking around")
    await beat(stage)
    row = await stage.row(found.job)
    assert (row.info, row.progress) == ("looking around", None)


async def test_the_servers_estimate_comes_from_the_rate_until_the_handler_gives_one(stage):
    found = await reach(stage, "executing")
    began = stage.clock()
    for percent in (10, 20, 30):
        stage.clock.forward(9.75)
        tick(found, percent=percent)
        await beat(stage)
    (*_, last) = await updates(stage)
    expected = began + 100_000
    assert abs((await stage.row(found.job)).eta_at - expected) < 2_000
    assert last["estimatedCompletionAt"] == to_wire((await stage.row(found.job)).eta_at)
    own = stage.clock() + 500_000
    tick(found, percent=40, estimatedCompletionAt=to_wire(own))
    await beat(stage, 1)
    tick(found, percent=50)
    await beat(stage, 1)
    assert (await updates(stage))[-1]["estimatedCompletionAt"] == to_wire(own)


async def test_the_curve_is_kept_thinned_and_whole(stage):
    found = await reach(stage, "executing")
    for n in range(1000):
        tick(found, percent=n / 10)
        await beat(stage)
    await stage.idle()
    ((points,),) = await stage.rows("SELECT points FROM job_curve")
    curve = json.loads(points)
    assert 100 <= len(curve) <= 201
    assert curve == sorted(curve)
    assert curve[0][0] < stage.clock() - 245_000
    assert curve[-1][1] >= 99


async def test_a_tick_that_changes_nothing_is_neither_stored_nor_shown(stage):
    found = await reach(stage, "executing")
    eye = await follow(stage)
    tick(found)
    await beat(stage, 1)
    assert (live(eye), await updates(stage)) == ([], [])
    own = to_wire(stage.clock() + 60_000)
    known = {"done": 1, "total": 4, "text": "one", "estimatedCompletionAt": own}
    tick(found, **known)
    await beat(stage, 1)
    assert (len(live(eye)), len(await updates(stage))) == (1, 1)
    for same in ({}, known, {"text": "one"}, {"percent": 10}, {"done": 1}):
        tick(found, **same)
        await beat(stage, 1)
        assert (live(eye), len(await updates(stage))) == ([], 1), same
    assert stage.node.hub.ticks._pulse is None
    tick(found, done=2)
    await beat(stage, 1)
    assert (len(live(eye)), len(await updates(stage))) == (1, 2)


async def test_a_first_tick_that_says_nothing_begins_the_attempt(stage):
    found = await reach(stage, "granted")
    for _ in range(3):
        tick(found)
        await beat(stage, 1)
    assert (await stage.row(found.job)).status == "executing"
    assert len(await stage.events("job:updated")) == 2, "it has begun, and its first tick"


async def test_an_estimate_of_the_handler_counts_even_when_it_is_the_servers_own(stage):
    found = await reach(stage, "executing")
    running = next(iter(stage.node.hub.ticks._running.values()))
    own = stage.clock() + 60_000
    running.progress = replace(running.progress, eta_ms=own)
    tick(found, estimatedCompletionAt=to_wire(own))
    await beat(stage, 1)
    row = await stage.row(found.job)
    assert (row.eta_at, row.eta_given) == (own, 1)


# ---- live


async def test_live_ticks_carry_the_newest_four_times_a_second(stage):
    found = await reach(stage, "executing")
    eye = await follow(stage)
    for percent in (10, 20, 30):
        tick(found, percent=percent, text=f"at {percent}")
    assert live(eye) == []
    await beat(stage)
    assert live(eye) == [
        {"id": encode("jb", found.job.id), "job": "workbook:export", "progress": 30, "info": "at 30"}
    ]
    await beat(stage)
    assert live(eye) == [], "nothing new"


async def test_each_tick_is_told_soon_of_a_handler_that_ticks_four_times_a_second(stage):
    found = await reach(stage, "executing")
    eye = await follow(stage)
    waited = {}
    for ms in range(0, 20_000, 50):
        if ms % 250 == 0:
            tick(found, percent=ms // 250)
            waited[ms // 250] = ms
        stage.clock.forward(0.05)
        if ms % 100 == 50:
            stage.node.hub.ticks._beat()
            for one in live(eye):
                waited[one["progress"]] = ms + 50 - waited[one["progress"]]
    assert {ms for percent, ms in waited.items() if percent} <= {50, 100}


async def test_a_handler_that_ticks_all_the_time_is_told_of_four_times_a_second(stage):
    found = await reach(stage, "executing")
    eye, told = await follow(stage), []
    for percent in range(1, 101):
        tick(found, percent=percent)
        stage.clock.forward(0.1)
        stage.node.hub.ticks._beat()
        told += live(eye)
    assert 40 <= len(told) <= 41


async def test_all_running_jobs_come_in_one_frame(stage):
    listener = await stage.listener()
    for _ in range(3):
        await stage.create()
    eye = await follow(stage)
    for frame in listener.seen("grants"):
        for grant in frame["jobs"]:
            listener.say(**listener.about("tick", grant, percent=5))
    await beat(stage)
    (frame,) = eye.seen("progress")
    assert len(frame["jobs"]) == 3


async def test_only_those_who_asked_in_the_same_space_and_whose_filter_passes_get_live_ticks(stage):
    found = await reach(stage, "executing")
    plain = await follow(stage, session="session-a", progress=False)
    strange = await follow(stage, actor=STRANGER, session="session-b")
    other = await follow(stage, session="session-c", filter={"jobId": "us_jb_0000000099"})
    mine = await follow(stage, session="session-d", filter={"jobId": encode("jb", found.job.id)})
    by_name = await follow(
        stage, "job:*", session="session-e", filter={"job": "workbook:*", "status": "executing"}
    )
    tick(found, percent=10)
    await beat(stage)
    for eye, count in ((plain, 0), (strange, 0), (other, 0), (mine, 1), (by_name, 1)):
        assert len(live(eye)) == count


async def test_a_reader_that_is_behind_gets_no_live_ticks(stage):
    found = await reach(stage, "executing")
    eye = await follow(stage, "invoice:*")
    other = await follow(stage, "invoice:*", session="session-two-eyes")
    eye.reads = False
    eye.outbox.send({"type": "drain"})
    tick(found, percent=10)
    await beat(stage)
    assert len(live(other)) == 1
    eye.read_on()
    assert live(eye) == []
    tick(found, percent=20)
    await beat(stage)
    assert [job["progress"] for job in live(eye)] == [20]


# ---- within an attempt, and the next


async def test_progress_never_goes_back_within_an_attempt_and_begins_anew_with_the_next(stage):
    found = await reach(stage, "executing")
    eye = await follow(stage)
    for percent, text in ((50, "half"), (20, "still")):
        tick(found, percent=percent, text=text)
        await beat(stage, 1)
        assert [(job["progress"], job["info"]) for job in live(eye)] == [(50, text)]
    await found.ask("fail", message="x", retryAt=to_wire(stage.clock()))
    await stage.look()
    second = Situation(found.job, found.listener, await found.listener.grant())
    tick(second, percent=5)
    await beat(stage, 1)
    assert [job["progress"] for job in live(eye)] == [5]
    assert (await stage.row(found.job)).progress == 5
    assert [payload["progress"] for payload in await updates(stage)] == [50, 50, 5]


@pytest.mark.parametrize("fence", [0, 2, 2**53])
async def test_a_tick_of_an_unknown_lease_is_answered_stale(stage, fence):
    found = await reach(stage, "executing")
    found.listener.say(type="tick", job=encode("jb", found.job.id), fence=fence, percent=10)
    stale = await found.listener.of_type("stale")
    assert stale["leases"] == [{"job": encode("jb", found.job.id), "fence": fence}]
    await beat(stage)
    assert await updates(stage) == []


async def test_a_session_cannot_tick_for_another(stage):
    found = await reach(stage, "executing")
    other = await stage.listener(session="session-two")
    other.say(**other.about("tick", found.grant, percent=90))
    await other.of_type("stale")
    await beat(stage)
    assert await updates(stage) == []


# ---- reconnects and restarts


async def test_ticks_go_on_after_a_reconnect(stage):
    found = await reach(stage, "executing")
    tick(found, percent=40)
    found.listener.peer.gone()
    await beat(stage)
    assert [payload["progress"] for payload in await updates(stage)] == [40], "what was said is kept"
    again = stage.connect()
    await again.hello("session-one", [{"job": found.grant["job"]["id"], "fence": 1}])
    tick(Situation(found.job, again, found.grant), percent=30)
    await beat(stage, 1)
    assert (await updates(stage))[-1]["progress"] == 40


async def test_ticks_go_on_after_a_restart_of_the_server(stage):
    found = await reach(stage, "executing")
    own = stage.clock() + 900_000
    for percent in (20, 50):
        tick(found, percent=percent, text=f"at {percent}", estimatedCompletionAt=to_wire(own))
        await beat(stage, 10)
    await stage.idle()
    await stage.restart()
    eye = await follow(stage)
    again = stage.connect()
    await again.hello("session-one", [{"job": found.grant["job"]["id"], "fence": 1}])
    found = Situation(found.job, again, found.grant)
    tick(found, percent=30, text="back")
    await beat(stage, 10)
    (shown,) = live(eye)
    assert (shown["progress"], shown["estimatedCompletionAt"]) == (50, to_wire(own)), (
        "even before the store has answered"
    )
    tick(found, percent=75)
    await beat(stage, 10)
    await stage.idle()
    row = await stage.row(found.job)
    assert (row.progress, row.info, row.eta_at, row.attempt) == (75, "back", own, 1)
    ((points,),) = await stage.rows("SELECT points FROM job_curve")
    assert [percent for _, percent in json.loads(points)] == [20, 50, 50, 75]


async def test_after_a_restart_the_estimate_counts_from_the_beginning_of_the_attempt(stage):
    found = await reach(stage, "executing")
    began = stage.clock()
    for percent in (10, 20, 30, 40):
        stage.clock.forward(9)
        tick(found, percent=percent)
        await beat(stage, 1)
    await stage.idle()
    await stage.restart()
    again = stage.connect()
    await again.hello("session-one", [{"job": found.grant["job"]["id"], "fence": 1}])
    stage.clock.forward(9)
    tick(Situation(found.job, again, found.grant), percent=50)
    await beat(stage, 1)
    tick(Situation(found.job, again, found.grant), percent=50.1)
    await beat(stage, 1)
    await stage.idle()
    assert abs((await stage.row(found.job)).eta_at - (began + 100_000)) < 5_000


async def test_a_restart_does_not_log_more_than_one_tick_a_second(stage):
    found = await reach(stage, "executing")
    tick(found, percent=10)
    await beat(stage)
    await stage.idle()
    await stage.restart()
    again = stage.connect()
    await again.hello("session-one", [{"job": found.grant["job"]["id"], "fence": 1}])
    tick(Situation(found.job, again, found.grant), percent=20)
    await beat(stage)
    assert [payload["progress"] for payload in await updates(stage)] == [10]
    await beat(stage, 1)
    assert [payload["progress"] for payload in await updates(stage)] == [10, 20]


# ---- nothing is left behind


async def done(stage, found):
    await found.ask("complete")


async def refused_at_the_end(stage, found):
    await stage.do(*act("complete", found.job))


async def failed(stage, found):
    await found.ask("fail", message="x")


async def released(stage, found):
    await found.listener.listen(credit=0)
    await found.listener.ask(**found.listener.leases("release", found.grant))


async def lost(stage, found):
    stage.clock.forward(30)
    await stage.look()


async def lost_while_away(stage, found):
    found.listener.peer.gone()
    await lost(stage, found)


async def deleted_while_away(stage, found):
    found.listener.peer.gone()
    await stage.do(*act("delete", found.job))


@pytest.mark.parametrize(
    "end", [done, refused_at_the_end, failed, released, lost, lost_while_away, deleted_while_away]
)
async def test_no_ended_lease_stays_in_memory(stage, end):
    found = await reach(stage, "executing")
    tick(found, percent=10)
    await end(stage, found)
    await stage.idle()
    assert stage.node.hub.ticks._running == {}


# ---- a store that does not answer, and the end


async def test_what_the_store_could_not_take_is_sent_again(stage, monkeypatch):
    found = await reach(stage, "executing")
    ticks = stage.node.hub.ticks
    real = ticks._writer.post
    monkeypatch.setattr(ticks._writer, "post", lambda _command, _item, done: done(None, StoreError("full")))
    for percent in (10, 20):
        tick(found, percent=percent)
        await beat(stage, 1)
    monkeypatch.setattr(ticks._writer, "post", real)
    assert ticks._pulse is not None, "it tries again without another tick"
    await beat(stage, 1)
    assert [payload["progress"] for payload in await updates(stage)] == [20]
    ((points,),) = await stage.rows("SELECT points FROM job_curve")
    assert [percent for _, percent in json.loads(points)] == [10, 20]


async def test_a_server_that_stops_keeps_the_last_tick_and_beats_no_more(stage):
    found = await reach(stage, "executing")
    tick(found, percent=10)
    await beat(stage)
    tick(found, percent=90)
    await stage.node.drain()
    tick(found, percent=91)
    assert stage.node.hub.ticks._pulse is None
    await stage.restart()
    assert (await stage.row(found.job)).progress == 91


async def test_the_pulse_beats_by_itself_while_there_is_something_new(stage, monkeypatch):
    monkeypatch.setattr(module, "PULSE_S", 0.001)
    found = await reach(stage, "executing")
    eye = await follow(stage)
    tick(found, percent=10)
    assert (await eye.of_type("progress"))["jobs"][0]["progress"] == 10
    async with asyncio.timeout(20):
        while not await updates(stage):
            await stage.idle()
    assert len(await updates(stage)) == 1

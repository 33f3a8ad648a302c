"""The loop of retention: to the millisecond, page after page, without losing a reader or a part of what is kept."""

import asyncio
import time
from dataclasses import replace

import pytest
from aging import loop, stored
from situations import reach
from stage import ADMIN, DEADLINE_S

from listener_sdk.protocol.events import EventCreate
from listener_sdk.protocol.ids import encode
from server.commands import jobs
from server.commands.events import ACK_EVENT, PUBLISH, AckEvent, PublishEvent
from server.core.retention import DAY_MS, Retention
from server.engine import log as log_module
from server.engine import retention as module
from server.engine.retention import Went
from server.store.command import Command
from server.store.database import StoreError
from server.store.idempotency import KEPT_MS

DAY_S = DAY_MS / 1000
MS = 0.001


def small_pages(monkeypatch, size):
    """Every page is of this size, however long it took."""
    monkeypatch.setattr(module, "FIRST_SIZE", size)
    monkeypatch.setattr(module, "next_size", lambda found, *_: found)


async def publish(stage, count=1):
    for _ in range(count):
        await stage.do(PUBLISH, PublishEvent(ADMIN, EventCreate(topic="invoice:paid")))


async def seqs(stage):
    return [row[0] for row in await stage.rows("SELECT seq FROM event ORDER BY seq")]


async def ids(stage):
    return [row[0] for row in await stage.rows("SELECT id FROM job ORDER BY id")]


# ---- events


async def test_events_are_kept_for_seven_days_to_the_millisecond(stage):
    retention = loop(stage)
    await publish(stage)
    await stage.do(ACK_EVENT, AckEvent(ADMIN, 1))
    stage.clock.forward(MS)
    await publish(stage)
    stage.clock.forward(7 * DAY_S - 2 * MS)
    assert await retention.look() == Went()
    stage.clock.forward(MS)
    assert await retention.look() == Went(events=1)
    assert await seqs(stage) == [2]
    assert await stage.rows("SELECT COUNT(*) FROM event_ack") == [(0,)]
    assert str(stage.node.log.oldest) == f"{stage.node.epoch}:1"


async def test_of_too_many_events_the_oldest_go(stage):
    await publish(stage, 10)
    assert await loop(stage, log_events=4).look() == Went(events=6)
    assert await seqs(stage) == [7, 8, 9, 10]
    assert await loop(stage, log_events=4).look() == Went()


async def test_pages_follow_each_other_until_nothing_old_is_left(stage, monkeypatch):
    small_pages(monkeypatch, 3)
    await publish(stage, 10)
    pages = []

    async def submit(command, item):
        pages.append(item.item.upto)
        return await stage.node.submit(command, item)

    stage.clock.forward(7 * DAY_S)
    retention = loop(stage, submit=submit)
    stage.clock.forward(0)
    assert await retention.look() == Went(events=10)
    assert pages == [4, 7, 10, 11]
    await publish(stage)
    assert await seqs(stage) == [11]


async def test_a_wall_clock_that_is_set_forward_makes_nothing_old(stage):
    retention = loop(stage)
    await publish(stage)
    stage.clock.jump(30 * DAY_S)
    assert await retention.look() == Went()
    stage.clock.forward(7 * DAY_S)
    assert await retention.look() == Went(events=1)


async def test_a_wall_clock_that_was_set_back_keeps_more(stage):
    retention = loop(stage)
    await publish(stage)
    stage.clock.forward(7 * DAY_S)
    stage.clock.jump(-3600)
    assert await retention.look() == Went()
    stage.clock.forward(3600)
    assert await retention.look() == Went(events=1)


# ---- who reads the log meanwhile


async def follow(stage, session, after):
    listener = stage.connect()
    await listener.hello(session)
    listener.say(type="subscribe", sub="s", after=after)
    await listener.of_type("subscribed")
    return listener


async def test_who_follows_live_misses_nothing(stage):
    await publish(stage, 3)
    listener = await follow(stage, "session-live", "now")
    stage.clock.forward(7 * DAY_S)
    await loop(stage, log_events=1).look()
    await publish(stage)
    frame = await listener.of_type("events")
    assert (frame["prev"], len(frame["events"])) == (f"{stage.node.epoch}:3", 1)
    assert listener.seen("error") == []


async def test_who_begins_before_the_old_end_is_told_and_who_begins_at_it_gets_the_rest(stage):
    await publish(stage, 5)
    await loop(stage, log_events=2).look()
    await stage.restart()
    listener = stage.connect()
    await listener.hello()
    epoch = stage.node.epoch
    refused = await listener.ask(type="subscribe", sub="late", after=f"{epoch}:2")
    assert (refused["code"], refused["oldest"]) == ("cursor_too_old", f"{epoch}:3")
    for sub, after in (("edge", f"{epoch}:3"), ("old", "oldest")):
        listener.say(type="subscribe", sub=sub, after=after)
        frame = await listener.of_type("events")
        assert [event["position"] for event in frame["events"]] == [f"{epoch}:4", f"{epoch}:5"]


async def test_a_subscriber_whose_next_page_is_removed_while_it_catches_up_is_told_so(stage, monkeypatch):
    monkeypatch.setattr("server.engine.subscriptions.PAGE", 2)
    monkeypatch.setattr(log_module, "RING", 1)
    await publish(stage, 8)
    subscriptions = stage.node.subscriptions
    real = subscriptions._read_page
    reads = 0

    async def read_page(*window):
        nonlocal reads
        reads += 1
        if reads == 3:
            await loop(stage, log_events=2).look()
        return await real(*window)

    monkeypatch.setattr(subscriptions, "_read_page", read_page)
    listener = await follow(stage, "session-slow", "oldest")
    error = await listener.of_type("error")
    epoch = stage.node.epoch
    assert (error["code"], error["sub"], error["oldest"]) == ("cursor_too_old", "s", f"{epoch}:6")
    got = [event["position"] for frame in listener.seen("events") for event in frame["events"]]
    assert got == [f"{epoch}:{seq}" for seq in (1, 2, 3, 4)]
    assert subscriptions.all() == []


async def test_a_subscriber_at_the_old_end_goes_on_while_what_it_has_read_is_removed(stage, monkeypatch):
    monkeypatch.setattr("server.engine.subscriptions.PAGE", 2)
    monkeypatch.setattr(log_module, "RING", 1)
    await publish(stage, 8)
    subscriptions = stage.node.subscriptions
    real = subscriptions._read_page

    async def read_page(after, upto, count):
        await loop(stage, log_events=8 - after).look()
        return await real(after, upto, count)

    monkeypatch.setattr(subscriptions, "_read_page", read_page)
    listener = await follow(stage, "session-edge", "oldest")
    got = 0
    while got < 8:
        got += len((await listener.of_type("events"))["events"])
    assert listener.seen("error") == []


async def test_another_server_has_removed_what_this_one_believes_to_be_there(stage, monkeypatch):
    monkeypatch.setattr(log_module, "RING", 1)
    await publish(stage, 5)
    other = loop(stage, log_events=2)
    other._forget = [].append
    await other.look()
    assert str(stage.node.log.oldest) == f"{stage.node.epoch}:0"
    listener = await follow(stage, "session-else", f"{stage.node.epoch}:1")
    assert (await listener.of_type("error"))["code"] == "cursor_too_old"
    assert str(stage.node.log.oldest) == f"{stage.node.epoch}:3"
    assert await loop(stage).look() == Went()


# ---- jobs


async def test_jobs_are_kept_for_ninety_days_after_their_end(stage):
    retention = loop(stage, log_ms=DAY_MS * 1000)
    first = (await reach(stage, "complete")).job
    slow = await stage.create(trigger="manual")
    stage.clock.forward(MS)
    second = (await reach(stage, "failed")).job
    stage.clock.forward(90 * DAY_S - 2 * MS)
    assert await retention.look() == Went()
    stage.clock.forward(MS)
    assert await retention.look() == Went(jobs=1)
    assert await ids(stage) == [slow.id, second.id]
    stage.clock.forward(MS)
    assert await retention.look() == Went(jobs=1)
    assert await ids(stage) == [slow.id]
    await stage.do(jobs.CANCEL, jobs.CancelJob(ADMIN, slow.id))
    stage.clock.forward(90 * DAY_S - MS)
    assert await retention.look() == Went()
    stage.clock.forward(MS)
    assert await retention.look() == Went(jobs=1)
    assert first.id not in await ids(stage)
    assert await stage.events("job:deleted") == []


async def test_unfinished_jobs_of_any_age_stay(stage):
    retention = loop(stage, log_ms=DAY_MS * 10_000)
    held = [
        (await reach(stage, place)).job.id
        for place in ("created", "planning", "scheduled", "ready", "waiting")
    ]
    stage.clock.forward(3_650 * DAY_S)
    assert (await retention.look()).jobs == 0
    assert await ids(stage) == held


async def test_a_family_goes_a_generation_a_look_the_youngest_first(stage):
    retention = loop(stage, log_ms=DAY_MS * 1000)
    root = (await reach(stage, "complete")).job
    child = (await reach(stage, "complete", parentId=encode("jb", root.id))).job
    grandchild = await stage.create(trigger="manual", parentId=encode("jb", child.id))
    stage.clock.forward(91 * DAY_S)
    assert await retention.look() == Went()
    await stage.do(jobs.CANCEL, jobs.CancelJob(ADMIN, grandchild.id))
    stage.clock.forward(90 * DAY_S)
    assert [(await retention.look()).jobs for _ in range(4)] == [1, 1, 1, 0]
    assert await ids(stage) == []


async def test_nothing_is_walked_over_before_something_can_be_old(stage):
    walks = 0

    async def read(query):
        nonlocal walks
        walks += getattr(query, "func", None) is module.sql.old_jobs
        return await stage.node.read(query)

    retention = loop(stage, read=read, log_ms=DAY_MS * 1000, job_ms=3_600_000)
    await reach(stage, "complete")
    stage.clock.forward(60)
    await retention.look()
    assert walks == 1
    for _ in range(58):
        stage.clock.forward(60)
        await retention.look()
    assert walks == 1
    stage.clock.forward(60)
    assert (await retention.look()).jobs == 1


async def test_a_walk_of_many_jobs_goes_on_where_the_last_query_ended(stage, monkeypatch):
    monkeypatch.setattr(module, "WALK", 3)
    monkeypatch.setattr(module, "FIRST_SIZE", 2)
    for place in ("complete", "created", "canceled", "ready", "failed", "canceled", "complete", "created"):
        await reach(stage, place)
    retention = loop(stage, log_ms=DAY_MS * 1000)
    stage.clock.forward(90 * DAY_S)
    assert (await retention.look()).jobs == 5
    assert await ids(stage) == [2, 4, 8]


# ---- files


async def test_files_are_kept_for_thirty_days_and_go_with_their_bytes(stage):
    retention = loop(stage)
    first = await stored(stage, "a.csv")
    stage.clock.forward(MS)
    second = await stored(stage, "b.csv")
    stage.clock.forward(30 * DAY_S - 2 * MS)
    assert (await retention.look()).files == 0
    stage.clock.forward(MS)
    assert (await retention.look()).files == 1
    assert await stage.rows("SELECT id FROM file") == [(second.id,)]
    assert not stage.node.blobs.path(first.blob).exists()
    assert stage.node.blobs.path(second.blob).exists()
    (event,) = await stage.events("file:deleted")
    assert (event["payload"]["name"], event["payload"]["reason"]) == ("a.csv", "retention")


async def test_bytes_that_cannot_be_removed_keep_no_others_and_are_swept_at_the_next_start(stage):
    rows = [await stored(stage, name) for name in ("a.csv", "b.csv")]

    async def remove_bytes(blob):
        if blob == rows[0].blob:
            raise PermissionError(13, "not yours")
        await stage.node.blobs.remove(blob)

    retention = loop(stage, remove_bytes=remove_bytes)
    stage.clock.forward(30 * DAY_S)
    assert (await retention.look()).files == 2
    assert [stage.node.blobs.path(row.blob).exists() for row in rows] == [True, False]
    assert stage.node.blobs.prepare(set(), time.time() + 31 * DAY_S, 30 * DAY_S) == 1


# ---- idempotency keys


async def test_expired_idempotency_keys_go(stage):
    columns = ("scope", "idem_key", "body_hash", "answer", "created_at")

    def write(tx, count):
        for number in range(count):
            tx.insert("idempotency", columns, ("s", str(number), "h", "{}", tx.now - KEPT_MS + (number == 0)))

    await stage.do(Command("write", write), 120)
    retention = loop(stage)
    assert await retention.look() == Went(keys=119)
    stage.clock.forward(MS)
    assert await retention.look() == Went(keys=1)


# ---- in the background


@pytest.mark.parametrize(("alone_s", "waited_s", "rest_s"), [(0.25, 0.5, 4.5), (0.25, 60.0, 9.0)])
async def test_after_each_page_it_rests_nine_times_as_long_as_the_page_took(
    stage, monkeypatch, alone_s, waited_s, rest_s
):
    small_pages(monkeypatch, 3)
    ticks = iter([0.0, waited_s, 100.0, 100.0 + waited_s])
    rests = []

    async def submit(command, item):
        result, _ = await stage.node.submit(command, replace(item, timer=lambda: 0.0))
        return result, alone_s

    async def sleep(seconds):
        rests.append(seconds)

    await publish(stage, 6)
    await loop(stage, log_events=1, submit=submit, sleep=sleep, timer=lambda: next(ticks, 200.0)).look()
    assert rests == [rest_s, rest_s]


async def test_it_waits_for_a_writer_that_is_not_busy_but_not_for_ever(stage):
    asked, rests = 0, []

    def busy():
        nonlocal asked
        asked += 1
        return True

    async def sleep(seconds):
        rests.append(seconds)

    await publish(stage, 2)
    assert await loop(stage, busy=busy, sleep=sleep, log_events=1).look() == Went(events=1)
    assert asked > 1
    assert sum(rests[:asked]) == pytest.approx(module.PATIENCE_S)


async def test_the_writer_says_when_it_is_busy(stage):
    assert not stage.node.writer.busy
    made = asyncio.create_task(stage.create())
    await stage.in_flight()
    assert stage.node.writer.busy
    await made
    await stage.idle()
    assert not stage.node.writer.busy


async def test_a_restart_in_the_middle_goes_on_where_it_ended(stage, monkeypatch):
    small_pages(monkeypatch, 2)
    await publish(stage, 9)
    pages = 0

    async def submit(command, item):
        nonlocal pages
        pages += 1
        if pages == 3:
            raise StoreError("stopping")
        return await stage.node.submit(command, item)

    with pytest.raises(StoreError):
        await loop(stage, submit=submit, log_events=1).look()
    assert await seqs(stage) == [5, 6, 7, 8, 9]
    await stage.restart()
    assert str(stage.node.log.oldest) == f"{stage.node.epoch}:4"
    assert await loop(stage, log_events=1).look() == Went(events=4)
    assert await seqs(stage) == [9]


async def test_two_servers_at_once_remove_everything_once(stage):
    for _ in range(40):
        await reach(stage, "canceled")
    one, two = (loop(stage, log_events=1) for _ in range(2))
    stage.clock.forward(90 * DAY_S)
    first, second = await asyncio.gather(one.look(), two.look())
    assert first.jobs + second.jobs == 40
    assert await ids(stage) == []
    assert len(await seqs(stage)) <= 1


async def test_it_goes_on_when_the_disk_is_nearly_full(stage):
    await publish(stage, 3)
    retention = loop(stage, log_events=1)
    stage.node.room.low = "The disk is nearly full."
    assert await retention.look() == Went(events=2)


@pytest.mark.parametrize("error", [StoreError("gone"), ZeroDivisionError()])
async def test_the_loop_survives_what_a_look_raises(stage, error):
    looks = asyncio.Semaphore(0)
    slept = []

    async def read(query):
        looks.release()
        raise error

    async def sleep(seconds):
        slept.append(seconds)
        await asyncio.sleep(0)

    task = asyncio.create_task(loop(stage, read=read, sleep=sleep).run())
    async with asyncio.timeout(DEADLINE_S):
        for _ in range(3):
            await looks.acquire()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert set(slept) == {module.EVERY_S}


async def test_a_node_runs_the_loop_by_its_settings(stage):
    rules = stage.node.retention._rules
    assert rules == Retention() == stage.node.settings.retention

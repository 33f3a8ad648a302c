"""Subscriptions: every matching event once, in order, without a gap, from wherever one begins; or a refusal that says why."""

import asyncio
import json
from unittest.mock import Mock

import pytest
from readers import Reader, at, publish
from stage import DEADLINE_S, OTHER, STRANGER

from server.engine import log as log_module
from server.engine import subscriptions as module
from server.engine.outbox import Outbox
from server.store.database import StoreError


async def subscribe(stage, after="now", actor=OTHER, session="session-eye", **more):
    listener = stage.connect(actor)
    await listener.hello(session)
    listener.say(type="subscribe", sub="s", after=after, **more)
    reader = Reader(listener)
    reader.position = (await listener.of_type("subscribed"))["from"]
    return reader


# ---- where it begins


@pytest.mark.parametrize(
    ("after", "expected"), [("now", [6, 7]), ("oldest", range(1, 8)), ("e:3", range(4, 8))]
)
async def test_it_begins_now_or_with_the_oldest_or_after_a_position(stage, after, expected):
    await publish(stage, 5)
    reader = await subscribe(stage, after.replace("e:", at(stage, "")))
    await publish(stage, 2)
    assert await reader.reach(len(expected)) == list(expected)


async def test_the_answer_names_its_start_and_the_ends_of_the_log(stage):
    await publish(stage, 5)
    listener = stage.connect()
    await listener.hello()
    listener.say(type="subscribe", sub="s", after=at(stage, 2), id=9)
    assert await listener.of_type("subscribed") == {
        "type": "subscribed",
        "id": 9,
        "sub": "s",
        "from": at(stage, 2),
        "head": at(stage, 5),
        "oldest": at(stage, 0),
    }


@pytest.mark.parametrize(
    ("after", "code"),
    [
        ("other:3", "epoch_changed"),
        ("E:6", "cursor_ahead"),
        ("E:999999999999999999", "cursor_ahead"),
        ("E:2", "cursor_too_old"),
        ("E:0", "cursor_too_old"),
        ("", "bad_cursor"),
        ("later", "bad_cursor"),
        ("E:-1", "bad_cursor"),
        ("E:1.5", "bad_cursor"),
        ("E:", "bad_cursor"),
        (":3", "bad_cursor"),
        ("E:9999999999999999999", "bad_cursor"),
    ],
)
async def test_a_position_that_cannot_be_continued_is_refused_before_anything_is_sent(stage, after, code):
    await publish(stage, 5)
    stage.node.log.oldest_seq = 4
    listener = stage.connect()
    await listener.hello()
    listener.say(type="subscribe", sub="s", after=after.replace("E:", at(stage, "")), id=9)
    (error,) = listener.seen("error", "subscribed", "events")
    assert (error["type"], error["id"], error["sub"], error["code"], error["key"]) == (
        "error",
        9,
        "s",
        code,
        "after",
    )
    if code != "bad_cursor":
        assert (error["head"], error["oldest"]) == (at(stage, 5), at(stage, 3))
    await publish(stage)
    assert not listener.seen("events")
    assert not stage.node.subscriptions.all()


@pytest.mark.parametrize("after", ["E:5", "E:3", "oldest", "now"])
async def test_the_ends_themselves_are_positions(stage, after):
    await publish(stage, 5)
    stage.node.log.oldest_seq = 4
    reader = await subscribe(stage, after.replace("E:", at(stage, "")))
    await publish(stage)
    expected = [6] if after in {"E:5", "now"} else [4, 5, 6]
    assert await reader.reach(len(expected)) == expected


@pytest.mark.parametrize(
    "wrong",
    [{"topics": ["job ready"]}, {"topics": ["x" * 129]}, {"filter": {"a": {}}}, {"filter": {"a": [{}]}}],
)
async def test_a_malformed_filter_is_refused(stage, wrong):
    listener = stage.connect()
    await listener.hello()
    answer = await listener.ask(type="subscribe", sub="s", **wrong)
    assert (answer["code"], answer["sub"]) == ("bad_filter", "s")
    assert not stage.node.subscriptions.all()


# ---- catching up


@pytest.mark.parametrize("ring", [10_000, 7])
async def test_history_and_new_events_join_without_gap_or_repetition(stage, monkeypatch, ring):
    monkeypatch.setattr(log_module, "RING", ring)
    monkeypatch.setattr(module, "PAGE", 5)
    await publish(stage, 50)
    readers = [
        await subscribe(stage, after, session=f"session-{n}")
        for n, after in enumerate(["oldest", at(stage, 33), "now"])
    ]
    for _ in range(20):
        await publish(stage, 4)
    for reader, first in zip(readers, (1, 34, 51), strict=True):
        assert await reader.reach(131 - first) == list(range(first, 131))
    assert all(subscription.live for subscription in stage.node.subscriptions.all())


async def test_history_of_before_a_restart_is_read_from_the_store(stage):
    await publish(stage, 30)
    await stage.restart()
    reader = await subscribe(stage, at(stage, 10))
    await publish(stage, 1)
    assert await reader.reach(21) == list(range(11, 32))


async def test_a_position_stays_good_over_a_restart(stage):
    reader = await subscribe(stage)
    await publish(stage, 3)
    await reader.reach(3)
    await stage.restart()
    await publish(stage, 2)
    again = await subscribe(stage, reader.position)
    assert await again.reach(2) == [4, 5]


async def test_history_goes_no_faster_than_it_is_read(stage, monkeypatch):
    monkeypatch.setattr(module, "PAGE", 5)
    await publish(stage, 100, text="x" * 30_000)
    reader = await subscribe(stage, "now")
    reader.listener.reads = False
    reader.listener.say(type="subscribe", sub="old", after="oldest")
    old = Reader(reader.listener, "old")
    await paused(stage, "old")
    assert reader.listener.outbox._bytes < 1024 * 1024
    assert not reader.listener.was_cut
    reader.listener.read_on()
    assert await old.reach(100) == list(range(1, 101))


async def paused(stage, name):
    """The named subscription waits for its reader."""
    (subscription,) = [s for s in stage.node.subscriptions.all() if s.name == name]
    async with asyncio.timeout(DEADLINE_S):
        while subscription.outbox.room():
            await stage.node.read(lambda reader: reader.rows("SELECT 1"))


async def test_readers_that_stand_still_in_history_do_not_keep_others_from_it(stage, monkeypatch):
    monkeypatch.setattr(module, "PAGE", 5)
    monkeypatch.setattr(log_module, "RING", 1)
    await publish(stage, 100, text="x" * 30_000)
    for n in range(module.AT_ONCE + 1):
        stuck = await subscribe(stage, session=f"stuck-one-{n}")
        stuck.listener.reads = False
        stuck.listener.say(type="subscribe", sub=f"old-{n}", after="oldest")
    for n in range(module.AT_ONCE + 1):
        await paused(stage, f"old-{n}")
    reader = await subscribe(stage, "oldest")
    assert await reader.reach(100) == list(range(1, 101))


async def test_a_store_that_cannot_be_read_ends_the_subscription_and_says_so(stage, monkeypatch):
    await publish(stage, 3)
    await stage.restart()

    async def read_page(*_):
        raise StoreError("gone")

    monkeypatch.setattr(stage.node.subscriptions, "_read_page", read_page)
    listener = stage.connect()
    await listener.hello()
    listener.say(type="subscribe", sub="s", after="oldest")
    error = await listener.of_type("error")
    assert (error["code"], error["sub"]) == ("unavailable", "s")
    assert not stage.node.subscriptions.all()


# ---- what it gets


async def test_topics_and_filters_choose(stage):
    readers = {
        "paid": {"topics": ["*:paid"]},
        "invoices": {"topics": ["invoice:*"], "filter": {"n": 1}},
        "two": {"topics": ["order:paid", "invoice:*"]},
        "none": {"topics": ["job:*"]},
    }
    made = {}
    for n, (name, more) in enumerate(readers.items()):
        made[name] = await subscribe(stage, session=f"session-{n}", **more)
    for topic in ("invoice:paid", "invoice:sent", "order:paid"):
        await publish(stage, 2, topic)
    await stage.idle()
    seen = {name: [(e["topic"], e["payload"]["n"]) for e in reader.take()] for name, reader in made.items()}
    assert seen == {
        "paid": [("invoice:paid", 0), ("invoice:paid", 1), ("order:paid", 0), ("order:paid", 1)],
        "invoices": [("invoice:paid", 1), ("invoice:sent", 1)],
        "two": [(topic, n) for topic in ("invoice:paid", "invoice:sent", "order:paid") for n in (0, 1)],
        "none": [],
    }


async def test_history_is_chosen_from_alike(stage):
    for topic in ("invoice:paid", "order:paid"):
        await publish(stage, 5, topic)
    reader = await subscribe(stage, "oldest", topics=["order:*"], filter={"n": [1, 3]})
    assert await reader.reach(2) == [7, 9]


async def test_events_of_another_space_are_never_seen(stage):
    await publish(stage, 3, actor=STRANGER)
    mine = await subscribe(stage, "oldest")
    strange = await subscribe(stage, "oldest", actor=STRANGER)
    await publish(stage, 2, actor=STRANGER)
    await publish(stage, 1)
    assert await mine.reach(1) == [6]
    assert await strange.reach(5) == [1, 2, 3, 4, 5]


async def test_a_commit_comes_as_one_frame(stage):
    reader = await subscribe(stage)
    await publish(stage, 20)
    (frame,) = reader.listener.seen("events")
    assert len(frame["events"]) == 20


async def test_frames_stay_under_their_largest_size(stage):
    reader = await subscribe(stage)
    await publish(stage, 30, text="x" * 30_000)
    frames = reader.listener.seen("events")
    assert len(frames) > 1
    assert all(len(json.dumps(frame)) < module.LARGEST_FRAME + 1_000 for frame in frames)
    assert await reader.reach(30) == list(range(1, 31))


async def test_a_commit_larger_than_the_bounds_cuts_no_reader_that_reads(stage):
    reader = await subscribe(stage)
    await publish(stage, 300, text="x" * 40_000)
    await publish(stage, 3)
    assert await reader.reach(303) == list(range(1, 304))
    assert not reader.listener.was_cut
    await publish(stage)
    assert await reader.reach(304)


async def test_equal_subscriptions_share_one_text(stage, monkeypatch):
    put = []
    readers = [
        await subscribe(stage, session=f"session-{n}", topics=["invoice:*"], filter={"a": {"n": 1}})
        for n in range(3)
    ]
    other = await subscribe(stage, session="session-x", topics=["invoice:*"])
    tested = []
    monkeypatch.setattr(Outbox, "put", lambda _outbox, frame, **_: put.append(frame))
    for subscription in stage.node.subscriptions.all():
        if subscription.test:
            subscription.test = Mock(size=0, keys=1, side_effect=lambda event: tested.append(event) or True)
    await publish(stage)
    assert len(tested) == 1, "the filter was asked once for three subscribers"
    assert len(put) == 4
    assert len(set(put)) == 1
    assert other.take() == []
    assert len(readers) == 3


async def test_what_a_filter_has_looked_at_is_not_kept(stage):
    reader = await subscribe(stage, topics=["invoice:*"], filter={"n": 1})
    before = stage.node.log.seq
    await publish(stage, 2)
    assert await reader.reach(1) == [before + 2]
    assert [entry._data for entry in stage.node.log.after(before, 10)] == [None, None]


async def test_idle_subscriptions_are_told_how_far_the_log_has_come(stage):
    reader = await subscribe(stage, topics=["job:*"])
    await publish(stage, 3)
    stage.node.rest()
    reader.take()
    assert (reader.position, reader.events) == (at(stage, 3), [])
    stage.node.rest()
    assert not reader.listener.seen("position"), "nothing has moved since"
    await stage.create()
    assert await reader.reach(2) == [4, 5]


async def test_a_position_frame_is_a_place_to_go_on_from(stage):
    reader = await subscribe(stage, topics=["job:*"])
    await publish(stage, 3)
    stage.node.rest()
    reader.take()
    again = await subscribe(stage, reader.position, session="session-two-eyes")
    await publish(stage, 1)
    assert await again.reach(1) == [4]


# ---- slow readers


async def test_a_reader_that_is_too_slow_is_cut_and_the_others_go_on(stage):
    slow, fast = (
        await subscribe(stage, session="session-slow"),
        await subscribe(stage, session="session-fast"),
    )
    slow.listener.reads = False
    total = 0
    while not slow.listener.was_cut:
        await publish(stage, 20, text="x" * 30_000)
        total += 20
        assert total <= 1_000, "it keeps everything"
    assert not slow.listener.outbox, "what waited for it is dropped"
    assert await fast.reach(total) == list(range(1, total + 1))
    again = await subscribe(stage, slow.position, session="session-slow")
    assert await again.reach(total) == list(range(1, total + 1))


# ---- the end


async def test_after_unsubscribing_nothing_comes(stage):
    reader = await subscribe(stage)
    assert await reader.listener.ask(type="unsubscribe", sub="s") is None
    await publish(stage)
    assert not reader.listener.seen("events")
    assert await reader.listener.ask(type="unsubscribe", sub="s") is None
    assert stage.node.subscriptions._groups == {}


async def test_a_subscription_under_the_same_name_replaces_the_former(stage):
    reader = await subscribe(stage, topics=["invoice:*"])
    reader.listener.say(type="subscribe", sub="s", topics=["order:*"])
    await publish(stage)
    await publish(stage, 1, "order:paid")
    assert await reader.reach(1) == [2]
    assert len(stage.node.subscriptions.all()) == 1


async def test_a_refused_subscription_leaves_the_former_of_its_name(stage):
    reader = await subscribe(stage)
    answer = await reader.listener.ask(type="subscribe", sub="s", after="nonsense")
    assert answer["code"] == "bad_cursor"
    await publish(stage)
    assert await reader.reach(1) == [1]


async def test_a_connection_has_at_most_a_hundred(stage):
    listener = stage.connect()
    await listener.hello()
    for n in range(100):
        listener.say(type="subscribe", sub=f"s{n}")
    answer = await listener.ask(type="subscribe", sub="one too many")
    assert (answer["code"], answer["sub"]) == ("limit", "one too many")
    listener.say(type="subscribe", sub="s5", topics=["a:b"])
    assert not listener.seen("error")
    assert await listener.ask(type="unsubscribe", sub="s5") is None
    listener.say(type="subscribe", sub="one too many")
    assert not listener.seen("error")
    assert len(stage.node.subscriptions.all()) == 100


async def test_a_connection_that_ends_in_the_midst_of_history_leaves_nothing(stage, monkeypatch):
    await publish(stage, 3)
    await stage.restart()
    began = asyncio.Event()

    async def read_page(*_):
        began.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(stage.node.subscriptions, "_read_page", read_page)
    listener = stage.connect()
    await listener.hello()
    listener.say(type="subscribe", sub="s", after="oldest")
    (task,) = [subscription.task for subscription in stage.node.subscriptions.all()]
    async with asyncio.timeout(DEADLINE_S):
        await began.wait()
    listener.peer.gone()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    assert stage.node.subscriptions._groups == {}

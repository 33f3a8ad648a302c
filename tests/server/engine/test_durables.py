"""Durable subscriptions: the server keeps the cursor, one session follows, and nothing is lost or sent twice between."""

import asyncio

import pytest
from readers import Reader, at, publish
from stage import ADMIN, DEADLINE_S, OTHER, STRANGER, opened

from listener_sdk.protocol.subscriptions import WINDOW_EVENTS
from server.commands.subscriptions import DELETE, Delete
from server.core.actors import Actor
from server.core.reach import Reach
from server.core.subscriptions import HELD_MS, RENEW_MS
from server.engine import durables as module
from server.store import subscriptions as sql


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(module, "SAVE_AFTER_S", 0.01)


async def follow(stage, name="billing", after="oldest", actor=OTHER, session="session-eye", sub="s", **more):
    """A reader of a durable subscription, or the refusal."""
    listener = stage.connect(actor)
    await listener.hello(session)
    more = {"topics": ["invoice:*"], **more}
    listener.say(type="subscribe", sub=sub, after=after, durable=name, id=50, **more)
    told = await listener.want(lambda frame: frame.get("id") == 50)
    if told["type"] == "error":
        return told
    reader = Reader(listener, sub)
    reader.position = told["from"]
    return reader


async def ack(reader, position):
    return await reader.listener.ask(type="acked", sub=reader.sub, position=position)


async def row(stage, name="billing"):
    found = await stage.rows(
        "SELECT cursor, fence, holder FROM subscription WHERE name = :name AND space_id = 1", name=name
    )
    return found[0] if found else None


async def until(test):
    async with asyncio.timeout(DEADLINE_S):
        while not await test():  # noqa: ASYNC110 - what it looks at has no event
            await asyncio.sleep(0.01)


# ---- the cursor


async def test_it_goes_on_behind_what_was_acked(stage):
    await publish(stage, 5)
    reader = await follow(stage)
    seqs = await reader.reach(5)
    assert await ack(reader, at(stage, seqs[2])) is None
    assert (await row(stage))[0] == seqs[2]
    reader.listener.peer.gone()
    more = await publish(stage, 2)
    again = await follow(stage, after="now", session="session-two")
    assert again.position == at(stage, seqs[2])
    assert await again.reach(4) == seqs[3:] + more


async def test_acks_without_id_are_stored_soon_and_joined(stage):
    seqs = await publish(stage, 50)
    reader = await follow(stage)
    await reader.reach(50)
    for seq in seqs:
        reader.listener.say(type="acked", sub="s", position=at(stage, seq))

    async def stored():
        return (await row(stage))[0] == seqs[-1]

    await until(stored)
    assert reader.listener.seen("ok", "error") == []


async def test_the_first_begins_where_it_says(stage):
    await publish(stage, 3)
    reader = await follow(stage, after="now")
    more = await publish(stage, 1)
    assert await reader.reach(1) == more


async def test_who_has_more_in_hand_than_it_has_acked_gets_it_once(stage):
    seqs = await publish(stage, 6)
    reader = await follow(stage)
    await reader.reach(6)
    await ack(reader, at(stage, seqs[0]))
    reader.listener.peer.gone()
    again = await follow(stage, after=at(stage, seqs[3]), session="session-eye")
    assert await again.reach(2) == seqs[4:]
    # What it has in hand it acks on the new connection.
    await ack(again, at(stage, seqs[2]))
    assert (await row(stage))[0] == seqs[2]


async def test_a_position_behind_what_was_acked_counts_for_nothing(stage):
    seqs = await publish(stage, 4)
    reader = await follow(stage)
    await reader.reach(4)
    await ack(reader, at(stage, seqs[2]))
    reader.listener.peer.gone()
    again = await follow(stage, after=at(stage, seqs[0]), session="session-two")
    assert again.position == at(stage, seqs[2])


async def test_a_restart_keeps_it(stage):
    seqs = await publish(stage, 3)
    reader = await follow(stage)
    await reader.reach(3)
    reader.listener.say(type="acked", sub="s", position=at(stage, seqs[1]))
    await stage.restart()
    again = await follow(stage)
    assert again.position == at(stage, seqs[1])
    assert await again.reach(1) == seqs[2:]


async def test_the_end_of_a_connection_stores_the_last_ack(stage, monkeypatch):
    monkeypatch.setattr(module, "SAVE_AFTER_S", 3600)
    seqs = await publish(stage, 3)
    reader = await follow(stage)
    await reader.reach(3)
    reader.listener.say(type="acked", sub="s", position=at(stage, seqs[2]))
    reader.listener.say(type="unsubscribe", sub="s")

    async def left():
        cursor, _, holder = await row(stage)
        return cursor == seqs[2] and holder is None

    await until(left)


async def test_an_idle_cursor_moves_with_the_log(stage):
    reader = await follow(stage)
    await publish(stage, 3, topic="order:made")
    stage.node.rest()
    head = stage.node.log.seq

    async def moved():
        return (await row(stage))[0] == head

    await until(moved)
    reader.take()
    assert reader.position == at(stage, head)


async def is_held(stage):
    return await stage.node.read(lambda reader: sql.load(reader, 1, "billing").is_held(stage.clock()))


async def test_it_is_held_as_long_as_its_server_says_so(stage):
    await follow(stage)
    for _ in range(5):
        stage.clock.forward(RENEW_MS / 1000)
        stage.node.rest()

        async def renewed():
            ((until_ms,),) = await stage.rows("SELECT held_until FROM subscription")
            return until_ms == stage.clock() + HELD_MS

        await until(renewed)
        assert await is_held(stage)


async def test_after_a_server_was_killed_another_may_follow_it_soon(stage):
    seqs = await publish(stage, 2)
    reader = await follow(stage)
    await reader.reach(2)
    await ack(reader, at(stage, seqs[0]))
    stage.clock.forward(HELD_MS / 1000 - 1)
    assert await is_held(stage)
    stage.clock.forward(1)
    assert not await is_held(stage)
    second = await follow(stage, after="now", session="session-two")
    assert await is_held(stage)
    assert await second.reach(1) == seqs[1:]


# ---- the window


async def test_no_more_is_sent_than_the_window_holds(stage):
    seqs = await publish(stage, WINDOW_EVENTS + 300)
    reader = await follow(stage)
    await reader.reach(WINDOW_EVENTS)
    more = await publish(stage, 5)
    await asyncio.sleep(0.05)
    assert len(reader.take()) == WINDOW_EVENTS
    await ack(reader, at(stage, seqs[499]))
    assert await reader.reach(WINDOW_EVENTS + 305) == seqs + more


async def test_one_that_was_live_waits_for_acks_too(stage):
    reader = await follow(stage, after="now")
    for _ in range(3):
        await publish(stage, 500)
    await reader.reach(WINDOW_EVENTS)
    await asyncio.sleep(0.05)
    assert len(reader.take()) <= WINDOW_EVENTS
    while len(reader.take()) < 1500:
        before = len(reader.events)
        await ack(reader, reader.events[-1]["position"])
        await reader.reach(before + 1)
    assert len(set(reader.seqs)) == 1500
    await publish(stage, 1)
    await ack(reader, reader.events[-1]["position"])
    assert len(await reader.reach(1501)) == 1501


async def test_others_are_not_held_up(stage):
    await follow(stage, after="now")
    eager = stage.connect(ADMIN)
    await eager.hello("session-eager")
    eager.say(type="subscribe", sub="s", topics=["invoice:*"])
    reader = Reader(eager)
    for _ in range(3):
        await publish(stage, 500)
    await reader.reach(1500)


# ---- one at a time


async def test_the_newest_takes_over_and_the_older_is_told(stage):
    seqs = await publish(stage, 4)
    first = await follow(stage, session="session-one")
    await first.reach(4)
    await ack(first, at(stage, seqs[1]))
    second = await follow(stage, session="session-two")
    told = await first.listener.of_type("error")
    assert (told["code"], told["sub"]) == ("subscription_taken", "s")
    assert await second.reach(2) == seqs[2:]
    # The older one's acks are past.
    first.listener.say(type="acked", sub="s", position=at(stage, seqs[3]))
    assert (await ack(first, at(stage, seqs[3])))["code"] == "not_found"
    await asyncio.sleep(0.05)
    assert (await row(stage))[0] == seqs[1]
    (event,) = await stage.events("subscription:taken-over")
    assert event["payload"] == {"name": "billing", "fence": 2}


async def test_a_session_that_comes_again_takes_nothing_over(stage):
    await publish(stage, 1)
    first = await follow(stage)
    second = await follow(stage)
    assert first.listener.closed == 4402
    await second.reach(1)
    assert await stage.events("subscription:taken-over") == []


async def test_the_same_connection_may_ask_again(stage):
    seqs = await publish(stage, 3)
    reader = await follow(stage)
    await reader.reach(3)
    reader.listener.say(
        type="subscribe", sub="s", after=at(stage, seqs[0]), durable="billing", topics=["invoice:*"], id=60
    )
    told = await reader.listener.want(lambda frame: frame.get("id") == 60)
    assert told["from"] == at(stage, seqs[0])
    reader.position, reader.events = told["from"], []
    assert await reader.reach(2) == seqs[1:]
    await ack(reader, at(stage, seqs[2]))
    assert (await row(stage))[0] == seqs[2]


async def test_on_another_server_of_the_store_it_is_told_by_the_log(stage):
    """As that server tells it: an event of the log, and a fence that is newer."""
    seqs = await publish(stage, 2)
    reader = await follow(stage)
    await reader.reach(2)
    held = next(iter(stage.node.hub.durables._held.values()))
    held.fence -= 1
    reader.listener.say(type="acked", sub="s", position=at(stage, seqs[1]))
    assert (await reader.listener.of_type("error"))["code"] == "subscription_taken"
    assert stage.node.subscriptions.all() == []


async def test_one_that_is_removed_ends(stage):
    await publish(stage, 1)
    reader = await follow(stage)
    await reader.reach(1)
    await stage.do(DELETE, Delete(ADMIN, "billing"))
    told = await reader.listener.of_type("error")
    assert (told["code"], told["sub"]) == ("not_found", "s")
    assert await row(stage) is None
    anew = await follow(stage, session="session-two")
    assert len(await anew.reach(1)) == 1


async def test_what_is_not_wanted_any_more_does_not_begin(stage):
    listener = stage.connect(OTHER)
    await listener.hello()
    listener.say(type="subscribe", sub="s", durable="billing")
    listener.say(type="unsubscribe", sub="s", id=9)
    await listener.ok(9)
    await stage.idle()

    async def left():
        found = await row(stage)
        return found is not None and found[2] is None

    await until(left)
    assert stage.node.subscriptions.all() == []


async def test_a_connection_that_has_gone_leaves_it(stage):
    listener = stage.connect(OTHER)
    await listener.hello()
    listener.say(type="subscribe", sub="s", durable="billing")
    listener.peer.gone()
    await stage.idle()

    async def left():
        found = await row(stage)
        return found is not None and found[2] is None

    await until(left)
    assert stage.node.subscriptions.all() == []


# ---- refusals


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"after": "later"}, "bad_cursor"),
        ({"after": "other:1"}, "epoch_changed"),
        ({"topics": ["a b"]}, "bad_filter"),
        ({"actor": Actor("us_key_0000000009", "viewer", ADMIN.space)}, "forbidden"),
        ({"actor": Actor("us_key_0000000009", "operator", ADMIN.space)}, "forbidden"),
    ],
)
async def test_what_is_refused_makes_nothing(stage, more, code):
    assert (await follow(stage, **more))["code"] == code
    assert await row(stage) is None


async def test_after_the_log_was_replaced_only_a_chosen_position_leads_on(stage):
    seqs = await publish(stage, 3)
    reader = await follow(stage)
    await reader.reach(3)
    await ack(reader, at(stage, seqs[1]))
    reader.listener.peer.gone()
    await stage.idle()
    connection = stage.database.connect()
    connection.begin()
    connection.run("UPDATE subscription SET epoch = 'older'")
    connection.commit()
    connection.close()
    assert (await follow(stage, session="session-two"))["code"] == "epoch_changed"
    again = await follow(stage, after=at(stage, seqs[0]), session="session-three")
    assert await again.reach(2) == seqs[1:]


async def test_events_that_have_been_removed_are_told_of(stage):
    seqs = await publish(stage, 4)
    reader = await follow(stage)
    await reader.reach(4)
    await ack(reader, at(stage, seqs[0]))
    reader.listener.peer.gone()
    stage.node.log.forget(seqs[3])
    told = await follow(stage, session="session-two")
    assert (told["code"], told["oldest"]) == ("cursor_too_old", at(stage, seqs[3] - 1))
    again = await follow(stage, after=told["oldest"], session="session-two")
    assert await again.reach(1) == seqs[3:]


@pytest.mark.parametrize(("position", "code"), [("E:999", "cursor_ahead"), ("other:1", "cursor_ahead"), ("x", "bad_cursor")])  # fmt: skip
async def test_only_what_was_sent_can_be_acked(stage, position, code):
    await publish(stage, 2)
    reader = await follow(stage)
    await reader.reach(2)
    assert (await ack(reader, position.replace("E:", at(stage, ""))))["code"] == code
    assert (await row(stage))[0] == 0


async def test_another_space_has_its_own_of_the_same_name(stage):
    await publish(stage, 2)
    mine = await follow(stage)
    theirs = await follow(stage, actor=STRANGER)
    await publish(stage, 1, actor=STRANGER)
    assert len(await theirs.reach(1)) == 1
    assert len(await mine.reach(2)) == 2
    assert mine.listener.seen("error") == []


async def test_a_restricted_key_passes_over_nothing_for_others(stage):
    limited = Actor("us_key_0000000009", "listener", ADMIN.space, reach=Reach(topics=("invoice:*",)))
    await follow(stage)
    assert (await follow(stage, actor=limited, session="session-two"))["code"] == "forbidden"
    own = await follow(stage, name="own", actor=limited, session="session-three")
    await publish(stage, 1)
    assert len(await own.reach(1)) == 1


async def test_a_store_that_is_away_for_a_while_gets_the_ack_later(stage, monkeypatch):
    monkeypatch.setattr(module, "AGAIN_AFTER_S", 0.01)
    seqs = await publish(stage, 2)
    reader = await follow(stage)
    await reader.reach(2)
    stage.node.writer._database.broken, before = "away", stage.node.writer._database.broken
    reader.listener.say(type="acked", sub="s", position=at(stage, seqs[1]), id=70)
    await asyncio.sleep(0.05)
    assert reader.listener.seen("ok") == []
    stage.node.writer._database.broken = before
    assert await reader.listener.ok(70) is None
    assert (await row(stage))[0] == seqs[1]


async def test_nothing_of_it_is_there_before_the_first_is_asked_for(tmp_path):
    async with opened(tmp_path) as stage:
        assert stage.node.hub._durables is None
        await publish(stage, 1)
        assert stage.node.hub._durables is None

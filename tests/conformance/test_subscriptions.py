"""Durable subscriptions on every database."""

import asyncio
from dataclasses import replace

from readers import publish
from stage import ADMIN, OTHER

from listener_sdk.protocol.events import Position
from server.commands.subscriptions import (
    ACK,
    DELETE,
    FOLLOW,
    MARK,
    MOVE,
    Ack,
    Delete,
    Follow,
    Mark,
    Move,
)
from server.core.subscriptions import Start, SubscriptionRow
from server.store import clearing, log
from server.store import subscriptions as sql
from server.store.pages import Window

RACERS = 20
ROW = SubscriptionRow(2**40, 1, "é日", "us_key_1", '["a:*"]', None, "e", 2**41, 3, None, 5, 6)


def test_a_row_comes_back_as_it_was(tx):
    sql.insert(tx, ROW)
    assert sql.load(tx, 1, "é日") == sql.keep(tx, 1, "é日") == ROW
    assert sql.load(tx, 2, "é日") is None
    newer = replace(ROW, topics="[]", filter="{}", epoch="f", cursor=1, fence=4, holder="h", held_until=2**43)
    sql.update(tx, newer)
    assert sql.load(tx, 1, "é日") == newer
    sql.delete(tx, ROW.id)
    assert sql.load(tx, 1, "é日") is None


def test_only_the_newest_fence_moves_the_cursor_and_only_forward(tx):
    sql.insert(tx, replace(ROW, holder="h"))
    assert sql.move(tx, ROW.id, 2, 2**42, 9, 5) is None
    assert sql.move(tx, ROW.id, 3, 2**42, 9, 5) == 2**42
    assert sql.move(tx, ROW.id, 3, 2**41, 10, 5) == 2**42
    sql.leave(tx, ROW.id, 2)
    moved = replace(ROW, cursor=2**42, updated_at=9, holder="h", held_until=15)
    assert sql.load(tx, 1, "é日") == moved
    sql.leave(tx, ROW.id, 3)
    left = replace(moved, holder=None, held_until=None)
    assert sql.load(tx, 1, "é日") == left
    sql.ack(tx, ROW.id, 2**41, 20)
    assert sql.load(tx, 1, "é日") == left
    sql.ack(tx, ROW.id, 2**43, 21)
    assert sql.load(tx, 1, "é日") == replace(left, cursor=2**43, updated_at=21)


def test_pages_of_a_space_or_of_an_owner(tx):
    for n in range(1, 6):
        sql.insert(tx, replace(ROW, id=n, name=f"n{n}", owner="a" if n % 2 else "b"))
    sql.insert(tx, replace(ROW, id=9, space_id=2))
    assert [row.id for row in sql.page(tx, 1, None, Window(2, after=1))] == [2, 3, 4]
    assert [row.id for row in sql.page(tx, 1, "a", Window(9, after=0))] == [1, 3, 5]
    assert (sql.count(tx, 1), sql.count(tx, 2)) == (5, 1)


def test_those_that_are_behind_are_found_with_the_first_event_that_they_have_not_seen(tx):
    tx.insert_many("event", log.COLUMNS, [(n, 1, "a:b", None, 0, 100 + n, "{}") for n in range(5, 9)])
    for number, cursor in enumerate((3, 5, 8, 8), 1):
        alarmed = 1 if number == 4 else None
        sql.insert(tx, replace(ROW, id=number, name=f"n{number}", cursor=cursor, alarmed_at=alarmed))
    sql.insert(tx, replace(ROW, id=9, name="n9", epoch="f", cursor=1))
    expected = [(1, False, 5, None), (2, False, 3, 106), (4, True, 0, None)]
    assert [tuple(one) for one in sql.standings(tx, "e", 8, 0, 10)] == expected
    assert [tuple(one) for one in sql.standings(tx, "e", 8, 1, 1)] == expected[1:2]


def test_an_alarm_is_told_once(tx):
    sql.insert(tx, ROW)
    assert sql.mark(tx, ROW.id, 7) == replace(ROW, alarmed_at=7)
    assert sql.mark(tx, ROW.id, 8) is None
    assert sql.mark(tx, ROW.id, None) == ROW
    assert sql.mark(tx, ROW.id, None) is None


def test_nothing_stays_of_a_space_that_is_gone(tx):
    for number in (1, 2):
        sql.insert(tx, replace(ROW, id=number, space_id=number))
    clearing.forget(tx, 1)
    assert tx.rows("SELECT id FROM subscription") == [(2,)]


def item(stage, actor=OTHER, holder="h", after=0, chosen=False):
    return Follow(actor, "billing", '["a:*"]', None, holder, Start(stage.node.epoch, after, chosen))


async def test_a_life(stage):
    await publish(stage, 3)
    first = await stage.do(FOLLOW, item(stage))
    assert (first.fence, first.cursor, first.owner) == (1, 0, OTHER.key_id)
    assert await stage.do(MOVE, Move(first.id, 1, 2)) == 2
    second = await stage.do(FOLLOW, item(stage, ADMIN, "other"))
    assert (second.id, second.fence, second.cursor, second.owner) == (first.id, 2, 2, OTHER.key_id)
    assert await stage.do(MOVE, Move(first.id, 1, 3, leave=True)) is None
    await stage.do(MARK, Mark(first.id, late=True))
    assert await stage.do(MOVE, Move(first.id, 2, 3, leave=True)) == 3
    assert await stage.do(ACK, Ack(ADMIN, "billing", Position(stage.node.epoch, 4))) == 4
    await stage.do(MARK, Mark(first.id, late=False))
    await stage.do(DELETE, Delete(ADMIN, "billing"))
    assert await stage.do(MOVE, Move(first.id, 2, 4)) is None
    assert [event["topic"] for event in await stage.events() if event["domain"] == "subscription"] == [
        "subscription:created",
        "subscription:taken-over",
        "subscription:behind",
        "subscription:recovered",
        "subscription:deleted",
    ]
    assert [row[0] for row in await stage.rows("SELECT action FROM audit ORDER BY id")] == [
        "subscription:created",
        "subscription:deleted",
    ]


async def test_many_that_begin_at_the_same_time_have_fences_of_their_own(stage):
    rows = await asyncio.gather(*(stage.do(FOLLOW, item(stage, holder=f"h{n}")) for n in range(RACERS)))
    assert sorted(row.fence for row in rows) == [*range(1, RACERS + 1)]
    assert len({row.id for row in rows}) == 1

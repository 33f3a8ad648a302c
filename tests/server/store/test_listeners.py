"""Sessions that take jobs, and servers that are there, in a store."""

from dataclasses import replace

import pytest

from server.core.listeners import DRAINED_MS, KEPT_MS, ListenerRow
from server.store import listeners as sql
from server.store.pages import Window

ROW = ListenerRow(1, 1, "k/one", "k", "sdk/1", "box:7", "here", '["a:b"]', 1, 10, 1_000)
ALL = Window(10, after=0)


@pytest.fixture(autouse=True)
def begun(connection):
    connection.begin()
    yield
    connection.rollback()


def listed(connection, *servers, owner=None, window=ALL, space=1):
    return [row.id for row in sql.page(connection, space, owner, servers or ("here",), window)]


def hold(connection, number, holder):
    """A job in the hands of a session."""
    columns = (
        "id", "space_id", "name", "status", "source", "followed", "priority", "spec", "created_by", "created_at", "updated_at",
        "eta_given", "attempt", "max_attempts", "fence", "holder", "run_timeout_ms", "total_timeout_ms",
    )  # fmt: skip
    row = (number, 1, "a:b", "executing", "", 0, 0, "{}", "k", 1, 1, 0, 1, 5, 1, holder, 1, 1)
    connection.insert_many("job", columns, [row])


def test_one_that_comes_again_keeps_its_number_and_stays_drained(connection):
    assert sql.note(connection, ROW) == ROW
    drained = replace(ROW, drained_at=5, drained_by="us_key_9")
    sql.set_drained(connection, drained)
    assert sql.drained(connection) == ["k/one"]
    sql.leave(connection, replace(ROW, left_at=2_000))
    again = replace(ROW, id=2, server="there", connected_at=3_000, credit=4)
    assert sql.note(connection, again) == replace(again, id=1, drained_at=5, drained_by="us_key_9")
    assert sql.load_many(connection, [1, 2]) == [sql.keep(connection, 1, 1)]
    assert sql.keep(connection, 2, 1) is None


def test_an_end_that_is_told_late_does_not_touch_a_new_connection(connection):
    sql.note(connection, replace(ROW, server="there"))
    sql.leave(connection, replace(ROW, left_at=2_000))
    assert listed(connection, "there") == [1]
    sql.leave(connection, replace(ROW, server="there", left_at=2_000))
    assert listed(connection, "there") == []


def test_those_are_listed_that_are_there_or_hold_jobs(connection):
    for number in range(1, 6):
        sql.note(connection, replace(ROW, id=number, holder=f"k/{number}", key_id=f"k{number % 2}"))
    sql.note(connection, replace(ROW, id=6, holder="k/6", space_id=2))
    sql.leave(connection, replace(ROW, holder="k/2", left_at=2_000))
    sql.leave(connection, replace(ROW, holder="k/3", left_at=2_000))
    hold(connection, 71, "k/3")
    hold(connection, 72, "k/3")
    assert listed(connection) == [1, 3, 4, 5]
    assert listed(connection, "elsewhere") == [3]
    assert listed(connection, owner="k1") == [1, 3, 5]
    assert listed(connection, window=Window(1, after=1)) == [3, 4], "one more says that others follow"
    assert listed(connection, space=2) == [6]
    assert sql.count(connection, 1, ["here"]) == 3
    assert sql.hands(connection, "k/3", 1) == (2, [71])
    assert sql.hands(connection, "k/1", 1) == (0, [])


def test_those_that_went_long_ago_are_forgotten_unless_they_hold_jobs(connection):
    for number in range(1, 5):
        sql.note(connection, replace(ROW, id=number, holder=f"k/{number}"))
        sql.leave(connection, replace(ROW, holder=f"k/{number}", left_at=1_000))
    hold(connection, 71, "k/2")
    sql.set_drained(connection, replace(ROW, id=3, drained_at=5))
    assert sql.forget(connection, 1_000 + KEPT_MS, 10) == []
    assert len(sql.load_many(connection, [1, 2, 3, 4])) == 4
    assert sql.forget(connection, 1_001 + KEPT_MS, 1) == []
    assert len(sql.load_many(connection, [1, 2, 3, 4])) == 3, "as many as were asked for"
    assert sql.forget(connection, 1_001 + KEPT_MS, 10) == []
    assert [row.id for row in sql.load_many(connection, [1, 2, 3, 4])] == [2, 3]
    assert sql.forget(connection, 1_001 + DRAINED_MS, 10) == ["k/3"]


def test_a_server_that_is_silent_is_buried_with_its_sessions(connection):
    assert not sql.beat(connection, "here", 1_000)
    assert sql.beat(connection, "here", 5_000)
    assert not sql.beat(connection, "there", 1_000)
    sql.note(connection, replace(ROW, server="there"))
    assert sql.servers(connection, 1_000) == {"here": 5_000, "there": 1_000}
    sql.bury(connection, "here", 1_000, 6_000)
    assert listed(connection, "there") == [1]
    sql.bury(connection, "here", 1_001, 6_000)
    assert sql.servers(connection, 0) == {"here": 5_000}
    assert sql.load_many(connection, [1])[0].left_at == 6_000


def test_they_are_found_by_indices(connection):
    plans = {
        "listener_holder": "SELECT id FROM listener WHERE holder = 'k'",
        "listener_space": "SELECT id FROM listener WHERE space_id = 1 AND id > 5 ORDER BY id",
        "listener_left": "SELECT id FROM listener WHERE left_at IS NOT NULL AND left_at < 5 ORDER BY left_at",
        "listener_drained": "SELECT holder FROM listener WHERE drained_at IS NOT NULL",
        "listener_server": "UPDATE listener SET left_at = 1 WHERE server = 'x' AND left_at IS NULL",
        "job_holder": "SELECT COUNT(*) FROM job WHERE holder = 'k'",
    }
    for index, statement in plans.items():
        assert index in str(connection.rows(f"EXPLAIN QUERY PLAN {statement}")), index


def test_one_that_nobody_was_told_of_is_noted_when_it_has_gone(connection):
    gone = replace(ROW, left_at=2_000)
    assert not sql.leave(connection, gone)
    sql.note_gone(connection, gone)
    assert sql.load_many(connection, [1]) == [gone]
    sql.note(connection, replace(ROW, server="there"))
    assert not sql.leave(connection, gone)
    sql.note_gone(connection, replace(gone, id=2))
    assert sql.load_many(connection, [1, 2]) == [replace(ROW, server="there")]

"""Sessions that take jobs, and what happens in spaces: the same in every database."""

from dataclasses import astuple, replace

import pytest
from slots import COLUMNS as DUE_TIME

from server.core.activity import STRETCH_MS, Tally
from server.core.jobs import COLUMNS
from server.core.listeners import DRAINED_MS, KEPT_MS, ListenerRow
from server.core.overview import Late
from server.store import activity, jobs, listeners, overview
from server.store.pages import Window
from server.store.runs import COLUMNS as RUN

ROW = ListenerRow(1, 1, "k/one", "k", None, "box:7", "here", '["a:b"]', 1, 10, 1_000)


@pytest.fixture
def tx(connection):
    connection.begin()
    yield connection
    connection.rollback()


def hold(tx, job, number, **fields):
    tx.insert_many("job", COLUMNS, [astuple(replace(job, id=number, **fields))])


def test_sessions_come_go_and_are_drained(tx, job):
    assert listeners.note(tx, ROW) == ROW
    drained = replace(ROW, drained_at=5, drained_by="us_key_9")
    listeners.set_drained(tx, drained)
    assert listeners.note(tx, replace(ROW, id=2, client="sdk/1")) == replace(drained, client="sdk/1")
    assert listeners.drained(tx) == ["k/one"]
    assert listeners.leave(tx, replace(ROW, left_at=2_000))
    assert not listeners.leave(tx, replace(ROW, left_at=2_000))
    listeners.note_gone(tx, replace(ROW, id=3, holder="k/two", left_at=2_000))
    listeners.note_gone(tx, replace(ROW, id=4, left_at=9_000))
    hold(tx, job, 71, holder="k/two", status="executing")
    listed = listeners.page(tx, 1, None, ["here", "there"], Window(10))
    assert [(row.id, row.left_at) for row in listed] == [(3, 2_000)]
    assert listeners.page(tx, 1, "other", ["here"], Window(10)) == []
    assert listeners.hands(tx, "k/two", 5) == (1, [71])
    assert listeners.count(tx, 1, ["here"]) == 0
    assert listeners.keep(tx, 1, 1) == replace(drained, client="sdk/1", left_at=2_000)
    assert listeners.forget(tx, 2_001 + KEPT_MS, 10) == []
    assert listeners.forget(tx, 2_001 + DRAINED_MS, 10) == ["k/one"]
    assert [row.id for row in listeners.load_many(tx, [1, 3])] == [3]


def test_servers_are_there_as_long_as_they_say_so(tx):
    assert not listeners.beat(tx, "here", 1_000)
    assert listeners.beat(tx, "here", 2_000)
    assert not listeners.beat(tx, "there", 1_000)
    listeners.note(tx, replace(ROW, server="there"))
    listeners.bury(tx, "here", 1_500, 3_000)
    assert listeners.servers(tx, 0) == {"here": 2_000}
    assert listeners.load_many(tx, [1])[0].left_at == 3_000


def test_what_happens_is_counted_by_stretches(tx):
    assert activity.keep_cursor(tx) == activity.cursor(tx) == 0
    activity.add(tx, 1, 0, Tally(1, 2, 3, 4, [1, 2], 500))
    activity.add(tx, 1, 0, Tally(1, 0, 0, 0, [3], 700))
    activity.add(tx, 1, STRETCH_MS, Tally(created=1))
    activity.move_cursor(tx, 9)
    assert activity.cursor(tx) == 9
    assert activity.since(tx, 1, 0) == {
        (1, 0): Tally(2, 2, 3, 4, [1, 2, 3], 700),
        (1, STRETCH_MS): Tally(created=1),
    }
    assert activity.forget(tx, STRETCH_MS, 5) == 1
    assert [*activity.since(tx, 1, 0)] == [(1, STRETCH_MS)]


def test_how_a_space_stands(tx, job):
    for number in range(1, 4):
        hold(tx, job, number, status="ready", priority=number % 2, ready_at=1_000 - number)
    hold(tx, job, 4, status="executing", holder="k/one")
    hold(tx, job, 5, status="ready", space_id=2, ready_at=1)
    assert (overview.waiting(tx, 1), overview.running(tx, 1)) == (3, 1)
    assert jobs.oldest_ready(tx, 1) == 998
    assert jobs.oldest_ready(tx, 3) is None
    tx.insert_many("job_run", RUN, [(1, 1, 7, 3, 100, "success full schedule", None)])
    slots = [(3, 90, 1, 7, 100, 1, None, None, 1), (3, 150, 1, 7, 160, None, "skipped", "late", 4)]
    tx.insert_many("slot", DUE_TIME, slots)
    assert (overview.ran(tx, 1, 100), overview.missed(tx, 1, 100)) == (1, (4, 0))
    assert overview.missed(tx, 2, 0) == (0, 0)
    assert overview.late(tx, 1, 0) == [Late(100, 10)]

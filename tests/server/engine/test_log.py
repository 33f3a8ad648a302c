"""The ring of the newest events: order, bounds, and saying so when it does not reach back."""

import orjson
import pytest

from server.engine import log as module
from server.engine.log import Log
from server.store.log import Head, Stored


def stored(first, count, size=0):
    body = orjson.dumps({"topic": "a:b", "payload": {"x": "y" * size}}).decode()
    return [Stored(seq, 1, "a:b", None, 1_000, body) for seq in range(first, first + count)]


@pytest.fixture
def log():
    return Log(Head("e1", 10, 4))


def test_the_ends_of_the_log(log):
    assert (str(log.head), str(log.oldest)) == ("e1:10", "e1:3")
    log.take(stored(11, 5))
    assert (str(log.head), str(log.oldest)) == ("e1:15", "e1:3")


def test_an_event_is_whole_with_its_place_and_time(log):
    (entry,) = log.take(stored(11, 1, size=2))
    assert entry.data == {
        "id": "us_ev_000000000b",
        "position": "e1:11",
        "createdAt": "1970-01-01T00:00:01.000Z",
        "topic": "a:b",
        "payload": {"x": "yy"},
    }
    assert orjson.loads(entry.text) == entry.data
    assert log.entry(stored(11, 1, size=2)[0]).text == entry.text


def test_what_follows_a_place_comes_in_order_and_in_pages(log):
    log.take(stored(11, 3))
    log.take(stored(14, 4))
    assert [entry.seq for entry in log.after(10, 100)] == list(range(11, 18))
    assert [entry.seq for entry in log.after(12, 2)] == [13, 14]
    assert log.after(17, 5) == []
    assert log.after(99, 5) == []


def test_it_says_when_it_does_not_reach_back(log):
    assert log.after(9, 5) is None, "what came before the start is in the store"
    log.take(stored(11, 1))
    assert log.after(9, 5) is None
    assert [entry.seq for entry in log.after(10, 5)] == [11]


@pytest.mark.parametrize(("name", "bound"), [("RING", 3), ("RING_BYTES", 3 * 150)])
def test_it_keeps_only_the_newest(log, monkeypatch, name, bound):
    monkeypatch.setattr(module, name, bound)
    log.take(stored(11, 10, size=20))
    assert log.after(16, 10) is None
    kept = log.after(17, 10)
    assert [entry.seq for entry in kept] == [18, 19, 20]
    assert log.seq == 20

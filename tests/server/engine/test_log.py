"""The ring of the newest events: order, bounds, and saying so when it does not reach back."""

import orjson
import pytest

from listener_sdk.protocol.codes import Refusal
from server.engine import log as module
from server.engine.log import Log, place
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


def test_an_event_that_nobody_reads_is_not_written(log, monkeypatch):
    made = []
    monkeypatch.setattr(module, "event_text", lambda *of: made.append(of) or "{}")
    first, second = log.take(stored(11, 2))
    assert made == []
    assert (second.text, second.text, second.data) == ("{}", "{}", {})
    assert [of[1] for of in made] == [12], "once, for all who read it"
    assert first.seq == 11


def test_the_ring_holds_each_event_once(log):
    """Nothing but the text, which takes the body's place when somebody asks."""
    (entry,) = log.take(stored(11, 1, size=2_000))
    for look in (lambda: None, lambda: entry.text, lambda: entry.data, entry.forget_data):
        look()
    held = [value for value in (getattr(entry, name) for name in entry.__slots__) if isinstance(value, str)]
    assert sum(map(len, held)) < 2_200
    assert entry._data is None
    assert entry.data["payload"] == {"x": "y" * 2_000}


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


def test_what_is_kept_no_longer_moves_the_old_end_and_never_back(log):
    log.take(stored(11, 2))
    for oldest in (7, 5):
        log.forget(oldest)
        assert (log.ends.oldest, str(log.oldest)) == (7, "e1:6")
    assert [entry.seq for entry in log.after(10, 5)] == [11, 12]


@pytest.mark.parametrize(("after", "seq"), [("now", 9), ("oldest", 2), ("e1:2", 2), ("e1:9", 9)])
def test_the_place_of_a_cursor(after, seq):
    assert place(after, Head("e1", 9, 3)) == seq


@pytest.mark.parametrize(
    ("after", "code"),
    [("e1:1", "cursor_too_old"), ("e1:10", "cursor_ahead"), ("e2:5", "epoch_changed"), ("x", "bad_cursor")],
)
def test_a_cursor_that_cannot_be_continued_says_why_and_where_the_log_ends(after, code):
    with pytest.raises(Refusal) as caught:
        place(after, Head("e1", 9, 3))
    assert (caught.value.code, caught.value.key) == (code, "after")
    if code != "bad_cursor":
        assert caught.value.details == {"head": "e1:9", "oldest": "e1:2"}

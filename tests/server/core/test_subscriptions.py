"""What a durable subscription is, and when it is late."""

from dataclasses import replace

import pytest

from server.core.retention import Retention
from server.core.subscriptions import (
    HELD_MS,
    Start,
    SubscriptionRow,
    is_late,
    start_of,
    subscription_wire,
    taken,
    trouble,
)

ROW = SubscriptionRow(1, 1, "billing", "us_key_1", '["a:*"]', '{"job":"x:*"}', "e", 50, 3, None, 0, 1000)
RULES = Retention(log_ms=1000, log_events=100)


@pytest.mark.parametrize(
    ("start", "cursor", "begins"),
    [
        (Start("e", 80, chosen=False), 50, 50),
        (Start("e", 80, chosen=True), 50, 80),
        (Start("e", 20, chosen=True), 50, 50),
        (Start("f", 20, chosen=False), 50, 50),
        (Start("f", 20, chosen=True), 20, 20),
    ],
)
def test_where_a_follower_goes_on(start, cursor, begins):
    row = taken(ROW, "[]", None, "h", start, 1_000)
    assert (row.cursor, start_of(row, start)) == (cursor, begins)
    assert (row.fence, row.holder, row.topics, row.filter) == (4, "h", "[]", None)
    assert row.held_until == 1_000 + HELD_MS
    assert row.epoch == (start.epoch if start.chosen else "e")


@pytest.mark.parametrize(
    ("epoch", "oldest", "expected"),
    [("e", 51, None), ("e", 52, "cursor_too_old"), ("f", 1, "epoch_changed")],
)
def test_why_it_cannot_go_on(epoch, oldest, expected):
    assert trouble(ROW, epoch, oldest) == expected


@pytest.mark.parametrize(
    ("behind", "since", "expected"),
    [
        (0, None, False),
        (1, 9_999, False),
        (79, 9_999, False),
        (80, 9_999, True),
        (1, 9_201, False),
        (1, 9_200, True),
        (1, None, True),
    ],
)
def test_it_is_late_at_four_fifths_of_what_the_log_keeps(behind, since, expected):
    assert is_late(behind, since, 10_000, RULES) is expected


def test_what_readers_see():
    assert subscription_wire(replace(ROW, holder="h", held_until=9, alarmed_at=2000), "e", 70, 1, 8) == {
        "name": "billing",
        "owner": "us_key_1",
        "topics": ["a:*"],
        "filter": {"job": "x:*"},
        "position": "e:50",
        "behind": 20,
        "connected": True,
        "trouble": None,
        "alarmedAt": "1970-01-01T00:00:02.000Z",
        "createdAt": "1970-01-01T00:00:00.000Z",
        "updatedAt": "1970-01-01T00:00:01.000Z",
    }
    other = subscription_wire(replace(ROW, filter=None), "f", 70, 1, 8)
    assert (other["filter"], other["behind"], other["trouble"]) == (None, None, "epoch_changed")


@pytest.mark.parametrize(
    ("holder", "until", "held"),
    [
        ("h", 101, True),
        ("h", 100 + HELD_MS, True),
        ("h", 100, False),
        ("h", 101 + HELD_MS, False),
        (None, 101, False),
    ],
)
def test_a_follower_is_believed_for_a_while(holder, until, held):
    assert replace(ROW, holder=holder, held_until=until).is_held(100) is held

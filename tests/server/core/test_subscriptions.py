"""What a durable subscription is, and when it is late."""

from dataclasses import replace

import pytest

from server.core.retention import Retention
from server.core.subscriptions import (
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
    row = taken(ROW, "[]", None, "h", start)
    assert (row.cursor, start_of(row, start)) == (cursor, begins)
    assert (row.fence, row.holder, row.topics, row.filter) == (4, "h", "[]", None)
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
    assert subscription_wire(replace(ROW, holder="h", alarmed_at=2000), "e", 70, 1) == {
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
    other = subscription_wire(replace(ROW, filter=None), "f", 70, 1)
    assert (other["filter"], other["behind"], other["trouble"]) == (None, None, "epoch_changed")

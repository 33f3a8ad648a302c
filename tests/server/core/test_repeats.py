"""Repetitions by days, weeks and months, as days on a grid."""

from datetime import date, timedelta

import pytest

from listener_sdk.protocol.timings import Repeat
from server.core.repeats import Grid

EPOCH = date(1970, 1, 1)


def number(day):
    return (date.fromisoformat(day) - EPOCH).days


def grid(start="2026-01-07", **fields):
    """A Wednesday, unless said otherwise."""
    return Grid(Repeat.model_validate({"start": start, **fields}), number(start))


def following(found, begin, count):
    days, day = [], number(begin)
    for _ in range(count):
        day = found.next(day)
        days.append((EPOCH + timedelta(days=day)).isoformat())
        day += 1
    return days


@pytest.mark.parametrize(
    ("fields", "begin", "days"),
    [
        ({"unit": "days"}, "2025-01-01", ["2026-01-07", "2026-01-08"]),
        ({"unit": "days", "every": 3}, "2026-01-08", ["2026-01-10", "2026-01-13"]),
        ({"unit": "days", "every": 3}, "2026-01-10", ["2026-01-10"]),
        ({"unit": "weeks"}, "2026-01-08", ["2026-01-14", "2026-01-21"]),
        (
            {"unit": "weeks", "weekdays": ["fri", "mon"]},
            "2026-01-01",
            ["2026-01-09", "2026-01-12", "2026-01-16"],
        ),
        (
            {"unit": "weeks", "every": 2, "weekdays": ["mon", "fri"]},
            "2026-01-01",
            ["2026-01-09", "2026-01-19", "2026-01-23", "2026-02-02"],
        ),
        ({"unit": "weeks", "every": 2}, "2026-01-12", ["2026-01-21", "2026-02-04"]),
        ({"unit": "weeks", "every": 3, "weekdays": ["sun"]}, "2026-01-11", ["2026-01-11", "2026-02-01"]),
        ({"unit": "months"}, "2026-01-08", ["2026-02-07", "2026-03-07"]),
        ({"unit": "months", "day": 31}, "2026-01-01", ["2026-01-31", "2026-03-31", "2026-05-31"]),
        ({"unit": "months", "day": "last"}, "2026-01-01", ["2026-01-31", "2026-02-28", "2026-03-31"]),
        ({"unit": "months", "day": 1}, "2026-01-01", ["2026-02-01"]),
        ({"unit": "months", "every": 5, "day": 30}, "2026-01-01", ["2026-01-30", "2026-06-30", "2026-11-30"]),
        ({"unit": "months", "nth": 2, "weekday": "tue"}, "2026-01-01", ["2026-01-13", "2026-02-10"]),
        ({"unit": "months", "nth": "last", "weekday": "fri"}, "2026-01-01", ["2026-01-30", "2026-02-27"]),
        ({"unit": "months", "nth": 5, "weekday": "fri"}, "2026-01-01", ["2026-01-30", "2026-05-29"]),
        (
            {"unit": "months", "every": 12, "day": 29, "start": "2027-02-01"},
            "2027-02-01",
            ["2028-02-29", "2032-02-29"],
        ),
    ],
)
def test_the_days_of_a_repetition(fields, begin, days):
    assert following(grid(**fields), begin, len(days)) == days


def test_months_that_never_have_the_day_give_none():
    assert grid(start="2026-02-01", unit="months", every=12, day=30).next(number("2026-02-01")) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"unit": "days", "every": 3},
        {"unit": "weeks"},
        {"unit": "weeks", "every": 2, "weekdays": ["mon", "wed", "sun"]},
        {"unit": "weeks", "weekdays": ["mon", "tue"]},
        {"unit": "months", "day": 31},
        {"unit": "months", "nth": 5, "weekday": "sun"},
    ],
)
@pytest.mark.parametrize("count", [1, 2, 3, 10, 25])
def test_the_last_of_so_many_is_where_counting_ends(fields, count):
    found = grid(**fields)
    last = following(found, "2026-01-01", count)[-1]
    assert (EPOCH + timedelta(days=found.last(count))).isoformat() == last


def test_counts_that_end_beyond_all_years_have_no_last():
    assert grid(unit="months", every=12).last(100_000) is None

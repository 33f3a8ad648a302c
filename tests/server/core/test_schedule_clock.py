"""What a look at the clock makes of it: it goes on, was put back, or had been ahead and is back."""

import pytest

from server.core.schedule_clock import BEFORE_MS, FALL_MS, KNOWN_MS, LEAP_MS, Clock, Seen, looked

NOON = 1_767_268_800_000
HOUR, DAY = 3_600_000, 86_400_000
YEAR = 365 * DAY
AHEAD = Clock(NOON + YEAR + 60_000, NOON, NOON + YEAR)


def test_the_first_look_knows_no_leap():
    assert looked(None, NOON) == (Clock(NOON), Seen.ON)


def test_a_clock_that_goes_on_keeps_its_last_leap():
    assert looked(AHEAD, AHEAD.seen_at + LEAP_MS) == (
        AHEAD._replace(seen_at=AHEAD.seen_at + LEAP_MS),
        Seen.ON,
    )


def test_one_that_was_not_looked_at_for_long_has_leapt():
    now = NOON + LEAP_MS + 1
    assert looked(Clock(NOON, 1, 2), now) == (Clock(now, NOON, now), Seen.ON)


def test_one_that_is_put_right_by_little_has_not_gone_back():
    assert looked(AHEAD, AHEAD.seen_at - FALL_MS) == (AHEAD, Seen.ON)


@pytest.mark.parametrize("now", [NOON - BEFORE_MS, NOON, NOON + 120_000, NOON + YEAR - 1])
def test_back_where_nothing_ran_it_has_returned(now):
    assert looked(AHEAD, now) == (AHEAD, Seen.RETURNED)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (AHEAD, NOON - BEFORE_MS - 1),
        (AHEAD._replace(seen_at=NOON + YEAR + HOUR), NOON + YEAR),
        (AHEAD._replace(seen_at=NOON + YEAR + KNOWN_MS), NOON + HOUR),
        (Clock(NOON), NOON - DAY),
    ],
)
def test_back_where_something_ran_it_is_behind(before, now):
    assert looked(before, now) == (before, Seen.BEHIND)


def test_what_ran_before_a_leap_is_known_as_long_as_one_may_come_back():
    assert Clock(NOON).forgets(NOON) == NOON - KNOWN_MS
    assert AHEAD.forgets(AHEAD.seen_at) == NOON - KNOWN_MS
    later = NOON + YEAR + KNOWN_MS
    assert AHEAD.forgets(later) == later - KNOWN_MS
    assert AHEAD.forgets(NOON - HOUR) == NOON - HOUR - KNOWN_MS

"""Stalls: a pause that is much longer than any before it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.stalls import LEAST_MS, TIMES, Movement, movement

T = 1_767_225_600_000


def test_what_has_not_begun_to_move_does_not_stall():
    assert Movement(T).stalls_at() is None
    assert movement(T, [(T + 60_000, 0.0)]).stalls_at() is None


def test_no_pause_is_a_stall_before_ten_seconds():
    assert movement(T, [(T + 100, 1.0), (T + 200, 2.0)]).stalls_at() == T + 200 + LEAST_MS


def test_a_pause_may_be_four_times_as_long_as_the_longest_before():
    found = movement(T, [(T + 30_000, 1.0), (T + 31_000, 2.0)])
    assert found.stalls_at() == T + 31_000 + TIMES * 30_000


def test_only_a_percent_that_rises_is_progress():
    found = movement(T, [(T + 1_000, 5.0)])
    assert not found.see(T + 9_000, 5.0)
    assert not found.see(T + 9_500, 4.0)
    assert found.stalls_at() == T + 1_000 + LEAST_MS
    assert found.see(T + 10_000, 5.1)
    assert found.moved_at == T + 10_000


def test_a_stall_that_was_long_does_not_hide_the_next():
    found = movement(T, [(T + 1_000, 1.0), (T + 3_600_000, 2.0)])
    assert found.longest_ms == LEAST_MS
    assert found.stalls_at() == T + 3_600_000 + TIMES * LEAST_MS


def test_work_that_pauses_again_and_again_is_soon_known_to():
    found, at, percent, stalls = Movement(T), T, 0.0, 0
    for _ in range(10):
        due = found.stalls_at()
        at, percent = at + 300_000, percent + 5
        stalls += due is not None and due < at
        found.see(at, percent)
    assert stalls == 0


@pytest.mark.parametrize("given_at", [T + 90_000, T + 1_000, 5])
def test_while_the_handlers_own_estimate_holds_nothing_stalls(given_at):
    found = movement(T, [(T + 2_000, 1.0)])
    assert found.stalls_at(given_at) == max(given_at, T + 2_000) + LEAST_MS


@given(st.lists(st.tuples(st.integers(-1_000, 10**7), st.floats(0, 100)), max_size=40))
def test_whatever_comes_a_stall_is_at_least_ten_seconds_after_the_last_progress(points):
    found = movement(T, [(T + at, percent) for at, percent in points])
    due = found.stalls_at()
    assert due is None or due >= found.moved_at + LEAST_MS
    assert found.moved_at >= T

"""The estimated completion: near the truth on steady runs, following on uneven ones, silent where it knows nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.estimate import LEAST_MS, LONGEST_MS, completion_at

T = 1_767_225_600_000


def run(percents, every_ms=1_000):
    return [(T + number * every_ms, percent) for number, percent in enumerate(percents)]


def test_nothing_is_promised_without_a_point():
    assert completion_at(T, []) is None


def test_nothing_is_promised_while_nothing_is_done():
    assert completion_at(T, [(T + 60_000, 0.0)]) is None


def test_nothing_is_promised_in_the_first_moments():
    assert completion_at(T, [(T + LEAST_MS - 1, 50.0)]) is None
    assert completion_at(T, [(T + LEAST_MS, 50.0)]) == T + 2 * LEAST_MS


def test_a_run_that_is_done_is_done_at_its_last_point():
    assert completion_at(T, run([0, 50, 100])) == T + 2_000
    assert completion_at(T, [(T, 100.0)]) == T


def test_an_end_that_is_further_away_than_a_month_is_not_told():
    assert completion_at(T, [(T + 86_400_000, 0.5)]) is None
    assert completion_at(T, [(T + 86_400_000, 5.0)]) == T + 20 * 86_400_000
    assert LONGEST_MS == 30 * 86_400_000


@pytest.mark.parametrize("seconds", [5, 60, 600, 86_400])
def test_a_steady_run_is_told_to_a_hundredth_of_its_length(seconds):
    points = run([100 * n / 50 for n in range(51)], every_ms=seconds * 20)
    for upto in range(5, 50):
        told = completion_at(T, points[:upto])
        assert abs(told - (T + seconds * 1_000)) <= seconds * 10 + 1


def test_a_run_that_slows_down_is_told_later_than_its_mean_rate_says():
    points = run([*range(0, 61, 2), *(60 + n / 4 for n in range(1, 31))])
    at, percent = points[-1]
    by_the_mean = at + (100 - percent) / (percent / (at - T))
    by_the_last = at + (100 - percent) / (0.25 / 1_000)
    assert by_the_mean < completion_at(T, points) < by_the_last


def test_a_run_that_becomes_faster_is_told_earlier_than_its_mean_rate_says():
    points = run([*(n / 4 for n in range(40)), *(10 + 2 * n for n in range(20))])
    at, percent = points[-1]
    assert at < completion_at(T, points) < at + (100 - percent) / (percent / (at - T))


def test_one_late_tick_is_not_taken_for_a_trend():
    steady = run(range(40))
    late = [*steady, (steady[-1][0] + 5_000, 40.0)]
    assert completion_at(T, late) - completion_at(T, steady) < 30_000


def test_a_run_that_stands_still_is_told_at_half_its_mean_rate():
    points = [*run(range(0, 41, 4)), *((T + n * 1_000, 40.0) for n in range(11, 31))]
    assert completion_at(T, points) == T + 30_000 + 90_000


def test_a_single_point_speaks_for_the_whole_run():
    assert completion_at(T, [(T + 10_000, 25.0)]) == T + 40_000


@pytest.mark.parametrize("percent", [5e-324, 1e-300, 1e-9])
def test_the_smallest_progress_is_too_little_to_tell_an_end(percent):
    assert completion_at(T, [(T + 10_000, percent)]) is None


points = st.lists(st.tuples(st.integers(T - 5_000, T + 10**9), st.floats(0, 100)), max_size=50)


@given(points)
def test_whatever_the_points_are_the_answer_is_a_time_that_lies_ahead_of_the_last(found):
    told = completion_at(T, sorted(found))
    assert told is None or told >= max(at for at, _ in found)


@given(points)
def test_points_in_any_order_raise_nothing(found):
    told = completion_at(T, found)
    assert told is None or told >= found[-1][0]

"""The estimated completion: near the truth on steady runs, following on uneven ones, silent where it knows nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.estimate import LEAST_MS, LONGEST_MS, Told, completion_at, farthest_move, rate, told
from server.core.pace import Pace

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


def test_a_run_that_stands_still_is_told_later_and_later():
    moving = run(range(0, 41, 4))
    still = [*moving, *((T + n * 1_000, 40.0) for n in range(11, 21))]
    stiller = [*still, *((T + n * 1_000, 40.0) for n in range(21, 31))]
    ends = [completion_at(T, points) for points in (moving, still, stiller)]
    assert ends == sorted(ends)
    assert ends[0] == T + 25_000


# ---- with past runs

USUAL = Pace(100_000, tuple((n / 20) ** 2 for n in range(21)))
"""Runs of 100 s that get slower and slower."""


def slowing(upto, seconds=100):
    """A run as the past ones were, of this length."""
    return [(T + round((p / 100) ** 2 * seconds * 1_000), float(p)) for p in range(1, upto + 1)]


@pytest.mark.parametrize("seconds", [20, 100, 400])
@pytest.mark.parametrize("upto", [50, 65, 80])
def test_a_run_like_those_before_is_told_well_whatever_its_length(upto, seconds):
    wrong = abs(completion_at(T, slowing(upto, seconds), USUAL) - (T + seconds * 1_000))
    assert wrong < 0.2 * seconds * 1_000


def test_the_first_moments_are_told_by_the_usual_length():
    plain, known = (completion_at(T, slowing(6), pace) for pace in (None, USUAL))
    assert abs(known - (T + 100_000)) < abs(plain - (T + 100_000))


def test_a_run_that_goes_its_own_way_is_told_by_its_own_rate():
    steady = [(T + n * 1_000, float(n)) for n in range(1, 61)]
    assert abs(completion_at(T, steady, USUAL) - (T + 100_000)) < 20_000


def test_what_past_runs_took_after_their_last_percent_is_expected_again():
    late = Pace(10_000, tuple(n / 40 for n in range(21)))
    assert completion_at(T, [(T + 2_500, 50.0), (T + 5_000, 100.0)], late) > T + 8_000


# ---- from one to the next


def test_the_first_estimate_is_told_as_it_is():
    points = run(range(0, 41, 4))
    assert told(None, T, points) == Told(T + 10_000, completion_at(T, points), rate(T, points))
    assert told(None, T, []) == Told(T, None)
    assert told(Told(T, T + 9), T, []) == Told(T, T + 9)


def test_the_next_moves_by_a_quarter_of_the_time_left_at_most_in_either_direction():
    points = run(range(0, 41, 4))
    for sooner_or_later in (-1, 1):
        before = Told(T + 9_000, T + 9_000 + (4_000 if sooner_or_later > 0 else 80_000), rate(T, points))
        left = before.ends_at - before.at
        assert told(before, T, points).ends_at == before.ends_at + sooner_or_later * left // 4


def test_a_change_of_the_rate_moves_it_as_far_as_it_has_changed():
    points = run(range(0, 41, 4))
    now = rate(T, points)
    for before, share in ((now, 0.25), (now * 3, 2.0), (now / 2, 0.5), (None, 0.25), (0.0, 0.25)):
        assert farthest_move(Told(T, T + 1_000, before), now) == pytest.approx(1_000 * share, abs=1)


def test_what_time_has_overtaken_is_told_anew():
    points = run(range(0, 41, 4))
    for overtaken in (
        Told(T + 5_000, T + 9_999, 1.0),
        Told(T + 5_000, None, 1.0),
        Told(T + 5_000, T + 10_000),
    ):
        assert told(overtaken, T, points).ends_at == completion_at(T, points)


def test_the_rate_is_that_of_the_newest_part_and_never_nothing():
    assert rate(T, run([0, 10, 20, 30])) == pytest.approx(0.01)
    assert rate(T, run([*range(0, 71, 10), 71, 72, 73])) == pytest.approx(0.001)
    assert rate(T, [(T + 1_000, 50.0), (T + 100_000, 50.0)]) == pytest.approx(0.05 * 50 / 100_000)


def test_a_single_point_speaks_for_the_whole_run():
    assert completion_at(T, [(T + 10_000, 25.0)]) == T + 40_000


@pytest.mark.parametrize("percent", [5e-324, 1e-300, 1e-9])
def test_the_smallest_progress_is_too_little_to_tell_an_end(percent):
    assert completion_at(T, [(T + 10_000, percent)]) is None
    slower = [(T + 10 ** (n + 3), percent * (n + 1)) for n in range(6)]
    assert completion_at(T, slower) is None


def test_a_percent_that_is_next_to_nothing_does_not_spoil_what_past_runs_say():
    points = [(T + 1, 0.0), (T + 291, 1.4627380985048834e-307), (T + 300, 27.0)]
    late = Pace(2_000, (0.0, *[0.9995] * 20))
    assert completion_at(T, points, late) > T + 300


points = st.lists(st.tuples(st.integers(T - 5_000, T + 10**9), st.floats(0, 100)), max_size=50)


@given(points)
def test_whatever_the_points_are_the_answer_is_a_time_that_lies_ahead_of_the_last(found):
    told = completion_at(T, sorted(found))
    assert told is None or told >= max(at for at, _ in found)


@given(points)
def test_points_in_any_order_raise_nothing(found):
    told = completion_at(T, found)
    assert told is None or told >= found[-1][0]

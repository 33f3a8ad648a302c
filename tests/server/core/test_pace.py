"""Past runs: how one is remembered, and what several have in common."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.pace import KEPT, SHORTEST_MS, STEPS, Pace, PastRun, pace_of, past_run, remembered

T = 1_767_225_600_000


def steady(seconds, count=50):
    return [(T + seconds * 1_000 * n // count, 100 * n / count) for n in range(1, count + 1)]


def test_a_steady_run_is_remembered_as_a_line():
    run = past_run(T, T + 10_000, steady(10))
    assert run.duration_ms == 10_000
    assert run.gone == pytest.approx([n / STEPS for n in range(STEPS + 1)])


def test_what_came_after_the_last_percent_is_part_of_the_run():
    run = past_run(T, T + 20_000, steady(10))
    assert run.gone[-1] == pytest.approx(0.5)


def test_a_run_that_never_told_its_last_percents_reached_them_at_its_end():
    run = past_run(T, T + 10_000, [(T + 5_000, 50.0)])
    assert (run.gone[0], run.gone[10], run.gone[15], run.gone[-1]) == (0.0, 0.5, 0.75, 1.0)


def test_a_percent_counts_from_when_it_was_first_reached():
    still = [(T + 1_000, 50.0), (T + 9_000, 50.0), (T + 10_000, 100.0)]
    assert past_run(T, T + 10_000, still).gone[10] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("length_ms", "points"),
    [
        (SHORTEST_MS - 1, [(T + 500, 50.0)]),
        (10_000, []),
        (10_000, [(T + 500, 0.0)]),
        (10_000, [(T - 500, 50.0), (T + 10_001, 50.0)]),
        (-5, [(T, 50.0)]),
    ],
)
def test_a_short_run_and_one_without_progress_teach_nothing(length_ms, points):
    assert past_run(T, T + length_ms, points) is None


def test_nothing_is_known_of_no_runs():
    assert pace_of([]) is None


def test_a_strange_run_among_others_counts_for_little():
    line, late = past_run(T, T + 10_000, steady(10)), PastRun(900_000, (0.0, *[0.99] * STEPS))
    pace = pace_of([line, late, line])
    assert (pace.duration_ms, pace.gone) == (10_000, line.gone)


def test_between_two_moments_time_is_taken_to_go_evenly():
    pace = Pace(1_000, tuple((n / STEPS) ** 2 for n in range(STEPS + 1)))
    assert pace.at(0) == 0
    assert pace.at(100) == 1
    assert pace.at(52.5) == pytest.approx((pace.at(50) + pace.at(55)) / 2)


def test_the_newest_runs_are_kept():
    runs = []
    for number in range(KEPT + 3):
        runs = remembered(runs, PastRun(number, ()))
    assert [run.duration_ms for run in runs] == list(range(3, KEPT + 3))


@given(
    st.lists(st.tuples(st.integers(0, 50_000), st.floats(0, 100)), max_size=40), st.integers(2_000, 60_000)
)
def test_whatever_was_told_what_is_remembered_rises_from_nothing_to_the_whole(points, length_ms):
    told, most = [], 0.0
    for at, percent in sorted(points):
        most = max(most, percent)
        told.append((T + at, most))
    run = past_run(T, T + length_ms, told)
    if run is not None:
        assert list(run.gone) == sorted(run.gone)
        assert len(run.gone) == STEPS + 1
        assert (run.gone[0], run.gone[-1] <= 1) == (run.gone[0], True)
        assert 0 <= run.gone[0] <= pace_of([run]).at(37.3) <= 1

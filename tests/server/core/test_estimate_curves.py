"""How good the estimates are, on curves on which the estimator was not tuned: recorded from real work, and made up.

``python -m pytest tests/server/core/test_estimate_curves.py -s`` prints the figures.
"""

from itertools import pairwise
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import (
    KINDS,
    START_MS,
    Run,
    curve_of,
    errors,
    made_up,
    pace_without,
    recorded,
    tellings,
)

from server.core.curve import Curve
from server.core.estimate import MOVE, told
from server.core.pace import pace_of, past_run
from server.core.stalls import LEAST_MS, TIMES, Movement

RECORDED = recorded()
HELD_OUT = [runs for runs in RECORDED if runs[0].held_out]
MADE = [made_up(kind, seed) for kind in KINDS if kind != "stalled" for seed in range(8)]
STALLED = [made_up("stalled", seed) for seed in range(8)]


def found(works, *, past):
    return [errors(run, pace_without(runs, run) if past else None) for runs in works for run in runs]


def report(title, works):
    """A table by kind: the medians, and the worst run's error as a share of the whole run."""
    print(f"\n{title}")
    print(f"{'':12}{'runs':>5}{'of run':>16}{'worst':>16}{'of rest':>16}   (without / with past runs)")
    sides = [found(works, past=past) for past in (False, True)]
    for kind in [*sorted({runs[0].kind for runs in works}), "all"]:
        plain, past = ([one for one in side if kind in {one.run.kind, "all"}] for side in sides)
        columns = [
            "{:.1%} / {:.1%}".format(*(act(getattr(one, name) for one in side) for side in (plain, past)))
            for act, name in ((median, "of_run"), (max, "of_run"), (median, "of_rest"))
        ]
        print(f"{kind:12}{len(plain):5}" + "".join(f"{column:>16}" for column in columns))


def test_enough_real_work_was_held_out_when_the_estimator_was_tuned():
    assert len(HELD_OUT) >= 10
    assert {runs[0].kind for runs in HELD_OUT} >= {"linear", "slowing", "bursty", "two-phase"}
    for runs in RECORDED:
        for run in runs:
            assert run.points == sorted(run.points)
            assert len(run.points) <= 200
            assert run.points[-1][0] <= run.ended_at


@pytest.mark.parametrize("past", [False, True])
@pytest.mark.parametrize(("title", "works"), [("recorded, held out", HELD_OUT), ("made up", MADE)])
def test_the_median_error_after_a_quarter_of_the_run_is_under_a_fifth_of_it(title, works, past):
    if past:
        report(title, works)
    assert median(one.of_run for one in found(works, past=past)) < 0.20


@pytest.mark.parametrize("works", [HELD_OUT, MADE])
def test_past_runs_make_the_estimates_better(works):
    plain, past = (median(one.of_run for one in found(works, past=past)) for past in (False, True))
    assert past < plain


# ---- how far it moves


def moves_too_far(tellings):
    """Pairs of estimates, of which the second is further from the first than it may."""
    for one, other in pairwise(tellings):
        if one.ends_at is None or other.ends_at is None or one.ends_at <= other.at:
            continue
        changed = abs(one.rate / other.rate - 1)
        if abs(other.ends_at - one.ends_at) > max(0.25, changed) * (one.ends_at - one.at):
            yield one, other


@pytest.mark.parametrize("past", [False, True])
def test_no_estimate_of_any_curve_moves_by_more_than_a_quarter_of_the_time_left(past):
    assert MOVE == 0.25
    for runs in [*RECORDED, *MADE, *STALLED]:
        for run in runs:
            assert list(moves_too_far(tellings(run, pace_without(runs, run) if past else None))) == [], (
                run.name
            )


steps = st.lists(st.tuples(st.integers(1, 100_000), st.floats(0, 30)), min_size=1, max_size=60)


def as_run(moves):
    at, percent, points = START_MS, 0.0, []
    for pause, gain in moves:
        at, percent = at + pause, min(100.0, percent + gain)
        points.append((at, percent))
    return Run("random", "random", held_out=True, total_ms=at - START_MS + 1, points=points)


@settings(max_examples=300, deadline=None)
@given(steps, steps)
def test_nor_does_any_of_a_random_run_with_a_random_past(moves, other):
    run, before = as_run(moves), as_run(other)
    past = past_run(START_MS, before.ended_at, curve_of(before))
    curve, tellings = Curve(), []
    for point in run.points:
        curve.add(*point)
        previous = tellings[-1] if tellings else None
        tellings.append(told(previous, START_MS, curve.all(), pace_of([past] if past else [])))
    assert list(moves_too_far(tellings)) == []
    assert all(one.ends_at is None or one.ends_at >= one.at for one in tellings)


# ---- stalls


def stalls(run):
    """The pauses of a run that count as stalls, as (the last progress before, when it is told, the next progress)."""
    movement = Movement(START_MS)
    for at, percent in run.points:
        due = movement.stalls_at()
        if due is not None and due < at:
            yield movement.moved_at, due, at
        movement.see(at, percent)


@pytest.mark.parametrize("runs", STALLED, ids=lambda runs: runs[0].name)
def test_a_stalled_run_says_so_by_the_rule_and_goes_on_when_it_moves(runs):
    for run in runs:
        longest = max((b - a, a) for (a, _), (b, _) in pairwise(run.points))
        usual = sorted(b - a for (a, _), (b, _) in pairwise([(START_MS, 0), *run.points]))[-2]
        ((since, due, again),) = stalls(run)
        assert (again - since, since) == longest
        assert LEAST_MS <= due - since <= max(LEAST_MS, TIMES * usual)


def test_no_run_that_only_has_bursts_is_said_to_stall():
    assert [
        (run.name, list(stalls(run))) for runs in [*RECORDED, *MADE] for run in runs if list(stalls(run))
    ] == []

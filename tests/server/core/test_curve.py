"""The thinned curve: bounded, in order, even, and it ends with the newest value."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from server.core.curve import FIRST_STEP_MS, LARGEST, Curve, joined

T = 1_767_225_600_000


def test_an_empty_curve_has_no_points():
    assert Curve().all() == []
    assert joined([], []).all() == []


def test_the_first_and_the_newest_value_are_there():
    curve = Curve()
    curve.add(T, 0.0)
    curve.add(T + 10, 1.0)
    curve.add(T + 20, 2.0)
    assert curve.points == [(T, 0.0)]
    assert curve.all() == [(T, 0.0), (T + 20, 2.0)]


def test_the_newest_value_does_not_stand_twice():
    curve = Curve()
    curve.add(T, 0.0)
    curve.add(T + FIRST_STEP_MS, 1.0)
    assert curve.all() == [(T, 0.0), (T + FIRST_STEP_MS, 1.0)]


def test_two_values_of_one_instant_are_one_point_and_the_newest():
    curve = Curve()
    curve.add(T, 0.0)
    curve.add(T, 5.0)
    assert curve.all() == [(T, 0.0), (T, 5.0)]


def test_a_long_run_is_thinned_and_keeps_its_beginning():
    curve = Curve()
    for number in range(10_000):
        curve.add(T + number * FIRST_STEP_MS, number / 100)
    assert LARGEST / 2 <= len(curve.points) <= LARGEST
    assert curve.points[0] == (T, 0.0)
    assert curve.all()[-1] == (T + 9_999 * FIRST_STEP_MS, 99.99)
    gaps = {b[0] - a[0] for a, b in pairwise(curve.points)}
    assert gaps == {curve.step_ms}


def test_a_clock_that_goes_back_is_taken_to_stand_still():
    curve = Curve()
    curve.add(T, 10.0)
    curve.add(T - 3_600_000, 20.0)
    assert curve.all() == [(T, 10.0), (T, 20.0)]
    curve.add(T + FIRST_STEP_MS, 30.0)
    assert curve.all() == [(T, 10.0), (T + FIRST_STEP_MS, 30.0)]


def test_joining_leaves_out_what_is_not_newer():
    older = [(T, 0.0), (T + 1_000, 10.0)]
    newer = [(T + 500, 5.0), (T + 1_000, 11.0), (T + 2_000, 20.0)]
    assert joined(older, newer).all() == [*older, (T + 2_000, 20.0)]
    assert joined(older, []).all() == older
    assert joined([], older).all() == older


def test_a_curve_joined_in_pieces_stays_as_even_as_one_in_a_piece():
    stored = []
    for second in range(20_000):
        stored = joined(stored, [(T + second * 1_000, second / 200)]).all()
    assert LARGEST / 2 <= len(stored) <= LARGEST + 1
    gaps = [b[0] - a[0] for a, b in pairwise(stored[:-1])]
    assert max(gaps) <= 2 * min(gaps)
    assert (stored[0], stored[-1]) == ((T, 0.0), (T + 19_999_000, 99.995))


@given(st.lists(st.tuples(st.integers(-500, 5_000), st.floats(0, 100)), max_size=600))
def test_a_curve_is_bounded_in_order_and_ends_with_the_newest(steps):
    curve, at = Curve(), T
    for step, percent in steps:
        at += step
        curve.add(at, percent)
    points = curve.all()
    assert len(points) <= LARGEST + 1
    assert all(b[0] - a[0] >= curve.step_ms for a, b in pairwise(curve.points))
    assert [point[0] for point in points] == sorted(point[0] for point in points)
    if steps:
        assert points[-1][1] == steps[-1][1]


@given(
    st.lists(st.tuples(st.integers(0, 10**7), st.floats(0, 100)), max_size=300),
    st.lists(st.tuples(st.integers(0, 10**7), st.floats(0, 100)), max_size=300),
)
def test_a_joined_curve_is_bounded_and_in_order(older, newer):
    points = joined(sorted(older), sorted(newer)).all()
    assert len(points) <= LARGEST + 1
    assert all(a[0] < b[0] for a, b in pairwise(points))

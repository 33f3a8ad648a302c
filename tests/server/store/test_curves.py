"""Curves are kept as they are given, one a job."""

import pytest

from server.core.curve import LARGEST, Curve, joined
from server.store import curves


@pytest.fixture
def tx(connection):
    connection.begin()
    yield connection
    connection.rollback()


def test_a_job_without_curve_has_no_points(tx):
    assert curves.load(tx, 1) == []


def test_points_come_back_as_they_were(tx):
    points = [(1_767_225_600_000, 0.0), (1_767_225_600_250, 0.1 + 0.2), (1_767_225_601_000, 100.0)]
    curves.save(tx, 1, points)
    assert curves.load(tx, 1) == points
    assert all(type(point) is tuple for point in curves.load(tx, 1))


def test_a_curve_replaces_the_one_before_and_no_other(tx):
    curves.save(tx, 1, [(1, 1.0)])
    curves.save(tx, 2, [(2, 2.0)])
    curves.save(tx, 1, [(3, 3.0), (4, 4.0)])
    assert (curves.load(tx, 1), curves.load(tx, 2)) == ([(3, 3.0), (4, 4.0)], [(2, 2.0)])
    assert tx.rows("SELECT COUNT(*) FROM job_curve") == [(2,)]


def test_a_whole_curve_goes_on_where_it_was_kept(tx):
    curve = Curve()
    for second in range(1_000):
        curve.add(second * 1_000, second / 10)
    curves.save(tx, 1, curve.all())
    more = joined(curves.load(tx, 1), [(1_000_000, 100.0)])
    assert len(more.points) <= LARGEST
    assert more.all()[-1] == (1_000_000, 100.0)

"""What happened in spaces, in a store."""

import pytest

from server.core.activity import STRETCH_MS, Tally
from server.store import activity as sql


@pytest.fixture(autouse=True)
def begun(connection):
    connection.begin()
    yield
    connection.rollback()


def test_more_of_a_stretch_is_added(connection):
    sql.add(connection, 1, 0, Tally(1, 2, 3, 4, [1, 2, 3], 500))
    sql.add(connection, 1, 0, Tally(1, 1, 1, 1, [4, 5, 6], 300))
    sql.add(connection, 1, STRETCH_MS, Tally(created=1))
    sql.add(connection, 2, 0, Tally(created=9))
    assert sql.since(connection, 1, 0) == {
        (1, 0): Tally(2, 3, 4, 5, [2, 3, 4, 5, 6], 500),
        (1, STRETCH_MS): Tally(created=1),
    }
    assert sql.since(connection, 1, STRETCH_MS) == {(1, STRETCH_MS): Tally(created=1)}


def test_the_cursor_begins_before_the_first_event(connection):
    assert sql.cursor(connection) == 0
    assert sql.keep_cursor(connection) == 0
    sql.move_cursor(connection, 7)
    assert (sql.cursor(connection), sql.keep_cursor(connection)) == (7, 7)


def test_what_is_old_goes_by_pages(connection):
    for number in range(4):
        sql.add(connection, 1, number * STRETCH_MS, Tally(created=1))
    assert sql.forget(connection, 3 * STRETCH_MS, 2) == 2
    assert sql.forget(connection, 3 * STRETCH_MS, 2) == 1
    assert [*sql.since(connection, 1, 0)] == [(1, 3 * STRETCH_MS)]


def test_stretches_are_found_by_their_index(connection):
    plan = connection.rows(
        "EXPLAIN QUERY PLAN SELECT at FROM activity WHERE space_id = 1 AND at >= 5 ORDER BY at"
    )
    assert "SEARCH" in str(plan)
    assert "TEMP B-TREE" not in str(plan)

"""The log's queries: places in a row, pages in order, and no reading of what is not asked for."""

import pytest

from server.store import log
from server.store.log import Head, Stored


@pytest.fixture
def filled(connection):
    connection.begin()
    connection.append_log([(1, f"a:{n}", n or None, 0, 7, f'{{"n":{n}}}') for n in range(5)])
    connection.commit()
    return connection


def test_an_empty_log_begins_after_nothing(connection):
    head = log.head(connection)
    assert (head.seq, head.oldest) == (0, 1)
    assert log.page(connection, 0, 100, 100) == []


def test_numbers_are_taken_in_blocks(connection):
    connection.begin()
    event = (1, "a:b", None, 0, 7, "{}")
    assert [connection.append_log([event] * n) for n in (1, 3, 1)] == [1, 2, 5]
    assert log.head(connection).seq == 5
    connection.rollback()
    assert log.head(connection).seq == 0


def test_a_page_is_bounded_on_both_sides_and_in_number(filled):
    assert [s.seq for s in log.page(filled, 1, 4, 10)] == [2, 3, 4]
    assert [s.seq for s in log.page(filled, 0, 5, 2)] == [1, 2]
    assert log.page(filled, 2, 3, 1) == [Stored(3, 1, "a:2", 2, 7, '{"n":2}')]


def test_a_page_goes_by_the_primary_key(filled):
    plans = filled.rows(
        "EXPLAIN QUERY PLAN SELECT seq FROM event WHERE seq > 0 AND seq <= 5 ORDER BY seq LIMIT 5"
    )
    assert [plan[3] for plan in plans] == ["SEARCH event USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"]


def test_a_log_is_begun_once(connection):
    before = log.head(connection)
    connection.begin()
    log.begin(connection, "another")
    connection.commit()
    assert log.head(connection) == before == Head(before.epoch, 0, 1)
    assert connection.rows("SELECT COUNT(*) FROM log_head") == [(1,)]

"""The audit's queries mean the same in every database."""

import pytest

from server.store import audit
from server.store.audit import AuditFilter

ROWS = [
    (1, 1, 100, "us_key_1", None, "key:created", "us_key_2", None, '{"name":"Ω"}'),
    (2, 2, 100, "us_key_9", "10.0.0.9", "key:created", "us_key_9", None, None),
    (
        3,
        1,
        200,
        "us_key_1",
        "10.0.0.1",
        "job:canceled",
        "us_jb_1",
        '{"status":"ready"}',
        '{"status":"canceled"}',
    ),
    (4, 1, 300, "us_key_2", "10.0.0.1", "key:revoked", "us_key_2", "{}", None),
    (5, 1, 400, "us_key_1", "10.0.0.1", "KEY:revoked", "us_key_3", None, None),
]


@pytest.fixture
def tx(connection):
    connection.begin()
    connection.insert_many("audit", audit.COLUMNS, ROWS)
    yield connection
    connection.rollback()


def ids(tx, before=99, count=9, **wanted):
    return [line.id for line in audit.page(tx, 1, before, count, AuditFilter(**wanted))]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, [5, 4, 3, 1]),
        ({"before": 4, "count": 1}, [3]),
        ({"actor": "us_key_1"}, [5, 3, 1]),
        ({"target": "us_key_2"}, [4, 1]),
        ({"action": "key:*"}, [4, 1]),
        ({"action": "*:revoked"}, [5, 4]),
        ({"action": "job:canceled"}, [3]),
        ({"since": 200, "until": 300}, [4, 3]),
        ({"actor": "us_key_1", "action": "key:*", "target": "us_key_2", "since": 100, "until": 100}, [1]),
        ({"actor": "us_key_9"}, []),
    ],
)
def test_pages_and_filters(tx, wanted, expected):
    assert ids(tx, **wanted) == expected


def test_a_line_comes_back_as_it_was(tx):
    assert tuple(audit.page(tx, 1, 2, 1)[0]) == ROWS[0]


def test_pages_of_several_spaces_are_one_order(tx):
    assert [line.id for line in audit.page_of(tx, [1, 2], 5, 3)] == [4, 3, 2]


def test_deleted_spaces_are_found_by_their_code_while_they_have_lines(tx):
    for space_id, code in ((1, "acme"), (2, "acme"), (3, "other")):
        audit.keep_deleted(tx, space_id, code)
    assert audit.deleted(tx, "acme") == [2, 1]
    assert audit.deleted(tx, "nope") == []
    audit.remove(tx, [2])
    audit.keep_deleted(tx, 4, "more")
    assert (audit.deleted(tx, "acme"), audit.deleted(tx, "other")) == ([1], [])


def test_the_oldest_of_all_spaces_are_found_and_removed(tx):
    assert audit.oldest(tx, 3) == [(1, 100), (2, 100), (3, 200)]
    assert audit.remove(tx, [1, 2, 77]) == 2
    assert audit.oldest(tx, 1) == [(3, 200)]

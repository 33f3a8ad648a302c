"""Deliveries are found by indexes, however many there are; tests/conformance/test_endpoints.py does the rest on every database."""

import re

import pytest

from server.core.endpoint_deliveries import DeliveryRow
from server.store import endpoint_deliveries as sql
from server.store.endpoint_deliveries import DeliveryFilter
from server.store.pages import Window


def row(number, endpoint=1, **fields):
    given = {
        "space_id": 1, "seq": number, "topic": "a:b", "status": "pending", "attempts": 0, "tries": 0, "due_at": number, "taken": 0,
        "created_at": number, "ended_at": None, "body": "{}",
    }  # fmt: skip
    return DeliveryRow(id=number, endpoint_id=endpoint, **{**given, **fields})


class Planned:
    """A reader that asks how each statement would be done."""

    def __init__(self, connection):
        self._connection = connection
        self.plans = []

    def rows(self, statement, /, **params):
        plan = self._connection.rows(f"EXPLAIN QUERY PLAN {statement}", **params)
        self.plans.append(" | ".join(str(one[-1]) for one in plan))
        return self._connection.rows(statement, **params)

    def __getattr__(self, name):
        return getattr(self._connection, name)


@pytest.fixture
def planned(connection):
    connection.begin()
    sql.insert(connection, [row(n, n % 3, status="delivered", due_at=None) for n in range(1, 400)])
    sql.insert(connection, [row(n, n % 3) for n in range(400, 500)])
    connection.run("ANALYZE")
    yield Planned(connection)
    connection.rollback()


@pytest.mark.parametrize(
    "ask",
    [
        sql.waiting,
        lambda reader: sql.pending(reader, 1, 1_000),
        lambda reader: sql.under_way(reader, 1, 5),
        lambda reader: sql.claim(reader, 1, 450, 900, 3),
        lambda reader: sql.end_waiting(reader, 1, 5, 3),
        lambda reader: sql.ended(reader, 1, ("failed", "disabled"), 0, 0, 900, 3),
        lambda reader: sql.page(reader, DeliveryFilter(1), Window(3, after=450)),
        lambda reader: sql.page(reader, DeliveryFilter(1, "failed"), Window(3, after=450)),
    ],
)
def test_nothing_is_looked_for_in_the_whole_table(planned, ask):
    ask(planned)
    assert planned.plans
    for plan in planned.plans:
        assert "TEMP B-TREE" not in plan
        for step in plan.split(" | "):
            assert not re.fullmatch(r"SCAN (endpoint_message|m)", step), plan


def test_the_oldest_of_too_many_go_whether_they_wait_or_not_but_none_that_is_under_way(connection):
    connection.begin()
    rows = [row(1, taken=1), row(2), row(3, status="failed", due_at=None), row(4, seq=None), row(5)]
    sql.insert(connection, rows)
    assert sql.old(connection, 0, 2, 9) == [2, 3]
    assert sql.old(connection, 0, 2, 2) == [2]
    assert sql.old(connection, 0, 0, 9) == [2, 3, 4, 5]
    assert sql.waiting_among(connection, [2, 3, 4, 5]) == {rows[1].endpoint_id: 2}
    connection.commit()


def test_only_what_has_ended_and_is_old_goes(connection):
    connection.begin()
    sql.insert(
        connection, [row(1, status="delivered", due_at=None), row(2), row(3, status="failed", due_at=None)]
    )
    assert sql.old(connection, 2, 9, 9) == [1]
    assert sql.old(connection, 3, 9, 9) == [1, 3]
    assert sql.remove(connection, [1, 3]) == 2
    connection.commit()

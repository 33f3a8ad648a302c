"""How the queries of retention are done: none reads a whole table, and none of the writer's grows with what stays."""

import pytest

from server.core.retention import Retention, Spans
from server.store import idempotency
from server.store import retention as sql


class Watching:
    """A connection that asks how each statement will be done."""

    def __init__(self, connection):
        self.connection = connection
        self.plans = []

    def rows(self, statement, /, **params):
        self._ask(statement, params)
        return self.connection.rows(statement, **params)

    def run(self, statement, /, **params):
        self._ask(statement, params)
        return 0

    def _ask(self, statement, params):
        self.plans += [row[3] for row in self.connection.rows(f"EXPLAIN QUERY PLAN {statement}", **params)]


@pytest.mark.parametrize(
    "act",
    [
        lambda c: sql.old_events(c, Retention(), 5, 5),
        lambda c: sql.old_jobs(c, Spans(5), 5, 0, 5),
        lambda c: sql.old_files(c, Spans(5), 5, 0, 5),
        lambda c: sql.ended_jobs(c, [1, 2]),
        lambda c: sql.needed_jobs(c, [1, 2]),
        lambda c: sql.existing_jobs(c, [1, 2]),
        lambda c: sql.remove_events(c, 5),
        lambda c: sql.remove_files(c, [1, 2]),
        lambda c: sql.remove_lines(c, [1, 2]),
        lambda c: sql.remove_notifications(c, [1, 2]),
        lambda c: sql.old_rules(c, 5, 5),
        lambda c: sql.remove_rules(c, [1, 2], 5),
        lambda c: idempotency.count_old(c, 5, 5),
    ],
)
def test_every_step_goes_by_an_index_and_sorts_nothing(connection, act):
    watching = Watching(connection)
    act(watching)
    assert watching.plans
    for plan in watching.plans:
        assert not plan.startswith("SCAN") or "json_each" in plan or "old" in plan.split(), watching.plans
        assert "TEMP B-TREE" not in plan, watching.plans


def test_old_lines_and_notifications_are_read_in_the_order_of_making_and_no_further_than_asked(connection):
    watching = Watching(connection)
    sql.old_lines(watching, Retention(), 5, 5)
    sql.old_notifications(watching, Retention(), 5, 5)
    assert watching.plans == ["SCAN audit", "SCAN notification"]

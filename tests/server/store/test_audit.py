"""SQL of the audit."""

import pytest

from server.core.audit import Line
from server.store import audit
from server.store.audit import AuditFilter


def line(number, space_id=1, at=10, actor="us_key_1", action="key:created", target="us_key_2"):
    return (number, space_id, at, actor, "127.0.0.1", action, target, None, '{"a":1}')


def test_lines_of_a_space_come_newest_first(begin):
    tx = begin()
    for number, space_id in ((1, 1), (2, 2), (3, 1), (4, 1)):
        audit.insert(tx, line(number, space_id))
    tx.flush()
    found = audit.page(tx.connection, 1, 99, 2)
    assert found == [Line(*line(4)), Line(*line(3))]
    assert audit.page(tx.connection, 1, 3, 9) == [Line(*line(1))]


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"actor": "a"},
        {"target": "t"},
        {"action": "key:*"},
        {"actor": "a", "action": "key:created", "target": "t", "since": 1, "until": 2},
    ],
)
def test_no_page_reads_the_whole_table_or_sorts_it(begin, wanted):
    tx = begin()

    plans = []

    class Watching:
        def rows(self, statement, /, **params):
            plans.extend(row[3] for row in tx.connection.rows(f"EXPLAIN QUERY PLAN {statement}", **params))
            return []

    audit.page(Watching(), 1, 99, 2, AuditFilter(**wanted))
    assert len(plans) == 1
    assert plans[0].startswith("SEARCH audit USING INDEX audit_")

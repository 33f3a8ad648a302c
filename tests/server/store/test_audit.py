"""SQL of the audit."""

from server.store import audit
from server.store.audit import Line


def line(number, space_id=1):
    return (number, space_id, 10, "us_key_1", "127.0.0.1", "key:created", "us_key_2", None, '{"a":1}')


def test_lines_of_a_space_come_newest_first(begin):
    tx = begin()
    for number, space_id in ((1, 1), (2, 2), (3, 1), (4, 1)):
        audit.insert(tx, line(number, space_id))
    tx.flush()
    found = audit.page(tx.connection, 1, 99, 2)
    assert found == [Line(*line(4)), Line(*line(3))]
    assert audit.page(tx.connection, 1, 3, 9) == [Line(*line(1))]

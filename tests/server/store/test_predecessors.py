"""Who waits for whom is read from indexes: no query looks at jobs that it is not about."""

import pytest

from server.store import predecessors


@pytest.mark.parametrize(
    "query",
    [
        lambda reader: predecessors.open_of(reader, 1),
        lambda reader: predecessors.followers(reader, 1),
        lambda reader: predecessors.still_waiting(reader, [1]),
        lambda reader: predecessors.open_edges(reader, [1], 10),
        lambda reader: predecessors.ancestors(reader, 1, 10),
    ],
)
def test_every_query_searches_by_an_index(connection, query):
    asked = []

    class Spy:
        def rows(self, sql, /, **params):
            asked.append((sql, params))
            return []

    query(Spy())
    ((sql, params),) = asked
    plan = [row[3] for row in connection.rows(f"EXPLAIN QUERY PLAN {sql}", **params)]
    # What a recursion has found so far, and its own parameters, are gone through; tables never are.
    scans = [line for line in plan if line.startswith("SCAN")]
    assert all(line.split()[1] in {"edge", "line", "json_each", "VIRTUAL"} for line in scans), plan

"""How runs that go are found: along indexes alone; tests/conformance/test_run_retention.py finds them on every database."""

from explained import Explained
from history import slot

from server.core.retention import Spans
from server.store import run_retention as sql
from server.store.run_retention import Seen
from server.store.runs import COLUMNS
from server.store.schedules import SLOT


def test_nothing_is_read_but_what_goes_and_what_is_counted(connection):
    connection.begin()
    facets = ("failed full api", "success delta schedule")
    rows = [(n, 1, 1 + n % 2, 7, n, facets[n % 3 % 2], None) for n in range(1, 50)]
    connection.insert_many("job_run", COLUMNS, rows)
    connection.insert_many("slot", SLOT, [slot(7, n, 1) for n in range(1, 50)])
    reader = Explained(connection)
    assert sql.old_missed(reader, Spans(1), 60, 1)
    assert sql.definitions_with_missed(reader) == [1]
    assert sql.too_many_missed(reader, 1, 5, 60)
    assert sql.may_be_too_many(reader, 5)
    assert sql.definitions_with_jobs(reader) == [1, 2]
    assert sql.surplus(reader, 1, 5) == 19
    assert sql.oldest_ended(reader, 1, Seen(), 5, 60)[1]
    tables = [one for one in reader.plans if one.startswith("SCAN") and not one.startswith("SCAN step")]
    # A list of numbers is no table.
    assert {one for one in tables if "json_each" not in one} <= {"SCAN CONSTANT ROW"}
    assert not [one for one in reader.plans if "TEMP B-TREE" in one]

"""How pages of the history are read: along indexes alone; tests/conformance/test_runs.py reads them on every database."""

import pytest
from explained import Explained
from history import KEEP_SLOTS, slot

from server.core.runs import NEWEST
from server.store import run_pages
from server.store.run_pages import RunFilter

RUN = ("id", "space_id", "definition_id", "schedule_id", "at", "facets")
FILTERS = {
    "space": RunFilter(),
    "definitions": RunFilter(definitions=(1, 2)),
    "many": RunFilter(definitions=tuple(range(1, 11)), since=1),
    "schedule": RunFilter(schedule=7),
    "both": RunFilter(schedule=7, definitions=tuple(range(1, 11))),
    "facets": RunFilter(results=frozenset({"failed", "skipped"}), since=1, until=9),
}


@pytest.mark.parametrize("wanted", FILTERS.values(), ids=FILTERS)
def test_no_page_reads_more_than_its_stretches_of_an_index(connection, wanted):
    connection.begin()
    facets = ("failed full api", "success delta schedule")
    rows = [(n, 1, 1 + n % 10, 7, n, facets[n % 3 % 2]) for n in range(1, 50)]
    connection.insert_many("job_run", RUN, rows)
    KEEP_SLOTS.run(type("Tx", (), {"connection": connection}), [slot(7, n, 1 + n % 10) for n in range(1, 50)])
    reader = Explained(connection)
    run_pages.page(reader, 1, wanted, 5, NEWEST)
    steps = [plan for plan in reader.plans if plan.startswith(("SEARCH", "SCAN"))]
    assert any("job_run" in step for step in steps)
    assert any("slot" in step for step in steps)
    # What is merged or asked for, and what a step of the recursion has found, is no table.
    assert not [
        one
        for one in steps
        if one.startswith("SCAN")
        and not one.startswith(("SCAN arm", "SCAN step", "SCAN j"))
        and "CONSTANT ROW" not in one
    ]
    assert not [one for one in reader.plans if "TEMP B-TREE FOR ORDER BY" in one]
    connection.rollback()


def test_many_definitions_are_asked_for_in_several_statements(connection, monkeypatch):
    monkeypatch.setattr(run_pages, "ARMS", 2)
    connection.begin()
    rows = [(n, 1, n, None, n, "success full api") for n in range(1, 8)]
    connection.insert_many("job_run", RUN, rows)
    found = run_pages._job_places(connection, 1, RunFilter(definitions=tuple(range(1, 8))), 5, NEWEST)
    assert [place.first for place, _ in found] == [7, 6, 5, 4, 3]
    connection.rollback()

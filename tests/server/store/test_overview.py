"""How the queue of a space stands and how its schedules fared: what is found, and by which index."""

import pytest
from slots import COLUMNS as DUE_TIME

from server.core.overview import Late
from server.store import overview as sql
from server.store.runs import COLUMNS as RUN


@pytest.fixture(autouse=True)
def begun(connection):
    connection.begin()
    yield
    connection.rollback()


def put(connection, number, space=1, status="ready", holder=None):
    columns = (
        "id", "space_id", "name", "status", "source", "followed", "priority", "spec", "created_by", "created_at", "updated_at",
        "eta_given", "attempt", "max_attempts", "fence", "holder", "run_timeout_ms", "total_timeout_ms",
    )  # fmt: skip
    row = (number, space, f"a:{number % 3}", status, "", 0, 0, "{}", "k", 1, 1, 0, 1, 5, 1, holder, 1, 1)
    connection.insert_many("job", columns, [row])


def test_jobs_that_wait_and_run_are_counted_up_to_a_bound(connection, monkeypatch):
    for number in range(1, 8):
        put(connection, number)
    put(connection, 8, space=2)
    put(connection, 9, status="executing", holder="k/one")
    put(connection, 10, status="ready", holder="k/one")
    put(connection, 11, space=2, status="executing", holder="k/one")
    put(connection, 12, status="complete")
    assert (sql.waiting(connection, 1), sql.running(connection, 1)) == (7, 2)
    monkeypatch.setattr(sql, "MOST_COUNTED", 4)
    assert (sql.waiting(connection, 1), sql.running(connection, 1)) == (4, 2)


def test_due_times_are_told_apart_by_what_became_of_them(connection):
    runs = [
        (1, 1, 7, 3, 100, "success full schedule", None),
        (2, 1, 7, 3, 200, "failed full schedule", None),
        (3, 1, 7, None, 200, "success full api", None),
        (4, 1, 7, 3, 50, "success full schedule", None),
        (5, 2, 8, 4, 200, "success full schedule", None),
    ]
    connection.insert_many("job_run", RUN, runs)
    assert sql.ran(connection, 1, 100) == 2
    slots = [
        (3, 90, 1, 7, 100, 1, None, None, 1),
        (3, 195, 1, 7, 200, 2, None, None, 1),
        (3, 150, 1, 7, 160, None, "skipped", "late", 4),
        (3, 300, 1, 7, 300, None, "failed", "x", 1),
        (3, 40, 1, 7, 50, None, "skipped", "late", 9),
        (5, 150, 1, None, 160, None, "skipped", "late", 2),
        (4, 150, 2, 8, 160, None, "skipped", "late", 2),
    ]
    connection.insert_many("slot", DUE_TIME, slots)
    assert sql.missed(connection, 1, 100) == (4, 1)
    assert sql.missed(connection, 3, 0) == (0, 0)
    assert sql.late(connection, 1, 100) == [Late(200, 5), Late(100, 10)]


def test_each_is_found_by_an_index(connection):
    plans = {
        "job_ready": "SELECT 1 FROM job WHERE space_id = 1 AND name >= '' AND status = 'ready' AND holder IS NULL LIMIT 9",
        "job_holder": "SELECT 1 FROM job WHERE holder IS NOT NULL AND +space_id = 1 LIMIT 9",
        "job_run_space": "SELECT COUNT(*) FROM job_run WHERE space_id = 1 AND facets = 'x' AND at >= 5",
        "slot_missed_space": "SELECT SUM(count) FROM slot WHERE space_id = 1 AND result = 'skipped' AND at >= 5 "
        "AND result IS NOT NULL AND definition_id IS NOT NULL",
        "slot_": "SELECT at FROM slot WHERE space_id = 1 AND at >= 5 AND result IS NULL ORDER BY at DESC LIMIT 9",
    }
    for index, statement in plans.items():
        plan = str(connection.rows(f"EXPLAIN QUERY PLAN {statement}"))
        assert index in plan, plan
        assert "TEMP B-TREE" not in plan, plan

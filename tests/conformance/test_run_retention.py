"""Runs that are old or too many, on every database: found without looking at those that stay, and removed by pages."""

import pytest
from history import slot

from server.core.retention import Spans
from server.store import run_retention as sql
from server.store.run_retention import OldMissed, Seen
from server.store.runs import COLUMNS
from server.store.schedules import SLOT

NOW = 1_000_000


def insert(tx, *slots):
    tx.insert_many("slot", SLOT, slots)


def dues(tx):
    return [
        tuple(row) for row in tx.rows("SELECT schedule_id, due_at FROM slot ORDER BY schedule_id, due_at")
    ]


def test_old_due_times_are_found_by_space(tx):
    insert(
        tx,
        slot(1, 1, 5, at=NOW - 100),
        slot(1, 2, 5, at=NOW - 10),
        slot(2, 1, None, space_id=2, at=NOW - 100),
        slot(3, 1, 5, space_id=3, at=NOW - 100, result=None, job_id=1),
        slot(4, 1, 6, space_id=4, at=NOW - 99),
        slot(5, 1, 6, space_id=5, at=NOW - 300),
    )
    spans = Spans(100, {5: 1_000})
    assert sql.old_missed(tx, spans, NOW, 7) == [OldMissed(NOW - 100, 1), OldMissed(NOW - 100, 2)]
    assert [one.space_id for one in sql.old_missed(tx, spans, NOW, 200)] == []
    assert sql.old_missed(tx, Spans(5), NOW, 7)[0] == OldMissed(NOW - 7, 1)
    assert sql.remove_missed(tx, OldMissed(NOW - 100, 1), 10) == 1
    assert sql.remove_missed(tx, OldMissed(NOW - 100, 3), 10) == 0
    assert dues(tx) == [(1, 2), (2, 1), (3, 1), (4, 1), (5, 1)]


def test_without_any_nothing_is_found(tx):
    assert sql.old_missed(tx, Spans(5), NOW, 7) == []
    assert sql.definitions_with_missed(tx) == []
    assert sql.definitions_with_jobs(tx) == []
    assert not sql.may_be_too_many(tx, 1)
    assert sql.surplus(tx, 5, 1) == 0
    assert sql.oldest_ended(tx, 5, Seen(), 10, NOW) == ([], None)
    assert sql.too_many_missed(tx, 5, 1, NOW) == []


@pytest.mark.parametrize(("most", "before", "left"), [(1, NOW, [3]), (2, NOW, [2, 3]), (1, 1, [2, 3]), (4, NOW, [0, 1, 2, 3]), (5, NOW, [0, 1, 2, 3])])  # fmt: skip
def test_due_times_beyond_their_number(tx, most, before, left):
    insert(
        tx,
        *[slot(1, n, 5, at=n) for n in range(4)],
        slot(2, 1, 6, at=0),
        slot(3, 1, 5, at=9, result="failed"),
    )
    assert sql.definitions_with_missed(tx) == [5, 6]
    for old in sql.too_many_missed(tx, 5, most, before):
        while sql.remove_missed(tx, old, 1):
            pass
    assert [due for schedule, due in dues(tx) if schedule == 1] == left
    assert dues(tx)[-2:] == [(2, 1), (3, 1)]


def test_the_oldest_runs_that_are_over_are_found_in_order(tx, job):
    facets = [
        "success full api",
        "running full api",
        "failed full retry",
        "success full api",
        "failed full api",
    ]
    rows = [(n, 1, 5, None, 10 * n, text, None) for n, text in enumerate(facets, 1)]
    tx.insert_many("job_run", COLUMNS, [*rows, (6, 1, 7, None, 60, "success full api", None)])
    for number in range(1, 7):
        tx.run("INSERT INTO job (id, space_id, name, status, source, followed, priority, spec, created_by, created_at, updated_at, finished_at, eta_given, attempt, max_attempts, fence, run_timeout_ms, total_timeout_ms) VALUES (:id, 1, 'a:b', 'complete', 's', 0, 0, '{}', 'k', 1, 1, :end, 0, 0, 1, 0, 1, 1)", id=number, end=number * 100)  # fmt: skip
    assert sql.definitions_with_jobs(tx) == [5, 7]
    assert [sql.may_be_too_many(tx, most) for most in (4, 5, 6)] == [True, True, False]
    assert [sql.surplus(tx, 5, most) for most in (2, 5, 9)] == [3, 0, 0]
    first, seen = sql.oldest_ended(tx, 5, Seen(), 2, NOW)
    assert ([one.id for one in first], seen) == ([1, 3], Seen(30, 3))
    assert first[0].finished_at == 100
    rest, seen = sql.oldest_ended(tx, 5, seen, 9, 400)
    # The last has ended later than asked for.
    assert ([one.id for one in rest], seen) == ([4], Seen(50, 5))
    assert sql.oldest_ended(tx, 5, seen, 9, NOW) == ([], None)

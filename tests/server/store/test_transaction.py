"""One batch as a unit of work: one object a job, one statement a kind of change, places for events."""

import json
from dataclasses import replace

import pytest
from stage import SPACE, START_MS

from server.core.jobs import COLUMNS
from server.store import jobs as sql
from server.store import log
from server.store.transaction import EVERYTHING, LEASE_ONLY, PROGRESS_ONLY, NewEvent


class Counting:
    """A connection that counts its statements."""

    def __init__(self, inner):
        self.inner = inner
        self.seen = []

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def rows(self, statement, /, **params):
        self.seen.append(("rows", statement.split(" WHERE ")[0][-12:]))
        return self.inner.rows(statement, **params)

    def insert_many(self, table, columns, rows):
        rows = list(rows)
        self.seen.append(("insert", table, len(rows)))
        self.inner.insert_many(table, columns, rows)

    def update_many(self, table, columns, rows):
        rows = list(rows)
        self.seen.append(("update", columns, len(rows)))
        self.inner.update_many(table, columns, rows)

    def append_log(self, events):
        self.seen.append(("log", len(events)))
        return self.inner.append_log(events)

    def commit(self, events=()):
        self.seen.append(("commit", len(events)))
        return self.inner.commit(events)

    def changes(self):
        return [entry for entry in self.seen if entry[0] != "rows"]


@pytest.fixture
def tx(begin):
    tx = begin()
    tx.connection = Counting(tx.connection)
    return tx


@pytest.fixture
def new(tx):
    """Make jobs, unwritten."""

    def make(count=1, **changes):
        return [replace(BLANK, id=job_id, **changes) for job_id in tx.next_ids("job", count)]

    return make


BLANK = sql.from_db((
    0, 1, "workbook:export", "created", "us_sp_default", None, None, None, 0, None, None, 0, None, "{}", "us_key_0000000000", START_MS,
    START_MS, *[None] * 11, None, None, 0, None, None, 0, 5, 0, None, None, 3_600_000, None, 86_400_000, None,
))  # fmt: skip


def stored(tx, *rows):
    """Write jobs, and forget that this transaction knew them."""
    for row in rows:
        tx.add(row)
    tx.flush()
    tx._jobs.clear()
    tx.connection.seen.clear()


# ---- one object a job


def test_a_job_is_one_object(tx, new):
    (row,) = new()
    stored(tx, row)
    first = tx.job(row.id)
    assert first == row
    assert tx.job(row.id) is first
    assert tx.adopt(sql.load_many(tx.connection, [row.id])) == [first]
    assert tx.adopt(sql.load_many(tx.connection, [row.id]))[0] is first


def test_jobs_are_loaded_by_one_query(tx, new):
    rows = new(5)
    stored(tx, *rows)
    tx.preload(row.id for row in rows)
    tx.preload([row.id for row in rows])
    for row in rows:
        assert tx.job(row.id) == row
    assert len(tx.connection.seen) == 1


def test_a_job_that_does_not_exist_is_none(tx):
    tx.preload([99])
    assert tx.job(99) is None


def test_a_new_job_is_found_before_it_is_written(tx, new):
    (row,) = new()
    tx.add(row)
    assert tx.job(row.id) is row
    assert tx.connection.seen == []


# ---- writing


def test_new_jobs_are_inserted_at_once_as_they_are_in_the_end(tx, new):
    rows = new(3)
    for row in rows:
        tx.add(row)
        row.status = "ready"
        tx.changed(row)
    tx.flush()
    assert tx.connection.changes() == [("insert", "job", 3)]
    assert [r.status for r in sql.load_many(tx.connection, [row.id for row in rows])] == ["ready"] * 3
    tx.flush()
    assert tx.connection.changes() == [("insert", "job", 3)]


def test_changes_are_written_by_one_statement_a_kind(tx, new):
    rows = new(7)
    stored(tx, *rows)
    tx.preload(row.id for row in rows)
    a, b, c, d, e, f, untouched = (tx.job(row.id) for row in rows)
    for row, what in (
        (a, EVERYTHING),
        (b, PROGRESS_ONLY),
        (c, LEASE_ONLY),
        (d, EVERYTHING),
        (e, PROGRESS_ONLY),
    ):
        row.status, row.progress, row.lease_expires_at = "ready", 5.0, 9
        tx.changed(row, what)
    f.status, f.progress, f.lease_expires_at = "ready", 5.0, 9
    tx.changed(f, PROGRESS_ONLY)
    tx.changed(f, LEASE_ONLY)
    untouched.status = "never said"
    tx.connection.seen.clear()
    tx.flush()
    assert sorted(tx.connection.changes(), key=str) == sorted(
        [("update", sql.MUTABLE, 3), ("update", sql.PROGRESS, 2), ("update", sql.LEASE, 1)], key=str
    )
    found = {
        row.id: (row.status, row.progress, row.lease_expires_at)
        for row in sql.load_many(tx.connection, [r.id for r in rows])
    }
    assert [found[row.id] for row in rows] == [
        ("ready", 5.0, 9),
        ("created", 5.0, None),
        ("created", None, 9),
        ("ready", 5.0, 9),
        ("created", 5.0, None),
        ("ready", 5.0, 9),
        ("created", None, None),
    ]


def test_what_was_written_is_not_written_again(tx, new):
    (row,) = new()
    tx.add(row)
    tx.changed(row)
    tx.flush()
    tx.connection.seen.clear()
    tx.flush()
    tx.finish()
    assert tx.connection.changes() == []


def test_a_job_that_was_written_and_changes_again_is_updated(tx, new):
    (row,) = new()
    tx.add(row)
    tx.flush()
    row.status = "ready"
    tx.changed(row)
    tx.flush()
    assert tx.connection.changes() == [("insert", "job", 1), ("update", sql.MUTABLE, 1)]
    assert sql.load(tx.connection, 1, row.id) == row


def test_every_column_of_a_new_job_is_written(tx, new):
    (row,) = new(2)[:1]
    full = replace(
        row, **{name: 3 for name in COLUMNS if getattr(row, name) is None and name != "unique_key"}
    )
    full = replace(
        full, info="i", file_id="f", outcome="{}", result="{}", holder="h", progress=3.0, done=3.0, total=3.0
    )
    tx.add(full)
    tx.flush()
    assert sql.load(tx.connection, 1, full.id) == full


def test_rows_of_other_tables_are_inserted_together(tx):
    for number in range(3):
        tx.insert("meta", ("name", "value"), (f"n{number}", "v"))
    tx.insert("event_ack", ("seq", "at", "actor"), (1, 2, "a"))
    assert tx.connection.changes() == []
    tx.flush()
    assert tx.connection.changes() == [("insert", "meta", 3), ("insert", "event_ack", 1)]


# ---- deletion


def test_a_job_that_is_forgotten_is_written_first_and_then_unknown(tx, new):
    (row,) = new()
    tx.add(row)
    tx.insert(
        "job_log", ("id", "job_id", "attempt", "at", "level", "message"), (1, row.id, 1, 1, "info", "m")
    )
    tx.fresh.append(row)
    tx.forget(row)
    sql.delete(tx.connection, row.id)
    assert tx.job(row.id) is None
    assert tx.fresh == []
    tx.finish()
    assert tx.rows("SELECT COUNT(*) FROM job") == tx.rows("SELECT COUNT(*) FROM job_log") == [(0,)]


# ---- events


def event(name):
    return NewEvent(1, "test:written", None, terminal=False, body={"name": name})


def test_events_get_dense_places_in_their_order(tx, connection):
    made = [tx.append(event(name)) for name in "abc"]
    assert {e.seq for e in made} == {0}
    found = tx.finish()
    assert [e.seq for e in made] == [s.seq for s in found] == [1, 2, 3]
    assert [json.loads(s.body)["name"] for s in found] == ["a", "b", "c"]
    assert {s.at for s in found} == {START_MS}
    connection.commit()
    assert log.page(connection, 0, 10, 10) == found
    assert log.head(connection).seq == 3


def test_a_batch_without_events_leaves_the_log_alone(tx, connection):
    assert tx.finish() == []
    connection.commit()
    assert log.head(connection).seq == 0
    assert not [entry for entry in tx.connection.seen if entry[0] == "rows"]


def test_what_is_done_at_last_knows_the_places(tx, connection):
    made = tx.append(event("a"))
    tx.at_last(lambda: tx.insert("meta", ("name", "value"), ("place", str(made.seq))))
    tx.finish()
    connection.commit()
    assert connection.rows("SELECT value FROM meta WHERE name = 'place'") == [("1",)]


def test_the_log_s_head_is_raised_once_and_after_all_changes_of_jobs(tx, new):
    (row,) = new()
    tx.add(row)
    for name in "abc":
        tx.append(event(name))
    tx.connection.seen.clear()
    tx.finish()
    assert tx.connection.seen == [("insert", "job", 1), ("log", 3)]


def test_the_log_is_written_together_with_the_commit(tx, new):
    (row,) = new()
    tx.add(row)
    made = [tx.append(event(name)) for name in "ab"]
    tx.connection.seen.clear()
    found = tx.commit()
    assert tx.connection.seen == [("insert", "job", 1), ("commit", 2)]
    assert [e.seq for e in made] == [s.seq for s in found] == [1, 2]
    assert log.page(tx.connection, 0, 10, 10) == found


def test_what_is_done_at_last_comes_between_the_log_and_the_commit(tx):
    made = tx.append(event("a"))
    tx.at_last(lambda: tx.insert("meta", ("name", "value"), ("place", str(made.seq))))
    tx.connection.seen.clear()
    tx.commit()
    assert tx.connection.seen == [("log", 1), ("insert", "meta", 1), ("commit", 0)]
    assert tx.connection.rows("SELECT value FROM meta WHERE name = 'place'") == [("1",)]


def test_an_event_about_a_job_says_where_and_who(tx, new, connection):
    (row,) = new()
    tx.add(row)
    tx.say("job:ready", row, "us_key_1", reason="released")
    (found,) = tx.finish()
    body = json.loads(found.body)
    assert (found.space_id, found.topic, found.job_id) == (SPACE.id, "job:ready", row.id)
    assert body["context"]["accountId"] == "us_acc_test"
    assert body["context"]["actorId"] == "us_key_1"
    assert body["payload"]["reason"] == "released"


@pytest.mark.parametrize(
    ("topic", "terminal"),
    [("job:completed", 1), ("job:failed", 1), ("job:canceled", 1), ("job:updated", 0), ("job:deleted", 0)],
)
def test_only_the_end_of_a_job_is_terminal(tx, new, connection, topic, terminal):
    (row,) = new()
    tx.add(row)
    tx.say(topic, row, "us_key_1")
    tx.finish()
    connection.commit()
    assert connection.rows("SELECT terminal FROM event") == [(terminal,)]


def test_one_instant_counts_for_the_whole_batch(tx, new):
    (row,) = new()
    tx.add(row)
    tx.say("job:created", row, "k")
    tx.append(event("a"))
    assert {s.at for s in tx.finish()} == {tx.now} == {START_MS}

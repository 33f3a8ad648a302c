"""Migrations forward only, and constraints that the database itself keeps."""

from dataclasses import astuple, replace

import pytest

from server.core.jobs import COLUMNS
from server.store import jobs, log
from server.store.database import StartError
from server.store.migrate import available, migrate

EVENT = log.COLUMNS


def insert(connection, *rows):
    connection.insert_many("job", COLUMNS, [astuple(row) for row in rows])
    connection.rows("SELECT 1")


def insert_now(connection, table, columns, *rows):
    """Insert, and ask something, so that it is not put off."""
    connection.insert_many(table, columns, rows)
    connection.rows("SELECT 1")


def store(connection, *events):
    insert_now(connection, "event", EVENT, *events)


def event(seq, job_id, *, terminal, topic="job:completed"):
    return (seq, 1, topic, job_id, int(terminal), 0, "{}")


# ---- facts of the database


def test_the_database_refuses_a_second_terminal_event_of_a_job(backend, tx):
    store(tx, event(1, 5, terminal=False), event(2, 5, terminal=True), event(3, 5, terminal=False))
    with pytest.raises(backend.refused):
        store(tx, event(4, 5, terminal=True, topic="job:failed"))


def test_other_jobs_and_events_of_none_may_end_too(tx):
    store(tx, event(1, 5, terminal=True), event(2, 6, terminal=True), event(3, None, terminal=False))
    assert len(log.page(tx, 0, 10, 10)) == 3


def test_a_sequence_number_is_taken_once(backend, tx):
    store(tx, event(1, None, terminal=False))
    with pytest.raises(backend.refused):
        store(tx, event(1, None, terminal=False))


def test_a_unique_key_is_refused_while_a_job_with_it_is_unfinished(backend, tx, job):
    insert(tx, replace(job, id=1, unique_key="k"))
    with pytest.raises(backend.refused):
        insert(tx, replace(job, id=2, unique_key="k"))


def test_a_unique_key_is_free_in_other_spaces_and_after_the_end(tx, job):
    insert(
        tx,
        replace(job, id=1, unique_key="k", status="complete", finished_at=5),
        replace(job, id=2, unique_key="k", status="failed", finished_at=6),
        replace(job, id=3, unique_key="k", space_id=2),
        replace(job, id=4, unique_key="k"),
        replace(job, id=5),
        replace(job, id=6),
    )
    assert jobs.unfinished_with_key(tx, 1, "k") == 4
    assert jobs.unfinished_with_key(tx, 2, "k") == 3
    assert jobs.unfinished_with_key(tx, 1, "other") is None


def test_an_attempt_is_remembered_once_for_each_fence(backend, tx):
    columns = ("job_id", "fence", "attempt", "reason", "ended_at")
    tx.insert_many(
        "attempt", columns, [(1, 1, 1, "failed", 5), (1, 2, 2, "failed", 5), (2, 1, 1, "failed", 5)]
    )
    with pytest.raises(backend.refused):
        insert_now(tx, "attempt", columns, (1, 2, 2, "failed", 6))


def test_a_numbered_log_line_of_an_attempt_is_stored_once(backend, tx):
    columns = ("id", "job_id", "attempt", "at", "level", "message", "fence", "line")
    places = [(7, 1, 0), (7, 1, 1), (7, 2, 0), (8, 1, 0), (7, 1, None), (7, 1, None), (7, None, None)]
    tx.insert_many(
        "job_log",
        columns,
        [(n, job, 1, 1, "info", "m", fence, line) for n, (job, fence, line) in enumerate(places)],
    )
    with pytest.raises(backend.refused):
        insert_now(tx, "job_log", columns, (99, 7, 1, 1, "info", "m", 1, 1))


# ---- migrations


def version(connection):
    return connection.rows("SELECT COALESCE(MAX(version), 0) FROM schema_version")[0][0]


def test_numbers_have_no_gap_and_scripts_have_statements():
    scripts = available()
    assert list(scripts) == list(range(1, len(scripts) + 1))
    assert all(script.strip() for script in scripts.values())


def test_preparing_again_changes_nothing(backend, database, connection, place):
    connection.begin()
    connection.run("INSERT INTO meta (name, value) VALUES ('a', 'b')")
    connection.commit()
    before = version(connection)
    connection.close()
    database.close()
    again = backend.open(place)
    again.prepare()
    with again.reader() as reader:
        assert version(reader) == before == max(available())
        assert reader.rows("SELECT value FROM meta") == [("b",)]
    again.close()


def test_what_is_missing_is_applied_in_order_and_once(backend, connection):
    newest = version(connection)
    first, second = newest + 1, newest + 2
    scripts = {first: "CREATE TABLE extra (a BIGINT);\n", second: "INSERT INTO extra (a) VALUES (1);\n"}
    migrate(connection, backend.words, scripts)
    migrate(connection, backend.words, scripts)
    assert version(connection) == second
    assert connection.rows("SELECT a FROM extra") == [(1,)]


def test_a_migration_that_fails_leaves_the_version_before_it(backend, connection):
    newest = version(connection)
    good, bad = newest + 1, newest + 2
    scripts = {
        good: "CREATE TABLE extra (a BIGINT);",
        bad: "CREATE TABLE half (a BIGINT);\nINSERT INTO extra (a) VALUES (1);\nINSERT INTO no_such_table VALUES (1);",
    }
    with pytest.raises(Exception, match="no_such_table"):
        migrate(connection, backend.words, scripts)
    assert version(connection) == good
    assert connection.rows("SELECT COUNT(*) FROM extra") == [(0,)]
    with pytest.raises(Exception, match="half"):
        connection.rows("SELECT 1 FROM half")
    migrate(connection, backend.words, {good: scripts[good], bad: "CREATE TABLE half (a BIGINT);"})
    assert version(connection) == bad


def test_a_newer_schema_is_refused_with_what_to_do(backend, database, connection, place):
    newest = version(connection)
    connection.begin()
    connection.run("INSERT INTO schema_version (version) VALUES (:v)", v=newest + 1)
    connection.commit()
    connection.close()
    database.close()
    again = backend.open(place)
    for _ in range(2):
        with pytest.raises(StartError, match=rf"schema {newest + 1}.*newer release"):
            again.prepare()


def test_a_store_that_is_damaged_is_refused_with_what_to_do(backend, place):
    backend.spoil(place)
    database = backend.open(place)
    for _ in range(2):
        with pytest.raises(StartError, match=r"(?i)backup"):
            database.prepare()

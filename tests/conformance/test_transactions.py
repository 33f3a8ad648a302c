"""Atomic, isolated, durable: what a database promises between begin and commit."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from server.store.database import AgainError, DiskFullError, StoreError

ROOT = Path(__file__).parents[2]
NAMES = "SELECT name FROM meta ORDER BY name"


def put(connection, *names):
    connection.insert_many("meta", ("name", "value"), [(name, "v") for name in names])


def put_now(connection, *names_):
    """The same, and ask something, so that it is not put off."""
    put(connection, *names_)
    return names(connection)


def names(reader):
    return [row[0] for row in reader.rows(NAMES)]


def read(database):
    with database.reader() as reader:
        return names(reader)


def test_what_was_committed_is_seen_by_readers_and_what_was_not_is_not(database, connection):
    connection.begin()
    put(connection, "a", "b")
    assert names(connection) == ["a", "b"]
    assert read(database) == []
    connection.commit()
    assert read(database) == ["a", "b"]


def test_rollback_undoes_every_kind_of_statement(database, connection):
    connection.begin()
    put(connection, "kept")
    connection.commit()
    connection.begin()
    put(connection, "a", "b")
    connection.run("UPDATE meta SET value = 'changed' WHERE name = 'kept'")
    connection.update_many("space", ("name",), [("Renamed", 1)])
    connection.rows("UPDATE log_head SET seq = seq + 5 WHERE id = 1 RETURNING seq")
    connection.run("DELETE FROM space WHERE id = 2")
    connection.rollback()
    with database.reader() as reader:
        assert reader.rows("SELECT name, value FROM meta") == [("kept", "v")]
        assert reader.rows("SELECT name FROM space ORDER BY id") == [("Default",), ("Elsewhere",)]
        assert reader.rows("SELECT seq FROM log_head") == [(0,)]


def test_a_refused_statement_leaves_nothing_after_rollback(backend, database, connection):
    connection.begin()
    put(connection, "once")
    with pytest.raises(backend.refused):
        put_now(connection, "twice", "once")
    connection.rollback()
    assert read(database) == []
    connection.begin()
    put(connection, "next")
    connection.commit()
    assert read(database) == ["next"]


def test_rollback_without_a_transaction_does_nothing(connection):
    connection.rollback()
    connection.begin()
    connection.rollback()
    connection.rollback()
    assert names(connection) == []


def test_a_reader_keeps_one_snapshot_while_the_writer_commits(database, connection, in_thread):
    def commit_another():
        connection.begin()
        put(connection, "late")
        connection.commit()

    with database.reader() as reader:
        before = names(reader)
        in_thread(commit_another)
        assert names(reader) == before == []
        assert in_thread(lambda: read(database)) == ["late"]
    assert read(database) == ["late"]


def test_a_reader_that_failed_can_be_used_again(database, connection):
    with pytest.raises(Exception, match="no_such_table"), database.reader() as reader:
        reader.rows("SELECT 1 FROM no_such_table")
    assert read(database) == []


def test_readers_cannot_write(database, connection):
    with pytest.raises(Exception, match=r"(?i)read.?only"), database.reader() as reader:
        reader.rows("INSERT INTO meta (name, value) VALUES ('a', 'b') RETURNING name")
    assert read(database) == []


def test_a_commit_survives_closing(backend, database, connection, place):
    connection.begin()
    put(connection, "kept")
    connection.commit()
    connection.begin()
    put(connection, "open")
    connection.close()
    database.close()
    again = backend.open(place)
    again.prepare()
    try:
        assert read(again) == ["kept"]
    finally:
        again.close()


CHILD = """
    import sys
    from pathlib import Path
    address = sys.argv[1]
    {opening}
    database.prepare()
    connection = database.connect()
    for number in range(int(sys.argv[2])):
        connection.begin()
        connection.insert_many("meta", ("name", "value"), [(f"{{number}}-{{part}}", "v" * 2000) for part in "ab"])
        *_, last = connection.next_ids("job", 3)
        connection.commit()
        print("committed", number, last, flush=True)
    connection.begin()
    connection.insert_many("meta", ("name", "value"), [("never-committed", "v")])
    print("open", flush=True)
    sys.stdin.read()
"""


def test_what_was_reported_committed_survives_the_death_of_the_process(backend, place):
    script = textwrap.dedent(CHILD).format(opening=backend.opening)
    child = subprocess.Popen(
        [sys.executable, "-c", script, backend.address(place), "40"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with child:
        lines = iter(child.stdout.readline, "open\n")
        reported = [line.split() for line in lines if line]
        child.kill()
    database = backend.open(place)
    database.prepare()
    try:
        assert [int(line[1]) for line in reported] == list(range(40))
        assert set(read(database)) == {f"{number}-{part}" for number in range(40) for part in "ab"}
        connection = database.connect()
        connection.begin()
        assert connection.next_ids("job", 1)[0] > int(reported[-1][2])
        connection.rollback()
        connection.close()
    finally:
        database.close()


# ---- a store that cannot be written


def write(connection):
    connection.begin()
    connection.append_log([(1, "a:b", None, 0, 5, "{}")])


def test_a_store_that_another_writer_holds_answers_store_error(backend, database, connection, place):
    backend.impatient(connection)
    with backend.lock(place), pytest.raises(StoreError) as caught:
        write(connection)
    assert caught.value.code == "unavailable"
    assert "try again" in str(caught.value)
    connection.rollback()
    connection.begin()
    put(connection, "later")
    connection.commit()
    assert read(database) == ["later"]


@pytest.fixture
def small(backend, place, furnishing):
    database = backend.small(place)
    database.prepare()
    connection = database.connect()
    furnishing(connection)
    yield database, connection
    connection.rollback()
    connection.close()
    database.close()


def store(connection, name, value, *others):
    connection.begin()
    put(connection, *others)
    connection.insert_many("meta", ("name", "value"), [(name, value)])
    connection.commit()


def fill(connection):
    """Commit rows until the store is full; how many fitted."""
    for number in range(10_000):
        try:
            store(connection, f"fill-{number}", "x" * 3000, f"early-{number}")
        except DiskFullError:
            connection.rollback()
            return number
    raise AssertionError("the store never became full")


def test_a_full_store_writes_nothing_and_still_reads(small):
    database, connection = small
    fitted = fill(connection)
    assert fitted > 3
    with database.reader() as reader:
        assert len(names(reader)) == 2 * fitted
        assert reader.rows("SELECT seq FROM log_head") == [(0,)]
    with pytest.raises(DiskFullError) as caught:
        store(connection, "large", "x" * 500_000)
    assert caught.value.code == "disk_full"
    assert "free some space" in str(caught.value)
    connection.rollback()
    assert len(read(database)) == 2 * fitted


def test_a_full_store_takes_writes_again_once_there_is_room(small):
    database, connection = small
    fitted = fill(connection)
    connection.begin()
    gone = connection.run("DELETE FROM meta WHERE name LIKE 'fill-%'")
    connection.commit()
    assert gone == fitted
    connection.begin()
    connection.insert_many("meta", ("name", "value"), [("again", "x" * 3000)])
    connection.commit()
    assert "again" in read(database)


def test_what_is_expected_is_so_at_the_end_or_nothing_was_written(database, connection):
    there = "SELECT id FROM space WHERE id = :id FOR_USE"
    connection.begin()
    connection.expect(there, id=1)
    connection.insert_many("meta", ("name", "value"), [("a", "v")])
    connection.commit()
    connection.begin()
    connection.insert_many("meta", ("name", "value"), [("b", "v")])
    connection.expect(there, id=77)
    if not database.shared:
        connection.commit()
        return
    with pytest.raises(AgainError, match="counted on"):
        connection.commit()
    connection.rollback()
    assert connection.rows("SELECT name FROM meta WHERE name IN ('a', 'b')") == [("a",)]

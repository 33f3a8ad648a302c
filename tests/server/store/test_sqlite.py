"""What only SQLite has: pragmas, the lock against a second server, and what it finds of damage."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from server.store.database import BrokenError, DiskFullError, StartError, StoreError
from server.store.places import refuse_network_file_system
from server.store.sqlite import SqliteDatabase, as_store_error, translate

ROOT = Path(__file__).parents[3]


@pytest.fixture
def database(tmp_path):
    database = SqliteDatabase(tmp_path / "data" / "store.db")
    database.prepare()
    yield database
    database.close()


def pragma(reader, name):
    return reader.rows(f"PRAGMA {name}")[0][0]


# ---- pragmas


def test_the_writing_connection_is_durable(database):
    connection = database.connect()
    assert pragma(connection, "journal_mode") == "wal"
    assert pragma(connection, "synchronous") == 2, "FULL"
    assert pragma(connection, "busy_timeout") == 5000
    assert pragma(connection, "foreign_keys") == 1
    assert pragma(connection, "trusted_schema") == 0
    assert pragma(connection, "wal_autocheckpoint") == 1000
    assert pragma(connection, "secure_delete") == 2, "FAST"
    connection.close()


def test_readers_can_only_read(database):
    with database.reader() as reader:
        assert pragma(reader, "query_only") == 1
        assert pragma(reader, "journal_mode") == "wal"


def test_a_thread_keeps_one_reader(database):
    with database.reader():
        pass
    with database.reader():
        pass
    assert len(database._readers) == 1


def test_readers_keep_less_in_memory_than_the_writer(database):
    connection = database.connect()
    with database.reader() as reader:
        assert [pragma(one, "cache_size") for one in (connection, reader)] == [-6000, -1500], "KiB"
    connection.close()


# ---- opening and closing


def test_it_can_be_prepared_again_after_closing(tmp_path):
    database = SqliteDatabase(tmp_path / "store.db")
    for _ in range(2):
        database.prepare()
        with database.reader() as reader:
            assert reader.rows("SELECT COUNT(*) FROM job") == [(0,)]
        database.close()


def test_closing_twice_is_allowed(database):
    database.close()
    database.close()


def test_a_place_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StartError, match="file"):
        SqliteDatabase(tmp_path / "file" / "store.db").prepare()


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path):
    (tmp_path / "store.db").mkdir()
    with pytest.raises(StartError, match=r"store\.db"):
        SqliteDatabase(tmp_path / "store.db").prepare()


def test_a_store_without_room_for_the_schema_is_refused_and_unlocked(tmp_path):
    with pytest.raises(StartError, match=r"(?i)full"):
        SqliteDatabase(tmp_path / "store.db", max_pages=3).prepare()
    database = SqliteDatabase(tmp_path / "store.db")
    database.prepare()
    database.close()


def test_a_store_that_another_process_keeps_locked_is_refused_and_unlocked(tmp_path, monkeypatch):
    monkeypatch.setattr("server.store.sqlite._PRAGMAS", ("PRAGMA busy_timeout=0", "PRAGMA journal_mode=WAL"))
    path = tmp_path / "store.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("BEGIN IMMEDIATE")
    database = SqliteDatabase(path)
    with pytest.raises(StartError, match="BUSY"):
        database.prepare()
    other.close()
    database.prepare()
    database.close()


# ---- the lock


def test_a_second_server_is_refused_with_the_name_of_the_first(database):
    second = SqliteDatabase(database.path)
    for _ in range(2):
        with pytest.raises(StartError, match=rf"in use by process {os.getpid()}\b.*--data-dir"):
            second.prepare()


def test_the_lock_is_free_after_closing(database):
    database.close()
    second = SqliteDatabase(database.path)
    second.prepare()
    second.close()


def test_the_lock_holds_against_another_process_and_ends_with_it(tmp_path):
    path = tmp_path / "store.db"
    script = (
        "import sys; from pathlib import Path; from server.store.sqlite import SqliteDatabase\n"
        "database = SqliteDatabase(Path(sys.argv[1])); database.prepare(); print('ready', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )  # fmt: skip
    mine = SqliteDatabase(path)
    with child:
        line = child.stdout.readline()
        try:
            with pytest.raises(StartError, match=rf"process {child.pid}\b"):
                mine.prepare()
        finally:
            child.kill()
    assert line == "ready\n"
    mine.prepare()
    mine.close()


def test_another_name_of_the_same_file_is_the_same_store(database, tmp_path):
    link = tmp_path / "other.db"
    link.symlink_to(database.path)
    with pytest.raises(StartError, match="in use"):
        SqliteDatabase(link).prepare()


# ---- places that it refuses


def test_a_file_with_a_hard_link_is_not_opened(database, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "store.db"
    link.hardlink_to(database.path)
    with pytest.raises(StartError, match="another name"):
        SqliteDatabase(link).prepare()
    assert [path.name for path in link.parent.iterdir()] == ["store.db"]


def test_nothing_is_made_in_a_place_that_is_refused(tmp_path, monkeypatch):
    table = tmp_path / "mounts"
    table.write_text(f"server:/x {tmp_path} nfs rw 0 0\n")
    monkeypatch.setattr(refuse_network_file_system, "__defaults__", (table,))
    with pytest.raises(StartError):
        SqliteDatabase(tmp_path / "new" / "store.db").prepare()
    assert not (tmp_path / "new").exists()


# ---- damage


def make(path):
    """A store with a few rows."""
    database = SqliteDatabase(path)
    database.prepare()
    connection = database.connect()
    connection.begin()
    for number in range(2000):
        connection.run("INSERT INTO meta (name, value) VALUES (:n, 'v')", n=f"{number:0200}")
    connection.commit()
    connection.close()
    return database


def crash(database):
    """End as a killed process does."""
    database._lock.release(well=False)
    database.close()


def damage(path, name):
    """Write nonsense over the first page of a table or index."""
    with closing(sqlite3.connect(path)) as other:
        page = other.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0]
        size = other.execute("PRAGMA page_size").fetchone()[0]
    with path.open("r+b") as file:
        file.seek(size * (page - 1))
        file.write(b"nonsense" * (size // 8))


def unseen(path, act):
    """Do something to a file that its time of change does not tell."""
    before = path.stat()
    act()
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("name", ["event", "meta", "job_ready"])
def test_a_damaged_file_is_refused_with_advice_after_an_end_that_was_not_clean(tmp_path, name):
    path = tmp_path / "store.db"
    crash(make(path))
    unseen(path, lambda: damage(path, name))
    for _ in range(2):
        with pytest.raises(StartError, match=r"store\.db.*damaged.*backup"):
            SqliteDatabase(path).prepare()


def test_a_damaged_file_is_refused_when_it_was_changed_after_a_clean_end(tmp_path):
    path = tmp_path / "store.db"
    make(path).close()
    damage(path, "event")
    with pytest.raises(StartError, match="damaged"):
        SqliteDatabase(path).prepare()


def test_after_a_clean_end_the_file_is_not_read_as_a_whole(tmp_path):
    path = tmp_path / "store.db"
    make(path).close()
    unseen(path, lambda: damage(path, "meta"))
    database = SqliteDatabase(path)
    database.prepare()
    with pytest.raises(BrokenError, match=r"damaged \(SQLITE_CORRUPT.*backup"), database.reader() as reader:
        reader.rows("SELECT * FROM meta")
    assert "damaged" in database.broken
    database.close()
    with pytest.raises(StartError, match="damaged"):
        SqliteDatabase(path).prepare()


def test_damage_that_the_writing_connection_meets_is_remembered(tmp_path):
    path = tmp_path / "store.db"
    make(path).close()
    unseen(path, lambda: damage(path, "meta"))
    database = SqliteDatabase(path)
    database.prepare()
    assert database.broken is None
    connection = database.connect()
    with pytest.raises(BrokenError):
        connection.run("INSERT INTO meta (name, value) VALUES ('a', 'b')")
    assert "damaged" in database.broken
    connection.close()
    database.close()


def test_a_sound_file_is_opened_after_a_crash(tmp_path):
    path = tmp_path / "store.db"
    crash(make(path))
    database = SqliteDatabase(path)
    database.prepare()
    with database.reader() as reader:
        assert reader.rows("SELECT COUNT(*) FROM meta") == [(2000,)]
    database.close()


def test_a_start_that_was_refused_before_the_check_does_not_pass_for_a_clean_end(tmp_path, monkeypatch):
    path = tmp_path / "store.db"
    crash(make(path))
    unseen(path, lambda: damage(path, "meta"))
    database = SqliteDatabase(path)
    with monkeypatch.context() as patch:
        patch.setattr(database, "connect", lambda: pytest.fail("the disk is away"))
        with pytest.raises(pytest.fail.Exception):
            database.prepare()
    with pytest.raises(StartError, match="damaged"):
        database.prepare()


# ---- errors and words


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("SQLITE_FULL", DiskFullError),
        ("SQLITE_BUSY", StoreError),
        ("SQLITE_BUSY_SNAPSHOT", StoreError),
        ("SQLITE_LOCKED", StoreError),
        ("SQLITE_IOERR_WRITE", StoreError),
        ("SQLITE_READONLY", StoreError),
        ("SQLITE_CANTOPEN", StoreError),
    ],
)
def test_states_of_the_store_become_errors_of_the_seam(name, kind):
    error = sqlite3.OperationalError("as SQLite says it")
    error.sqlite_errorname = name
    found = as_store_error(error)
    assert type(found) is kind
    assert "nothing was written" in str(found)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("SQLITE_CORRUPT", "backup"),
        ("SQLITE_CORRUPT_INDEX", "backup"),
        ("SQLITE_NOTADB", "backup"),
        ("SQLITE_IOERR_FSYNC", "mend"),
        ("SQLITE_IOERR_DIR_FSYNC", "mend"),
    ],
)
def test_what_cannot_be_trusted_any_more_is_broken(name, advice):
    error = sqlite3.DatabaseError("as SQLite says it")
    error.sqlite_errorname = name
    found = as_store_error(error)
    assert type(found) is BrokenError
    assert name in str(found)
    assert advice in str(found)


def test_faults_of_our_own_stay_what_they_are(database):
    error = sqlite3.OperationalError("near SELECT: syntax error")
    assert as_store_error(error) is None
    with pytest.raises(sqlite3.OperationalError, match="syntax error"), database.reader() as reader:
        reader.rows("SELECT FROM")
    assert database.broken is None


def test_a_commit_that_finds_the_disk_full_says_so(tmp_path):
    database = SqliteDatabase(tmp_path / "store.db", max_pages=280)
    database.prepare()
    connection = database.connect()

    def fill():
        for number in range(400):
            connection.begin()
            connection.run("INSERT INTO meta (name, value) VALUES (:n, :v)", n=str(number), v="x" * 4000)
            connection.commit()

    with pytest.raises(DiskFullError):
        fill()
    connection.rollback()
    connection.rollback()
    connection.close()
    database.close()


def test_a_reader_reports_the_state_of_the_store(database):
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = "SQLITE_IOERR_READ"
    with pytest.raises(StoreError, match="IOERR"), database.reader():
        raise error
    with database.reader() as reader:
        assert reader.rows("SELECT 1") == [(1,)]


def test_a_reader_whose_transaction_the_database_ended_reports_the_first_error(database):
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = "SQLITE_IOERR_READ"

    def end(reader):
        reader._connection.execute("ROLLBACK")
        raise error

    with pytest.raises(StoreError, match="IOERR_READ"), database.reader() as reader:
        end(reader)


def test_a_reader_that_cannot_be_opened_answers_store_error(database, tmp_path):
    database.path.rename(tmp_path / "away.db")
    (tmp_path / "data" / "store.db").mkdir()
    with pytest.raises(StoreError, match="CANTOPEN"), database.reader():
        raise AssertionError("the folder was opened as a database")


def test_our_words_are_translated():
    assert translate("SELECT a FROM t WHERE id IN LIST(:ids) LIMIT 1 FOR_CLAIM") == (
        "SELECT a FROM t WHERE id IN (SELECT value FROM json_each(:ids)) LIMIT 1 ",
        ("ids",),
    )

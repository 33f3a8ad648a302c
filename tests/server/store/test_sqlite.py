"""What only SQLite has: pragmas, the lock against a second server, and places that it refuses."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from server.store.database import DiskFullError, StartError, StoreError
from server.store.sqlite import (
    NETWORK_FILE_SYSTEMS,
    SqliteDatabase,
    as_store_error,
    refuse_network_file_system,
    translate,
)

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


# ---- network file systems


def mounts(tmp_path, *lines):
    path = tmp_path / "mounts"
    path.write_text(
        "".join(f"{line}\n" for line in ("/dev/sda1 / ext4 rw 0 0", "proc /proc proc rw 0 0", *lines))
    )
    return path


@pytest.mark.parametrize("kind", sorted(NETWORK_FILE_SYSTEMS))
def test_network_file_systems_are_refused(tmp_path, kind):
    table = mounts(tmp_path, f"server:/export {tmp_path} {kind} rw,vers=4 0 0")
    with pytest.raises(StartError, match=rf"network file system \({kind}\).*local disk"):
        refuse_network_file_system(tmp_path / "store.db", table)


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "zfs"])
def test_local_file_systems_are_taken(tmp_path, kind):
    refuse_network_file_system(tmp_path / "store.db", mounts(tmp_path, f"/dev/sdb {tmp_path} {kind} rw 0 0"))


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("my data", "my\\040data"),
        ("tab\there", "tab\\011here"),
        ("back\\slash", "back\\134slash"),
        ("\\040", "\\134040"),
    ],
)
def test_escapes_in_the_table_are_read(tmp_path, name, escaped):
    (tmp_path / name).mkdir()
    table = mounts(tmp_path, f"server:/x {tmp_path}/{escaped} nfs4 rw 0 0")
    with pytest.raises(StartError, match="nfs4"):
        refuse_network_file_system(tmp_path / name / "store.db", table)


def test_the_nearest_mount_decides(tmp_path):
    (tmp_path / "local" / "deep").mkdir(parents=True)
    table = mounts(
        tmp_path,
        f"server:/x {tmp_path} nfs rw 0 0",
        f"/dev/sdb {tmp_path}/local ext4 rw 0 0",
        "server:/y /elsewhere nfs rw 0 0",
    )
    refuse_network_file_system(tmp_path / "local" / "deep" / "store.db", table)
    with pytest.raises(StartError):
        refuse_network_file_system(tmp_path / "store.db", table)


def test_the_newest_mount_of_one_place_decides(tmp_path):
    table = mounts(tmp_path, f"server:/x {tmp_path} nfs rw 0 0", f"/dev/sdb {tmp_path} ext4 rw 0 0")
    refuse_network_file_system(tmp_path / "store.db", table)


def test_a_link_is_followed_to_where_the_file_lies(tmp_path):
    (tmp_path / "remote").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "remote")
    (tmp_path / "file.db").symlink_to(tmp_path / "remote" / "store.db")
    table = mounts(tmp_path, f"server:/x {tmp_path}/remote nfs rw 0 0")
    for path in (tmp_path / "link" / "store.db", tmp_path / "file.db"):
        with pytest.raises(StartError):
            refuse_network_file_system(path, table)


def test_a_folder_that_does_not_exist_yet_is_judged_by_where_it_will_lie(tmp_path):
    table = mounts(tmp_path, f"server:/x {tmp_path} nfs rw 0 0")
    with pytest.raises(StartError):
        refuse_network_file_system(tmp_path / "not" / "yet" / "store.db", table)


def test_odd_lines_and_missing_tables_refuse_nothing(tmp_path):
    refuse_network_file_system(tmp_path / "store.db", mounts(tmp_path, "", "odd", "one two"))
    refuse_network_file_system(tmp_path / "store.db", tmp_path / "no-such-table")


def test_nothing_is_made_in_a_place_that_is_refused(tmp_path, monkeypatch):
    table = mounts(tmp_path, f"server:/x {tmp_path} nfs rw 0 0")
    monkeypatch.setattr(refuse_network_file_system, "__defaults__", (table,))
    with pytest.raises(StartError):
        SqliteDatabase(tmp_path / "new" / "store.db").prepare()
    assert not (tmp_path / "new").exists()


# ---- errors and words


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("SQLITE_FULL", DiskFullError),
        ("SQLITE_BUSY", StoreError),
        ("SQLITE_BUSY_SNAPSHOT", StoreError),
        ("SQLITE_LOCKED", StoreError),
        ("SQLITE_IOERR_FSYNC", StoreError),
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


def test_faults_of_our_own_stay_what_they_are():
    error = sqlite3.OperationalError("near SELECT: syntax error")
    assert as_store_error(error) is error


def test_a_commit_that_finds_the_disk_full_says_so(tmp_path):
    database = SqliteDatabase(tmp_path / "store.db", max_pages=80)
    database.prepare()
    connection = database.connect()

    def fill():
        for number in range(200):
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
        "SELECT a FROM t WHERE id IN (SELECT value FROM json_each(:ids)) LIMIT 1 "
    )

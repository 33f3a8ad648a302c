"""SQLite behind the seam: WAL, synchronous=FULL, one writer, readers apart, a lock against a second server.

FULL, since NORMAL lost acknowledged commits in 56 of 60 simulated power cuts; the default autocheckpoint of 1,000
pages stays, since a growing WAL doubles the cost of a commit (both measured).
"""

import contextlib
import os
import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import orjson

from .database import Connection, DiskFullError, Reader, Row, StartError, StoreError
from .migrate import migrate

try:
    import fcntl
except ImportError:  # Windows has no flock: its exclusive open of the database must do
    fcntl = None  # type: ignore[assignment]  # the module is missing there

NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smbfs", "smb3", "9p", "afs", "fuse.sshfs", "ceph", "glusterfs"}
)
_LIST = re.compile(r"LIST\((:\w+)\)")
_ESCAPE = re.compile(r"\\([0-7]{3})")
"""A space, tab, line feed or backslash in the table of mounts."""
_PRAGMAS = (
    "PRAGMA busy_timeout=5000",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cache_size=-16000",
)


class SqliteDatabase:
    """One store in one file. ``max_pages`` bounds its size (tests fill it up)."""

    kind = "sqlite"

    def __init__(self, path: Path, *, max_pages: int | None = None) -> None:
        self.path = path
        self.max_pages = max_pages
        self._lock: IO[str] | None = None
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []

    def prepare(self) -> None:
        """Refuse network file systems and a second server; create or migrate the schema."""
        refuse_network_file_system(self.path)
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._take_lock()
        except OSError as error:
            raise StartError(f"{self.path} cannot be made: {error}. Name another --data-dir.") from error
        try:
            self._bring_to_newest()
        except BaseException:
            self.close()
            raise

    def _bring_to_newest(self) -> None:
        try:
            _make_private(self.path)
            with contextlib.closing(self.connect()) as connection:
                migrate(connection, {"ROWID_KEY": "INTEGER PRIMARY KEY"})
        except (OSError, StoreError) as error:
            raise StartError(f"{self.path} cannot be opened: {error}") from error
        except sqlite3.DatabaseError as error:
            raise StartError(
                f"{self.path} cannot be used: {error}. Restore it from a backup, or name another file."
            ) from error

    def connect(self) -> "SqliteConnection":
        """The writing connection."""
        with _store_errors():
            return SqliteConnection(self._open(read_only=False))

    @contextlib.contextmanager
    def reader(self) -> Iterator[Reader]:
        """A snapshot: all its queries see the same commit."""
        with _store_errors():
            connection = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = self._open(read_only=True)
                self._readers.append(connection)
            connection.execute("BEGIN")
            try:
                yield SqliteReader(connection)
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the readers and give the lock back."""
        for connection in self._readers:
            connection.close()
        self._readers.clear()
        self._local = threading.local()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _open(self, *, read_only: bool) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            for pragma in _PRAGMAS:
                connection.execute(pragma)
            if read_only:
                connection.execute("PRAGMA query_only=ON")
            if self.max_pages:
                connection.execute(f"PRAGMA max_page_count={self.max_pages:d}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _take_lock(self) -> None:
        # Beside the real file: two links to one store must not make two locks.
        path = self.path.resolve()
        place = path.with_name(path.name + ".lock")
        _make_private(place)
        lock = place.open("a+", encoding="utf-8")
        try:
            if fcntl is not None:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip() or "another process"
            lock.close()
            raise StartError(
                f"{self.path} is in use by {owner}. One SQLite file serves one server: stop the other, "
                "or give this one another --data-dir."
            ) from None
        except OSError:
            lock.close()
            raise
        lock.truncate(0)
        lock.write(f"process {os.getpid()}")
        lock.flush()
        self._lock = lock


def _make_private(path: Path) -> None:
    """A new file that only the server's user can read: the store holds its secrets. SQLite gives -wal and -shm the same mode."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


class SqliteReader:
    """Queries on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, /, **params: Any) -> list[Row]:
        """All rows; lists among the parameters travel as JSON."""
        return self._connection.execute(translate(sql), _params(params)).fetchall()


class SqliteConnection(SqliteReader):
    """The writing connection. Counters are kept in memory while the lock is held, and stored with each commit."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._counters: dict[str, int] = {}
        self._raised: dict[str, int] = {}

    def begin(self) -> None:
        """Take the write lock at once: a later upgrade could fail half-way."""
        with _store_errors():
            self._connection.execute("BEGIN IMMEDIATE")
        self._raised.clear()

    def commit(self) -> None:
        """Store the counters that were raised, then commit durably."""
        for kind, value in self._raised.items():
            self.run("UPDATE counter SET value = :value WHERE kind = :kind", kind=kind, value=value)
        with _store_errors():
            self._connection.execute("COMMIT")
        self._counters.update(self._raised)

    def rollback(self) -> None:
        """A full disk rolls back by itself: then there is nothing left to end."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self._raised.clear()

    def rows(self, sql: str, /, **params: Any) -> list[Row]:
        """All rows of a query or of a statement with RETURNING."""
        with _store_errors():
            return super().rows(sql, **params)

    def run(self, sql: str, /, **params: Any) -> int:
        """Execute one statement."""
        with _store_errors():
            return self._connection.execute(translate(sql), _params(params)).rowcount

    def insert_many(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """One prepared statement, stepped in C for each row."""
        with _store_errors():
            self._connection.executemany(_insert(table, tuple(columns)), rows)

    def update_many(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """One prepared statement, stepped in C for each row."""
        with _store_errors():
            self._connection.executemany(_update(table, tuple(columns)), rows)

    def next_ids(self, kind: str, count: int) -> int:
        """Successive integers, stored by the commit that uses them."""
        last = self._raised.get(kind)
        if last is None:
            last = self._counters.get(kind)
        if last is None:
            found = self.rows("SELECT value FROM counter WHERE kind = :kind", kind=kind)
            if not found:
                self.run("INSERT INTO counter (kind, value) VALUES (:kind, 0)", kind=kind)
            last = found[0][0] if found else 0
        self._raised[kind] = last + count
        return int(last) + 1

    def close(self) -> None:
        """Close; SQLite checkpoints the WAL into the file."""
        self._connection.close()


def _check_protocol(connection: SqliteConnection) -> Connection:
    return connection


@lru_cache(maxsize=1024)
def translate(sql: str) -> str:
    """Our two words in SQLite's own."""
    return _LIST.sub(r"(SELECT value FROM json_each(\1))", sql).replace("FOR_CLAIM", "")


@lru_cache(maxsize=64)
def _insert(table: str, columns: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - names come from our own code


@lru_cache(maxsize=64)
def _update(table: str, columns: tuple[str, ...]) -> str:
    return f"UPDATE {table} SET {', '.join(f'{c} = ?' for c in columns)} WHERE id = ?"  # noqa: S608 - names come from our own code


def _params(params: dict[str, Any]) -> dict[str, Any]:
    return {
        name: orjson.dumps(value).decode() if isinstance(value, (list, tuple)) else value
        for name, value in params.items()
    }


@contextlib.contextmanager
def _store_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise as_store_error(error) from error


def as_store_error(error: sqlite3.Error) -> Exception:
    """The seam's error for one of SQLite's: full and locked are the store's state; all else is a fault of ours."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith("SQLITE_FULL"):
        return DiskFullError("The disk of the store is full: free some space; nothing was written.")
    if name.startswith(
        ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")
    ):
        return StoreError(f"The store does not answer ({name}): try again; nothing was written.")
    return error


def refuse_network_file_system(path: Path, mounts: Path = Path("/proc/mounts")) -> None:
    """StartError when the file would lie on a network file system, where SQLite's locks do not hold."""
    if not mounts.exists():
        return
    target = path.resolve().parent
    kinds = {}
    for line in mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        if len(parts := line.split(" ")) >= 3:
            kinds[Path(_ESCAPE.sub(lambda code: chr(int(code[1], 8)), parts[1]))] = parts[2]
    kind = next((kinds[place] for place in (target, *target.parents) if place in kinds), "")
    if kind in NETWORK_FILE_SYSTEMS:
        raise StartError(
            f"{target} lies on a network file system ({kind}), where SQLite's locks do not hold and data is lost. "
            "Choose a --data-dir on a local disk, or use PostgreSQL."
        )

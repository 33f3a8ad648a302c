"""SQLite behind the seam: WAL, synchronous=FULL, one writer, readers apart, and a check after an end that was not clean.

FULL, since NORMAL lost acknowledged commits in 56 of 60 simulated power cuts; the default autocheckpoint of 1,000
pages stays, since a growing WAL doubles the cost of a commit (both measured).
"""

import contextlib
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson
import structlog

from . import log
from .database import BrokenError, DiskFullError, Reader, Row, StartError, StoreError
from .known import Known
from .lock import Lock, make_private
from .migrate import migrate
from .places import refuse_network_file_system, refuse_second_name

_LIST = re.compile(r"(?:LIST|TEXTS)\((:\w+)\)")
_LOCKS = re.compile(r"\bFOR_(CLAIM|CHANGE|USE)\b")
_PRAGMAS = (
    "PRAGMA busy_timeout=5000",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    # Some builds overwrite all that is deleted, which doubles what its commit has to write.
    "PRAGMA secure_delete=FAST",
)
_WRITER_CACHE_KIB = 6_000
_READER_CACHE_KIB = 1_500
"""Small: each commit of the writer empties a reader's cache, and there is a reader for each thread that reads."""
_DAMAGED = "The store's file is damaged ({}): restore it from a backup, then start the server again."
_log = structlog.get_logger("tickwire.store")


class SqliteDatabase:
    """One store in one file. ``max_pages`` bounds its size (tests fill it up)."""

    kind = "sqlite"
    shared = False

    def __init__(self, path: Path, *, max_pages: int | None = None) -> None:
        self.path = path
        self.max_pages = max_pages
        self.broken: str | None = None
        self._sound = False
        self._lock = Lock(path)
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._errors = Errors(self._break)

    def prepare(self) -> None:
        """Refuse unfit places, a second server and a damaged file; create or migrate the schema.

        A whole check reads the whole file, so it is made only when the last end was not clean, or the file was changed since.
        """
        refuse_network_file_system(self.path)
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            refuse_second_name(self.path)
            self._lock.take()
        except OSError as error:
            raise StartError(f"{self.path} cannot be made: {error}. Name another --data-dir.") from error
        self._sound, self.broken = False, None
        try:
            self._bring_to_newest()
        except BaseException:
            self.close()
            raise

    def _bring_to_newest(self) -> None:
        try:
            make_private(self.path)
            size = self.path.stat().st_size
            doubtful = size > 0 and not self._lock.ended_well()
            with contextlib.closing(self.connect()) as connection:
                if doubtful:
                    _log.info("checking_store", bytes=size)
                    self._check(connection)
                self._sound = True
                migrate(connection, {"ROWID_KEY": "INTEGER PRIMARY KEY"})
        except (OSError, StoreError) as error:
            raise StartError(f"{self.path} cannot be opened: {error}") from error
        except sqlite3.DatabaseError as error:
            raise StartError(
                f"{self.path} cannot be used: {error}. Restore it from a backup, or name another file."
            ) from error

    def _check(self, connection: "SqliteConnection") -> None:
        found = connection.rows("PRAGMA quick_check(1)")[0][0]
        if found != "ok":
            self.broken = _DAMAGED.format(" ".join(found.split()))
            raise BrokenError(self.broken)

    def connect(self) -> "SqliteConnection":
        """The writing connection."""
        with self._errors:
            return SqliteConnection(self._open(read_only=False), self._errors)

    def reader(self) -> AbstractContextManager[Reader]:
        """A snapshot: all its queries see the same commit."""
        return self._snapshot()

    @contextlib.contextmanager
    def _snapshot(self) -> Iterator[Reader]:
        with self._errors:
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

    def time_ms(self) -> int:
        """The clock of this machine."""
        return time.time_ns() // 1_000_000

    def close(self) -> None:
        """Close the readers and give the lock back."""
        for connection in self._readers:
            connection.close()
        self._readers.clear()
        self._local = threading.local()
        self._lock.release(well=self._sound and self.broken is None)

    def _open_memory(self) -> sqlite3.Connection:
        """A connection with nothing behind it."""
        connection = sqlite3.connect(
            ":memory:", isolation_level=None, check_same_thread=False, cached_statements=1024
        )
        connection.execute("PRAGMA foreign_keys=ON")
        return connection

    def _open(self, *, read_only: bool) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            for pragma in _PRAGMAS:
                connection.execute(pragma)
            cache_kib = _READER_CACHE_KIB if read_only else _WRITER_CACHE_KIB
            connection.execute(f"PRAGMA cache_size=-{cache_kib:d}")
            if read_only:
                connection.execute("PRAGMA query_only=ON")
            if self.max_pages:
                connection.execute(f"PRAGMA max_page_count={self.max_pages:d}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _break(self, why: str) -> None:
        self.broken = why


class Errors:
    """Errors of SQLite as those of the seam; who asks for it hears of a store that is ``broken``. It is entered for each statement."""

    def __init__(self, broken: Callable[[str], None]) -> None:
        self._broken = broken

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, sqlite3.DatabaseError):
            self._raise(error)

    def _raise(self, error: sqlite3.DatabaseError) -> None:
        found = as_store_error(error)
        if isinstance(found, BrokenError):
            self._broken(str(found))
        if found is not None:
            raise found from error


class SqliteReader:
    """Queries on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, /, **params: Any) -> list[Row]:
        """All rows; lists among the parameters travel as JSON."""
        text, lists = translate(sql)
        return self._connection.execute(text, _params(params, lists) if lists else params).fetchall()


class SqliteConnection(SqliteReader):
    """The writing connection. Counters are kept in memory while the lock is held, and stored with each commit."""

    def __init__(self, connection: sqlite3.Connection, errors: Errors) -> None:
        super().__init__(connection)
        self.known = Known()
        self._errors = errors
        self._counters: dict[str, int] = {}
        self._raised: dict[str, int] = {}

    def begin(self, *, alone: bool = False) -> None:
        """Take the write lock at once: a later upgrade could fail half-way. Every transaction is alone."""
        with self._errors:
            self._connection.execute("BEGIN IMMEDIATE")
        self._raised.clear()
        self.known.begin()

    def commit(self, events: Sequence[Row] = ()) -> int:
        """Store the events and the counters that were raised, then commit durably."""
        first = self.append_log(events) if events else 0
        for kind, value in self._raised.items():
            self.run("UPDATE counter SET value = :value WHERE kind = :kind", kind=kind, value=value)
        with self._errors:
            self._connection.execute("COMMIT")
        self._counters.update(self._raised)
        return first

    def rollback(self) -> None:
        """A full disk rolls back by itself: then there is nothing left to end."""
        self.known.undone()
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self._raised.clear()

    def rows(self, sql: str, /, **params: Any) -> list[Row]:
        """All rows of a query or of a statement with RETURNING."""
        text, lists = translate(sql)
        with self._errors:
            return self._connection.execute(text, _params(params, lists) if lists else params).fetchall()

    def later(self, sql: str, /, **params: Any) -> Callable[[], list[Row]]:
        """Nothing is sent anywhere, so it is asked at once."""
        rows = self.rows(sql, **params)
        return lambda: rows

    def run(self, sql: str, /, **params: Any) -> int:
        """Execute one statement."""
        text, lists = translate(sql)
        with self._errors:
            return self._connection.execute(text, _params(params, lists) if lists else params).rowcount

    def expect(self, sql: str, /, **params: Any) -> None:
        """Nobody else writes, and who writes here forgets what was known."""

    def insert_many(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """One prepared statement, stepped in C for each row."""
        with self._errors:
            self._connection.executemany(_insert(table, tuple(columns)), rows)

    def update_many(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """One prepared statement, stepped in C for each row."""
        with self._errors:
            self._connection.executemany(_update(table, tuple(columns)), rows)

    def take_turn(self) -> None:
        """There is no other server."""

    def append_log(self, events: Sequence[Row]) -> int:
        """Raise the head, then insert; a plain statement each, since nobody else writes."""
        raised = self.rows(
            "UPDATE log_head SET seq = seq + :count WHERE id = 1 RETURNING seq", count=len(events)
        )
        first = int(raised[0][0]) - len(events) + 1
        self.insert_many("event", log.COLUMNS, [(seq, *row) for seq, row in enumerate(events, first)])
        return first

    def next_ids(self, kind: str, count: int) -> Sequence[int]:
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
        return range(last + 1, last + count + 1)

    def close(self) -> None:
        """Close; SQLite checkpoints the WAL into the file."""
        self._connection.close()


@lru_cache(maxsize=1024)
def translate(sql: str) -> tuple[str, tuple[str, ...]]:
    """Our words in SQLite's own, and the names of the lists in it; it has one writer, and so no locks of rows."""
    lists = tuple(name.removeprefix(":") for name in _LIST.findall(sql))
    return _LOCKS.sub("", _LIST.sub(r"(SELECT value FROM json_each(\1))", sql)), lists


@lru_cache(maxsize=64)
def _insert(table: str, columns: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - names come from our own code


@lru_cache(maxsize=64)
def _update(table: str, columns: tuple[str, ...]) -> str:
    return f"UPDATE {table} SET {', '.join(f'{c} = ?' for c in columns)} WHERE id = ?"  # noqa: S608 - names come from our own code


def _params(params: dict[str, Any], lists: Iterable[str]) -> dict[str, Any]:
    return {**params, **{name: orjson.dumps(params[name]).decode() for name in lists}}


def as_store_error(error: sqlite3.Error) -> StoreError | None:
    """The seam's error for one of SQLite's: the state of disk, locks and file; None for all else, which is a fault of ours."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return BrokenError(_DAMAGED.format(f"{name}: {error}"))
    if name in {"SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC"}:
        # What such a disk holds is unknown: a second flush may succeed although the first one lost pages.
        return BrokenError(
            f"The store's disk cannot make writes durable ({name}): mend it, then start the server again."
        )
    if name.startswith("SQLITE_FULL"):
        return DiskFullError("The disk of the store is full: free some space; nothing was written.")
    if name.startswith(
        ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")
    ):
        return StoreError(f"The store does not answer ({name}): try again; nothing was written.")
    return None

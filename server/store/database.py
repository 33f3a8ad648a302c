"""The seam between Tickwire and a database: all that a backend must provide, and nothing that knows what a job is.

SQL above this seam is written once, in the subset that SQLite and PostgreSQL share, with ``:name`` parameters and
five words of our own: ``IN LIST(:ids)`` asks for the integers of a list, ``IN TEXTS(:keys)`` for its texts, ``FOR_CHANGE`` at the end
of a query keeps its rows for this transaction, ``FOR_CLAIM`` does the same and passes over those that another one keeps, and ``FOR_USE`` shares them
with others who use or change them, but lets nobody have them ``FOR_CHANGE`` or remove them. Times are integer milliseconds,
truth values integers, JSON text.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from .known import Known

Row = tuple[Any, ...]


class StoreError(Exception):
    """The store cannot do what was asked now; nothing was written."""

    code = "unavailable"


class AgainError(StoreError):
    """The database has undone the transaction for the sake of another one: done once more, it may well succeed."""


class DiskFullError(StoreError):
    """The disk, or the quota of the database, is full; the transaction was rolled back."""

    code = "disk_full"


class BrokenError(StoreError):
    """The store can no longer be trusted: nothing more is written until a restart, which checks it."""


class StartError(Exception):
    """The store cannot be opened; the message says why and what to do."""


class Reader(Protocol):
    """One consistent view of the store."""

    def rows(self, sql: str, /, **params: Any) -> list[Row]:
        """All rows of a query."""
        ...


class Connection(Reader, Protocol):
    """The one writing connection of a node, used by the writer's thread alone.

    Guarantees: what happens between ``begin`` and ``commit`` is atomic, isolated and, once ``commit`` has returned,
    durable; every failure leaves the store as it was at ``begin``, after ``rollback``. What needs no answer may be sent
    together with what follows: its errors come then, at the latest from ``commit``.
    """

    known: Known
    """What earlier transactions have looked up; nothing of it outlives a ``rollback``."""

    def begin(self, *, alone: bool = False) -> None:
        """Begin a transaction. Of those that are ``alone`` there is one at a time, over all servers."""
        ...

    def commit(self, events: Sequence[Row] = ()) -> int:
        """``append_log``, and the end of the transaction in the same message; the number of the first event."""
        ...

    def rollback(self) -> None:
        """End the transaction without effect; also when the database has already done so by itself."""
        ...

    def later(self, sql: str, /, **params: Any) -> Callable[[], list[Row]]:
        """A query within a transaction whose rows are wanted later, by calling the result: it is sent together with what follows."""
        ...

    def run(self, sql: str, /, **params: Any) -> int:
        """Execute one statement; the number of rows it touched."""
        ...

    def expect(self, sql: str, /, **params: Any) -> None:
        """This query, which may lock rows, gives a row between now and the end of the transaction, which is undone otherwise
        (AgainError). It needs no answer; where nobody else writes, nothing is asked.
        """
        ...

    def insert_many(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Insert rows, values in the order of columns."""
        ...

    def update_many(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Set columns by ``id``: each row holds the new values in the order of columns, then the id."""
        ...

    def take_turn(self) -> None:
        """Wait until no other server is between this and the end of its transaction."""
        ...

    def append_log(self, events: Sequence[Row]) -> int:
        """Append events, rows of ``log.COLUMNS`` without their number, behind the head of the log; the number of the first.

        From here to the end of the transaction all other writers wait, so it comes last.
        """
        ...

    def next_ids(self, kind: str, count: int) -> Sequence[int]:
        """``count`` rising integers that no row of this kind ever had or will have.

        Over all servers they follow the order of asking, give or take a second.
        """
        ...

    def close(self) -> None: ...


class Database(Protocol):
    """A place that holds one Tickwire store."""

    kind: str
    shared: bool
    """Whether other servers may write to the store at the same time."""
    broken: str | None
    """Why the store can no longer be trusted, once a BrokenError was seen: nothing more may be written to it."""

    def prepare(self) -> None:
        """Refuse unfit places, and bring the schema to the newest version. Raises StartError."""
        ...

    def connect(self) -> Connection:
        """The writing connection."""
        ...

    def reader(self) -> AbstractContextManager[Reader]:
        """A consistent view of the store for the calling thread, ended by leaving the context."""
        ...

    def time_ms(self) -> int:
        """The store's own clock, in milliseconds since 1970."""
        ...

    def close(self) -> None: ...

"""The seam between Tickwire and a database: all that a backend must provide, and nothing that knows what a job is.

SQL above this seam is written once, in the subset that SQLite and PostgreSQL share, with ``:name`` parameters and
two words of our own: ``LIST(:ids)`` is a sub-select of the integers in a JSON list, and ``FOR_CLAIM`` is the lock
clause of a claim. Times are integer milliseconds, truth values integers, JSON text.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

Row = tuple[Any, ...]
T = TypeVar("T")


class StoreError(Exception):
    """The store cannot do what was asked now; nothing was written."""

    code = "unavailable"


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
    durable; every failure leaves the store as it was at ``begin``, after ``rollback``.
    """

    def begin(self) -> None: ...

    def commit(self) -> None: ...

    def rollback(self) -> None:
        """End the transaction without effect; also when the database has already done so by itself."""
        ...

    def run(self, sql: str, /, **params: Any) -> int:
        """Execute one statement; the number of rows it touched."""
        ...

    def insert_many(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Insert rows, values in the order of columns."""
        ...

    def update_many(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Set columns by ``id``: each row holds the new values in the order of columns, then the id."""
        ...

    def next_ids(self, kind: str, count: int) -> int:
        """The first of ``count`` successive integers that no row of this kind ever had or will have."""
        ...

    def close(self) -> None: ...


class Database(Protocol):
    """A place that holds one Tickwire store."""

    kind: str
    broken: str | None
    """Why the store can no longer be trusted, once a BrokenError was seen: nothing more may be written to it."""

    def prepare(self) -> None:
        """Refuse unfit places, take the lock, and bring the schema to the newest version. Raises StartError."""
        ...

    def connect(self) -> Connection:
        """The writing connection."""
        ...

    def reader(self) -> AbstractContextManager[Reader]:
        """A consistent view of the store for the calling thread, ended by leaving the context."""
        ...

    def close(self) -> None: ...


Query = Callable[[Reader], T]

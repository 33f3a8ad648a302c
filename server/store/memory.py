"""The store in memory: the same SQL on the same SQLite, gone with its process. For tests and simulations, in one thread."""

from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Final

from .database import Reader
from .migrate import migrate
from .sqlite import Errors, SqliteConnection, SqliteDatabase, SqliteReader

_NUMBERS: Final = count(1)


class MemoryDatabase(SqliteDatabase):
    """One store that is there from ``prepare`` to ``close``, whatever connections come and go.

    What reads does so between the writer's transactions, since all use one connection: there is no second thread, and nobody awaits
    anything within a transaction.
    """

    kind = "memory"

    def __init__(self) -> None:
        super().__init__(Path(f"memory-{next(_NUMBERS)}"))

    def prepare(self) -> None:
        """Make the schema."""
        self._only = self._open_memory()
        migrate(self.connect(), {"ROWID_KEY": "INTEGER PRIMARY KEY"})

    def connect(self) -> SqliteConnection:
        """The writing connection. What an earlier one has left unfinished never happened."""
        if self._only.in_transaction:
            self._only.execute("ROLLBACK")
        return _Passing(self._only, self._errors)

    def reader(self) -> AbstractContextManager[Reader]:
        """The one state of the store that there is."""
        return _Looking(SqliteReader(self._only), self._errors)

    def close(self) -> None:
        """Forget it."""
        self._only.close()


class _Looking:
    """A view that nothing has to be begun or ended for."""

    def __init__(self, reader: Reader, errors: Errors) -> None:
        self._reader = reader
        self._errors = errors

    def __enter__(self) -> Reader:
        return self._reader

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._errors.__exit__(kind, error, trace)


class _Passing(SqliteConnection):
    """A connection whose end leaves the store where it is."""

    def close(self) -> None:
        self.rollback()

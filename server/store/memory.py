"""The store in memory: the same SQL on the same SQLite, gone with its process. For tests and simulations, in one thread."""

import contextlib
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final

from .database import Reader
from .migrate import migrate
from .sqlite import SqliteConnection, SqliteDatabase, SqliteReader

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

    @contextlib.contextmanager
    def reader(self) -> Iterator[Reader]:
        """The one state of the store that there is."""
        with self._errors():
            yield SqliteReader(self._only)

    def close(self) -> None:
        """Forget it."""
        self._only.close()


class _Passing(SqliteConnection):
    """A connection whose end leaves the store where it is."""

    def close(self) -> None:
        self.rollback()

"""What reads and writes a PostgreSQL store: few messages, each with all that needs no earlier answer."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Protocol

import psycopg
from psycopg.pq.abc import PGresult

from . import log, postgres_sql
from .database import BrokenError, Row, StoreError
from .known import Known
from .postgres_errors import as_store_error, lost, unknown_end
from .postgres_sql import Statement
from .postgres_wire import Wire

MOST_IDS: Final = 1_000
IDS_FRESH_S: Final = 0.5
"""Integers that were fetched ahead are not given later than this: they would stand before those of other servers."""
_BEGIN: Final = Statement(b"BEGIN ISOLATION LEVEL READ COMMITTED")
_BEGIN_READING: Final = Statement(b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
_COMMIT: Final = Statement(b"COMMIT")
_ROLLBACK: Final = Statement(b"ROLLBACK")
ALONE: Final = 0x7469636B77697265
"""The advisory lock of a start, which only one server may do at a time: the name in ASCII."""
SEQUENCES: Final = ALONE + 1
"""That of making sequences."""
TURN: Final = ALONE + 2
"""That of changes which may contradict each other without touching the same rows."""
_TAKE_ALONE: Final = Statement(b"SELECT pg_advisory_xact_lock($1)", (20,), (b"%d" % ALONE,))


_COLUMNS: Final = (
    "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
    "WHERE attrelid = to_regclass(:name) AND attnum > 0 AND NOT attisdropped"
)
_EXPECT: Final = "SELECT 1 / COALESCE((SELECT 1 FROM ({}) AS found LIMIT 1), 0)"
"""None of our other statements divides: an error of that is known by its kind (`postgres_errors`)."""
_IDS: Final = "SELECT nextval(CAST(:name AS regclass)) FROM generate_series(1, :count)"


class Source(Protocol):
    """What connections need of their database."""

    clock: Callable[[], float]
    broken: str | None
    types: dict[str, dict[str, str]]
    """The columns of each table, as far as they were asked for."""

    def open_wire(self) -> Wire:
        """A new session that may write. Raises StoreError."""
        ...

    def sequence(self, kind: str) -> str:
        """The name of the sequence of a kind, which is there from now on."""
        ...


class PostgresReader:
    """Queries on one snapshot, which the first of them takes; ``session`` gives the thread's session, made anew if lost."""

    def __init__(self, session: Callable[[], Wire]) -> None:
        self._session = session
        self._wire: Wire | None = None

    def rows(self, sql: str, /, **params: Any) -> list[Row]:
        """All rows of a query."""
        one = postgres_sql.statement(sql, params)
        result = self._first(one) if self._wire is None else self._wire.ask([one])[-1]
        assert self._wire is not None, "the first query has set it"
        return self._wire.rows(result)

    def _first(self, one: Statement) -> PGresult:
        wire = self._wire = self._session()
        try:
            return wire.ask([_BEGIN_READING, one])[-1]
        except psycopg.Error:
            if not wire.lost:
                raise
        # It may have ended long ago, while nobody used it: that is no reason to refuse.
        self._wire = self._session()
        return self._wire.ask([_BEGIN_READING, one])[-1]

    @property
    def lost(self) -> bool:
        """Whether the session ended under it."""
        return self._wire is not None and self._wire.lost

    def end(self) -> None:
        """Let the snapshot go."""
        if self._wire is not None and self._wire.in_transaction:
            self._wire.ask([_ROLLBACK])


class _Ids:
    """Integers of one kind that were fetched and not given yet."""

    def __init__(self, sequence: str) -> None:
        self.sequence = sequence
        self.ahead: deque[int] = deque()
        self.fetched_at = 0.0
        self.given = 0
        """How many the open transaction has had: the next one will want as many."""

    def fetching(self, count: int) -> Statement:
        return postgres_sql.statement(_IDS, {"name": self.sequence, "count": count})

    def came(self, rows: Iterable[Row], now: float) -> None:
        self.ahead.extend(row[0] for row in rows)
        self.fetched_at = now


class _Later:
    """The rows of a query that waits in the queue, until somebody wants them."""

    def __init__(self, connection: "PostgresConnection") -> None:
        self._connection = connection
        self.result: PGresult | None = None

    def __call__(self) -> list[Row]:
        return self._connection.rows_of(self)


class PostgresConnection:
    """The writing connection. What needs no answer, or not at once, waits in a queue for the next statement that does."""

    def __init__(self, source: Source) -> None:
        self.known = Known()
        self._source = source
        self._wire = source.open_wire()
        self._begun = False
        self._queue: list[Statement] = []
        self._later_rows: list[tuple[int, _Later]] = []
        """Queries in the queue, by their places."""
        self._ids: dict[str, _Ids] = {}

    # ---- transactions

    def begin(self, *, alone: bool = False) -> None:
        """BEGIN travels with the first statement. A connection that was lost is made anew now.

        A short transaction is one message with its COMMIT: sent into a dead session, its end would not be known.
        """
        self._begun = False
        if not self._wire.lost:
            self._wire.look()
        self._connected()
        self._begun = True
        self._queue = [_BEGIN, _TAKE_ALONE] if alone else [_BEGIN]
        self._later_rows = []
        self.known.begin()

    def commit(self, events: Sequence[Row] = ()) -> int:
        """All that is still to be sent in one message with COMMIT, the log's head last."""
        ahead = [(ids, ids.fetching(count)) for ids in self._ids.values() if (count := _wanted(ids))]
        appending = [self._appending(events)] if events else []
        last = [*(one for _, one in ahead), *appending, _COMMIT]
        results = self._exchange(last, unknown_end)[-len(last) :]
        self._begun = False
        if results[-1].command_status != b"COMMIT":
            raise StoreError("The transaction had failed before its commit: nothing was written.")
        for (ids, _), result in zip(ahead, results, strict=False):
            ids.came(self._wire.rows(result), self._source.clock())
        return int(self._wire.rows(results[-2])[0][0]) if events else 0

    def rollback(self) -> None:
        """A session that was lost has nothing to end."""
        self.known.undone()
        self._begun = False
        self._queue.clear()
        self._later_rows = []
        if self._wire.in_transaction:
            self._exchange([_ROLLBACK])

    # ---- statements

    def rows(self, sql: str, /, **params: Any) -> list[Row]:
        """All rows of a query or of a statement with RETURNING."""
        result = self._exchange([postgres_sql.statement(sql, params)])[-1]
        return self._wire.rows(result)

    def later(self, sql: str, /, **params: Any) -> Callable[[], list[Row]]:
        """It waits in the queue, at the longest until its rows are wanted."""
        one = _Later(self)
        self._later_rows.append((len(self._queue), one))
        self._queue.append(postgres_sql.statement(sql, params))
        return one

    def rows_of(self, one: _Later) -> list[Row]:
        """What a query has found that was to be asked later."""
        if one.result is None:
            self._exchange([])
        assert one.result is not None, "it is of this transaction, and was sent"
        return self._wire.rows(one.result)

    def run(self, sql: str, /, **params: Any) -> int:
        """Execute one statement."""
        result = self._exchange([postgres_sql.statement(sql, params)])[-1]
        return result.command_tuples or 0

    def expect(self, sql: str, /, **params: Any) -> None:
        """It waits in the queue, and fails where there is no row."""
        self._later(postgres_sql.statement(_EXPECT.format(sql), params))

    def insert_many(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """One statement, whatever the number of rows."""
        self._later(postgres_sql.insert(table, columns, self._types(table), rows))

    def update_many(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """One statement, whatever the number of rows."""
        self._later(postgres_sql.update(table, columns, self._types(table), rows))

    def take_turn(self) -> None:
        """Wait for the advisory lock that the end of the transaction gives back."""
        self.rows("SELECT pg_advisory_xact_lock(:key)", key=TURN)

    def append_log(self, events: Sequence[Row]) -> int:
        """Raise the head and insert in one statement: other servers wait for the end of this transaction alone."""
        return int(self._wire.rows(self._exchange([self._appending(events)])[-1])[0][0])

    def next_ids(self, kind: str, count: int) -> Sequence[int]:
        """Integers of a sequence, most of them fetched together with the commit before."""
        ids = self._ids.get(kind)
        if ids is None:
            ids = self._ids[kind] = _Ids(self._source.sequence(kind))
        if self._source.clock() - ids.fetched_at > IDS_FRESH_S:
            ids.ahead.clear()
        missing = count - len(ids.ahead)
        if missing > 0:
            result = self._exchange([ids.fetching(max(missing, min(ids.given, MOST_IDS)))])[-1]
            ids.came(self._wire.rows(result), self._source.clock())
        ids.given += count
        return [ids.ahead.popleft() for _ in range(count)]

    def close(self) -> None:
        """End the session; an open transaction is undone."""
        self._wire.close()

    # ---- sending

    def _appending(self, events: Sequence[Row]) -> Statement:
        return postgres_sql.append_log(log.COLUMNS[1:], self._types("event"), events)

    def _types(self, table: str) -> dict[str, str]:
        known = self._source.types.get(table)
        if known is None:
            known = dict(self.rows(_COLUMNS, name=table))
            if known:
                self._source.types[table] = known
        return known

    def _later(self, one: Statement) -> None:
        if one.values == (b"[]",):
            return
        if self._begun:
            self._queue.append(one)
        else:
            self._exchange([one])

    def _connected(self) -> Wire:
        if self._wire.lost:
            if self._begun:
                raise lost()
            self._wire = self._source.open_wire()
        return self._wire

    def _exchange(
        self, more: Sequence[Statement], when_lost: Callable[[], StoreError] = lost
    ) -> list[PGresult]:
        """Send what waits and these, and get the answers; errors as those of the seam."""
        wire = self._connected()
        queue, self._queue = [*self._queue, *more], []
        wanted, self._later_rows = self._later_rows, []
        try:
            results = wire.ask(queue)
        except psycopg.Error as error:
            found = when_lost() if wire.lost else as_store_error(error)
            if found is None:
                raise
            if isinstance(found, BrokenError):
                self._source.broken = str(found)
            raise found from error
        for place, one in wanted:
            one.result = results[place]
        return results


def _wanted(ids: _Ids) -> int:
    """How many to fetch ahead, so that a transaction like this one finds them."""
    given, ids.given = ids.given, 0
    return max(0, min(given, MOST_IDS) - len(ids.ahead))

"""One session of PostgreSQL: several statements in one message, all prepared, and one wait for all answers.

It is built on libpq's pipeline mode: a lone commit takes a third of a millisecond, so what the client itself needs for
a statement, and each further round trip, counts.
"""

from collections import OrderedDict
from collections.abc import Generator, Sequence
from typing import Any, Final

import psycopg
from psycopg import pq
from psycopg.abc import Buffer
from psycopg.adapt import Loader, Transformer
from psycopg.errors import error_from_result
from psycopg.pq.abc import PGresult
from psycopg.waiting import Ready, Wait

from .database import Row
from .postgres_sql import Statement

MOST_PREPARED: Final = 256
"""Statements that stay prepared; lists with filters make ever new ones."""
_ENDS: Final = frozenset({b"FATAL", b"PANIC"})
_Key = tuple[bytes, tuple[int, ...]]
_GONE: Final[_Key] = (b"", ())
_FAILED: Final = frozenset({pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED})


class _NumericLoader(Loader):
    """Sums of integers are integers, as everywhere else."""

    def load(self, data: Buffer) -> float:
        text = bytes(data)
        return int(text) if text.removeprefix(b"-").isdigit() else float(text)


class Wire:
    """A session; used by one thread at a time. ``lost`` once it has ended, whoever ended it."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self.lost = False
        self._connection = connection
        self._pgconn = connection.pgconn
        connection.adapters.register_loader("numeric", _NumericLoader)
        self._rows = Transformer.from_context(connection)
        self._prepared: OrderedDict[_Key, bytes] = OrderedDict()
        self._count = 0
        self._pgconn.enter_pipeline_mode()

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, failed or not."""
        return not self.lost and self._pgconn.transaction_status != pq.TransactionStatus.IDLE

    def ask(self, statements: Sequence[Statement]) -> "list[PGresult]":
        """Send statements together, and wait for the answer of each.

        After one that fails none of the others is done, and its error is raised. So is OperationalError when the
        session is lost: then the end of what was sent is unknown.
        """
        sent: list[tuple[_Key, bytes] | None] = []
        try:
            for one in statements:
                self._send(one, sent)
            self._pgconn.pipeline_sync()
            results = self._connection.wait(self._receive())
        except psycopg.OperationalError:
            self.close()
            raise
        answers = []
        for prepared, result in zip(sent, results, strict=False):
            if result.status in _FAILED:
                raise self._error(result)
            if prepared is None:
                answers.append(result)
            elif prepared[1]:
                self._prepared[prepared[0]] = prepared[1]
        return answers

    def _send(self, one: Statement, sent: list[tuple[_Key, bytes] | None]) -> None:
        key = one.sql, one.oids
        name = self._prepared.get(key) or dict(filter(None, sent)).get(key)
        if name is None:
            self._forget_oldest(sent)
            self._count += 1
            name = b"t%d" % self._count
            self._pgconn.send_prepare(name, one.sql, one.oids)
            sent.append((key, name))
        elif key in self._prepared:
            self._prepared.move_to_end(key)
        self._pgconn.send_query_prepared(name, one.values)
        sent.append(None)

    def _forget_oldest(self, sent: list[tuple[_Key, bytes] | None]) -> None:
        if len(self._prepared) >= MOST_PREPARED:
            _, name = self._prepared.popitem(last=False)
            self._pgconn.send_query_params(b"DEALLOCATE " + name, None)
            sent.append((_GONE, b""))

    def _receive(self) -> "Generator[Wait, Ready | int, list[PGresult]]":
        """All answers up to the end of the message, one for each command."""
        results: list[PGresult] = []
        while True:
            ready = yield Wait.RW if self._pgconn.flush() else Wait.R
            if not ready & Ready.R:
                continue
            self._pgconn.consume_input()
            while not self._pgconn.is_busy():
                result = self._pgconn.get_result()
                if result is None:
                    if self._pgconn.status == pq.ConnStatus.BAD:
                        raise psycopg.OperationalError("the connection was closed")
                elif result.status == pq.ExecStatus.PIPELINE_SYNC:
                    return results
                else:
                    results.append(result)

    def _error(self, result: "PGresult") -> psycopg.Error:
        if result.error_field(pq.DiagnosticField.SEVERITY_NONLOCALIZED) in _ENDS:
            self.close()
        return error_from_result(result)

    def look(self) -> None:
        """See whether the session has ended while nobody asked anything: ``lost`` then says so."""
        try:
            # The first reading may find the server's last words, the second one its silence.
            self._pgconn.consume_input()
            self._pgconn.consume_input()
        except psycopg.OperationalError:
            self.close()

    def rows(self, result: "PGresult") -> list[Row]:
        """The rows of an answer."""
        self._rows.set_pgresult(result)
        return self._rows.load_rows(0, result.ntuples, tuple)

    def close(self) -> None:
        """End the session; an open transaction is undone."""
        self.lost = True
        self._connection.close()

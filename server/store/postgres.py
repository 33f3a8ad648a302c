"""PostgreSQL behind the seam: one writing session a server, readers apart, and as many servers as you like.

There is no lock file: what servers must do one at a time stands under an advisory lock. A restored copy or a promoted
replica may lack the newest events, so the log has the place where it grew written beside its epoch, and gets a new
epoch wherever it finds itself in another.
"""

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import psycopg
import structlog

from . import postgres_sql
from .database import Reader, StartError, StoreError
from .migrate import migrate
from .postgres_address import Address
from .postgres_connection import ALONE, SEQUENCES, PostgresConnection, PostgresReader
from .postgres_errors import as_store_error, lost
from .postgres_sql import Statement
from .postgres_wire import Wire

WORDS: Final = {"ROWID_KEY": "BIGINT PRIMARY KEY", " TEXT": ' TEXT COLLATE "C"'}
"""Texts are compared by their bytes, as SQLite does, whatever the language of the database."""
_GUARDS: Final = {
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "5s",
    "statement_timeout": "30s",
    "jit": "off",
}
_READING: Final = {**_GUARDS, "plan_cache_mode": "force_custom_plan"}
_WRITING: Final = {
    # Each of the writer's statements has its index. A plan that was made for an empty table and kept reads all of it when
    # it has grown: with 50,000 jobs a change of one took 23 ms, and takes 0.6 ms so.
    **_GUARDS,
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
_MIGRATING: Final = {
    "lock_timeout": "60s",
    "idle_in_transaction_session_timeout": "0",
    "statement_timeout": "0",
}
_AWAY: Final = "The database does not answer: try again; nothing was written."
_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 2.0
_ORIGIN: Final = (
    "SELECT system_identifier || '.' || (SELECT oid FROM pg_database WHERE datname = current_database()) || '.' || "
    "substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) FROM pg_control_system()"
)
_ARRIVE: Final = (
    "UPDATE log_head SET epoch = CASE WHEN origin IS NULL THEN epoch ELSE :epoch END, origin = :origin "
    "WHERE id = 1 AND (origin IS NULL OR origin <> :origin) RETURNING epoch"
)
_log = structlog.get_logger("tickwire.store")


class PostgresDatabase:
    """One store in one database, whose address may hold a password: it is never shown."""

    kind = "postgresql"
    shared = True

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.broken: str | None = None
        self.types: dict[str, dict[str, str]] = {}
        self._address = Address(url)
        self._local = threading.local()
        self._readers: list[Wire] = []
        self._pause_s = 0.0
        self._closed_until = 0.0

    def prepare(self) -> None:
        """Refuse a database that is not fit, and create or migrate the schema, one server at a time."""
        with contextlib.closing(Wire(self._address.connect())) as wire, self._unfit():
            _set(wire, _MIGRATING)
            wire.ask([_of("SELECT pg_advisory_lock(:key)", key=ALONE)])
            migrate(PostgresConnection(_Only(self, wire)), WORDS)

    @contextlib.contextmanager
    def _unfit(self) -> Iterator[None]:
        try:
            yield
        except (psycopg.Error, StoreError) as error:
            if isinstance(error.__cause__ or error, psycopg.errors.InsufficientPrivilege):
                raise StartError(
                    f"The {self._address.shown} does not let this user make tables: GRANT CREATE ON SCHEMA public TO it, "
                    "or make the user the database's owner."
                ) from error
            raise StartError(
                f"The {self._address.shown} cannot be used: {self._address.redacted(error)}. "
                "Name an empty database, or restore this one from a backup."
            ) from error

    def connect(self) -> PostgresConnection:
        """The writing connection."""
        return PostgresConnection(self)

    @contextlib.contextmanager
    def reader(self) -> Iterator[Reader]:
        """A snapshot: all its queries see the same commit."""
        reader = PostgresReader(self._session)
        try:
            try:
                yield reader
            finally:
                reader.end()
        except psycopg.Error as error:
            found = lost() if reader.lost else as_store_error(error)
            if found is None:
                raise
            raise found from error

    def time_ms(self) -> int:
        """The clock of the database's machine."""
        with self.reader() as reader:
            return int(
                reader.rows("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)")[0][0]
            )

    def close(self) -> None:
        """End the readers' sessions."""
        for wire in self._readers:
            wire.close()
        self._readers.clear()
        self._local = threading.local()

    # ---- what connections ask for

    def _session(self) -> Wire:
        """The reading session of this thread."""
        wire: Wire | None = getattr(self._local, "wire", None)
        if wire is None or wire.lost:
            if wire is not None:
                self._local.wire = None
                self._readers.remove(wire)
            wire = self._local.wire = self._open(_READING)
            self._readers.append(wire)
        return wire

    def open_wire(self) -> Wire:
        """A session that writes."""
        return self._open(_WRITING)

    def _open(self, guards: dict[str, str]) -> Wire:
        """A session with our guards. While the database does not answer, it is asked at growing intervals."""
        if self.clock() < self._closed_until:
            raise StoreError(_AWAY)
        try:
            wire = Wire(self._address.connect())
            _set(wire, guards)
            self._arrive(wire)
        except (StartError, psycopg.Error) as error:
            self._pause_s = min(_LONGEST_PAUSE_S, 2 * self._pause_s or _FIRST_PAUSE_S)
            self._closed_until = self.clock() + self._pause_s
            # Callers need not know where the database is; who reads the log does.
            _log.warning("database_away", error=self._address.redacted(error))
            raise StoreError(_AWAY) from error
        self._pause_s = 0.0
        return wire

    def _arrive(self, wire: Wire) -> None:
        """Where the log finds itself in another place than before, it gets a new epoch."""
        try:
            origin = wire.rows(wire.ask([_of(_ORIGIN)])[-1])[0][0]
        except psycopg.errors.DatabaseError as error:
            if wire.lost:
                raise
            _log.warning("database_origin_unknown", error=self._address.redacted(error))
            return
        found = wire.rows(wire.ask([_of(_ARRIVE, epoch=secrets.token_hex(4), origin=origin)])[-1])
        if found:
            _log.info("log_at_home", origin=origin, epoch=found[0][0])

    def sequence(self, kind: str) -> str:
        """The sequence of a kind, made in a session of its own: the caller's transaction may be undone."""
        name = f"id_{kind}"
        with contextlib.closing(self.open_wire()) as wire:
            wire.ask([
                _of("SELECT pg_advisory_lock(:key)", key=SEQUENCES),
                _of(f"CREATE SEQUENCE IF NOT EXISTS {name}"),
            ])  # fmt: skip
        return name


class _Only:
    """A source with the one session that migrates."""

    def __init__(self, database: PostgresDatabase, wire: Wire) -> None:
        self.clock = database.clock
        self.broken: str | None = None
        self.types: dict[str, dict[str, str]] = {}
        self._wire = wire
        self.sequence = database.sequence

    def open_wire(self) -> Wire:
        return self._wire


def _of(sql: str, **params: Any) -> Statement:
    return postgres_sql.statement(sql, params)


def _set(wire: Wire, guards: dict[str, str]) -> None:
    """Set what holds for a session; commits wait for the disk, whatever the server's default."""
    wire.ask([
        *(_of("SELECT set_config(:name, :value, false)", name=name, value=value) for name, value in guards.items()),
        _of(
            "SELECT set_config('synchronous_commit', 'on', false) "
            "WHERE current_setting('synchronous_commit') IN ('off', 'local')"
        ),
    ])  # fmt: skip

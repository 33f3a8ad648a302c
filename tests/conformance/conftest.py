"""The databases that must pass the suite. Another one is one more entry of BACKENDS."""

import sqlite3
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from postgres import postgres
from stage import SPACE, START_MS, STRANGER, Stage

from server.core.jobs import JobRow
from server.store import log, spaces
from server.store.database import Connection, Database
from server.store.postgres import WORDS, PostgresDatabase
from server.store.sqlite import SqliteDatabase

JOB = JobRow(
    id=0, space_id=1, name="workbook:export", status="created", source="us_sp_default", parent_id=None, part=None, parts=None, followed=0, rerun_of=None,
    file_id=None, priority=0, unique_key=None, spec="{}", created_by="us_key_0000000000", created_at=START_MS,
    updated_at=START_MS, scheduled_at=None, ready_at=None, granted_at=None, started_at=None, attempt_started_at=None,
    finished_at=None, acknowledged_at=None, cancel_requested_at=None, info=None, progress=None, done=None, total=None,
    eta_at=None, eta_given=0, outcome=None, result=None, attempt=0, max_attempts=5, fence=0, holder=None,
    lease_expires_at=None, run_timeout_ms=3_600_000, queue_timeout_ms=None, total_timeout_ms=86_400_000, due_at=None,
)  # fmt: skip
SMALL_PAGES = 280


@dataclass(frozen=True, slots=True)
class Backend:
    """How the suite reaches one kind of database.

    ``address`` says where the database of a place is, and makes it where it must be made; ``open`` opens it, and
    ``opening`` is Python text that does the same with ``address``, for another process. ``anew`` opens one that is empty
    in a place that may have had one, quickly. ``small`` is the place's with little room. ``refused`` is what a violated constraint raises, ``spoil`` makes the place unusable, ``lock`` keeps
    every other writer out while it is entered, and ``impatient`` makes a connection wait for no lock. ``words`` are the
    database's own for those of our schema.
    """

    name: str
    address: Callable[[Path], str]
    open: Callable[[Path], Database]
    anew: Callable[[Path], Database]
    small: Callable[[Path], Database]
    opening: str
    refused: type[Exception]
    spoil: Callable[[Path], None]
    lock: Callable[[Path], AbstractContextManager[None]]
    impatient: Callable[[Connection], object]
    words: dict[str, str]


def _file(place: Path) -> str:
    return str(place / "store.db")


def _spoil_sqlite(place: Path) -> None:
    (place / "store.db").write_bytes(b"This is not a database. " * 400)


@contextmanager
def _lock_sqlite(place: Path) -> Iterator[None]:
    other = sqlite3.connect(place / "store.db", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
    finally:
        other.close()


def _store(place: Path) -> str:
    """The address stands in the place, so that the same place is the same database."""
    note = place / "address"
    if not note.exists():
        note.write_text(postgres().store())
    return note.read_text()


def _emptied(place: Path) -> Database:
    postgres().empty(_store(place))
    # Integers that were fetched ahead never grow old, so that none is left out: they are as in other stores.
    return PostgresDatabase(_store(place), clock=lambda: 0.0)


def _spoil_postgres(place: Path) -> None:
    """Somebody else's tables stand where ours should."""
    name = postgres().create()
    postgres().run("CREATE TABLE job (title TEXT)", name)
    (place / "address").write_text(postgres().url(name))


QUOTA = f"""
    CREATE FUNCTION refuse_more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF (SELECT COALESCE(SUM(length(value)), 0) FROM meta) + length(NEW.value) > {SMALL_PAGES * 400} THEN
            RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER quota BEFORE INSERT ON meta FOR EACH ROW EXECUTE FUNCTION refuse_more();
"""


def _small_postgres(place: Path) -> Database:
    with psycopg.connect(_store(place)) as connection:
        connection.execute(QUOTA)
    return PostgresDatabase(_store(place))


@contextmanager
def _lock_postgres(place: Path) -> Iterator[None]:
    with psycopg.connect(_store(place)) as other:
        other.execute("SELECT 1 FROM log_head FOR UPDATE")
        yield


BACKENDS = (
    Backend(
        name="sqlite",
        address=_file,
        open=lambda place: SqliteDatabase(place / "store.db"),
        small=lambda place: SqliteDatabase(place / "store.db", max_pages=SMALL_PAGES),
        anew=lambda place: SqliteDatabase(Path(tempfile.mkdtemp(dir=place)) / "store.db"),
        opening="from server.store.sqlite import SqliteDatabase; database = SqliteDatabase(Path(address))",
        refused=sqlite3.IntegrityError,
        spoil=_spoil_sqlite,
        lock=_lock_sqlite,
        impatient=lambda connection: connection.run("PRAGMA busy_timeout=0"),
        words={"ROWID_KEY": "INTEGER PRIMARY KEY"},
    ),
    Backend(
        name="postgresql",
        address=_store,
        open=lambda place: PostgresDatabase(_store(place)),
        small=_small_postgres,
        anew=_emptied,
        opening="from server.store.postgres import PostgresDatabase; database = PostgresDatabase(address)",
        refused=psycopg.IntegrityError,
        spoil=_spoil_postgres,
        lock=_lock_postgres,
        impatient=lambda connection: connection.run("SET lock_timeout = '20ms'"),
        words=WORDS,
    ),
)


def furnish(connection: Connection) -> None:
    """What a store needs before jobs can live in it: its spaces, and the log."""
    connection.begin()
    log.begin(connection, "e1")
    for space in (SPACE, STRANGER.space):
        spaces.insert(connection, space)
    connection.commit()


@pytest.fixture(params=[backend.name for backend in BACKENDS])
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each database in turn; what several servers do at once names those that they can share."""
    return next(backend for backend in BACKENDS if backend.name == request.param)


@pytest.fixture(scope="session")
def backends() -> tuple[Backend, ...]:
    """All of them, for what compares them."""
    return BACKENDS


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    note = tmp_path / "address"
    if note.exists():
        postgres().take_back(note.read_text())


@pytest.fixture
def database(backend: Backend, place: Path) -> Iterator[Database]:
    """An empty store of the newest schema."""
    database = backend.open(place)
    database.prepare()
    yield database
    database.close()


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """The writing connection of a furnished store."""
    connection = database.connect()
    furnish(connection)
    yield connection
    connection.close()


@pytest.fixture
def job() -> JobRow:
    """A job that was just created; tests take copies of it with ``dataclasses.replace``."""
    return JOB


@pytest.fixture
def furnishing() -> Callable[[Connection], None]:
    return furnish


@pytest.fixture
def in_thread() -> Callable[[Callable[[], Any]], Any]:
    """Run something on another thread, and wait for its result."""

    def run(act: Callable[[], Any]) -> Any:
        found: list[Any] = []

        def call() -> None:
            try:
                found.append((act(), None))
            except Exception as error:  # noqa: BLE001 - it is raised on the thread that waits
                found.append((None, error))

        thread = threading.Thread(target=call)
        thread.start()
        thread.join(30)
        assert found, "the thread did not end"
        result, error = found[0]
        if error is not None:
            raise error
        return result

    return run


@pytest.fixture
async def stage(backend: Backend, place: Path) -> AsyncIterator[Stage]:
    """A node on this database."""
    found = await Stage(place, backend.open).start()
    yield found
    await found.stop()


@pytest.fixture
def tx(connection: Connection) -> Iterator[Connection]:
    """A transaction that is undone at the end of the test."""
    connection.begin()
    yield connection
    connection.rollback()

"""A furnished store, its writing connection, and a transaction on it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from stage import SPACE, START_MS, STRANGER, furnish

from server.core.dispatch import Dispatch
from server.store.database import Connection
from server.store.sqlite import SqliteDatabase
from server.store.transaction import Facts, Transaction


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteDatabase]:
    database = SqliteDatabase(tmp_path / "store.db")
    database.prepare()
    connection = database.connect()
    furnish(connection)
    connection.close()
    yield database
    database.close()


@pytest.fixture
def connection(store: SqliteDatabase) -> Iterator[Connection]:
    connection = store.connect()
    yield connection
    connection.close()


@pytest.fixture
def facts() -> Facts:
    return Facts("us_acc_test", {1: SPACE, 2: STRANGER.space})


@pytest.fixture
def begin(connection: Connection, facts: Facts) -> Callable[..., Transaction]:
    """Begin a transaction at a time; the test ends it by ``finish`` and ``connection.commit``."""

    def start(now: int = START_MS) -> Transaction:
        connection.begin()
        return Transaction(connection, now, facts, Dispatch(), lambda: 0.5)

    return start

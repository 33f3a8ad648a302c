"""A furnished store, its writing connection, a transaction on it, and a writer over it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from gated_writer import Gate, House
from stage import DEADLINE_S, SPACE, START_MS, STRANGER, furnish

from server.core.dispatch import Dispatch
from server.store.database import Connection
from server.store.sqlite import SqliteDatabase
from server.store.transaction import Facts, Transaction
from server.store.writer import Writer


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


@pytest.fixture
async def house(store: SqliteDatabase, facts: Facts) -> AsyncIterator[House]:
    """A started writer; the test may hold up its commits."""
    house = House(store, Gate(store.connect()), Dispatch())
    house.writer = Writer(
        house,
        facts,
        house.dispatch,
        clock=house.clock,
        at_end=house.at_end,
        deliver=house.deliver,
        low=lambda: house.low,
    )
    house.writer.start()
    yield house
    house.gate.open.set()
    async with asyncio.timeout(DEADLINE_S):
        await house.writer.stop()

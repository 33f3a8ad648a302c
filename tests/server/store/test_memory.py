"""The store in memory: what is committed stays while it is open, and nothing else."""

import pytest
from stage import furnish

from server.store.memory import MemoryDatabase


@pytest.fixture
def store():
    database = MemoryDatabase()
    database.prepare()
    yield database
    database.close()


def fact(store, name):
    with store.reader() as reader:
        return reader.rows("SELECT value FROM meta WHERE name = :name", name=name)


def put(connection, name):
    connection.run("INSERT INTO meta (name, value) VALUES (:name, 'x')", name=name)


def test_what_was_committed_outlives_its_connection(store):
    connection = store.connect()
    connection.begin()
    put(connection, "one")
    connection.commit()
    connection.close()
    assert fact(store, "one") == [("x",)]


def test_what_was_not_committed_never_happened(store):
    connection = store.connect()
    connection.begin()
    put(connection, "one")
    store.connect()
    assert fact(store, "one") == []


def test_numbers_go_on_over_connections(store):
    first = store.connect()
    furnish(first)
    first.begin()
    last = first.next_ids("job", 3)[-1]
    first.commit()
    first.close()
    second = store.connect()
    second.begin()
    assert second.next_ids("job", 1)[0] == last + 1


def test_stores_have_nothing_in_common(store):
    other = MemoryDatabase()
    other.prepare()
    connection = other.connect()
    connection.begin()
    put(connection, "one")
    connection.commit()
    assert fact(store, "one") == []
    other.close()

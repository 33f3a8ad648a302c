"""The writing connection: few messages, guards, ends of all kinds, and integers in the order of asking."""

import threading
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from postgres import postgres
from processes import until
from stage import furnish

from server.store.database import AgainError, BrokenError, StoreError
from server.store.postgres import PostgresDatabase
from server.store.postgres_connection import PostgresConnection

EVENT = (1, "a:b", None, 0, 5, "{}")


class Time:
    """Seconds that pass by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def database(clock: Time) -> Iterator[PostgresDatabase]:
    with postgres().lent() as address, closing(PostgresDatabase(address, clock)) as database:
        yield database


@pytest.fixture
def connection(database: PostgresDatabase) -> Iterator[PostgresConnection]:
    with closing(database.connect()) as connection:
        furnish(connection)
        yield connection


@pytest.fixture
def other(database: PostgresDatabase) -> Iterator[PostgresConnection]:
    with closing(database.connect()) as connection:
        yield connection


def put(connection: PostgresConnection, *names: str) -> None:
    connection.insert_many("meta", ("name", "value"), [(name, "v") for name in names])


def names(connection: PostgresConnection) -> list[str]:
    return [row[0] for row in connection.rows("SELECT name FROM meta WHERE value = 'v' ORDER BY name")]


def pid(connection: PostgresConnection) -> int:
    return connection._wire._connection.info.backend_pid


def end(connection: PostgresConnection) -> None:
    postgres().run(f"SELECT pg_terminate_backend({pid(connection)}, 5000)")


@pytest.fixture
def messages(connection: PostgresConnection, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many statements each message had."""
    seen: list[int] = []
    ask = connection._wire.ask

    def counted(statements):
        seen.append(len(statements))
        return ask(statements)

    monkeypatch.setattr(connection._wire, "ask", counted)
    return seen


# ---- messages


def test_a_transaction_that_asks_nothing_is_one_message(connection, messages):
    put(connection, "warm")
    connection.append_log([EVENT])
    messages.clear()
    connection.begin()
    put(connection, "a")
    connection.update_many("space", ("name",), [("Renamed", 1)])
    assert connection.commit([EVENT] * 3) == 2
    assert messages == [5]
    assert names(connection) == ["a", "warm"]


def test_what_waits_travels_with_the_next_question(connection, messages):
    put(connection, "warm")
    messages.clear()
    connection.begin()
    put(connection, "a")
    put(connection)
    assert names(connection) == ["a", "warm"]
    assert messages == [3]


def test_questions_whose_answers_are_wanted_later_wait_too(connection, messages):
    put(connection, "warm")
    messages.clear()
    connection.begin()
    first = connection.later("SELECT name FROM meta WHERE name = :name", name="warm")
    put(connection, "a")
    second = connection.later("SELECT name FROM meta WHERE name = :name", name="a")
    assert messages == []
    assert second() == [("a",)]
    assert first() == [("warm",)]
    assert messages == [4]


def test_an_answer_that_nobody_wanted_is_not_that_of_the_next_transaction(connection, messages):
    connection.begin()
    connection.later("SELECT 1")
    connection.rollback()
    connection.begin()
    wanted = connection.later("SELECT 2")
    connection.commit()
    assert wanted() == [(2,)]


def test_a_rollback_before_anything_was_sent_sends_nothing(connection, messages):
    connection.begin()
    messages.clear()
    put(connection, "a")
    messages.clear()
    connection.rollback()
    connection.begin()
    connection.rollback()
    assert len(messages) <= 1
    assert names(connection) == []


# ---- guards


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lock_timeout", "2s"), ("idle_in_transaction_session_timeout", "5s"), ("statement_timeout", "30s"),
        ("synchronous_commit", "on"), ("application_name", "tickwire"), ("client_encoding", "UTF8"),
        ("enable_seqscan", "off"), ("jit", "off"),
    ],
)  # fmt: skip
def test_the_session_has_its_guards(connection, name, value):
    assert connection.rows(f"SHOW {name}") == [(value,)]


def test_commits_wait_for_the_disk_whatever_the_default(database):
    name = database._address._conninfo.split("dbname=")[1].split()[0]
    postgres().run(f"ALTER DATABASE {name} SET synchronous_commit = off")
    with closing(database.connect()) as connection:
        assert connection.rows("SHOW synchronous_commit") == [("on",)]


def test_a_statement_that_takes_too_long_is_given_up(connection):
    connection.run("SET statement_timeout = '20ms'")
    connection.begin()
    with pytest.raises(StoreError, match="QueryCanceled"):
        connection.rows("SELECT pg_sleep(10)")
    connection.rollback()
    assert names(connection) == []


# ---- ends


@pytest.fixture
def opened(database, connection, monkeypatch):
    """The writing sessions that were made after the first."""
    made, make = [], database.open_wire

    def open_wire():
        made.append(make())
        return made[-1]

    monkeypatch.setattr(database, "open_wire", open_wire)
    return made


def test_a_session_that_ended_between_transactions_is_made_anew_before_anything_is_sent(connection, opened):
    end(connection)
    connection.begin()
    put(connection, "a")
    connection.commit()
    assert names(connection) == ["a"]
    assert len(opened) == 1


def test_a_session_that_ends_within_a_transaction_undoes_it(connection, opened):
    connection.begin()
    put(connection, "a")
    assert names(connection) == ["a"]
    end(connection)
    for _ in range(2):
        with pytest.raises(AgainError, match="nothing was written"):
            names(connection)
    connection.rollback()
    connection.begin()
    put(connection, "b")
    connection.commit()
    assert names(connection) == ["b"]
    assert len(opened) == 1


def test_a_session_that_ends_with_the_commit_leaves_its_end_unknown(connection):
    connection.begin()
    connection.commit([EVENT])
    connection.begin()
    put(connection, "a")
    assert names(connection) == ["a"]
    end(connection)
    with pytest.raises(StoreError, match="may have been done") as caught:
        connection.commit([EVENT])
    assert not isinstance(caught.value, AgainError)
    connection.rollback()
    connection.begin()
    assert names(connection) == []


def test_a_transaction_that_had_failed_is_not_taken_for_committed(connection):
    connection.begin()
    put(connection, "a")
    with pytest.raises(psycopg.errors.UndefinedTable):
        connection.rows("SELECT 1 FROM no_such_table")
    with pytest.raises(StoreError, match="nothing was written"):
        connection.commit()
    connection.rollback()
    assert names(connection) == []


def test_an_idle_transaction_is_ended_by_the_database(connection):
    connection.run("SET idle_in_transaction_session_timeout = '20ms'")
    connection.begin()
    connection.rows("SELECT 1")
    gone = f"SELECT 1 FROM pg_stat_activity WHERE pid = {pid(connection)}"
    until(lambda: not postgres().run(gone), "the session is ended")
    with pytest.raises(AgainError):
        connection.rows("SELECT 1")


def test_a_lock_that_another_holds_is_waited_for_so_long(connection, other):
    connection.run("SET lock_timeout = '20ms'")
    other.begin()
    other.append_log([EVENT])
    connection.begin()
    with pytest.raises(AgainError, match="try again"):
        connection.commit([EVENT])
    connection.rollback()
    other.rollback()
    connection.begin()
    assert connection.commit([EVENT]) == 1


def test_of_two_that_wait_for_each_other_one_is_undone(connection, other):
    for one in (connection, other):
        one.run("SET lock_timeout = '20s'")
    name = "UPDATE space SET name = 'x' WHERE id = :id"
    ended: list[type[Exception]] = []
    both = threading.Barrier(2, timeout=30)

    def take(one: PostgresConnection, first: int, second: int) -> None:
        try:
            one.begin()
            one.run(name, id=first)
            both.wait()
            one.run(name, id=second)
            one.commit()
        except StoreError as error:
            ended.append(type(error))
            one.rollback()

    threads = [threading.Thread(target=take, args=args) for args in ((connection, 1, 2), (other, 2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert ended == [AgainError]


def test_damage_is_remembered(connection, database):
    connection.run(
        "CREATE FUNCTION spoiled() RETURNS BIGINT LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'invalid page' USING ERRCODE = 'data_corrupted'; END $$"
    )
    with pytest.raises(BrokenError, match="backup"):
        connection.rows("SELECT spoiled()")
    assert "backup" in (database.broken or "")


def test_only_one_transaction_is_alone(connection, other):
    connection.begin(alone=True)
    connection.rows("SELECT 1")
    other.run("SET lock_timeout = '20ms'")
    other.begin(alone=True)
    with pytest.raises(AgainError):
        other.rows("SELECT 1")
    other.rollback()
    connection.commit()
    other.begin(alone=True)
    assert other.rows("SELECT 1") == [(1,)]


# ---- integers


def transaction(connection: PostgresConnection, count: int) -> list[int]:
    connection.begin()
    found = [id_ for _ in range(count) for id_ in connection.next_ids("job", 1)]
    connection.commit()
    return found


def test_a_transaction_like_the_one_before_finds_its_integers_fetched(connection, messages):
    transaction(connection, 20)
    messages.clear()
    found = transaction(connection, 20)
    assert found == sorted(found)
    assert len(messages) == 1


def test_the_first_large_transaction_fetches_more_each_time(connection, messages):
    transaction(connection, 1)
    messages.clear()
    transaction(connection, 500)
    assert len(messages) < 12


def test_integers_that_were_fetched_long_ago_are_not_given(connection, other, clock):
    transaction(connection, 5)
    before = transaction(other, 1)
    clock.now += 10
    assert transaction(connection, 1)[0] > before[0]


def test_no_integer_is_given_twice(connection, other):
    found = [id_ for _ in range(5) for one in (connection, other) for id_ in transaction(one, 7)]
    assert len(set(found)) == len(found)


def test_integers_of_a_transaction_that_was_undone_do_not_stop_the_next(connection):
    connection.begin()
    taken = connection.next_ids("novelty", 3)
    connection.rollback()
    connection.begin()
    assert connection.next_ids("novelty", 1)[0] > taken[-1]
    connection.rollback()

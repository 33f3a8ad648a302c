"""A session: one message, all answers, and what is left of it after an error or an end."""

from contextlib import closing

import psycopg
import pytest
from postgres import postgres

from server.store import postgres_wire
from server.store.postgres_sql import statement
from server.store.postgres_wire import Wire


@pytest.fixture
def wire():
    with closing(Wire(psycopg.connect(postgres().url("postgres"), autocommit=True))) as wire:
        yield wire


def ask(wire, *texts, **params):
    return [wire.rows(found) for found in wire.ask([statement(text, params) for text in texts])]


def test_several_statements_are_one_message(wire):
    assert ask(wire, "SELECT 1", "SELECT 'a', :n + 1", "SELECT 2.5::float8", n=4) == [
        [(1,)],
        [("a", 5)],
        [(2.5,)],
    ]


def test_after_an_error_nothing_of_the_message_is_done_and_the_session_goes_on(wire):
    ask(wire, "CREATE TEMP TABLE seen (n BIGINT)")
    with pytest.raises(psycopg.errors.DivisionByZero):
        ask(
            wire,
            "BEGIN",
            "INSERT INTO seen VALUES (1)",
            "SELECT 1 / 0",
            "INSERT INTO seen VALUES (2)",
            "COMMIT",
        )
    assert wire.in_transaction
    ask(wire, "ROLLBACK")
    assert not wire.in_transaction
    assert not wire.lost
    assert ask(wire, "SELECT COUNT(*) FROM seen") == [[(0,)]]


def test_a_statement_is_prepared_once_even_within_a_message(wire):
    ask(wire, "SELECT :n", "SELECT :n", n=1)
    ask(wire, "SELECT :n", n=2)
    mine = ask(wire, "SELECT COUNT(*) FROM pg_prepared_statements WHERE statement = 'SELECT $1'")
    assert mine == [[(1,)]]


def test_what_was_not_prepared_because_of_an_error_is_prepared_later(wire):
    with pytest.raises(psycopg.errors.DivisionByZero):
        ask(wire, "SELECT 1 / 0", "SELECT 'later'")
    assert ask(wire, "SELECT 'later'") == [[("later",)]]


def test_few_stay_prepared(wire, monkeypatch):
    monkeypatch.setattr(postgres_wire, "MOST_PREPARED", 3)
    for number in range(20):
        assert ask(wire, f"SELECT {number}") == [[(number,)]]
        assert ask(wire, "SELECT 'often'") == [[("often",)]]
    kept = ask(wire, "SELECT statement FROM pg_prepared_statements")[0]
    assert len(kept) <= 4
    assert ("SELECT 'often'",) in kept


def test_sums_are_numbers_as_everywhere(wire):
    (((whole, negative, part),),) = ask(
        wire, "SELECT SUM(n), SUM(-n), AVG(n) FROM (VALUES (1::bigint), (2::bigint)) AS t(n)"
    )
    assert (whole, negative, part) == (3, -3, 1.5)
    assert (type(whole), type(negative), type(part)) == (int, int, float)


def test_answers_and_statements_larger_than_any_buffer(wire):
    texts = ["x" * 3_000_000 for _ in range(3)]
    found = wire.ask([statement("SELECT :a, repeat('y', 3000000)", {"a": text}) for text in texts])
    assert [wire.rows(one)[0][0] for one in found] == texts


def end(wire):
    postgres().run(f"SELECT pg_terminate_backend({wire._connection.info.backend_pid}, 5000)")


def test_a_session_that_was_ended_is_lost(wire):
    end(wire)
    with pytest.raises(psycopg.Error):
        ask(wire, "SELECT 1")
    assert wire.lost
    assert not wire.in_transaction


def test_who_looks_sees_the_end_before_anything_is_sent(wire):
    wire.look()
    assert not wire.lost
    end(wire)
    wire.look()
    assert wire.lost


def test_a_session_that_ends_itself_while_it_answers_is_lost(wire):
    with pytest.raises(psycopg.Error):
        ask(wire, "SELECT 1", "SELECT pg_terminate_backend(pg_backend_pid())", "SELECT 2")
    assert wire.lost

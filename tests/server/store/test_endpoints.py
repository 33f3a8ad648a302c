"""Endpoints that one connection writes; tests/conformance/test_endpoints.py does so on every database."""

from dataclasses import replace

from listener_sdk.protocol.endpoints import EndpointCreate
from server.core.endpoints import new_endpoint
from server.store import endpoints as sql
from server.store.pages import Window

ROW = new_endpoint(1, EndpointCreate(url="https://a.example", topics=["**"]), 5, "k")


def put(connection, *numbers, **fields):
    for number in numbers:
        sql.insert(connection, replace(ROW, id=number, **fields))


def test_a_page_has_one_more_than_was_asked_for(connection):
    connection.begin()
    put(connection, 1, 2, 3)
    put(connection, 4, space_id=2)
    put(connection, 5, enabled=0)
    assert [one.id for one in sql.page(connection, 1, Window(2))] == [1, 2, 3]
    assert [one.id for one in sql.page(connection, 1, Window(9, after=2))] == [3, 5]
    assert [one.id for one in sql.page(connection, 1, Window(9), enabled=True)] == [1, 2, 3]
    connection.commit()


def test_those_of_a_space_that_is_removed_hear_nothing(connection):
    connection.begin()
    put(connection, 1)
    put(connection, 2, space_id=2)
    connection.run("UPDATE space SET deleted_at = 5 WHERE id = 2")
    assert [one.id for one in sql.hearing(connection, 0, 9)] == [1]
    connection.commit()


def test_the_cursor_begins_at_nothing_and_never_goes_back(connection):
    connection.begin()
    assert sql.cursor(connection) == sql.keep_cursor(connection) == (0, 0)
    sql.move_cursor(connection, sql.keep_cursor(connection), 9)
    sql.move_cursor(connection, sql.keep_cursor(connection), 3)
    assert sql.cursor(connection) == (2, 9)
    connection.commit()

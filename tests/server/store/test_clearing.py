"""SQL of removing what a space has."""

import pytest

from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.members import MemberCreate
from server.core.keys import KeyRow
from server.core.logins import LoginRow, PassRow
from server.core.members import new_member
from server.store import clearing, keys, logins, members
from server.store.clearing import Walked


@pytest.fixture(autouse=True)
def begun(connection):
    connection.begin()
    yield
    connection.rollback()


def event(connection, seq, space_id):
    columns = ("seq", "space_id", "topic", "job_id", "terminal", "at", "body")
    connection.insert_many("event", columns, [(seq, space_id, "a:b", None, 0, 1, f"body {seq}")])


def test_a_walk_tells_what_it_found_and_how_far_it_came(connection):
    for seq, space_id in ((11, 1), (12, 2), (13, 2), (14, 1)):
        event(connection, seq, space_id)
    assert clearing.events(connection, 2, 10, 1) == Walked([12], 12)
    assert clearing.events(connection, 2, 12, 2) == Walked([13], 13)
    assert clearing.events(connection, 2, 13, 2) == Walked([], None)
    clearing.erase_events(connection, [12])
    assert clearing.events(connection, 2, 10, 2) == Walked([13], 13)


def test_erased_events_keep_their_places(connection):
    for seq in (11, 12):
        event(connection, seq, 2)
    clearing.erase_events(connection, [12])
    assert connection.rows("SELECT seq, body FROM event WHERE seq > 10 ORDER BY seq") == [
        (11, "body 11"),
        (12, clearing.ERASED),
    ]


def test_keys_and_what_was_answered_to_them_are_forgotten(connection):
    for number, space_id in ((1, 2), (10, 1)):
        keys.insert(connection, KeyRow(f"us_key_{number}", space_id, "n", "admin", "h", 1))
        row = (f"us_key_{number} POST /v1/jobs", "k", "h", "a", 1)
        connection.insert_many(
            "idempotency", ("scope", "idem_key", "body_hash", "answer", "created_at"), [row]
        )
    clearing.forget(connection, 2)
    assert connection.rows("SELECT id FROM api_key") == [("us_key_10",)]
    assert connection.rows("SELECT scope FROM idempotency") == [("us_key_10 POST /v1/jobs",)]


def test_so_are_members_their_sessions_and_what_was_answered_to_them(connection):
    for number, space_id in ((1, 2), (2, 1)):
        body = MemberCreate(name="Ada", email="a@b", role="viewer")
        members.insert(connection, new_member(number, space_id, body, 1, "us_key_1"))
        logins.begin(connection, LoginRow(number, space_id, number, None, None, "h", 1, None, 1, 1, 2))
        logins.keep_pass(connection, PassRow(number, "t", space_id, number, None, None, None, "h", 1, 2))
        row = (f"{encode('mem', number)} POST /v1/jobs", "k", "h", "a", 1)
        connection.insert_many(
            "idempotency", ("scope", "idem_key", "body_hash", "answer", "created_at"), [row]
        )
    clearing.forget(connection, 2)
    for table in ("member", "login", "login_pass"):
        assert connection.rows(f"SELECT id FROM {table}") == [(2,)]
    assert connection.rows("SELECT scope FROM idempotency") == [("us_mem_0000000002 POST /v1/jobs",)]

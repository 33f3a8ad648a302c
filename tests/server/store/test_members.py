"""SQL of members; both databases run it in the conformance suite."""

from dataclasses import replace

from listener_sdk.protocol.members import MemberCreate
from server.core.members import new_member
from server.store import members


def row(number, space_id=1, email="a@b"):
    return new_member(number, space_id, MemberCreate(name="Ada", email=email, role="viewer"), 10, "us_key_1")


def test_what_is_fixed_is_not_written_again(connection):
    connection.begin()
    members.insert(connection, row(1))
    changed = replace(row(1), space_id=2, created_at=99, created_by="x", name="Bob")
    members.update(connection, changed)
    assert members.load(connection, 1, 1) == replace(row(1), name="Bob")
    assert members.load(connection, 2, 1) is None
    connection.rollback()

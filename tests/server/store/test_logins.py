"""SQL of sessions of browsers; both databases run it in the conformance suite."""

from server.core.keys import KeyRow
from server.core.logins import Owner, Visitor
from server.store import keys, logins, spaces


def test_an_owner_is_read_as_it_is_now(connection):
    connection.begin()
    key = KeyRow("us_key_0000000007", 1, "k", "viewer", "hash", 0)
    keys.insert(connection, key)
    space = spaces.load(connection, 1)
    owner = Owner(1, key_id=key.id, stamp="hash")
    assert logins.visitor(connection, owner) == Visitor(owner, space, key=key)
    assert logins.visitor(connection, Owner(1, member_id=5)) == Visitor(Owner(1, member_id=5), space)
    assert logins.visitor(connection, Owner(99, member_id=5)).space is None
    connection.rollback()

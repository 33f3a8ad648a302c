"""SQL of keys."""

from server.core.keys import KeyRow
from server.store import keys


def row(number, **fields):
    usual = {"space_id": 1, "name": "n", "role": "listener", "secret_hash": f"hash{number}", "created_at": 10}
    return KeyRow(f"us_key_{number:010d}", **usual | fields)


def test_a_key_is_read_back_as_it_was_stored(connection):
    stored = row(1, created_by="us_key_0000000000", expires_at=99)
    connection.begin()
    keys.insert(connection, stored)
    assert keys.load(connection, stored.id) == stored
    assert keys.load(connection, "us_key_0000000002") is None
    connection.rollback()


def test_pages_follow_the_order_of_making_and_keep_to_the_space(connection):
    connection.begin()
    for number in (3, 1, 2):
        keys.insert(connection, row(number))
    keys.insert(connection, row(4, space_id=2))
    keys.insert(connection, row(5, every_space=1))
    assert [key.id[-1] for key in keys.page(connection, 1, "", 2, every_space=False)] == ["1", "2"]
    assert [key.id[-1] for key in keys.page(connection, 1, row(2).id, 9, every_space=False)] == ["3"]
    assert [key.id[-1] for key in keys.page(connection, 1, row(2).id, 9, every_space=True)] == ["3", "5"]
    connection.rollback()


def test_only_keys_that_open_something_are_counted(connection):
    connection.begin()
    keys.insert(connection, row(1, role="admin"))
    keys.insert(connection, row(2, expires_at=50))
    keys.insert(connection, row(3))
    keys.revoke(connection, row(3).id, 20)
    assert keys.count_valid(connection, 1, None, 49) == 2
    assert keys.count_valid(connection, 1, None, 50) == 1
    assert keys.count_valid(connection, 1, "admin", 50) == 1
    assert keys.count_valid(connection, 2, None, 0) == 0
    keys.insert(connection, row(4, role="admin", every_space=1))
    assert keys.count_valid(connection, 1, "admin", 50) == 2
    assert keys.count_valid(connection, 1, "admin", 50, every_space=True) == 1
    connection.rollback()


def test_a_revoked_key_keeps_its_time(connection):
    connection.begin()
    keys.insert(connection, row(1))
    keys.revoke(connection, row(1).id, 20)
    keys.revoke(connection, row(1).id, 30)
    assert keys.load(connection, row(1).id).revoked_at == 20
    connection.rollback()

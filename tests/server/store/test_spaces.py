"""SQL of spaces."""

import pytest

from server.core.actors import Space
from server.store import spaces

ACME = Space(7, "acme", "Acme", "https://acme.example/{id}", "Europe/Paris", 5, 6, 1, 2, 3, None)


@pytest.fixture(autouse=True)
def begun(connection):
    connection.begin()
    yield
    connection.rollback()


def test_spaces_are_read_back_by_id_and_code(connection):
    spaces.insert(connection, ACME)
    assert (
        spaces.every(connection)[7]
        == spaces.load(connection, 7)
        == spaces.by_code(connection, "acme")
        == ACME
    )
    assert spaces.load(connection, 8) is None
    assert spaces.by_code(connection, "Acme") is None


def test_a_change_is_written_and_code_and_birth_stay(connection):
    spaces.insert(connection, ACME)
    changed = Space(7, "other", "New", None, "UTC", None, None, 99, 100, None, 101)
    spaces.update(connection, changed)
    assert spaces.load(connection, 7) == Space(7, "acme", "New", None, "UTC", None, None, 1, 100, None, 101)


def test_pages_are_in_the_order_of_making(connection):
    before = spaces.count_all(connection)
    for number in (11, 12, 13):
        spaces.insert(connection, Space(number, f"s{number}", "S"))
    found, total = spaces.page(connection, 10, 0, 2)
    assert ([space.id for space in found], total) == ([11, 12], before + 3)
    assert [space.id for space in spaces.page(connection, 10, 2, 2)[0]] == [13]
    assert [space.id for space in spaces.page(connection, 12, 0, 2)[0]] == [13]


def test_those_that_are_being_removed_are_told_apart(connection):
    spaces.insert(connection, ACME)
    spaces.insert(connection, Space(8, "gone", "Gone", deleted_at=5))
    assert [space.code for space in spaces.deleting(connection)] == ["gone"]
    spaces.delete(connection, 8)
    assert spaces.deleting(connection) == []

"""SQL of spaces."""

from server.core.actors import Space
from server.store import spaces


def test_spaces_are_read_back_by_id(connection):
    made = Space(7, "acme", "Acme", "https://acme.example/{id}")
    connection.begin()
    spaces.insert(connection, made, 123)
    assert spaces.every(connection)[7] == made
    assert spaces.created_at(connection, 7) == 123
    connection.rollback()

"""SQL of spaces."""

from ..core.actors import Space
from .database import Connection, Reader


def every(reader: Reader) -> dict[int, Space]:
    """All spaces by id."""
    rows = reader.rows("SELECT id, code, name, link_template FROM space ORDER BY id")
    return {row[0]: Space(*row) for row in rows}


def created_at(reader: Reader, space_id: int) -> int:
    """When a space was made (ms)."""
    return int(reader.rows("SELECT created_at FROM space WHERE id = :id", id=space_id)[0][0])


def insert(connection: Connection, space: Space, now: int) -> None:
    """Store a new space."""
    connection.insert_many(
        "space",
        ("id", "code", "name", "link_template", "created_at"),
        [(space.id, space.code, space.name, space.link_template, now)],
    )

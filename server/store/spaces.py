"""SQL of spaces, and of all that goes with one."""

from collections.abc import Iterable
from dataclasses import astuple
from typing import Final

from ..core.actors import Space
from .database import Connection, Reader

COLUMNS: Final = tuple(Space.__dataclass_fields__)
MUTABLE: Final = tuple(name for name in COLUMNS if name not in {"id", "code", "created_at"})
_SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM space"  # noqa: S608 - names of our own fields


def every(reader: Reader) -> dict[int, Space]:
    """All spaces by id, those that are being removed among them."""
    return {row[0]: Space(*row) for row in reader.rows(f"{_SELECT} ORDER BY id")}


def load(reader: Reader, space_id: int) -> Space | None:
    """A space by its number."""
    found = reader.rows(f"{_SELECT} WHERE id = :id", id=space_id)
    return Space(*found[0]) if found else None


def gone(reader: Reader, space_ids: Iterable[int]) -> list[int]:
    """Those of these spaces that were deleted."""
    found = {one: load(reader, one) for one in space_ids}
    return [one for one, space in found.items() if space is None or not space.open]


def keep(connection: Connection, space_id: int) -> Space | None:
    """A space by its number, that no other server changes before the end of this transaction."""
    found = connection.rows(f"{_SELECT} WHERE id = :id FOR_CHANGE", id=space_id)
    return Space(*found[0]) if found else None


def by_code(reader: Reader, code: str) -> Space | None:
    """A space by its code."""
    found = reader.rows(f"{_SELECT} WHERE code = :code", code=code)
    return Space(*found[0]) if found else None


def page(reader: Reader, after: int, offset: int, count: int) -> tuple[list[Space], int]:
    """Spaces in the order of their making, after a number and without the first ``offset``; and how many there are."""
    rows = reader.rows(
        f"{_SELECT} WHERE id > :after ORDER BY id LIMIT :count OFFSET :skip",
        after=after,
        count=count,
        skip=offset,
    )
    return [Space(*row) for row in rows], count_all(reader)


def count_all(reader: Reader) -> int:
    """How many spaces there are."""
    return int(reader.rows("SELECT COUNT(*) FROM space")[0][0])


def insert(connection: Connection, space: Space) -> None:
    """Store a new space."""
    connection.insert_many("space", COLUMNS, [astuple(space)])


def update(connection: Connection, space: Space) -> None:
    """Write a space that has changed."""
    values = tuple(getattr(space, name) for name in MUTABLE)
    connection.update_many("space", MUTABLE, [(*values, space.id)])


def delete(connection: Connection, space_id: int) -> None:
    """Remove the row of a space that has nothing any more."""
    connection.run("DELETE FROM space WHERE id = :id", id=space_id)


def deleting(reader: Reader) -> list[Space]:
    """Spaces that are being removed."""
    return [Space(*row) for row in reader.rows(f"{_SELECT} WHERE deleted_at IS NOT NULL ORDER BY id")]

"""SQL of hooks."""

from dataclasses import astuple
from functools import partial
from typing import Final

from ..core.hooks import HookRow
from .database import Connection, Reader
from .known import Kind
from .pages import Window

COLUMNS: Final = tuple(HookRow.__dataclass_fields__)
MUTABLE: Final = ("door", "name", "enabled", "version", "body", "updated_at", "updated_by")
_SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM hook"  # noqa: S608 - names of our own fields


def load(reader: Reader, space_id: int, number: int) -> HookRow | None:
    """A hook of the space."""
    rows = reader.rows(f"{_SELECT} WHERE id = :id AND space_id = :space", id=number, space=space_id)
    return HookRow(*rows[0]) if rows else None


def keep(connection: Connection, space_id: int, number: int) -> HookRow | None:
    """The same, and nobody changes it before the end of the transaction."""
    rows = connection.rows(
        f"{_SELECT} WHERE id = :id AND space_id = :space FOR_CHANGE", id=number, space=space_id
    )
    return HookRow(*rows[0]) if rows else None


def by_door(reader: Reader, door: str) -> HookRow | None:
    """The hook of an address."""
    rows = reader.rows(f"{_SELECT} WHERE door = :door", door=door)
    return HookRow(*rows[0]) if rows else None


def version(connection: Connection, number: int) -> int | None:
    """Which version of a hook is the newest; nobody removes it before the end of the transaction. None for one that is gone.

    What an earlier transaction has found is not read again.
    """
    return connection.known.find(
        Kind.HOOK, number, lambda: _version(connection, number), partial(_expect, connection, number)
    )


def _version(connection: Connection, number: int) -> int | None:
    rows = connection.rows("SELECT version FROM hook WHERE id = :id FOR_USE", id=number)
    return int(rows[0][0]) if rows else None


def _expect(connection: Connection, number: int, newest: int) -> None:
    connection.expect(
        "SELECT id FROM hook WHERE id = :id AND version = :version FOR_USE", id=number, version=newest
    )


def count(reader: Reader, space_id: int) -> int:
    """How many hooks a space has."""
    return int(reader.rows("SELECT COUNT(*) FROM hook WHERE space_id = :space", space=space_id)[0][0])


def page(reader: Reader, space_id: int, window: Window) -> list[HookRow]:
    """Hooks of the space in the order of their making, one more than the page has."""
    rows = reader.rows(
        f"{_SELECT} WHERE space_id = :space AND id > :after ORDER BY id LIMIT :count",
        space=space_id,
        after=window.after or 0,
        count=window.size + 1,
    )
    return [HookRow(*row) for row in rows]


def insert(connection: Connection, row: HookRow) -> None:
    """Store a new hook."""
    connection.insert_many("hook", COLUMNS, [astuple(row)])


def update(connection: Connection, row: HookRow) -> None:
    """Write a hook that has changed."""
    connection.known.forget(Kind.HOOK)
    connection.update_many("hook", MUTABLE, [(*(getattr(row, name) for name in MUTABLE), row.id)])


def delete(connection: Connection, number: int) -> None:
    """Remove a hook. What came to it is found by its own number, and goes by pages."""
    connection.known.forget(Kind.HOOK)
    connection.run("DELETE FROM hook WHERE id = :hook", hook=number)

"""SQL of hooks and their secrets."""

from dataclasses import astuple, dataclass, field
from typing import Final

from ..core.hooks import HookRow
from .database import Connection, Reader
from .pages import Window

COLUMNS: Final = tuple(HookRow.__dataclass_fields__)
MUTABLE: Final = ("door", "name", "enabled", "version", "body", "updated_at", "updated_by")
_SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM hook"  # noqa: S608 - names of our own fields


@dataclass(frozen=True, slots=True)
class HookSecret:
    """One row of table ``hook_secret``, its fields in the table's order. ``until`` is when it ends, None for the newest."""

    id: int
    space_id: int
    hook_id: int
    until: int | None
    wrapped: str = field(repr=False)
    sealed: str = field(repr=False)


SECRET_COLUMNS: Final = tuple(HookSecret.__dataclass_fields__)
_SECRETS: Final = f"SELECT {', '.join(SECRET_COLUMNS)} FROM hook_secret"  # noqa: S608 - names of our own fields


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
    """Which version of a hook is the newest; nobody changes it before the end of the transaction. None for one that is gone."""
    rows = connection.rows("SELECT version FROM hook WHERE id = :id FOR_USE", id=number)
    return int(rows[0][0]) if rows else None


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
    connection.update_many("hook", MUTABLE, [(*(getattr(row, name) for name in MUTABLE), row.id)])


def delete(connection: Connection, number: int) -> None:
    """Remove a hook with its secrets. Its deliveries, which nobody sees any more, go when they are old."""
    connection.run("DELETE FROM hook_secret WHERE hook_id = :hook", hook=number)
    connection.run("DELETE FROM hook WHERE id = :hook", hook=number)


# ---- secrets


def secrets(reader: Reader, number: int, now: int) -> list[HookSecret]:
    """The secrets of a hook that are valid now, the newest first."""
    rows = reader.rows(
        f"{_SECRETS} WHERE hook_id = :hook AND (until IS NULL OR until > :now) ORDER BY id DESC",
        hook=number,
        now=now,
    )
    return [HookSecret(*row) for row in rows]


def old_until(reader: Reader, numbers: list[int], now: int) -> dict[int, int]:
    """Until when a secret before the newest is valid, of those of these hooks that have one."""
    rows = reader.rows(
        "SELECT hook_id, MAX(until) FROM hook_secret WHERE hook_id IN LIST(:hooks) AND until > :now GROUP BY hook_id",
        hooks=numbers,
        now=now,
    )
    return {row[0]: row[1] for row in rows}


def add_secret(connection: Connection, row: HookSecret, until: int) -> None:
    """A new secret; the newest of those that were there is valid until then, the others end."""
    before = connection.rows(
        "SELECT id FROM hook_secret WHERE hook_id = :hook AND until IS NULL", hook=row.hook_id
    )
    kept = [one[0] for one in before]
    connection.run(
        "DELETE FROM hook_secret WHERE hook_id = :hook AND id NOT IN LIST(:kept)", hook=row.hook_id, kept=kept
    )
    connection.run(
        "UPDATE hook_secret SET until = :until WHERE hook_id = :hook", until=until, hook=row.hook_id
    )
    connection.insert_many("hook_secret", SECRET_COLUMNS, [astuple(row)])


def secrets_by_prefix(reader: Reader, prefix: str, after: int, count: int) -> list[HookSecret]:
    """Secrets of the whole store whose wrapped key begins so, after an id."""
    rows = reader.rows(
        f"{_SECRETS} WHERE id > :after AND SUBSTR(wrapped, 1, CAST(:length AS INTEGER)) = :prefix ORDER BY id LIMIT :count",
        length=len(prefix),
        prefix=prefix,
        after=after,
        count=count,
    )
    return [HookSecret(*row) for row in rows]

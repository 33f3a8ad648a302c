"""SQL of API keys."""

from dataclasses import astuple
from typing import Final

from ..core.actors import Space
from ..core.keys import KeyRow
from . import spaces
from .database import Connection, Reader

COLUMNS: Final = tuple(KeyRow.__dataclass_fields__)
_SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM api_key"  # noqa: S608 - names of our own fields


def load(reader: Reader, key_id: str) -> KeyRow | None:
    """A key of whichever space, valid or not."""
    found = reader.rows(f"{_SELECT} WHERE id = :id", id=key_id)
    return KeyRow(*found[0]) if found else None


def keep(connection: Connection, key_id: str) -> KeyRow | None:
    """A key of whichever space, valid or not, that no other server changes before the end of this transaction."""
    found = connection.rows(f"{_SELECT} WHERE id = :id FOR_CHANGE", id=key_id)
    return KeyRow(*found[0]) if found else None


def load_with_space(
    reader: Reader, key_id: str, space_id: int | None = None
) -> tuple[KeyRow | None, Space | None]:
    """A key, and the space that it belongs to, or the one that is named."""
    key = load(reader, key_id)
    where = space_id if space_id is not None or key is None else key.space_id
    return key, None if where is None else spaces.load(reader, where)


def page(reader: Reader, space_id: int, after: str, count: int, *, every_space: bool) -> list[KeyRow]:
    """Keys of a space in the order of their making, after an id; with ``every_space`` also those of the whole store."""
    rows = reader.rows(
        f"{_SELECT} WHERE ((space_id = :space AND every_space = 0) OR (every_space = 1 AND :whole = 1)) AND id > :after "
        "ORDER BY id LIMIT :count",
        whole=int(every_space),
        space=space_id,
        after=after,
        count=count,
    )
    return [KeyRow(*row) for row in rows]


def count_valid(
    reader: Reader, space_id: int, role: str | None, now: int, *, every_space: bool = False
) -> int:
    """How many keys of a space (of one role, or of any; with ``every_space`` those of the whole store) open something now."""
    rows = reader.rows(
        "SELECT COUNT(*) FROM api_key WHERE space_id = :space AND (CAST(:role AS TEXT) IS NULL OR role = :role) "
        "AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now) AND every_space >= :whole",
        whole=int(every_space),
        space=space_id,
        role=role,
        now=now,
    )
    return int(rows[0][0])


def insert(connection: Connection, row: KeyRow) -> None:
    """Store a new key."""
    connection.insert_many("api_key", COLUMNS, [astuple(row)])


def update(connection: Connection, row: KeyRow) -> None:
    """Its name, its end, and what it is restricted to."""
    connection.run(
        "UPDATE api_key SET name = :name, expires_at = :expires, jobs = :jobs, topics = :topics WHERE id = :id",
        id=row.id,
        name=row.name,
        expires=row.expires_at,
        jobs=row.jobs,
        topics=row.topics,
    )


def rotate(connection: Connection, row: KeyRow, was: str) -> bool:
    """Its new secret, in the place of the one with the hash ``was``; False when another server was quicker."""
    changed = connection.run(
        "UPDATE api_key SET secret_hash = :new, old_hash = :old, old_until = :until, rotated_at = :at "
        "WHERE id = :id AND secret_hash = :was",
        id=row.id,
        new=row.secret_hash,
        old=row.old_hash,
        until=row.old_until,
        at=row.rotated_at,
        was=was,
    )
    return changed == 1


def used(connection: Connection, key_id: str, at: int) -> None:
    """The key was used then; of several servers the latest counts."""
    connection.run(
        "UPDATE api_key SET last_used_at = :at WHERE id = :id AND (last_used_at IS NULL OR last_used_at < :at)",
        id=key_id,
        at=at,
    )


def revoke(connection: Connection, key_id: str, now: int) -> None:
    """The key opens nothing from now on; one that was revoked keeps its time."""
    connection.run(
        "UPDATE api_key SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL", id=key_id, now=now
    )

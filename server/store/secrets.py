"""SQL of secrets. Values never come here, only what was sealed of them."""

from dataclasses import astuple
from typing import Final, Protocol

from ..core.secrets import SecretRow
from .database import Connection, Reader

COLUMNS: Final = tuple(SecretRow.__dataclass_fields__)
MUTABLE: Final = (
    "description", "jobs", "wrapped", "sealed", "size", "version", "updated_at", "updated_by",
)  # fmt: skip
_SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM secret"  # noqa: S608 - names of our own fields


def page(reader: Reader, space_id: int, after: int, count: int) -> list[SecretRow]:
    """Secrets of a space in the order of their making, after an id."""
    rows = reader.rows(
        f"{_SELECT} WHERE space_id = :space AND id > :after ORDER BY id LIMIT :count",
        space=space_id,
        after=after,
        count=count,
    )
    return [SecretRow(*row) for row in rows]


def load(reader: Reader, space_id: int, secret_id: int) -> SecretRow | None:
    """A secret of this space."""
    rows = reader.rows(f"{_SELECT} WHERE space_id = :space AND id = :id", space=space_id, id=secret_id)
    return SecretRow(*rows[0]) if rows else None


def by_name(reader: Reader, space_id: int, name: str, owner: str) -> SecretRow | None:
    """The secret of this name in a space."""
    rows = reader.rows(
        f"{_SELECT} WHERE space_id = :space AND name = :name AND owner = :owner",
        space=space_id,
        name=name,
        owner=owner,
    )
    return SecretRow(*rows[0]) if rows else None


def names(reader: Reader, space_id: int) -> list[tuple[str, str | None]]:
    """The names of a space's secrets that are nobody's own, and for which jobs each is."""
    rows = reader.rows("SELECT name, jobs FROM secret WHERE space_id = :space AND owner = ''", space=space_id)
    return [(str(row[0]), row[1]) for row in rows]


def totals(reader: Reader, space_id: int) -> tuple[int, int]:
    """How many secrets a space has, and the bytes of their values."""
    count, size = reader.rows(
        "SELECT COUNT(*), COALESCE(SUM(size), 0) FROM secret WHERE space_id = :space", space=space_id
    )[0]
    return int(count), int(size)


def insert(connection: Connection, row: SecretRow) -> None:
    """Store a new secret."""
    connection.insert_many("secret", COLUMNS, [astuple(row)])


def update(connection: Connection, row: SecretRow) -> None:
    """Write a secret that has another value."""
    connection.update_many("secret", MUTABLE, [(*(getattr(row, name) for name in MUTABLE), row.id)])


def delete(connection: Connection, secret_id: int) -> None:
    """Remove a secret."""
    connection.run("DELETE FROM secret WHERE id = :id", id=secret_id)


def held_jobs(reader: Reader, space_id: int, key_id: str) -> set[str]:
    """The names of the jobs of a space that a key holds, by its sessions or by itself."""
    rows = reader.rows(
        "SELECT DISTINCT name FROM job WHERE +space_id = :space AND holder IS NOT NULL "
        "AND (holder = :key OR (holder >= :first AND holder < :beyond))",
        space=space_id,
        key=key_id,
        first=f"{key_id}/",
        beyond=f"{key_id}0",
    )
    return {str(row[0]) for row in rows}


# ---- master keys


OF_SPACES: Final = "secret"
OF_SIGNING: Final = "signing_secret"


def count_by_prefix(reader: Reader, length: int, table: str = OF_SPACES) -> dict[str, int]:
    """How many secrets of the whole store have a wrapped key that begins so."""
    rows = reader.rows(
        f"SELECT prefix, COUNT(*) FROM (SELECT SUBSTR(wrapped, 1, CAST(:length AS INTEGER)) AS prefix FROM {table}) found GROUP BY prefix",  # noqa: S608 - names stand above
        length=length,
    )
    return {str(prefix): int(count) for prefix, count in rows}


def page_by_prefix(reader: Reader, prefix: str, after: int, count: int) -> list[SecretRow]:
    """Secrets of the whole store whose wrapped key begins so, after an id."""
    rows = reader.rows(
        f"{_SELECT} WHERE id > :after AND SUBSTR(wrapped, 1, CAST(:length AS INTEGER)) = :prefix ORDER BY id LIMIT :count",
        length=len(prefix),
        prefix=prefix,
        after=after,
        count=count,
    )
    return [SecretRow(*row) for row in rows]


class Wrapped(Protocol):
    """A row of either table."""

    @property
    def id(self) -> int: ...
    @property
    def wrapped(self) -> str: ...


def rewrap(connection: Connection, row: Wrapped, wrapped: str, table: str = OF_SPACES) -> None:
    """Give a secret its key under another master key, unless it was set anew meanwhile."""
    connection.run(
        f"UPDATE {table} SET wrapped = :wrapped WHERE id = :id AND wrapped = :before",  # noqa: S608 - names stand above
        wrapped=wrapped,
        id=row.id,
        before=row.wrapped,
    )

"""SQL of the secrets by which posts are signed. Values never come here, only what was sealed of them."""

from dataclasses import dataclass, field
from typing import Final

from .database import Connection, Reader

_COLUMNS: Final = ("id", "space_id", "owner", "wrapped", "sealed", "until")
_SELECT: Final = f"SELECT {', '.join(_COLUMNS)} FROM signing_secret"  # noqa: S608 - names of our own columns


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """One row of table ``signing_secret``. ``owner`` is the id of what signs by it; ``until`` is its end, once it was replaced."""

    id: int
    space_id: int
    owner: str
    wrapped: str = field(repr=False)
    sealed: str = field(repr=False)
    until: int | None = None


def insert(connection: Connection, row: SigningSecret) -> None:
    """Store a new secret."""
    connection.insert_many("signing_secret", _COLUMNS, [tuple(getattr(row, name) for name in _COLUMNS)])


def load(reader: Reader, number: int) -> SigningSecret | None:
    """One secret."""
    rows = reader.rows(f"{_SELECT} WHERE id = :id", id=number)
    return SigningSecret(*rows[0]) if rows else None


def valid(reader: Reader, owner: str, now: int) -> list[SigningSecret]:
    """Those that sign now, the newest first."""
    rows = reader.rows(
        f"{_SELECT} WHERE owner = :owner AND (until IS NULL OR until > :now) ORDER BY id DESC",
        owner=owner,
        now=now,
    )
    return [SigningSecret(*row) for row in rows]


def old_until(reader: Reader, owner: str, now: int) -> int | None:
    """Until when a secret that was replaced signs beside the new one."""
    rows = reader.rows(
        "SELECT MAX(until) FROM signing_secret WHERE owner = :owner AND until > :now", owner=owner, now=now
    )
    return None if rows[0][0] is None else int(rows[0][0])


def replace(connection: Connection, owner: str, until: int | None) -> None:
    """The owner's secret signs until then, or no more; one that was replaced before is gone."""
    connection.run("DELETE FROM signing_secret WHERE owner = :owner AND until IS NOT NULL", owner=owner)
    if until is None:
        forget(connection, owner)
    else:
        connection.run(
            "UPDATE signing_secret SET until = :until WHERE owner = :owner", until=until, owner=owner
        )


def forget(connection: Connection, owner: str) -> None:
    """What signs by them is gone."""
    connection.run("DELETE FROM signing_secret WHERE owner = :owner", owner=owner)


# ---- master keys


def count_by_prefix(reader: Reader, length: int) -> dict[str, int]:
    """How many secrets of the whole store have a wrapped key that begins so."""
    rows = reader.rows(
        "SELECT prefix, COUNT(*) FROM (SELECT SUBSTR(wrapped, 1, CAST(:length AS INTEGER)) AS prefix FROM signing_secret) found "
        "GROUP BY prefix",
        length=length,
    )
    return {str(prefix): int(count) for prefix, count in rows}


def page_by_prefix(reader: Reader, prefix: str, after: int, count: int) -> list[SigningSecret]:
    """Secrets of the whole store whose wrapped key begins so, after a number."""
    rows = reader.rows(
        f"{_SELECT} WHERE id > :after AND SUBSTR(wrapped, 1, CAST(:length AS INTEGER)) = :prefix ORDER BY id LIMIT :count",
        length=len(prefix),
        prefix=prefix,
        after=after,
        count=count,
    )
    return [SigningSecret(*row) for row in rows]


def rewrap(connection: Connection, row: SigningSecret, wrapped: str) -> None:
    """Give a secret its key under another master key."""
    connection.run("UPDATE signing_secret SET wrapped = :wrapped WHERE id = :id", id=row.id, wrapped=wrapped)

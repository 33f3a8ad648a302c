"""SQL of the secrets by which webhooks are signed, those that come and those that go. Values never come here, only what was sealed of them."""

from dataclasses import dataclass, field
from typing import Final

from .database import Connection, Reader

_COLUMNS: Final = ("id", "space_id", "owner", "wrapped", "sealed", "until")
_SELECT: Final = f"SELECT {', '.join(_COLUMNS)} FROM signing_secret"  # noqa: S608 - names of our own columns


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """One row of table ``signing_secret``. ``owner`` is the id of the hook or endpoint; ``until`` is its end, once it was replaced."""

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
    """Those that hold now, the newest first."""
    rows = reader.rows(
        f"{_SELECT} WHERE owner = :owner AND (until IS NULL OR until > :now) ORDER BY id DESC",
        owner=owner,
        now=now,
    )
    return [SigningSecret(*row) for row in rows]


def old_until(reader: Reader, owner: str, now: int) -> int | None:
    """Until when a secret that was replaced holds beside the new one."""
    rows = reader.rows(
        "SELECT MAX(until) FROM signing_secret WHERE owner = :owner AND until > :now", owner=owner, now=now
    )
    return None if rows[0][0] is None else int(rows[0][0])


def endings(reader: Reader, space_id: int, now: int) -> dict[str, int]:
    """The same of all in a space that have one, by their ids."""
    rows = reader.rows(
        "SELECT owner, MAX(until) FROM signing_secret WHERE space_id = :space AND until > :now GROUP BY owner",
        space=space_id,
        now=now,
    )
    return {str(owner): int(until) for owner, until in rows}


def replace(connection: Connection, owner: str, until: int | None) -> None:
    """The owner's secret holds until then, or no more; one that was replaced before is gone."""
    connection.run("DELETE FROM signing_secret WHERE owner = :owner AND until IS NOT NULL", owner=owner)
    if until is None:
        forget(connection, owner)
    else:
        connection.run(
            "UPDATE signing_secret SET until = :until WHERE owner = :owner", until=until, owner=owner
        )


def forget(connection: Connection, owner: str) -> None:
    """Their owner is gone."""
    connection.run("DELETE FROM signing_secret WHERE owner = :owner", owner=owner)


# ---- master keys


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

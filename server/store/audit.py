"""SQL of the audit: who has changed what, from where."""

from typing import Final, NamedTuple

from .database import Reader, Row
from .transaction import Transaction

COLUMNS: Final = ("id", "space_id", "at", "actor", "address", "action", "target", "before", "after")


class Line(NamedTuple):
    """One line; ``before`` and ``after`` are JSON objects as text."""

    id: int
    space_id: int
    at: int
    actor: str
    address: str | None
    action: str
    target: str
    before: str | None
    after: str | None


def insert(tx: Transaction, row: Row) -> None:
    """Store a line at the end of the batch."""
    tx.insert("audit", COLUMNS, row)


def page(reader: Reader, space_id: int, before: int, count: int) -> list[Line]:
    """Lines of a space, newest first, before an id."""
    rows = reader.rows(
        f"SELECT {', '.join(COLUMNS)} FROM audit WHERE space_id = :space AND id < :before ORDER BY id DESC LIMIT :count",  # noqa: S608 - names stand above
        space=space_id,
        before=before,
        count=count,
    )
    return [Line(*row) for row in rows]

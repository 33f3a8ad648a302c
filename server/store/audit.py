"""SQL of the audit: who has changed what, from where."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..core.audit import Line
from . import globs
from .database import Connection, Reader, Row
from .transaction import Transaction

COLUMNS: Final = Line._fields


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which lines a list shows; None leaves a question open. ``action`` is a topic or glob, times are milliseconds."""

    actor: str | None = None
    action: str | None = None
    target: str | None = None
    since: int | None = None
    until: int | None = None


ALL: Final = AuditFilter()


MOST_DELETED: Final = 100
"""Deleted spaces of one code whose lines are read, the newest."""


def insert(tx: Transaction, row: Row) -> None:
    """Store a line at the end of the batch."""
    tx.insert("audit", COLUMNS, row)


def page(reader: Reader, space_id: int, before: int, count: int, wanted: AuditFilter = ALL) -> list[Line]:
    """Lines of a space, newest first, before an id."""
    where, params = _condition(wanted)
    rows = reader.rows(
        f"SELECT {', '.join(COLUMNS)} FROM audit WHERE space_id = :space AND id < :before{where} ORDER BY id DESC LIMIT :count",  # noqa: S608 - names and conditions of our own
        space=space_id,
        before=before,
        count=count,
        **params,
    )
    return [Line(*row) for row in rows]


def page_of(
    reader: Reader, space_ids: Sequence[int], before: int, count: int, wanted: AuditFilter = ALL
) -> list[Line]:
    """The same of several spaces together."""
    found = [line for space_id in space_ids for line in page(reader, space_id, before, count, wanted)]
    return sorted(found, reverse=True)[:count]


def deleted(reader: Reader, code: str) -> list[int]:
    """Spaces that had this code when they were deleted."""
    rows = reader.rows(
        "SELECT space_id FROM audit_of_deleted WHERE code = :code ORDER BY space_id DESC LIMIT :count",
        code=code,
        count=MOST_DELETED,
    )
    return [row[0] for row in rows]


def keep_deleted(connection: Connection, space_id: int, code: str) -> None:
    """The lines of a space that is deleted can be found by its code, as long as there are any."""
    connection.run(
        "DELETE FROM audit_of_deleted WHERE NOT EXISTS (SELECT 1 FROM audit WHERE audit.space_id = audit_of_deleted.space_id)"
    )
    connection.insert_many("audit_of_deleted", ("space_id", "code"), [(space_id, code)])


def _condition(wanted: AuditFilter) -> tuple[str, dict[str, Any]]:
    params: dict[str, Any] = {}
    parts = []
    for column, sign, name in (
        ("actor", "=", "actor"),
        ("target", "=", "target"),
        ("at", ">=", "since"),
        ("at", "<=", "until"),
    ):
        value = getattr(wanted, name)
        if value is not None:
            params[name] = value
            parts.append(f"{column} {sign} :{name}")
    if wanted.action is not None:
        parts.append(globs.condition("action", wanted.action, "action", params))
    return "".join(f" AND {part}" for part in parts), params


def oldest(reader: Reader, count: int) -> list[tuple[int, int]]:
    """The first lines of all spaces, as (id, at)."""
    rows = reader.rows("SELECT id, at FROM audit ORDER BY id LIMIT :count", count=count)
    return [(row[0], row[1]) for row in rows]


def remove(connection: Connection, ids: Sequence[int]) -> int:
    """Remove lines; how many went."""
    return connection.run("DELETE FROM audit WHERE id IN LIST(:ids)", ids=list(ids))

"""SQL of job types that listeners have declared."""

from collections.abc import Collection, Sequence
from functools import partial
from typing import Final

from ..core.job_types import JobTypeHead, JobTypeRow
from .database import Connection, Reader
from .known import Kind

COLUMNS: Final = tuple(JobTypeRow.__dataclass_fields__)
MUTABLE: Final = ("name", "body", "updated_at", "updated_by", "seen_at", "label")
_SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM job_type"  # noqa: S608 - names of our own fields


def by_code(reader: Reader, space_id: int, code: str) -> JobTypeRow | None:
    """The type of this code in a space."""
    rows = reader.rows(f"{_SELECT} WHERE space_id = :space AND code = :code", space=space_id, code=code)
    return JobTypeRow(*rows[0]) if rows else None


def newest(connection: Connection, space_id: int, code: str) -> JobTypeRow | None:
    """The same within a transaction, but for when it was seen. What an earlier one has found is not read again."""
    return connection.known.find(
        Kind.TYPE,
        (space_id, code),
        lambda: by_code(connection, space_id, code),
        partial(_expect, connection),
        lambda row: len(row.body),
    )


def _expect(connection: Connection, row: JobTypeRow) -> None:
    connection.expect(
        "SELECT id FROM job_type WHERE id = :id AND updated_at = :at", id=row.id, at=row.updated_at
    )


def named(reader: Reader, space_id: int, name: str) -> JobTypeRow | None:
    """The type whose jobs have this name: the one with that code, else the only one."""
    rows = reader.rows(
        f"{_SELECT} WHERE space_id = :space AND name = :name ORDER BY CASE WHEN code = :name THEN 0 ELSE 1 END, id LIMIT 2",
        space=space_id,
        name=name,
    )
    found = [JobTypeRow(*row) for row in rows]
    return found[0] if found and (len(found) == 1 or found[0].code == name) else None


def by_codes(reader: Reader, space_id: int, codes: Collection[str]) -> dict[str, JobTypeRow]:
    """The types that have these codes in a space."""
    some = {f"c{place}": code for place, code in enumerate(codes)}
    names = ", ".join(f":{name}" for name in some)
    rows = reader.rows(f"{_SELECT} WHERE space_id = :space AND code IN ({names})", space=space_id, **some)
    found = [JobTypeRow(*row) for row in rows]
    return {row.code: row for row in found}


def by_ids(reader: Reader, ids: Sequence[int]) -> list[JobTypeRow]:
    """Types in the order of their making, those of these that are still there."""
    rows = reader.rows(f"{_SELECT} WHERE id IN LIST(:ids) ORDER BY id", ids=list(ids))
    return [JobTypeRow(*row) for row in rows]


def heads(reader: Reader, space_id: int) -> list[JobTypeHead]:
    """All types of a space in the order of their making, without their bodies."""
    rows = reader.rows(
        "SELECT id, code, name, label, seen_at, length(body) FROM job_type WHERE space_id = :space ORDER BY id",
        space=space_id,
    )
    return [JobTypeHead(*row) for row in rows]


def count(reader: Reader, space_id: int) -> int:
    """How many types a space has."""
    rows = reader.rows("SELECT COUNT(*) FROM job_type WHERE space_id = :space", space=space_id)
    return int(rows[0][0])


def unseen(reader: Reader, spaces: Collection[int], before: int) -> list[tuple[int, int, str]]:
    """Types of these spaces that no server has seen since: their ids, spaces and names."""
    rows = reader.rows(
        "SELECT id, space_id, name FROM job_type WHERE space_id IN LIST(:spaces) AND seen_at < :before",
        spaces=list(spaces),
        before=before,
    )
    return [(int(number), int(space), str(name)) for number, space, name in rows]


def see(connection: Connection, ids: Sequence[int], now: int) -> None:
    """These types are served now."""
    connection.run(
        "UPDATE job_type SET seen_at = :now WHERE id IN LIST(:ids) AND seen_at < :now", ids=list(ids), now=now
    )


def insert(connection: Connection, row: JobTypeRow) -> None:
    """Store a new type."""
    connection.insert_many("job_type", COLUMNS, [tuple(getattr(row, name) for name in COLUMNS)])


def update(connection: Connection, row: JobTypeRow) -> None:
    """Write a type that was declared anew."""
    _forget(connection)
    connection.update_many("job_type", MUTABLE, [(*(getattr(row, name) for name in MUTABLE), row.id)])


def _forget(connection: Connection) -> None:
    for kind in (Kind.DEFINITION, Kind.TYPE):
        connection.known.forget(kind)


def delete(connection: Connection, type_id: int) -> None:
    """Remove a type."""
    _forget(connection)
    connection.run("DELETE FROM job_type WHERE id = :id", id=type_id)

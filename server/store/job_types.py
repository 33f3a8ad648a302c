"""SQL of job types that listeners have declared."""

from typing import Final

from ..core.job_types import JobTypeRow
from .database import Connection, Reader

COLUMNS: Final = tuple(JobTypeRow.__dataclass_fields__)
MUTABLE: Final = ("name", "body", "updated_at", "updated_by", "seen_at")
_SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM job_type"  # noqa: S608 - names of our own fields


def by_code(reader: Reader, space_id: int, code: str) -> JobTypeRow | None:
    """The type of this code in a space."""
    rows = reader.rows(f"{_SELECT} WHERE space_id = :space AND code = :code", space=space_id, code=code)
    return JobTypeRow(*rows[0]) if rows else None


def named(reader: Reader, space_id: int, name: str) -> JobTypeRow | None:
    """The type whose jobs have this name: the one with that code, else the only one."""
    rows = reader.rows(
        f"{_SELECT} WHERE space_id = :space AND name = :name ORDER BY CASE WHEN code = :name THEN 0 ELSE 1 END, id LIMIT 2",
        space=space_id,
        name=name,
    )
    found = [JobTypeRow(*row) for row in rows]
    return found[0] if found and (len(found) == 1 or found[0].code == name) else None


def page(reader: Reader, space_id: int, after: int, count: int) -> list[JobTypeRow]:
    """Types of a space in the order of their making, after an id."""
    rows = reader.rows(
        f"{_SELECT} WHERE space_id = :space AND id > :after ORDER BY id LIMIT :count",
        space=space_id,
        after=after,
        count=count,
    )
    return [JobTypeRow(*row) for row in rows]


def codes(reader: Reader, space_id: int, count: int) -> list[str]:
    """The codes of a space's types, at most so many."""
    rows = reader.rows(
        "SELECT code FROM job_type WHERE space_id = :space ORDER BY code LIMIT :count",
        space=space_id,
        count=count,
    )
    return [str(row[0]) for row in rows]


def insert(connection: Connection, row: JobTypeRow) -> None:
    """Store a new type."""
    connection.insert_many("job_type", COLUMNS, [tuple(getattr(row, name) for name in COLUMNS)])


def update(connection: Connection, row: JobTypeRow) -> None:
    """Write a type that was declared anew."""
    connection.update_many("job_type", MUTABLE, [(*(getattr(row, name) for name in MUTABLE), row.id)])


def delete(connection: Connection, type_id: int) -> None:
    """Remove a type."""
    connection.run("DELETE FROM job_type WHERE id = :id", id=type_id)

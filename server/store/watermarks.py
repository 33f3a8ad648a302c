"""SQL of watermarks: a row for each definition of which a run has succeeded, or that a person has set or reset."""

from collections.abc import Iterable
from typing import Final

from ..core.watermarks import Watermark
from .database import Connection, Reader

COLUMNS: Final = tuple(Watermark.__dataclass_fields__)
_SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM watermark"  # noqa: S608 - names of our own fields


def load_many(reader: Reader, definition_ids: Iterable[int]) -> dict[int, Watermark]:
    """The watermarks of these definitions that have one."""
    rows = reader.rows(f"{_SELECT} WHERE definition_id IN LIST(:ids)", ids=list(definition_ids))
    return {row[0]: Watermark(*row) for row in rows}


def keep(connection: Connection, definition_id: int) -> Watermark | None:
    """The watermark, which no other transaction changes before the end of this one; None when there is no such definition."""
    return _kept(connection, definition_id) or _begun(connection, definition_id)


def _kept(connection: Connection, definition_id: int) -> Watermark | None:
    rows = connection.rows(f"{_SELECT} WHERE definition_id = :id FOR_CHANGE", id=definition_id)
    return Watermark(*rows[0]) if rows else None


def _begun(connection: Connection, definition_id: int) -> Watermark | None:
    connection.run(
        "INSERT INTO watermark (definition_id, space_id, version) SELECT id, space_id, 0 FROM definition WHERE id = :id "
        "ON CONFLICT (definition_id) DO NOTHING",
        id=definition_id,
    )
    return _kept(connection, definition_id)


def replace(connection: Connection, mark: Watermark, version: int) -> bool:
    """Write a watermark over that of this version; whether it was still that one."""
    return bool(
        connection.run(
            "UPDATE watermark SET value = :value, version = :new, moved_at = :moved, job_id = :job, succeeded_at = :succeeded "
            "WHERE definition_id = :id AND version = :version",
            value=mark.value,
            new=mark.version,
            moved=mark.moved_at,
            job=mark.job_id,
            succeeded=mark.succeeded_at,
            id=mark.definition_id,
            version=version,
        )
    )


def delete(connection: Connection, definition_id: int) -> None:
    """Remove the watermark of a definition."""
    connection.run("DELETE FROM watermark WHERE definition_id = :id", id=definition_id)

"""SQL of files; their bytes are in ``blobs``."""

from collections.abc import Sequence
from dataclasses import astuple
from typing import Any, Final

from ..core.files import FileRow
from ..core.reach import Reach
from . import reach
from .database import Connection, Reader

COLUMNS: Final = tuple(FileRow.__dataclass_fields__)
AT_ONCE: Final = 100
"""Jobs of which one statement asks."""
_SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM file"  # noqa: S608 - names of our own fields


def load(reader: Reader, file_id: int) -> FileRow | None:
    """A file of whichever space."""
    found = reader.rows(f"{_SELECT} WHERE id = :id", id=file_id)
    return FileRow(*found[0]) if found else None


def within(reader: Reader, space_id: int, ids: Sequence[int], limits: Reach | None) -> set[int]:
    """Those of these files that are in the space, and within somebody's reach."""
    params: dict[str, Any] = {}
    seen = "1 = 1" if limits is None else reach.of_files(limits, params)
    rows = reader.rows(
        f"SELECT id FROM file WHERE id IN LIST(:ids) AND space_id = :space AND {seen}",  # noqa: S608 - conditions of our own
        **params,
        ids=list(ids),
        space=space_id,
    )
    return {row[0] for row in rows}


def page(
    reader: Reader, space_id: int, job_id: int | None, before: int, count: int, within: Reach | None = None
) -> list[FileRow]:
    """Files of a space, of one job or of all, newest first, before an id; ``within`` somebody's reach."""
    params: dict[str, Any] = {}
    seen = "1 = 1" if within is None else reach.of_files(within, params)
    rows = reader.rows(
        f"{_SELECT} WHERE space_id = :space AND (CAST(:job AS BIGINT) IS NULL OR job_id = :job) AND id < :before "
        f"AND {seen} ORDER BY id DESC LIMIT :count",
        **params,
        space=space_id,
        job=job_id,
        before=before,
        count=count,
    )
    return [FileRow(*row) for row in rows]


def first_of_jobs(reader: Reader, job_ids: Sequence[int], count: int) -> dict[int, list[FileRow]]:
    """The first ``count`` files of each of these jobs that has any."""
    found: dict[int, list[FileRow]] = {}
    rows = reader.rows("SELECT DISTINCT job_id FROM file WHERE job_id IN LIST(:ids)", ids=list(job_ids))
    having = sorted(row[0] for row in rows)
    for first in range(0, len(having), AT_ONCE):
        some = {f"j{number}": job_id for number, job_id in enumerate(having[first : first + AT_ONCE])}
        arms = (
            f"SELECT * FROM ({_SELECT} WHERE job_id = :{name} ORDER BY id LIMIT :count) AS {name}"  # noqa: S608 - names of our own fields
            for name in some
        )
        for row in reader.rows(" UNION ALL ".join(arms), **some, count=count):
            found.setdefault(FileRow(*row).job_id or 0, []).append(FileRow(*row))
    return {job_id: sorted(rows, key=lambda row: row.id) for job_id, rows in found.items()}


def count_of_jobs(reader: Reader, job_ids: Sequence[int]) -> dict[int, int]:
    """How many files each of these jobs has."""
    rows = reader.rows(
        "SELECT job_id, COUNT(*) FROM file WHERE job_id IN LIST(:ids) GROUP BY job_id", ids=list(job_ids)
    )
    return {row[0]: row[1] for row in rows}


def blobs(reader: Reader) -> set[str]:
    """The names of all bytes on disk that belong to a file."""
    return {row[0] for row in reader.rows("SELECT blob FROM file")}


def insert(connection: Connection, row: FileRow) -> None:
    """Store a new file."""
    connection.insert_many("file", COLUMNS, [astuple(row)])


def delete(connection: Connection, file_id: int) -> None:
    """Remove a file's row."""
    connection.run("DELETE FROM file WHERE id = :id", id=file_id)

"""SQL of removing what is old: readers find it, in the order of making, and the writer removes it by pages."""

from collections.abc import Sequence
from typing import Final

from ..core.files import FileRow
from ..core.retention import Aged, Retention, Sweep, job_cost, old_prefix, sweep
from . import files, log
from .database import Connection, Reader

LINES: Final = 1_000
"""Log lines that are removed at once."""


def old_events(reader: Reader, rules: Retention, now: int, count: int) -> int:
    """The first event that stays, when at most ``count`` go."""
    head = log.head(reader)
    surplus = min(head.seq + 1 - rules.log_events, head.oldest + count)
    first = max(head.oldest, surplus)
    times = reader.rows(
        "SELECT at FROM event WHERE seq >= :first AND seq < :beyond ORDER BY seq",
        first=first,
        beyond=head.oldest + count,
    )
    return first + old_prefix([row[0] for row in times], now, rules.log_ms)


def remove_events(connection: Connection, upto: int) -> int:
    """Remove the log's old end up to an event that stays; how many went. `log.begin_at` must follow in the same transaction."""
    connection.run("DELETE FROM event_ack WHERE seq < :upto", upto=upto)
    return connection.run("DELETE FROM event WHERE seq < :upto", upto=upto)


def old_files(reader: Reader, rules: Retention, now: int, count: int) -> list[int]:
    """Files that are old, at most ``count``, the oldest first."""
    rows = reader.rows("SELECT id, created_at FROM file ORDER BY id LIMIT :count", count=count)
    return [row[0] for row in rows[: old_prefix([row[1] for row in rows], now, rules.file_ms)]]


def remove_files(connection: Connection, ids: Sequence[int]) -> list[FileRow]:
    """Remove the rows of files; those that were there."""
    rows = connection.rows(
        f"DELETE FROM file WHERE id IN LIST(:ids) RETURNING {', '.join(files.COLUMNS)}",  # noqa: S608 - names of our own fields
        ids=list(ids),
    )
    return sorted((FileRow(*row) for row in rows), key=lambda row: row.id)


def old_jobs(reader: Reader, rules: Retention, now: int, after: int, count: int) -> tuple[Sweep, int | None]:
    """The old among the next ``count`` jobs after one, and the last of all that were looked at; None when none is left."""
    rows = reader.rows(
        "SELECT id, created_at, finished_at, COALESCE(parts, 0), "
        "CASE WHEN finished_at <= :before "
        "THEN length(spec) + COALESCE(length(outcome), 0) + COALESCE(length(result), 0) ELSE 0 END "
        "FROM job WHERE id > :after ORDER BY id LIMIT :count",
        before=now - rules.job_ms,
        after=after,
        count=count,
    )
    jobs = [Aged(row[0], row[1], row[2], job_cost(row[4], row[3])) for row in rows]
    return sweep(jobs, now, rules.job_ms), jobs[-1].id if jobs else None


def ended_jobs(connection: Connection, ids: Sequence[int]) -> list[tuple[int, int | None]]:
    """Which of these jobs have ended, in the order of making, each with its parent where it is a part; no other writer has them."""
    rows = connection.rows(
        "SELECT id, CASE WHEN part IS NULL THEN NULL ELSE parent_id END FROM job "
        "WHERE id IN LIST(:ids) AND finished_at IS NOT NULL ORDER BY id FOR_CLAIM",
        ids=list(ids),
    )
    return [(row[0], row[1]) for row in rows]


def needed_jobs(reader: Reader, ids: Sequence[int]) -> set[int]:
    """Which of these jobs others refer to: child jobs, parts and successors that have not ended, and child jobs that are there.

    A parent stays while it has a child job of whatever age: to know whether one is there costs the same however many there are.
    """
    rows = reader.rows(
        "SELECT id FROM job WHERE id IN LIST(:ids) AND ("
        "EXISTS (SELECT 1 FROM job c WHERE c.parent_id = job.id AND c.part IS NULL) "
        "OR EXISTS (SELECT 1 FROM job c WHERE c.parent_id = job.id AND c.finished_at IS NULL) "
        "OR EXISTS (SELECT 1 FROM job_predecessor p JOIN job s ON s.id = p.job_id "
        "WHERE p.predecessor_id = job.id AND s.finished_at IS NULL))",
        ids=list(ids),
    )
    return {row[0] for row in rows}


def existing_jobs(reader: Reader, ids: Sequence[int]) -> set[int]:
    """Which of these jobs are there."""
    return {row[0] for row in reader.rows("SELECT id FROM job WHERE id IN LIST(:ids)", ids=list(ids))}


def remove_lines(connection: Connection, ids: Sequence[int], count: int = LINES) -> bool:
    """Remove log lines of jobs, at most ``count``; whether there may be more."""
    went = connection.run(
        "DELETE FROM job_log WHERE id IN (SELECT id FROM job_log WHERE job_id IN LIST(:ids) LIMIT :count)",
        ids=list(ids),
        count=count,
    )
    return went == count

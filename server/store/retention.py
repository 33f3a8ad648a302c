"""SQL of removing what is old: readers find it, in the order of making, and the writer removes it by pages."""

from collections.abc import Sequence
from typing import Final

from ..core.files import FileRow
from ..core.retention import RULE_MS, Aged, Retention, Spans, Sweep, job_cost, old_prefix, placed_files, sweep
from . import audit, endpoint_deliveries, files, log
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


def old_files(reader: Reader, spans: Spans, now: int, after: int, count: int) -> tuple[Sweep, int | None]:
    """The old among the next ``count`` files after one, and the last of all that were looked at; None when none is left."""
    rows = reader.rows(
        "SELECT id, space_id, created_at FROM file WHERE id > :after ORDER BY id LIMIT :count",
        after=after,
        count=count,
    )
    files = placed_files([(row[0], row[1], row[2]) for row in rows], now)
    return sweep(files, now, spans), files[-1].id if files else None


def old_lines(reader: Reader, rules: Retention, now: int, count: int) -> list[int]:
    """Lines of the audit that are old, at most ``count``, the oldest first."""
    rows = audit.oldest(reader, count)
    return [row[0] for row in rows[: old_prefix([row[1] for row in rows], now, rules.audit_ms)]]


def old_notifications(reader: Reader, rules: Retention, now: int, count: int) -> list[int]:
    """Notifications in inboxes that are old, at most ``count``, the oldest first."""
    rows = reader.rows("SELECT id, at FROM notification ORDER BY id LIMIT :count", count=count)
    return [row[0] for row in rows[: old_prefix([row[1] for row in rows], now, rules.notification_ms)]]


def remove_notifications(connection: Connection, ids: Sequence[int]) -> int:
    """Remove notifications, read or not; how many went."""
    return connection.run("DELETE FROM notification WHERE id IN LIST(:ids)", ids=list(ids))


def old_deliveries(reader: Reader, rules: Retention, now: int, count: int) -> list[int]:
    """Deliveries to endpoints that are old or too many, of at most ``count``, the oldest first."""
    return endpoint_deliveries.old(reader, now - rules.delivery_ms, rules.deliveries, count)


def old_rules(reader: Reader, now: int, count: int) -> list[int]:
    """Rules that have told nothing for long and have nothing to tell, at most ``count``: to go on without their rows is the same."""
    rows = reader.rows(
        "SELECT id FROM notification_rule WHERE due_at IS NULL AND told_at <= :before ORDER BY told_at LIMIT :count",
        before=now - RULE_MS,
        count=count,
    )
    return [row[0] for row in rows]


def remove_rules(connection: Connection, ids: Sequence[int], now: int) -> int:
    """Remove these, unless they have told or counted something meanwhile; how many went."""
    return connection.run(
        "DELETE FROM notification_rule WHERE id IN LIST(:ids) AND due_at IS NULL AND told_at <= :before",
        ids=list(ids),
        before=now - RULE_MS,
    )


def remove_files(connection: Connection, ids: Sequence[int]) -> list[FileRow]:
    """Remove the rows of files; those that were there."""
    rows = connection.rows(
        f"DELETE FROM file WHERE id IN LIST(:ids) RETURNING {', '.join(files.COLUMNS)}",  # noqa: S608 - names of our own fields
        ids=list(ids),
    )
    return sorted((FileRow(*row) for row in rows), key=lambda row: row.id)


def old_jobs(reader: Reader, spans: Spans, now: int, after: int, count: int) -> tuple[Sweep, int | None]:
    """The old among the next ``count`` jobs after one, and the last of all that were looked at; None when none is left."""
    rows = reader.rows(
        "SELECT id, space_id, created_at, finished_at, COALESCE(parts, 0), "
        "CASE WHEN finished_at <= :before "
        "THEN length(spec) + COALESCE(length(outcome), 0) + COALESCE(length(result), 0) ELSE 0 END "
        "FROM job WHERE id > :after ORDER BY id LIMIT :count",
        before=now - spans.shortest,
        after=after,
        count=count,
    )
    jobs = [Aged(row[0], row[1], row[2], row[3], job_cost(row[5], row[4])) for row in rows]
    return sweep(jobs, now, spans), jobs[-1].id if jobs else None


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

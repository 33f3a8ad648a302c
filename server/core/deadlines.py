"""What is due with a job, and when: the one rule behind start times, leases, time-outs and the grace of a cancel."""

from dataclasses import dataclass
from enum import StrEnum

from listener_sdk.protocol.lifecycle import Status

from .jobs import JobRow


class Due(StrEnum):
    """What must be done with a job whose time has come."""

    START = "start"
    """its start time has come"""
    UNACKED = "not acknowledged"
    """it was granted, and its listener did not begin in time"""
    LEASE = "lease lost"
    """its listener stopped renewing the lease"""
    RUN = "run time-out"
    """the attempt took too long"""
    QUEUE = "queue time-out"
    """it waited too long for a listener"""
    TOTAL = "total time-out"
    """all its attempts together took too long"""
    STALL = "stall"
    """it has made no progress for much longer than before"""
    CANCEL = "cancel"
    """its cancel was asked for, and the grace is over"""


@dataclass(frozen=True, slots=True)
class Limits:
    """Milliseconds of the server's own deadlines.

    ``reap_after`` (a time) is one lease time after the server began, or its clock was set: until then no lease of
    before is taken from its holder.
    """

    lease_ms: int = 30_000
    ack_ms: int = 10_000
    grace_ms: int = 30_000
    reap_after: int = 0


def deadlines(row: JobRow, limits: Limits) -> list[tuple[int, Due]]:
    """All deadlines of a job, the next first. None for a job that has ended."""
    if row.ended:
        return []
    found: list[tuple[int, Due]] = []
    if row.status == Status.SCHEDULED and row.scheduled_at is not None:
        found.append((row.scheduled_at, Due.START))
    if row.started_at is not None:
        found.append((row.started_at + row.total_timeout_ms, Due.TOTAL))
    if row.holder is not None:
        first = _spared_until(row, limits)
        found = [(max(at, first), what) for at, what in found + _lease(row, limits)]
    elif row.queue_timeout_ms is not None and row.ready_at is not None and row.status == Status.READY:
        found.append((row.ready_at + row.queue_timeout_ms, Due.QUEUE))
    found.sort()
    return found


def _lease(row: JobRow, limits: Limits) -> list[tuple[int, Due]]:
    found: list[tuple[int, Due]] = []
    if row.cancel_requested_at is not None:
        found.append((row.cancel_requested_at + limits.grace_ms, Due.CANCEL))
    if row.lease_expires_at is not None:
        found.append((row.lease_expires_at, Due.LEASE))
    if row.status == Status.READY and row.granted_at is not None:
        found.append((row.granted_at + limits.ack_ms, Due.UNACKED))
    if row.attempt_started_at is not None:
        found.append((row.attempt_started_at + row.run_timeout_ms, Due.RUN))
    if row.stalls_at is not None:
        found.append((row.stalls_at, Due.STALL))
    return found


def _spared_until(row: JobRow, limits: Limits) -> int:
    """A lease that was given before the server was away is not ended before ``reap_after``, for whatever reason:
    its holder could not be told of a cancel, nor bring an outcome that it has.

    One that seems to have been given later than that was given before the clock was set back.
    """
    given_at, since = row.granted_at, limits.reap_after - limits.lease_ms
    given_while = given_at is not None and since < given_at <= limits.reap_after
    return 0 if given_while else limits.reap_after


def next_due(row: JobRow, limits: Limits) -> int | None:
    """When the job must be looked at again."""
    found = deadlines(row, limits)
    return found[0][0] if found else None


def due(row: JobRow, now: int, limits: Limits) -> Due | None:
    """What is due now, the oldest deadline first; a stall last of all, since nothing else may wait for another look."""
    found = [what for at, what in deadlines(row, limits) if at <= now]
    return next((what for what in found if what is not Due.STALL), found[0] if found else None)

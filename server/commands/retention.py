"""Removing what is old, a page at a time. Every step may be repeated, and may be made by several servers at once.

Nobody is told of events and jobs that go: that history ends some time is no change of state. Of files they are told, since a
file may go before the job that links it, and of deliveries to endpoints that still waited.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..core.actors import SYSTEM
from ..core.later import later
from ..core.retention import may_go
from ..store import audit, endpoint_deliveries, hook_deliveries, idempotency, jobs, log, run_retention
from ..store import retention as sql
from ..store.run_retention import OldMissed
from ..store.transaction import Transaction
from . import files

if TYPE_CHECKING:
    from . import endpoint_messages
else:
    endpoint_messages = later(".endpoint_messages", __package__)

CUT: Final = "The store keeps no more deliveries: those that waited longest were removed. TICKWIRE_DELIVERIES says how many it keeps."


@dataclass(frozen=True, slots=True)
class OldEvents:
    """All events before ``upto``."""

    upto: int


@dataclass(frozen=True, slots=True)
class OldFiles:
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OldJobs:
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OldDueTimes:
    """Due times without a job, at most ``count`` of these."""

    old: OldMissed
    count: int


@dataclass(frozen=True, slots=True)
class OldLines:
    """Lines of the audit."""

    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OldNotifications:
    """Of inboxes."""

    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OldEndpointDeliveries:
    """To endpoints."""

    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OldRules:
    """What is known of rules that have told nothing for long."""

    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OldHookDeliveries:
    """What came to hooks."""

    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OldReplays:
    """By what calls of hooks are known that are sent again, at most ``count``."""

    count: int


@dataclass(frozen=True, slots=True)
class OldKeys:
    """Idempotency keys that have expired, at most ``count``."""

    count: int


def remove_events(tx: Transaction, item: OldEvents) -> int:
    """The old end of the log; how many events went."""
    tx.at_last(lambda: log.begin_at(tx.connection, item.upto))
    return sql.remove_events(tx.connection, item.upto)


def remove_files(tx: Transaction, item: OldFiles) -> list[str]:
    """The rows of files; the names of the bytes, which may be removed once this is committed."""
    rows = sql.remove_files(tx.connection, item.ids)
    for row in rows:
        files.say(tx, "file:deleted", row, tx.space(row.space_id), SYSTEM, reason="retention")
    return [row.blob for row in rows]


def remove_jobs(tx: Transaction, item: OldJobs) -> tuple[int, bool]:
    """Jobs that ended, with all that belongs to them, but for those that others still need.

    How many went, and whether this must be done again, since their logs are too long to go at once.
    """
    tx.flush()
    ended = sql.ended_jobs(tx.connection, item.ids)
    ids = [job_id for job_id, _ in ended]
    parents = sql.existing_jobs(tx.connection, [parent for _, parent in ended if parent is not None])
    gone = may_go(ended, sql.needed_jobs(tx.connection, ids), parents)
    if sql.remove_lines(tx.connection, gone):
        return 0, True
    jobs.delete_many(tx.connection, gone)
    tx.forget_ended(gone)
    return len(gone), False


def remove_missed(tx: Transaction, item: OldDueTimes) -> int:
    """Due times that became no job, the oldest first; how many went."""
    return run_retention.remove_missed(tx.connection, item.old, item.count)


def remove_audit(tx: Transaction, item: OldLines) -> int:
    """Lines of the audit; how many went."""
    return audit.remove(tx.connection, item.ids)


def remove_notifications(tx: Transaction, item: OldNotifications) -> int:
    """Notifications of inboxes; how many went."""
    return sql.remove_notifications(tx.connection, item.ids)


def remove_endpoint_deliveries(tx: Transaction, item: OldEndpointDeliveries) -> int:
    """Deliveries to endpoints; how many went. Those that still waited count as missed, and that is told."""
    waited = endpoint_deliveries.waiting_among(tx.connection, item.ids)
    if waited:
        endpoint_messages.leave_out(tx, waited, CUT)
    return endpoint_deliveries.remove(tx.connection, item.ids)


def remove_rules(tx: Transaction, item: OldRules) -> int:
    """What is known of rules; how many went."""
    return sql.remove_rules(tx.connection, item.ids, tx.now)


def remove_keys(tx: Transaction, item: OldKeys) -> int:
    """Idempotency keys; how many went."""
    return idempotency.prune(tx, item.count)


def remove_hook_deliveries(tx: Transaction, item: OldHookDeliveries) -> int:
    """What came to hooks; how many went."""
    return hook_deliveries.remove(tx.connection, item.ids)


def remove_replays(tx: Transaction, item: OldReplays) -> int:
    """By what calls are known that are sent again; how many went."""
    return hook_deliveries.remove_replays(tx.connection, tx.now, item.count)

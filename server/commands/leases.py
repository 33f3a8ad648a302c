"""What a listener session does with its leases: ack, tick, renew, log, release."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.jobs import LogLine
from listener_sdk.protocol.lifecycle import Status
from listener_sdk.protocol.progress import Progress
from listener_sdk.protocol.times import from_datetime

from ..core.curve import Point
from ..core.job_events import progress_facts
from ..core.jobs import JobRow
from ..core.reach import Reach
from ..core.refusals import missing
from ..store import job_pages
from ..store.command import Command
from ..store.transaction import EVERYTHING, LEASE_ONLY, Transaction
from . import ends, moves, parts
from .drawing import draw


@dataclass(frozen=True, slots=True)
class Held:
    """A lease as its holder names it, who sees no more than is within ``reach``."""

    holder: str
    space_id: int
    job_id: int
    fence: int
    reach: Reach | None = field(default=None, compare=False)

    @property
    def actor(self) -> str:
        """The key behind the holder."""
        return self.holder.partition("/")[0]


@dataclass(frozen=True, slots=True)
class AckLease:
    lease: Held
    info: str | None = None


@dataclass(frozen=True, slots=True)
class TickLease:
    """Merged progress of a lease, with the points of its curve since the last time. ``eta_given`` by the handler."""

    lease: Held
    progress: Progress
    eta_given: bool
    points: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Leases:
    """Several leases of one holder, as (job, fence)."""

    holder: str
    space_id: int
    pairs: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class LogLease:
    """Lines of a lease; ``first`` is the index of the first among all that its handler wrote, None when they have none."""

    lease: Held
    lines: tuple[LogLine, ...]
    first: int | None = None


def own(tx: Transaction, lease: Held) -> JobRow:
    """The job, when the holder still has this lease; Refusal ``not_found`` or ``stale_lease``."""
    row = tx.job(lease.job_id)
    if (
        row is None
        or row.space_id != lease.space_id
        or (lease.reach is not None and not lease.reach.sees(row))
    ):
        raise missing("job", encode("jb", lease.job_id), "job")
    if row.holder != lease.holder or row.fence != lease.fence:
        raise stale(row, lease.fence)
    return row


def stale(row: JobRow, fence: int) -> Refusal:
    """The refusal of a call with a lost lease."""
    return Refusal(
        "stale_lease",
        f"The lease with fence {fence} is over: the job is {row.status} with fence {row.fence}. Stop working on it.",
        key="fence",
        status=row.status,
        job=encode("jb", row.id),
    )


def ack(tx: Transaction, item: AckLease) -> None:
    """The handler begins; a repetition changes nothing."""
    row = own(tx, item.lease)
    if item.info is not None and row.status == Status.READY:
        row.info = item.info
    started(tx, row, item.lease.actor)


def started(tx: Transaction, row: JobRow, actor: str) -> None:
    """Begin the attempt, unless it has begun."""
    if row.status == Status.READY:
        moves.begin(tx, row)
        tx.say("job:updated", row, actor, attempt=row.attempt)


def tick(tx: Transaction, item: TickLease) -> tuple[Progress, list[Point], list[str]]:
    """Take merged progress; what counts now, the curve of this attempt, and the job's tags."""
    row = own(tx, item.lease)
    started(tx, row, item.lease.actor)
    merged = set_progress(row, item.progress, eta_given=item.eta_given)
    moves.touch_progress(tx, row)
    tx.say("job:updated", row, item.lease.actor, **progress_facts(row))
    parts.carry_up(tx, row)
    return merged, draw(tx, row, item.points) if row.parts is None else [], row.tags


def set_progress(row: JobRow, newer: Progress, *, eta_given: bool) -> Progress:
    """Merge into the row: newest wins, the percent never goes back within an attempt.

    The percent of a job that was split is that of its parts, and so is the estimate that its handler does not give.
    """
    if row.parts is not None:
        newer = Progress(text=newer.text, eta_ms=newer.eta_ms if eta_given else row.eta_at)
    merged = Progress(row.progress, row.done, row.total, row.info, row.eta_at).merged(newer)
    promises = eta_given and newer.eta_ms not in {None, row.eta_at}
    if promises or (merged.value() or 0) > (row.progress or 0):
        row.stalled_at = None
    row.progress, row.done, row.total, row.info = merged.value(), merged.done, merged.total, merged.text
    if eta_given or not row.eta_given:
        row.eta_at = newer.eta_ms
    row.eta_given = int(row.eta_given or eta_given)
    return merged


def renew(tx: Transaction, item: Leases) -> list[tuple[int, int]]:
    """Keep the leases for another lease time; those that are lost are returned."""
    lost = []
    for job_id, fence in item.pairs:
        row = tx.job(job_id)
        if row is None or not _held(row, item, fence):
            lost.append((job_id, fence))
        else:
            keep(tx, row)
    return lost


def _held(row: JobRow, item: Leases, fence: int) -> bool:
    """A key of the whole store may have one session in several spaces: each connection has the leases of its own."""
    return row.holder == item.holder and row.fence == fence and row.space_id == item.space_id


def keep(tx: Transaction, row: JobRow) -> None:
    """The lease lasts for another lease time. Its ``due_at`` stays, unless the clock was put back: it must not be later."""
    row.lease_expires_at = tx.now + tx.facts.limits.lease_ms
    if row.due_at is not None and row.due_at > row.lease_expires_at:
        row.due_at = row.lease_expires_at
        tx.changed(row, EVERYTHING)
    else:
        tx.changed(row, LEASE_ONLY)


def release(tx: Transaction, item: Leases) -> list[tuple[int, int]]:
    """Give jobs back untouched; a job whose cancel was asked for ends canceled. Those that were lost are returned."""
    lost = []
    actor = item.holder.partition("/")[0]
    for job_id, fence in item.pairs:
        row = tx.job(job_id)
        if row is None or not _held(row, item, fence):
            lost.append((job_id, fence))
        elif row.cancel_requested_at is not None:
            moves.let_go(tx, row)
            ends.cancel(tx, row, actor)
        else:
            moves.release(tx, row, actor)
    return lost


def write(tx: Transaction, item: LogLease) -> None:
    """Lines for the job's log, each index once; a listener may still write them while its outcome is on the way.

    A repetition changes nothing, and is answered as the first also when the lease is over.
    """
    missing = _missing(tx, item)
    if not missing and _is_over(tx, item.lease):
        return
    row = own(tx, item.lease)
    for index, line in missing:
        _write_line(tx, row, line, index)


def _missing(tx: Transaction, item: LogLease) -> list[tuple[int | None, LogLine]]:
    """The lines, each with its index, that the log does not have."""
    if item.first is None:
        return [(None, line) for line in item.lines]
    job_id, fence = item.lease.job_id, item.lease.fence
    indexes = range(item.first, item.first + len(item.lines))
    stored = job_pages.stored_lines(tx.connection, job_id, fence, indexes)
    return [
        (index, line)
        for index, line in zip(indexes, item.lines, strict=True)
        if index not in stored and (job_id, fence, index) not in tx.lines
    ]


def _is_over(tx: Transaction, lease: Held) -> bool:
    """Whether the job went on without this lease."""
    row = tx.job(lease.job_id)
    if (
        row is None
        or row.space_id != lease.space_id
        or (lease.reach is not None and not lease.reach.sees(row))
    ):
        return False
    return row.holder is None or row.fence != lease.fence


def _write_line(tx: Transaction, row: JobRow, line: LogLine, index: int | None) -> None:
    at = min(from_datetime(line.at), tx.now) if line.at else tx.now
    fields = orjson.dumps(line.fields).decode() if line.fields else None
    moves.write_log(tx, row, line.level, line.message, fields, at=at, fence=row.fence, line=index)
    if index is not None:
        tx.lines.add((row.id, row.fence, index))


class _Leased(Protocol):
    @property
    def lease(self) -> Held: ...


def one(item: _Leased) -> Iterable[int]:
    """The job of an item with one lease."""
    return (item.lease.job_id,)


def many(item: Leases) -> Iterable[int]:
    """The jobs of an item with several."""
    return [job_id for job_id, _ in item.pairs]


ACK: Final[Command[AckLease, None]] = Command("ack", ack, one, lazy=True, needs_no_room=True)
TICK: Final[Command[TickLease, Any]] = Command("tick", tick, one, lazy=True)
RENEW: Final = Command("renew", renew, many, lazy=True, needs_no_room=True)
RELEASE: Final = Command("release", release, many, needs_no_room=True)
LOG: Final[Command[LogLease, None]] = Command("log", write, one, lazy=True)

"""The moves of a job's life that several commands share. Each changes the row, says so in the log, and nothing else.

Callers check first: a move is never refused half-way.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from listener_sdk.protocol.ids import decode, encode
from listener_sdk.protocol.lifecycle import Move, Status, next_status
from listener_sdk.protocol.times import to_wire

from ..core.actors import SYSTEM, Actor, Space
from ..core.effects import Lost
from ..core.jobs import JobRow
from ..core.refusals import missing
from ..store import parts as parts_sql
from ..store import predecessors as predecessors_sql
from ..store.transaction import EVERYTHING, PROGRESS_ONLY, Transaction

ATTEMPT_COLUMNS: Final = (
    "job_id", "fence", "attempt", "reason", "message", "holder", "started_at", "ended_at",
)  # fmt: skip
LOG_COLUMNS: Final = ("id", "job_id", "attempt", "at", "level", "message", "fields", "fence", "line")


def found(tx: Transaction, space: Space, job_id: int, key: str = "id") -> JobRow:
    """The job of this space, or Refusal ``not_found``."""
    row = tx.job(job_id)
    if row is None or row.space_id != space.id:
        raise missing("job", encode("jb", job_id), key)
    return row


def check_reach(tx: Transaction, actor: Actor, job_ids: Iterable[int], key: str = "id") -> None:
    """Refusal ``not_found`` for a job beyond the reach of the actor."""
    if actor.reach is not None:
        for job_id in job_ids:
            row = tx.job(job_id)
            if row is not None and not actor.reach.sees(row):
                raise missing("job", encode("jb", job_id), key)


def job_number(text: str, key: str = "id") -> int:
    """The row's integer of a job id, or Refusal ``not_found``."""
    number = decode("jb", text)
    if number is None:
        raise missing("job", text[:64], key)
    return number


def touch(tx: Transaction, row: JobRow) -> None:
    """The row has changed: write it, and look at it again when it is due."""
    row.updated_at = tx.now
    tx.changed(row, EVERYTHING)


def touch_progress(tx: Transaction, row: JobRow) -> None:
    """Only the progress has changed."""
    row.updated_at = tx.now
    tx.changed(row, PROGRESS_ONLY)


def make_ready(tx: Transaction, row: JobRow, actor: str, **extra: Any) -> None:
    """The job may be taken."""
    row.status = next_status(row.status, Move.MAKE_READY)
    _now_ready(tx, row, actor, extra)


def release(tx: Transaction, row: JobRow, actor: str) -> None:
    """Its listener gives the job back untouched: the attempt does not count."""
    row.status = next_status(row.status, Move.RELEASE)
    row.attempt -= 1
    let_go(tx, row)
    _now_ready(tx, row, actor, {"reason": "released"})


def _now_ready(tx: Transaction, row: JobRow, actor: str, extra: dict[str, Any]) -> None:
    row.ready_at = tx.now
    touch(tx, row)
    tx.fresh.append(row)
    tx.say("job:ready", row, actor, **extra)
    if row.parts is not None:
        _begin_parts(tx, row)


def _begin_parts(tx: Transaction, row: JobRow) -> None:
    """Parts that were made before their job might begin have waited for it."""
    split = tx.splits.of(row.id)
    if split is None or not split.open:
        return
    tx.flush()
    ids = parts_sql.unfinished(tx.connection, row.id, split.total if split.parallel else 1)
    tx.preload(ids)
    for part in filter(None, map(tx.job, ids)):
        if part.status == Status.WAITING:
            begun = [] if split.parallel else parts_sql.begun(tx.connection, row.id, part.id)
            set_out(tx, part, SYSTEM, [*predecessors_sql.open_of(tx.connection, part.id), *begun])


def schedule(tx: Transaction, row: JobRow, at: int, actor: str, move: Move = Move.SCHEDULE) -> None:
    """The job shall become ready at a time."""
    row.status = next_status(row.status, move)
    row.scheduled_at = at
    touch(tx, row)
    tx.say("job:scheduled", row, actor, scheduledAt=to_wire(at))


def wait(tx: Transaction, row: JobRow, actor: str, others: Iterable[int]) -> None:
    """The job must wait for others."""
    row.status = next_status(row.status, Move.WAIT)
    touch(tx, row)
    tx.say("job:waiting", row, actor, waitingFor=[encode("jb", other) for other in others])


def set_out(tx: Transaction, row: JobRow, actor: str, others: Sequence[int] = ()) -> None:
    """Let the job go its way: it waits for the others, then for its start time, then for a listener."""
    if others:
        if row.status != Status.WAITING:
            wait(tx, row, actor, others)
    elif row.scheduled_at is not None and row.scheduled_at > tx.now:
        schedule(tx, row, row.scheduled_at, actor)
    else:
        make_ready(tx, row, actor)


def hold(tx: Transaction, row: JobRow, holder: str, *, lease_ms: int | None) -> None:
    """Give the job to a holder. Without ``lease_ms`` only the run time-out ends it."""
    tx.dispatch.taken(holder)
    lease(tx, row, holder, lease_ms=lease_ms)


def lease(tx: Transaction, row: JobRow, holder: str, *, lease_ms: int | None) -> None:
    """Write down that a holder has the job: a new attempt, a new fence, and nothing said of the last attempt."""
    row.holder = holder
    row.attempt += 1
    row.fence += 1
    row.granted_at = tx.now
    row.attempt_started_at = None
    row.lease_expires_at = None if lease_ms is None else tx.now + lease_ms
    if row.attempt > 1:
        row.info = None
    row.progress = row.done = row.total = row.eta_at = None
    row.eta_given = 0
    if row.parts is not None:
        _with_parts(tx, row, holder)
    if row.run_modes is not None:
        tx.unsettled.append(row)
    touch(tx, row)


def _with_parts(tx: Transaction, row: JobRow, holder: str) -> None:
    """Another attempt of a job that was split: its parts have gone on meanwhile."""
    split = tx.splits.of(row.id)
    if split is not None:
        row.progress, row.done, row.total = split.progress, split.ended, split.total
    if tx.awaits_parts(row):
        tx.dispatch.given_back(holder)


def begin(tx: Transaction, row: JobRow) -> None:
    """The holder begins the attempt."""
    row.status = next_status(row.status, Move.ACK)
    row.attempt_started_at = tx.now
    if row.started_at is None:
        row.started_at = tx.now
    touch(tx, row)


def let_go(tx: Transaction, row: JobRow) -> None:
    """Nobody holds the job any more."""
    if row.holder is not None and not tx.awaits_parts(row):
        tx.dispatch.given_back(row.holder)
    row.holder = row.lease_expires_at = row.granted_at = row.stalls_at = row.stalled_at = None


def take_away(tx: Transaction, row: JobRow) -> None:
    """The server ends the lease: what the holder still sends is stale."""
    if row.holder is not None and row.on_stream:
        tx.effects.append(Lost(row.holder, row.id, row.fence))
    if row.holder is not None:
        row.fence += 1
    let_go(tx, row)


def end_attempt(tx: Transaction, row: JobRow, reason: str, message: str, actor: str = SYSTEM) -> None:
    """The attempt is over without an outcome: remember why. The caller says what follows."""
    tx.insert(
        "attempt",
        ATTEMPT_COLUMNS,
        (row.id, row.fence, row.attempt, reason, message, row.holder, row.attempt_started_at, tx.now),
    )
    row.info = message
    tx.say("job:attempt-failed", row, actor, attempt=row.attempt, reason=reason, message=message)


def write_log(
    tx: Transaction,
    row: JobRow,
    level: str,
    message: str,
    fields: str | None = None,
    *,
    at: int | None = None,
    fence: int | None = None,
    line: int | None = None,
) -> None:
    """A line for the job's log; its ``fence`` and index (``line``) when a listener wrote it."""
    line_id = tx.next_id("job_log")
    when = tx.now if at is None else at
    tx.insert(
        "job_log",
        LOG_COLUMNS,
        (line_id, row.id, row.attempt, when, level, message, fields, fence, line),
    )

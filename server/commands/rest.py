"""The life cycle over REST, as Flatfile's clients call it: ack, complete, fail, update. The lease belongs to the key."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.jobs import JobAck, JobEnd, JobUpdate
from listener_sdk.protocol.lifecycle import Move, Status, illegal, next_status
from listener_sdk.protocol.progress import Progress
from listener_sdk.protocol.times import from_datetime

from ..core.actors import Actor
from ..core.built_in import refuse_own
from ..core.effects import Lost
from ..core.estimate import Told
from ..core.job_events import progress_facts
from ..core.jobs import JobRow
from ..core.later import later
from ..store.command import Command
from ..store.transaction import Transaction
from . import jobs, moves, pace, parts, predecessors, run_modes, stalls, starts
from .changes import by_hand, note_job
from .drawing import draw
from .ends import end_badly
from .jobs import UpdateJob
from .leases import set_progress, stale, started
from .outcomes import check_files, end_well, failure_text, repeats, texts

if TYPE_CHECKING:
    from . import plans
else:
    plans = later(".plans", __package__)

WORK: Final = (Status.EXECUTING, Status.COMPLETE, Status.FAILED)
"""Moves that are a listener's work, of which the audit tells where somebody else makes them."""


@dataclass(frozen=True, slots=True)
class AckJob:
    actor: Actor
    job_id: int
    body: JobAck


@dataclass(frozen=True, slots=True)
class EndJob:
    actor: Actor
    job_id: int
    body: JobEnd


def ack(tx: Transaction, item: AckJob) -> JobRow:
    """Begin a ready job, which takes its lease for the key; each later call is a tick."""
    row = moves.found(tx, item.actor.space, item.job_id)
    body = item.body
    _take(tx, row, item.actor, body.fence)
    eta = from_datetime(body.estimated_completion_at) if body.estimated_completion_at else None
    _tick(tx, row, item.actor, Progress(percent=body.progress, text=body.info, eta_ms=eta))
    return row


def _take(tx: Transaction, row: JobRow, actor: Actor, fence: int | None) -> None:
    """Have the lease: the key's own, or a new one of a job that nobody holds."""
    _may_take(row, actor, fence)
    if row.holder is None:
        moves.hold(tx, row, actor.key_id, lease_ms=None)
    if row.status == Status.READY:
        moves.begin(tx, row)


def _may_take(row: JobRow, actor: Actor, fence: int | None) -> None:
    if row.status not in {Status.READY, Status.EXECUTING}:
        raise illegal(row.status, Move.ACK)
    refuse_own(row.name, "id")
    if row.holder is not None:
        _own(row, actor, fence)
    elif fence is not None and fence != row.fence:
        raise stale(row, fence)


def _own(row: JobRow, actor: Actor, fence: int | None) -> None:
    if fence is not None and fence != row.fence:
        raise stale(row, fence)
    if row.holder is None:
        raise Refusal(
            "no_lease",
            f"The job is {row.status} and nobody holds it: acknowledge it first.",
            key="status",
            status=row.status,
        )
    if not row.held_by(actor.key_id):
        raise Refusal(
            "lease_held",
            "Another key holds this job: only its holder may tick, complete or fail it. Cancel it instead.",
            key="fence",
            status=row.status,
        )


def _tick(tx: Transaction, row: JobRow, actor: Actor, progress: Progress) -> None:
    given = progress.eta_ms is not None
    before = Told(row.updated_at, row.eta_at)
    merged = set_progress(row, progress, eta_given=given)
    percent = merged.value()
    if row.parts is None:
        points = draw(tx, row, ((tx.now, percent),)) if percent is not None else []
        pace.foresee(tx, row, points, before)
    stalls.watch(tx, row)
    moves.touch(tx, row)
    tx.say("job:updated", row, actor.key_id, **progress_facts(row))
    parts.carry_up(tx, row)


def complete(tx: Transaction, item: EndJob) -> JobRow:
    """End the key's job well; the same call again is answered as the first."""
    row = moves.found(tx, item.actor.space, item.job_id)
    body = item.body
    outcome, result = texts(body.outcome, body.result)
    if repeats(row, body.fence, outcome, result, body.watermark):
        return row
    _may_end(row, item.actor, body.fence, Move.COMPLETE)
    check_files(tx, row.space_id, item.actor.reach, body.outcome)
    run_modes.check_moves(row, body.watermark)
    _hold_to_end(tx, row, item.actor)
    end_well(tx, row, outcome, result, body.info, item.actor.key_id, body.watermark)
    return row


def fail(tx: Transaction, item: EndJob) -> JobRow:
    """End the key's job without success. Over REST this is final: no other attempt follows."""
    row = moves.found(tx, item.actor.space, item.job_id)
    body = item.body
    outcome = failure_text(body.outcome)
    if row.status == Status.FAILED and body.fence in {None, row.fence} and outcome in {None, row.outcome}:
        return row
    _may_end(row, item.actor, body.fence, Move.FAIL)
    check_files(tx, row.space_id, item.actor.reach, body.outcome)
    _hold_to_end(tx, row, item.actor)
    message = body.info or (body.outcome.message if body.outcome else None) or "The job failed."
    moves.end_attempt(tx, row, "failed", message, item.actor.key_id)
    end_badly(tx, row, outcome, message, item.actor.key_id)
    return row


def _hold_to_end(tx: Transaction, row: JobRow, actor: Actor) -> None:
    started(tx, row, actor.key_id)
    if row.on_stream and row.holder is not None:
        tx.effects.append(Lost(row.holder, row.id, row.fence))


def _may_end(row: JobRow, actor: Actor, fence: int | None, move: Move) -> None:
    if row.ended:
        raise illegal(row.status, move)
    if row.holder is None:
        raise Refusal(
            "illegal_move",
            f"The job is {row.status} and nobody has begun it: acknowledge it when it is ready, then end it.",
            key="status",
            status=row.status,
        )
    _own(row, actor, fence)


def update(tx: Transaction, item: UpdateJob) -> JobRow:
    """Change what was sent: the status by its move, the progress under the lease, and the plain fields.

    However much is sent, one ``job:updated`` tells it, before the terminal event if the job ends.
    """
    row = moves.found(tx, item.actor.space, item.job_id)
    body = item.body
    status = body.status if body.status != row.status else None
    ticks = status is None and (body.progress is not None or body.estimated_completion_at is not None)
    if ticks:
        _may_tick(row, item.actor, body.fence)
    elif status is not None:
        _may_move(tx, row, item.actor, body.fence, status)
    before = {"status": row.status}
    others = predecessors.may_replace(tx, row, item.actor.space, body.predecessor_ids, status)
    moves.check_reach(tx, item.actor, others or (), "predecessorIds")
    jobs.change(tx, row, item)
    if ticks or status is Status.EXECUTING:
        ack(tx, AckJob(item.actor, row.id, _as_ack(body)))
        others = None
    else:
        _move(tx, row, item, status)
    if status is Status.PLANNING or (status in WORK and by_hand(item.actor)):
        note_job(tx, item.actor, "job:updated", row, before, {"status": row.status})
    if others is not None:
        predecessors.replace(tx, row, others)
        starts.reconsider(tx, row, item.actor.key_id)
    return row


def _may_tick(row: JobRow, actor: Actor, fence: int | None) -> None:
    if row.status not in {Status.READY, Status.EXECUTING}:
        raise illegal(row.status, Move.ACK)
    _own(row, actor, fence)


def _may_move(tx: Transaction, row: JobRow, actor: Actor, fence: int | None, status: Status) -> None:
    if status is Status.READY:
        jobs.may_start(tx, row)
    elif status is Status.PLANNING:
        next_status(row.status, Move.PLAN)
    elif status is Status.EXECUTING:
        _may_take(row, actor, fence)
    elif status is Status.COMPLETE:
        _may_end(row, actor, fence, Move.COMPLETE)
    elif status is Status.FAILED:
        _may_end(row, actor, fence, Move.FAIL)
    elif status is Status.CANCELED:
        next_status(row.status, Move.CANCEL)
    else:
        raise Refusal(
            "illegal_move",
            f"The job is {row.status}; {status.value} cannot be set: PATCH takes planning, ready, executing, complete, failed, canceled.",
            key="status",
            status=row.status,
        )


def _move(tx: Transaction, row: JobRow, item: UpdateJob, status: Status | None) -> None:
    """The move of a status that may be made. What the move itself does not say of the change is said here."""
    body, actor = item.body, item.actor
    if status is Status.CANCELED and row.cancel_requested_at is None:
        jobs.cancel(tx, jobs.CancelJob(actor, row.id, body.info))
        return
    if status is Status.READY:
        jobs.start(tx, row, actor)
    elif status is Status.PLANNING:
        plans.begin(tx, row)
    if status not in {Status.COMPLETE, Status.FAILED} or row.status == Status.EXECUTING:
        tx.say("job:updated", row, actor.key_id, **progress_facts(row))
    end = EndJob(actor, row.id, JobEnd(info=body.info, fence=body.fence))
    if status is Status.COMPLETE:
        complete(tx, end)
    elif status is Status.FAILED:
        fail(tx, end)


def _as_ack(body: JobUpdate) -> JobAck:
    return JobAck(
        info=body.info,
        progress=body.progress,
        estimated_completion_at=body.estimated_completion_at,
        fence=body.fence,
    )


def _job(item: AckJob | EndJob | UpdateJob) -> tuple[int]:
    return (item.job_id,)


ACK: Final[Command[AckJob, JobRow]] = Command("rest_ack", ack, _job)
COMPLETE: Final[Command[EndJob, JobRow]] = Command("rest_complete", complete, _job)
FAIL: Final[Command[EndJob, JobRow]] = Command("rest_fail", fail, _job)
UPDATE: Final[Command[UpdateJob, JobRow]] = Command(
    "update", update, _job, turn=lambda item: item.body.predecessor_ids is not None
)

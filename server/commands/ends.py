"""How jobs end, and what follows at once: for their parts, for the job that they are a part of, for those that wait for them."""

from typing import TYPE_CHECKING, Any, Final

import orjson

from listener_sdk.protocol.lifecycle import TERMINAL_TOPIC, Move, Status, next_status
from listener_sdk.protocol.outcomes import NextRetry, Outcome

from ..core.actors import SYSTEM
from ..core.jobs import JobRow
from ..core.later import later
from ..core.retries import backoff_ms, may_retry
from ..store.transaction import Transaction
from . import moves, parts, predecessors

if TYPE_CHECKING:
    from . import run_ends
else:
    run_ends = later(".run_ends", __package__)

LARGEST_SHOWN: Final = 8 * 1024
"""Characters of an outcome up to which the terminal event carries it."""
PREDECESSOR_FAILED: Final = "predecessor_failed"


def end(tx: Transaction, row: JobRow, move: Move, actor: str, **extra: Any) -> None:
    """The job ends, once and for all; parts that have not ended are canceled first."""
    _end(tx, row, move, actor, extra)
    _tell_followers(tx)


def cancel(tx: Transaction, row: JobRow, actor: str, info: str | None = None) -> None:
    """The job ends canceled at once, its parts before it; a listener that holds it loses it."""
    _cancel(tx, row, actor, info)
    _tell_followers(tx)


def end_badly(
    tx: Transaction,
    row: JobRow,
    outcome: str | None,
    message: str,
    actor: str,
    reason: str | None = None,
) -> None:
    """The job is failed; without an outcome of its handler the person is told the message and offered a retry."""
    _end_badly(tx, row, outcome, message, actor, reason)
    _tell_followers(tx)


def fail_lost(tx: Transaction, row: JobRow, predecessor_id: int, actor: str = SYSTEM) -> None:
    """The job waits for one that will never complete."""
    _fail_lost(tx, row, predecessor_id, actor)
    _tell_followers(tx)


def after_attempt(
    tx: Transaction, row: JobRow, actor: str, *, retry: bool = True, retry_at: int | None = None
) -> bool:
    """Another attempt after a back-off while any remain (True), else the job is failed (the caller sets its outcome)."""
    if row.cancel_requested_at is not None:
        moves.let_go(tx, row)
        cancel(tx, row, actor)
        return True
    if retry and may_retry(row.attempt, row.max_attempts):
        moves.let_go(tx, row)
        at = tx.now + backoff_ms(row.attempt, tx.random()) if retry_at is None else max(retry_at, tx.now)
        moves.schedule(tx, row, at, actor, Move.RETRY_LATER)
        return True
    return False


def default_outcome(message: str) -> dict[str, Any]:
    """What a person sees of a job that failed without saying more."""
    return Outcome(
        heading="Job failed", message=message, acknowledge=True, next=NextRetry(label="Try again")
    ).to_wire()


# ---- the same, those that wait not told yet: they might be in the midst of their own end


def _end(tx: Transaction, row: JobRow, move: Move, actor: str, extra: dict[str, Any]) -> None:
    _end_parts(tx, row, actor)
    _finish(tx, row, move)
    moves.let_go(tx, row)
    tx.say(TERMINAL_TOPIC[Status(row.status)], row, actor, **extra)
    _ended(tx, row, extra)


def _cancel(tx: Transaction, row: JobRow, actor: str, info: str | None = None) -> None:
    _end_parts(tx, row, actor)
    if info is not None:
        row.info = info
    _finish(tx, row, Move.CANCEL)
    moves.take_away(tx, row)
    tx.say("job:updated", row, actor)
    tx.say("job:canceled", row, actor)
    _ended(tx, row, {})


def _end_badly(
    tx: Transaction, row: JobRow, outcome: str | None, message: str, actor: str, reason: str | None
) -> None:
    row.outcome = outcome or orjson.dumps(default_outcome(message)).decode()
    row.info = message
    extra: dict[str, Any] = {"message": message}
    if reason:
        extra["reason"] = reason
    if len(row.outcome) <= LARGEST_SHOWN:
        extra["outcome"] = orjson.loads(row.outcome)
    _end(tx, row, Move.FAIL, actor, extra)


def _fail_lost(tx: Transaction, row: JobRow, predecessor_id: int, actor: str) -> None:
    message = predecessors.lost_message(tx, predecessor_id)
    _end_badly(tx, row, None, message, actor, PREDECESSOR_FAILED)


def _finish(tx: Transaction, row: JobRow, move: Move) -> None:
    row.status = next_status(row.status, move)
    row.finished_at = tx.now
    row.eta_at = None
    moves.touch(tx, row)


def _end_parts(tx: Transaction, row: JobRow, actor: str) -> None:
    split = tx.splits.of(row.id) if row.parts is not None else None
    if split is not None and split.open:
        split.closing = True
        for part in parts.unfinished(tx, row):
            _cancel(tx, part, actor, parts.of_job(row))


def _ended(tx: Transaction, row: JobRow, told: dict[str, Any]) -> None:
    if row.part is not None:
        parts.ended(tx, row)
    if row.definition_id is not None:
        run_ends.ended(tx, row, result=told.get("result"), reason=told.get("reason"))
    if row.followed:
        tx.ended.append(row)


def _tell_followers(tx: Transaction) -> None:
    """One after the other, however long the chain is."""
    while tx.ended:
        row = tx.ended.pop(0)
        for follower in predecessors.waiting(tx, row):
            if follower.ended:
                continue
            if row.status == Status.COMPLETE:
                moves.set_out(tx, follower, SYSTEM, parts.before(tx, follower))
            else:
                _fail_lost(tx, follower, row.id, SYSTEM)

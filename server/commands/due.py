"""What the server does by itself when a job's time has come."""

from dataclasses import dataclass
from typing import Final

from ..core.actors import SYSTEM
from ..core.deadlines import Due, due
from ..core.jobs import JobRow
from ..store.command import Command
from ..store.transaction import EVERYTHING, Transaction
from . import ends, moves, stalls

MESSAGES: Final = {
    Due.UNACKED: "The listener did not begin within {ack_s:g} s.",
    Due.LEASE: "The listener stopped answering: its lease ran out.",
    Due.RUN: "The attempt ran longer than its limit of {run_s:g} s.",
    Due.QUEUE: "No listener took the job within {queue_s:g} s.",
    Due.TOTAL: "The job was not done within {total_s:g} s of its first start.",
}


@dataclass(frozen=True, slots=True)
class DueJob:
    job_id: int


def run(tx: Transaction, item: DueJob) -> Due | None:
    """Do what is due with the job, if anything; what it was."""
    row = tx.job(item.job_id)
    if row is None or row.due_at is None:
        return None
    what = due(row, tx.now, tx.facts.limits)
    if what is None:
        tx.changed(row, EVERYTHING)
    elif what is Due.START:
        moves.make_ready(tx, row, SYSTEM)
    elif what is Due.CANCEL:
        ends.cancel(tx, row, SYSTEM)
    elif what is Due.STALL:
        stalls.overdue(tx, row)
    else:
        _lose(tx, row, what)
    return what


def _lose(tx: Transaction, row: JobRow, what: Due) -> None:
    """The attempt, if one is under way, is over; another follows where the limit that was passed leaves room for it."""
    message = _message(tx, row, what)
    if row.holder is not None:
        if what in {Due.LEASE, Due.UNACKED}:
            tx.dispatch.silence(row.holder)
        moves.write_log(tx, row, "warning", message)
        moves.end_attempt(tx, row, what.value, message)
        moves.take_away(tx, row)
    if not ends.after_attempt(tx, row, SYSTEM, retry=what not in {Due.QUEUE, Due.TOTAL}):
        ends.end_badly(tx, row, None, message, SYSTEM, what.value)


def _message(tx: Transaction, row: JobRow, what: Due) -> str:
    return MESSAGES[what].format(
        ack_s=tx.facts.limits.ack_ms / 1000,
        run_s=row.run_timeout_ms / 1000,
        queue_s=(row.queue_timeout_ms or 0) / 1000,
        total_s=row.total_timeout_ms / 1000,
    )


def _job(item: DueJob) -> tuple[int]:
    return (item.job_id,)


DUE: Final[Command[DueJob, Due | None]] = Command("due", run, _job)

"""How jobs set out: when they are created to run at once, executed by a person, or have got other predecessors."""

from listener_sdk.protocol.lifecycle import Move, Status, next_status

from ..core.jobs import JobRow
from ..store.transaction import Transaction
from . import ends, moves, parts, predecessors


def set_out(tx: Transaction, row: JobRow, actor: str) -> None:
    """Let the job go its way: it waits for its predecessors and its turn, then for its start time, then for a listener.

    It fails when a predecessor will never complete.
    """
    others, lost = predecessors.open_of(tx, row)
    moves.set_out(tx, row, actor, [*others, *parts.before(tx, row)])
    if lost:
        ends.fail_lost(tx, row, lost[0])


def execute(tx: Transaction, row: JobRow, actor: str) -> None:
    """A person starts the job: one that waits, or has a start time ahead, begins now. Refusal ``illegal_move``."""
    next_status(row.status, Move.MAKE_READY)
    if row.status in {Status.WAITING, Status.SCHEDULED}:
        moves.make_ready(tx, row, actor)
    else:
        set_out(tx, row, actor)


def reconsider(tx: Transaction, row: JobRow, actor: str) -> None:
    """The job's predecessors are others now: if it has set out, it goes on from there."""
    if row.status == Status.WAITING or (row.status == Status.SCHEDULED and predecessors.open_of(tx, row)[0]):
        set_out(tx, row, actor)

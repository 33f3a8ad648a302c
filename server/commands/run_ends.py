"""What follows from the life of a definition's job: how the history finds it, and what its end says of definition and schedule."""

from listener_sdk.protocol.lifecycle import Status

from ..core.jobs import JobRow
from ..core.runs import RUNNING, SUCCESS
from ..store.runs import Ended
from ..store.transaction import Transaction
from . import health, schedule_ends


def begun(tx: Transaction, row: JobRow) -> None:
    """The job of a definition was made."""
    tx.runs.begin(row, RUNNING)


def settled(tx: Transaction, row: JobRow) -> None:
    """Its run mode is known by now."""
    if row.definition_id is not None:
        tx.runs.change(row, RUNNING)


def ended(tx: Transaction, row: JobRow, *, result: str | None, reason: str | None) -> None:
    """It has ended: complete with this ``result`` (``success`` or ``partial``), or otherwise, for this ``reason`` if there is one."""
    said = (result or SUCCESS) if row.status == Status.COMPLETE else row.status
    tx.runs.change(row, said, reason)
    schedule_ends.ended(tx, row)
    if said == SUCCESS or row.status == Status.FAILED:
        assert row.definition_id is not None, "asked of runs alone"
        health.turn(tx, Ended(row.definition_id, row.space_id, said == SUCCESS, row))

"""A running job stalls: its estimate is withdrawn, and the log says since when. Its next progress ends the stall."""

from dataclasses import dataclass
from typing import Final

from ..core.actors import SYSTEM
from ..core.job_events import progress_facts
from ..core.jobs import JobRow
from ..core.stalls import Movement, movement
from ..store.command import Command
from ..store.transaction import Transaction
from . import moves, pace
from .leases import Held, one, own


@dataclass(frozen=True, slots=True)
class StallLease:
    """The leased job has made no progress since a time."""

    lease: Held
    since: int


def stall(tx: Transaction, item: StallLease) -> bool:
    """Say that the job stalls. False for a job that was split: it is its parts that move or stall."""
    row = own(tx, item.lease)
    if row.parts is not None:
        return False
    begin(tx, row, item.since)
    return True


def begin(tx: Transaction, row: JobRow, since: int) -> None:
    """The job has stalled; a repetition changes nothing."""
    if row.stalled_at is not None:
        return
    row.stalled_at, row.stalls_at = since, None
    if not row.eta_given:
        row.eta_at = None
    moves.touch(tx, row)
    tx.say("job:updated", row, SYSTEM, **progress_facts(row))


def overdue(tx: Transaction, row: JobRow) -> None:
    """The time has come at which a job that is held over REST stalls."""
    begin(tx, row, _moved(tx, row).moved_at)


def watch(tx: Transaction, row: JobRow) -> None:
    """Of a job that is held over REST, note when it stalls if no other tick comes. Its curve is drawn already."""
    if row.on_stream or row.stalled_at is not None:
        return
    given_at = row.eta_at if row.eta_given else None
    row.stalls_at = None if row.parts is not None else _moved(tx, row).stalls_at(given_at)


def _moved(tx: Transaction, row: JobRow) -> Movement:
    return movement(row.attempt_started_at or row.granted_at or 0, pace.drawn(tx, row))


STALL: Final[Command[StallLease, bool]] = Command("stall", stall, one, lazy=True)

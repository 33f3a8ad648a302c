"""What the store knows of a leased job's run so far, and of the runs before it: asked once, at its first stored tick."""

from dataclasses import dataclass
from typing import Final

from ..core.curve import Point
from ..core.pace import Pace
from ..store.command import Command
from ..store.transaction import Transaction
from . import pace
from .leases import Held, one, own


@dataclass(frozen=True, slots=True)
class RecallLease:
    lease: Held


@dataclass(frozen=True, slots=True)
class Past:
    """The stored curve of this attempt (none of a job that was split), and what past runs have in common."""

    points: list[Point]
    pace: Pace | None


def recall(tx: Transaction, item: RecallLease) -> Past:
    """Look; nothing is changed."""
    row = own(tx, item.lease)
    return Past(pace.drawn(tx, row) if row.parts is None else [], pace.usual(tx, row))


RECALL: Final[Command[RecallLease, Past]] = Command("recall", recall, one, lazy=True, needs_no_room=True)

"""Counting what happens: what a server has counted of the log is added, if nobody else has counted it meanwhile."""

from dataclasses import dataclass
from typing import Final

from ..core.activity import KEPT_MS, Tally
from ..store import activity as sql
from ..store.command import Command
from ..store.transaction import Transaction

FORGOTTEN: Final = 1_000
"""Stretches that one command removes at most."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted of the events behind one place up to another, by space and stretch."""

    after: int
    upto: int
    tallies: tuple[tuple[int, int, Tally], ...]


def note(tx: Transaction, item: Counted) -> bool:
    """Add it, and move the cursor; False, and nothing is done, where another server has moved it."""
    if sql.keep_cursor(tx.connection) != item.after:
        return False
    for space_id, at, tally in item.tallies:
        sql.add(tx.connection, space_id, at, tally)
    sql.move_cursor(tx.connection, item.upto)
    sql.forget(tx.connection, tx.now - KEPT_MS, FORGOTTEN)
    return True


NOTE_ACTIVITY: Final[Command[Counted, bool]] = Command("note_activity", note, lazy=True, needs_no_room=True)

"""Attempts that were refused at the wall between spaces, or for a role: a line of the audit each."""

from dataclasses import replace
from typing import Final

from ..core.actors import OUTSIDER
from ..core.wall import Attempt
from ..store import spaces
from ..store.command import Command
from ..store.transaction import Transaction
from .changes import note


def note_attempt(tx: Transaction, item: Attempt) -> None:
    """A line in the space of who has tried; where it is another's thing, one there too, which does not say who it was.

    The administrators of that space learn that somebody names what is theirs; the key and address of another tenant are not
    theirs to know.
    """
    own = spaces.load(tx.connection, item.actor.space.id)
    if own is not None and own.open:
        note(tx, item.actor, item.action, item.target, after=item.how)
    other = None if item.space_id is None else spaces.load(tx.connection, item.space_id)
    if other is not None and other.open:
        nobody = replace(item.actor, key_id=OUTSIDER, address=None)
        note(tx, nobody, item.action, item.target, after=item.how, space=other)


NOTE_ATTEMPT: Final[Command[Attempt, None]] = Command("note_attempt", note_attempt, lazy=True)

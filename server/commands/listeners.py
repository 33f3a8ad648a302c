"""Listeners: servers tell which sessions take jobs, and people drain and resume them.

A drained session gets nothing new and goes on with what it has. That is kept in the store, by the session's own name: it holds after a
reconnect, at another server and after a restart. Which sessions are drained every server has in memory too (`Dispatch.drained`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from listener_sdk.protocol.ids import encode

from ..core.actors import Actor
from ..core.listeners import DRAINED, KIND, RESUMED, ListenerRow, told
from ..core.refusals import missing
from ..store import listeners as sql
from ..store.command import Command
from ..store.transaction import Transaction
from .changes import tell
from .sessions import takes
from .standing import by

FORGOTTEN: Final = 1_000
"""Sessions that one beat forgets at most."""


@dataclass(frozen=True, slots=True)
class Note:
    """What has changed with the sessions of a server: rows (without a number) of those that take jobs, and of those that have gone."""

    server: str
    here: tuple[ListenerRow, ...] = ()
    gone: tuple[ListenerRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Beat:
    """A server is there; others that said nothing since ``silent_since`` are not."""

    server: str
    silent_since: int


@dataclass(frozen=True, slots=True)
class Turn:
    """Drain a session, or resume it."""

    actor: Actor
    number: int


def note(tx: Transaction, item: Note) -> None:
    """Keep what a server says of its sessions."""
    sql.beat(tx.connection, item.server, tx.now)
    numbers: Sequence[int] = tx.next_ids(KIND, len(item.here)) if item.here else ()
    for number, row in zip(numbers, item.here, strict=True):
        _agree(tx, sql.note(tx.connection, replace(row, id=number)))
    for row in item.gone:
        if not sql.leave(tx.connection, row):
            sql.note_gone(tx.connection, replace(row, id=tx.next_id(KIND)))


def beat(tx: Transaction, item: Beat) -> bool:
    """Say that the server is there, bury others, forget sessions of long ago; whether the server was known."""
    known = sql.beat(tx.connection, item.server, tx.now)
    sql.bury(tx.connection, item.server, item.silent_since, tx.now)
    for holder in sql.forget(tx.connection, tx.now, FORGOTTEN):
        tx.dispatch.resume(holder)
    return known


def drain(tx: Transaction, item: Turn) -> ListenerRow:
    """The session gets nothing more; one that is drained already stays as it is. Refusal ``not_found``."""
    row = _found(tx, item)
    if row.drained_at is not None:
        return row
    return _turn(tx, item.actor, replace(row, drained_at=tx.now, drained_by=item.actor.key_id), DRAINED)


def resume(tx: Transaction, item: Turn) -> ListenerRow:
    """The session gets jobs again, if it was drained. Refusal ``not_found``."""
    row = _found(tx, item)
    if row.drained_at is None:
        return row
    return _turn(tx, item.actor, replace(row, drained_at=None, drained_by=None), RESUMED)


def heed(tx: Transaction, ids: tuple[int, ...]) -> None:
    """Another server has drained or resumed these: read from the store how they stand."""
    for row in sql.load_many(tx.connection, ids):
        _agree(tx, row)


def _found(tx: Transaction, item: Turn) -> ListenerRow:
    """A restricted key sees its own sessions alone."""
    row = sql.keep(tx.connection, item.actor.space.id, item.number)
    if row is None or (item.actor.reach is not None and row.key_id != item.actor.key_id):
        raise missing("listener", encode(KIND, item.number))
    return row


def _turn(tx: Transaction, actor: Actor, row: ListenerRow, topic: str) -> ListenerRow:
    sql.set_drained(tx.connection, row)
    _agree(tx, row)
    is_drained = row.drained_at is not None
    before, after = {"drained": not is_drained}, {"drained": is_drained}
    payload: dict[str, Any] = told(row)
    tell(tx, actor, topic, row.public_id, payload, before=before, after=after)
    return row


def _agree(tx: Transaction, row: ListenerRow) -> None:
    """What this server believes of a session is what the store says."""
    if (row.drained_at is not None) == (row.holder in tx.dispatch.drained):
        return
    if row.drained_at is not None:
        tx.dispatch.drain(row.holder)
    else:
        tx.dispatch.resume(row.holder)
    taker = tx.dispatch.takers.get(row.holder)
    if taker is not None:
        tx.effects.append(takes(taker, is_drained=row.drained_at is not None))


NOTE: Final[Command[Note, None]] = Command("note_listeners", note, needs_no_room=True)
BEAT: Final[Command[Beat, bool]] = Command("beat", beat, lazy=True, needs_no_room=True)
DRAIN: Final[Command[Turn, ListenerRow]] = Command(
    "drain_listener", drain, needs_no_room=True, guard=by("run")
)
RESUME: Final[Command[Turn, ListenerRow]] = Command(
    "resume_listener", resume, needs_no_room=True, guard=by("run")
)
HEED: Final[Command[tuple[int, ...], None]] = Command("heed_listeners", heed, needs_no_room=True)

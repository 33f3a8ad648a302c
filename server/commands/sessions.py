"""Listener sessions: what is theirs after a (re)connection, and what they take from now on."""

from dataclasses import dataclass
from typing import Final

from listener_sdk.protocol.lifecycle import Status

from ..core.effects import Takes
from ..core.fleets import Taker
from ..core.jobs import JobRow
from ..store import jobs as sql
from ..store.command import Command
from ..store.transaction import Transaction
from . import moves
from .leases import Leases, keep, many


@dataclass(frozen=True, slots=True)
class Leave:
    holder: str
    connection: int | None


@dataclass(frozen=True, slots=True)
class Greeting:
    """The answer to hello: leases that are lost, that are kept, and that the session has without knowing it."""

    stale: list[tuple[int, int]]
    kept: list[JobRow]
    again: list[JobRow]


def hello(tx: Transaction, item: Leases) -> Greeting:
    """Compare what the session believes to hold with the truth; every lease that it holds begins anew.

    The time to begin a job counts from here too where the session learns of its grant only now.
    """
    tx.flush()
    held = [tx.job(job_id) for job_id in sql.held_by(tx.connection, item.holder)]
    mine = {row.id: row for row in held if row is not None and row.space_id == item.space_id}
    tx.dispatch.holds(item.holder, sql.count_held(tx.connection, item.holder))
    said = dict(item.pairs)
    for row in mine.values():
        keep(tx, row)
        if row.status == Status.READY and said.get(row.id) != row.fence:
            row.granted_at = tx.now
            moves.touch(tx, row)
    stale = [(j, f) for j, f in item.pairs if j not in mine or mine[j].fence != f]
    kept = [row for row in mine.values() if said.get(row.id) == row.fence]
    return Greeting(stale, kept, [row for row in mine.values() if said.get(row.id) != row.fence])


def listen(tx: Transaction, item: Taker) -> None:
    """From now on the session gets what it asked for; one that was drained gets nothing, and nobody counts on it."""
    tx.dispatch.join(item)
    if item.holder in tx.dispatch.drained:
        tx.effects.append(takes(item, is_drained=True))


def takes(taker: Taker, *, is_drained: bool) -> Takes:
    """What a session takes, as far as others see."""
    patterns = () if is_drained or not taker.credit else tuple(wish.pattern for wish in taker.wishes)
    return Takes(taker.holder, taker.connection, taker.space_id, patterns)


def leave(tx: Transaction, item: Leave) -> None:
    """The connection is gone: the session gets nothing more, and keeps its leases until they run out."""
    tx.dispatch.leave(item.holder, item.connection)


def heard(tx: Transaction, holder: str) -> None:
    """A session that had let a lease run out is alive."""
    tx.dispatch.heard(holder)


HELLO: Final = Command("hello", hello, many, needs_no_room=True)
LISTEN: Final[Command[Taker, None]] = Command("listen", listen, needs_no_room=True)
LEAVE: Final[Command[Leave, None]] = Command("leave", leave, needs_no_room=True)
HEARD: Final[Command[str, None]] = Command("heard", heard, needs_no_room=True)

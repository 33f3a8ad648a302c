"""What other servers on the same store have done, as far as this one's sessions and queues are concerned."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ..core.effects import CancelAsked, Lost
from ..store import jobs as sql
from ..store.command import Command
from ..store.transaction import Transaction
from .leases import Held


@dataclass(frozen=True, slots=True)
class Look:
    """``ready``: jobs that may wait now. ``leases``: of this server's sessions, whose jobs others have touched.

    ``cancels``: jobs of these leases whose handlers shall stop. ``silent``: jobs of those that ran out. With ``whole`` the queues are sought in the store as well.
    """

    ready: tuple[int, ...] = ()
    leases: tuple[Held, ...] = ()
    cancels: frozenset[int] = frozenset()
    silent: frozenset[int] = frozenset()
    whole: bool = False


def look(tx: Transaction, item: Look) -> None:
    """Bring what this server believes in line with the store."""
    tx.flush()
    for key, place in sql.places(tx.connection, item.ready):
        tx.dispatch.enter(key, place)
    for held in item.leases:
        if held.job_id in item.silent:
            tx.dispatch.silence(held.holder)
        _compare(tx, held, cancels=held.job_id in item.cancels)
    for holder in {held.holder for held in item.leases}:
        tx.dispatch.holds(holder, sql.count_held(tx.connection, holder))
    if item.whole:
        _seek(tx)


def _compare(tx: Transaction, held: Held, *, cancels: bool) -> None:
    """Tell the session what it may not know: that its lease is over, or that it shall stop."""
    row = tx.job(held.job_id)
    if row is None or (row.holder, row.fence) != (held.holder, held.fence):
        tx.effects.append(Lost(held.holder, held.job_id, held.fence))
    elif cancels:
        tx.effects.append(CancelAsked(held.holder, row.id, row.fence, row.info))


def _seek(tx: Transaction) -> None:
    """Queues that nobody told of, and those of which a job could not be claimed."""
    for key in tx.dispatch.take_doubtful():
        tx.dispatch.doubt(key)
    for key, place in sql.queues(tx.connection):
        if tx.dispatch.waiting.queue(key) is None:
            tx.dispatch.find(key, place)


def _jobs(item: Look) -> Iterable[int]:
    return [held.job_id for held in item.leases]


LOOK: Final[Command[Look, None]] = Command("look", look, _jobs, needs_no_room=True)

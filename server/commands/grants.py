"""The end of each batch: jobs that are ready meet sessions with free credit.

A job that became ready in this batch, with nothing ready before it, is leased before it is written: its row is born
leased. Everything else is claimed by one query a queue.
"""

from functools import partial
from typing import Any, Final

from ..core import job_events
from ..core.dispatch import Key, Taker
from ..core.effects import Granted
from ..core.jobs import JobRow
from ..store import jobs as sql
from ..store.transaction import Transaction
from . import moves

PAGE: Final = 500
"""Jobs of a queue that are looked at in one batch, when filters may pass some of them over."""


def grant(tx: Transaction, passed: dict[Key, tuple[int, int]]) -> bool:
    """Lease what can be leased; whether another batch should follow at once.

    ``passed`` remembers, between batches, how far a filtered queue has been looked through.
    """
    _grant_fresh(tx)
    dispatch = tx.dispatch
    if not dispatch.look:
        return False
    tx.flush()
    for key in list(dispatch.look):
        if _claim(tx, key, passed):
            dispatch.look.discard(key)
            passed.pop(key, None)
    return bool(dispatch.look)


def _grant_fresh(tx: Transaction) -> None:
    if len(tx.fresh) > 1:
        tx.fresh.sort(key=lambda row: (-row.priority, row.id))
    for row in tx.fresh:
        if row.holder is not None or row.status != "ready":
            continue
        taker = tx.dispatch.choose(row.key, partial(_ready_event, tx, row)) if _first(tx, row) else None
        if taker is None:
            tx.dispatch.waits(row.key)
        else:
            _give(tx, row, taker)


def _first(tx: Transaction, row: JobRow) -> bool:
    """Whether nothing in its queue waits to be looked at before it."""
    return row.key not in tx.dispatch.look


def _claim(tx: Transaction, key: Key, passed: dict[Key, tuple[int, int]]) -> bool:
    """Lease jobs of one queue; whether the queue is done with for now."""
    room = tx.dispatch.room(key)
    if room == 0:
        return True
    if tx.dispatch.filtered(key):
        return _claim_filtered(tx, key, passed)
    rows = tx.adopt(sql.claimable(tx.connection, key, min(room, PAGE)))
    for row in rows:
        taker = tx.dispatch.choose(key, dict)
        if taker is not None:
            _give(tx, row, taker)
    tx.flush()
    if len(rows) < min(room, PAGE):
        tx.dispatch.backlog.discard(key)
        return True
    return tx.dispatch.room(key) == 0


def _claim_filtered(tx: Transaction, key: Key, passed: dict[Key, tuple[int, int]]) -> bool:
    after = passed.get(key)
    rows = tx.adopt(
        sql.claimable(tx.connection, key, PAGE)
        if after is None
        else sql.claimable_after(tx.connection, key, after, PAGE)
    )
    left = False
    for row in rows:
        taker = tx.dispatch.choose(key, partial(_ready_event, tx, row))
        if taker is not None:
            _give(tx, row, taker)
        else:
            left = True
    tx.flush()
    if rows:
        passed[key] = (rows[-1].priority, rows[-1].id)
    if len(rows) < PAGE and after is None and not left:
        tx.dispatch.backlog.discard(key)
    return len(rows) < PAGE or tx.dispatch.room(key) == 0


def _give(tx: Transaction, row: JobRow, taker: Taker) -> None:
    moves.hold(tx, row, taker.holder, lease_ms=tx.facts.limits.lease_ms)
    tx.effects.append(Granted(taker.holder, row))


def _ready_event(tx: Transaction, row: JobRow) -> dict[str, Any]:
    space = tx.facts.spaces[row.space_id]
    return job_events.job_event("job:ready", row, space, tx.facts.account_id, row.created_by, {})

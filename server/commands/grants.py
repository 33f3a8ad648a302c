"""The end of each batch: jobs that are ready meet sessions with free credit.

A job that became ready in this batch, with nothing ready before it, is leased before it is written: its row is born
leased. Everything else is claimed by one query a queue, in the order of priority and age over all queues.
"""

from functools import partial
from itertools import chain
from typing import Any, Final

from ..core import job_events
from ..core.dispatch import Key, Taker
from ..core.effects import Granted
from ..core.jobs import JobRow
from ..store import jobs as sql
from ..store.transaction import Transaction
from . import moves

PAGE: Final = 500
"""Jobs of a queue that are looked at in one batch."""

Passed = dict[Key, tuple[int, int]]
"""How far (priority, id) the search through each filtered queue has come that is longer than a page."""


def grant(tx: Transaction, passed: Passed) -> bool:
    """Lease what can be leased; whether another batch should follow at once. ``passed`` is kept between batches."""
    _grant_fresh(tx, passed)
    dispatch = tx.dispatch
    if not dispatch.look:
        return False
    tx.flush()
    pages = {key: _page(tx, key, passed) for key in list(dispatch.look)}
    for row in sorted(chain.from_iterable(rows for rows, _ in pages.values()), key=_order):
        taker = dispatch.choose(row.key, partial(_ready_event, tx, row))
        if taker is not None:
            _give(tx, row, taker)
    tx.flush()
    for key, (rows, full) in pages.items():
        _turn(tx, key, rows, full=full, passed=passed)
    return bool(dispatch.look)


def _grant_fresh(tx: Transaction, passed: Passed) -> None:
    if len(tx.fresh) > 1:
        tx.fresh.sort(key=_order)
    for row in tx.fresh:
        if row.holder is not None or row.status != "ready":
            continue
        taker = None
        if _first(tx, row, passed):
            taker = tx.dispatch.choose(row.key, partial(_ready_event, tx, row))
        if taker is None:
            tx.dispatch.waits(row.key)
        else:
            _give(tx, row, taker)


def _first(tx: Transaction, row: JobRow, passed: Passed) -> bool:
    """Whether nothing in its queue is to be looked at before it. A search does not come back to where it has been."""
    if row.key not in tx.dispatch.look:
        return True
    place = passed.get(row.key)
    return place is not None and _order(row) < (-place[0], place[1])


def _order(row: JobRow) -> tuple[int, int]:
    return (-row.priority, row.id)


def _page(tx: Transaction, key: Key, passed: Passed) -> tuple[list[JobRow], bool]:
    """The next jobs of a queue, as many as can be taken or filtered; and whether there may be more."""
    room = tx.dispatch.room(key)
    count = PAGE if tx.dispatch.filtered(key) else min(room, PAGE)
    if room == 0:
        return [], False
    after = passed.get(key)
    if after is None:
        tx.dispatch.anew.discard(key)
        rows = sql.claimable(tx.connection, key, count)
    else:
        rows = sql.claimable_after(tx.connection, key, after, count)
    return tx.adopt(rows), len(rows) == count


def _turn(tx: Transaction, key: Key, rows: list[JobRow], *, full: bool, passed: Passed) -> None:
    """After a page: go on, begin the search anew for those who have got room meanwhile, or be done with the queue."""
    dispatch = tx.dispatch
    room = dispatch.room(key) > 0
    searched = passed.pop(key, None) is not None
    if full and room:
        if dispatch.filtered(key):
            passed[key] = (rows[-1].priority, rows[-1].id)
    elif not (searched and room and key in dispatch.anew):
        dispatch.done(key, empty=room and not searched and all(row.holder for row in rows))


def _give(tx: Transaction, row: JobRow, taker: Taker) -> None:
    moves.hold(tx, row, taker.holder, lease_ms=tx.facts.limits.lease_ms)
    tx.effects.append(Granted(taker.holder, row))


def _ready_event(tx: Transaction, row: JobRow) -> dict[str, Any]:
    space = tx.facts.spaces[row.space_id]
    return job_events.job_event("job:ready", row, space, tx.facts.account_id, row.created_by, {})

"""The end of each batch: jobs that are ready meet sessions with free credit.

A job that became ready in this batch, with nothing before it that is to be looked at, is leased before it is written:
its row is born leased. Everything else is claimed in the order of priority and age over all queues, by place: only what
is leased or filtered is read as a whole row.
"""

from functools import partial
from heapq import heapify, heappop, heapreplace
from typing import Any, Final

from ..core import job_events
from ..core.dispatch import Dispatch
from ..core.effects import Granted
from ..core.fleets import Fleet, Search, Taker, passes
from ..core.jobs import JobRow
from ..core.waiting import Key, Place, Queue, place_of, waits
from ..store import jobs as sql
from ..store.transaction import Transaction
from . import moves, run_modes

PAGE: Final = 500
"""Jobs that are leased in one batch, and jobs that are filtered: with more of them other commands would wait too long."""
MOST_MATCHES: Final = 5_000
"""Names of queues that are compared with wishes in one batch."""


def grant(tx: Transaction) -> bool:
    """Lease what can be leased; whether another batch should follow at once."""
    if not tx.dispatch.look:
        _grant_fresh(tx)
    tx.settle()
    if tx.dispatch.look:
        _Round(tx).run()
    run_modes.settle(tx)
    return bool(tx.dispatch.look)


def _grant_fresh(tx: Transaction) -> None:
    """Nobody with room has anything to look at, so the jobs of this batch are the first."""
    if len(tx.fresh) > 1:
        tx.fresh.sort(key=place_of)
    for row in tx.fresh:
        if waits(row):
            if tx.dispatch.filtered(row.key):
                return
            taker = tx.dispatch.choose(row.key, partial(_ready_event, tx, row))
            if taker is not None:
                tx.dispatch.taken(taker.holder)
                _lease(tx, row, taker)


def _lease(tx: Transaction, row: JobRow, taker: Taker) -> None:
    moves.lease(tx, row, taker.holder, lease_ms=tx.facts.limits.lease_ms)
    tx.effects.append(Granted(taker.holder, row))


def _ready_event(tx: Transaction, row: JobRow) -> dict[str, Any]:
    space = tx.space(row.space_id)
    return job_events.job_event("job:ready", row, space, tx.facts.account_id, row.created_by, {})


class _Round:
    """One batch's look at what waits. The fleet with the first place looks next, so that the order holds over all of them.

    Jobs are chosen by place; those that were chosen are leased together, before the store is read again.
    """

    def __init__(self, tx: Transaction) -> None:
        self.tx = tx
        self.dispatch: Dispatch = tx.dispatch
        self.leases = PAGE
        self.looks = PAGE
        self.chosen: dict[int, tuple[Key, Taker]] = {}
        self.events: dict[int, dict[str, Any]] = {}
        self.pages: dict[tuple[Fleet, Key], list[JobRow]] = {}
        """What was read for a search and not looked at yet, the next job last."""

    def run(self) -> None:
        """Go on until nobody has both room and something to look at, or the batch has had its share."""
        fleets = self.dispatch.ready(MOST_MATCHES)
        order = [(found[0], fleet.number, fleet) for fleet in fleets if (found := fleet.next)]
        heapify(order)
        while order and self.leases > 0:
            place, number, fleet = order[0]
            found = self._next(fleet)
            if found is not None and found[0] == place:
                found = self._next(fleet) if self._step(fleet, *found) else None
            if found is None:
                heappop(order)
            else:
                heapreplace(order, (found[0], number, fleet))
        self._lease_chosen()

    def _next(self, fleet: Fleet) -> tuple[Place, Key] | None:
        return fleet.next if fleet.number in self.dispatch.look else None

    def _step(self, fleet: Fleet, place: Place, key: Key) -> bool:
        """Look at the first place of a fleet; whether it may go on in this batch."""
        search = fleet.searches.get(key)
        if search is not None:
            return self._look(fleet, place, key, search)
        queue = self.dispatch.waiting.queue(key)
        assert queue is not None, "a fleet looks at queues in which a job waits"
        if not queue.heads:
            self._read(queue)
        elif queue.heads[0] == place:
            self._choose(key, place)
        if queue.heads:
            self.dispatch.moved(fleet, key, queue.heads[0])
        return True

    def _look(self, fleet: Fleet, place: Place, key: Key, search: Search) -> bool:
        """The same where jobs are filtered: one job of a page."""
        page = self.pages.get((fleet, key)) or self._read_page(fleet, key, search)
        if page is None:
            return False
        if not page:
            self.dispatch.moved(fleet, key, search.next)
            return True
        here = place_of(page[-1])
        if here != place:
            self.dispatch.moved(fleet, key, here)
            return True
        row = page.pop()
        search.passed(here)
        self.dispatch.moved(fleet, key, search.next)
        if waits(row) and row.id not in self.chosen and passes(search.tests, partial(self._event, row.id)):
            self._choose(key, here)
        return True

    def _choose(self, key: Key, place: Place) -> None:
        taker = self.dispatch.choose(key, partial(self._event, place[1]))
        assert taker is not None, "a fleet that looks has room"
        self.dispatch.taken(taker.holder)
        self.dispatch.depart(key, place)
        self.chosen[place[1]] = (key, taker)
        self.leases -= 1

    def _event(self, job_id: int) -> dict[str, Any]:
        if job_id not in self.events:
            row = self.tx.claim((job_id,)).get(job_id)
            self.events[job_id] = _ready_event(self.tx, row) if row is not None else {}
        return self.events[job_id]

    def _lease_chosen(self) -> None:
        rows = self.tx.claim(self.chosen)
        for job_id, (key, taker) in self.chosen.items():
            row = rows.get(job_id)
            if row is not None and waits(row):
                self.tx.took(row)
                _lease(self.tx, row, taker)
            else:
                # Another server was quicker; one that has only looked at the job so far may still let it wait.
                self.dispatch.given_back(taker.holder)
                self.dispatch.doubtful.add(key)
        self.chosen.clear()

    # ---- reading the store, which must know of all leases first

    def _read(self, queue: Queue) -> None:
        self._lease_chosen()
        self.tx.flush()
        self.leases -= 1
        self.dispatch.fill(queue, sql.first_places(self.tx.connection, queue.key, queue.page))

    def _read_page(self, fleet: Fleet, key: Key, search: Search) -> list[JobRow] | None:
        """The next jobs that a search looks at, the first one last; None when the batch has had its share."""
        if self.looks <= 0:
            return None
        self._lease_chosen()
        self.tx.flush()
        search.turn_page(again=(fleet, key) in self.pages, largest=PAGE)
        count = min(search.page, self.looks)
        self.looks -= count
        if search.behind:
            rows = self._behind(search, count)
        else:
            rows = self.tx.adopt(sql.claimable_after(self.tx.connection, key, search.place, count))
            search.reads([place_of(row) for row in rows], whole=len(rows) < count)
        page = self.pages[fleet, key] = rows[::-1]
        return page

    def _behind(self, search: Search, count: int) -> list[JobRow]:
        wanted = [job_id for _, job_id in search.behind[:count]]
        self.tx.preload(wanted)
        found = (self.tx.job(job_id) for job_id in dict.fromkeys(wanted))
        rows = [row for row in found if row is not None and waits(row)]
        search.behind[:count] = [place_of(row) for row in rows]
        return rows

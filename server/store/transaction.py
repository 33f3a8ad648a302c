"""One batch of commands as a unit of work.

Commands change `JobRow` objects; the rows that they need are loaded by one SELECT before the batch, and all that
changed is written by a few set statements at its end. So a command is a plain function of one item, and the SQL
is as plural as if every command had been written for lists (a job folded into one row and one insert costs a
third of what a statement for each step costs, measured).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.events import TERMINAL_TOPICS

from ..core import job_events
from ..core.actors import Space
from ..core.deadlines import Limits, next_due
from ..core.dispatch import Dispatch
from ..core.jobs import COLUMNS, JobRow
from ..core.queue_bound import QueueBound
from ..core.waiting import Place, place_of, waits
from . import jobs as sql
from . import log, spaces, tags
from .database import Connection, Row
from .parts import Splits
from .runs import Runs
from .sought import Seeker

PROGRESS_ONLY: Final = 1
LEASE_ONLY: Final = 2
EVERYTHING: Final = 4
_SETS: Final = {PROGRESS_ONLY: sql.PROGRESS, LEASE_ONLY: sql.LEASE, EVERYTHING: sql.MUTABLE}


@dataclass(slots=True)
class NewEvent:
    """An event on its way into the log; ``body`` is a JSON object. Its place and time are filled in by the commit."""

    space_id: int
    topic: str
    job_id: int | None
    terminal: bool
    body: dict[str, Any]
    seq: int = 0
    at: int = 0


@dataclass(slots=True)
class Facts:
    """What every command may know: the store's account and spaces, the deadlines in force, how many jobs may wait.

    ``operator`` is the stamp of the operator's own administrator's key, where there is one by setting.
    """

    account_id: str
    spaces: dict[int, Space]
    limits: Limits = field(default_factory=Limits)
    bound: QueueBound = field(default_factory=QueueBound)
    operator: str | None = None

    def learn(self, spaces: Iterable[Space]) -> None:
        """Spaces as the store has them; of two states of one the newer counts."""
        for space in spaces:
            known = self.spaces.get(space.id)
            if known is None or known.updated_at <= space.updated_at:
                self.spaces[space.id] = space

    def drop(self, ids: Iterable[int]) -> None:
        """Spaces that the store has no more."""
        for space_id in ids:
            self.spaces.pop(space_id, None)


class Transaction:
    """What commands see of the store. ``now`` is one instant for the whole batch."""

    def __init__(
        self, connection: Connection, now: int, facts: Facts, dispatch: Dispatch, random: Callable[[], float]
    ) -> None:
        self.connection = connection
        self.now = now
        self.facts = facts
        self.dispatch = dispatch
        self.random = random
        self.effects: list[object] = []
        """What the engine does after the commit, in order."""
        self.fresh: list[JobRow] = []
        """Jobs that became ready in this batch."""
        self.unsettled: list[JobRow] = []
        """Jobs that were leased and have yet to be told their run mode."""
        self.sought = Seeker(connection)
        self.splits = Splits(connection)
        self.ended: list[JobRow] = []
        """Jobs that have ended while others wait for them, who are yet to be told."""
        self.runs_ended: list[JobRow] = []
        """Jobs of definitions that have ended, of which schedules are yet to hear."""
        self.runs = Runs(connection)
        self._jobs: dict[int, JobRow] = {}
        self._places: dict[int, Place] = {}
        """Where the jobs stand that wait as far as dispatch knows."""
        self._turned: dict[int, JobRow] = {}
        """Jobs that may have begun or ceased to wait since."""
        self._added: list[JobRow] = []
        self._dirty: dict[int, int] = {}
        self._events: list[NewEvent] = []
        self._rows: dict[str, tuple[tuple[str, ...], list[Row]]] = {}
        self._end: list[Callable[[], None]] = []
        self._last: list[Callable[[], None]] = []
        self._spaces: dict[int, Space] = {}
        """Spaces that this transaction has made or changed."""
        self.lines: set[tuple[int, int, int]] = set()
        """Log lines of this batch as (job, fence, index): the store does not show them before its end."""
        self.once: dict[tuple[str, str], tuple[str, Any]] = {}
        """Idempotency keys of this batch, with the hash of the body and the result."""

    # ---- jobs

    def preload(self, ids: Iterable[int]) -> None:
        """Load jobs by one SELECT, so that ``job`` finds them."""
        missing = {job_id for job_id in ids if job_id not in self._jobs}
        if missing:
            rows = self.adopt(sql.keep_many(self.connection, missing))
            parents = {row.parent_id for row in rows if row.part is not None and row.parent_id is not None}
            if parents:
                self.preload(parents)
                self.splits.preload(parents)

    def claim(self, ids: Iterable[int]) -> dict[int, JobRow]:
        """Jobs by id, without those that another transaction keeps just now."""
        wanted = list(ids)
        self.adopt(sql.claim_many(self.connection, [job_id for job_id in wanted if job_id not in self._jobs]))
        return {job_id: self._jobs[job_id] for job_id in wanted if job_id in self._jobs}

    def job(self, job_id: int) -> JobRow | None:
        """The one object of this job in this transaction."""
        if job_id not in self._jobs:
            self.preload((job_id,))
        return self._jobs.get(job_id)

    def adopt(self, rows: Iterable[JobRow]) -> list[JobRow]:
        """Rows of a query, each replaced by the job's one object where the transaction has it already."""
        return [self._jobs.get(row.id) or self._adopt(row) for row in rows]

    def _adopt(self, row: JobRow) -> JobRow:
        self._jobs[row.id] = row
        if row.part is not None:
            self.splits.adopt(row)
        if waits(row):
            self._places[row.id] = place_of(row)
        return row

    def add(self, row: JobRow) -> None:
        """A new job: inserted at the end of the batch, as it is then."""
        self._jobs[row.id] = row
        if row.part is not None:
            self.splits.adopt(row)
        self._added.append(row)
        for tag in row.tags:
            self.insert(tags.TABLE, tags.COLUMNS, tags.row(row, tag))
        self._dirty[row.id] = 0
        self._turned[row.id] = row

    def changed(self, row: JobRow, what: int = EVERYTHING) -> None:
        """The row's new values are to be written."""
        if row.part is not None:
            self.splits.note(row)
        self._dirty[row.id] = self._dirty.get(row.id, 0) | what
        if what == EVERYTHING:
            self._turned[row.id] = row

    def awaits_parts(self, row: JobRow) -> bool:
        """Whether the job was split, and some part has not ended: then its lease takes no credit."""
        split = self.splits.of(row.id) if row.parts is not None else None
        return split is not None and split.open

    def settle(self) -> None:
        """Tell dispatch which jobs wait now, and which no longer do."""
        turned, self._turned = self._turned, {}
        for job_id, row in turned.items():
            known, place = self._places.get(job_id), place_of(row) if waits(row) else None
            if known == place:
                continue
            if known is not None:
                del self._places[job_id]
                self.dispatch.depart(row.key, known)
            if place is not None:
                self._places[job_id] = place
                self.dispatch.enter(row.key, place)

    def took(self, row: JobRow) -> None:
        """Dispatch knows already that this job waits no more."""
        self._places.pop(row.id, None)

    def forget(self, row: JobRow) -> None:
        """The job was deleted: write pending changes first, then it is gone."""
        self.flush()
        self._jobs.pop(row.id, None)
        self.splits.forget(row.id)
        self.runs.forget(row.id)
        for waiting in (self.fresh, self.unsettled):
            if row in waiting:
                waiting.remove(row)

    def forget_ended(self, ids: Iterable[int]) -> None:
        """Jobs that had ended were deleted, after a ``flush``."""
        for job_id in ids:
            self._jobs.pop(job_id, None)

    # ---- spaces

    def space(self, space_id: int) -> Space:
        """The space of a row."""
        return self._spaces.get(space_id) or self.facts.spaces.get(space_id) or self._load_space(space_id)

    def _load_space(self, space_id: int) -> Space:
        """Another server has made it; Refusal ``not_found`` when one has removed it."""
        found = spaces.load(self.connection, space_id)
        if found is None:
            raise Refusal("not_found", "This space was deleted.", key="space")
        self.facts.learn([found])
        return found

    def keep_space(self, space: Space) -> None:
        """The space is like this from the commit on, and for the rest of this transaction."""
        self._spaces[space.id] = space

    def learn(self) -> None:
        """After the commit: what it has changed is known to all."""
        self.facts.learn(self._spaces.values())

    # ---- the rest

    def rows(self, statement: str, /, **params: Any) -> list[Row]:
        """Query other tables than ``job``."""
        return self.connection.rows(statement, **params)

    def run(self, statement: str, /, **params: Any) -> int:
        """Change other tables than ``job``."""
        return self.connection.run(statement, **params)

    def next_ids(self, kind: str, count: int) -> Sequence[int]:
        """New integers of a kind, in rising order."""
        return self.connection.next_ids(kind, count)

    def next_id(self, kind: str) -> int:
        """A new integer of a kind."""
        return self.connection.next_ids(kind, 1)[0]

    def insert(self, table: str, columns: tuple[str, ...], row: Row) -> None:
        """Insert a row of another table at the end of the batch, together with its like."""
        self._rows.setdefault(table, (columns, []))[1].append(row)

    def at_end(self, act: Callable[[], None]) -> None:
        """Do this at the end of the batch, before it is written."""
        self._end.append(act)

    def at_last(self, act: Callable[[], None]) -> None:
        """Do this at the end of the batch, when every event knows its place."""
        self._last.append(act)

    # ---- events

    def append(self, event: NewEvent) -> NewEvent:
        """Add an event to the log: it gets its place when the batch ends."""
        event.at = self.now
        self._events.append(event)
        return event

    def say(self, topic: str, row: JobRow, actor: str, /, **extra: Any) -> None:
        """Append an event about a job; ``extra`` joins its payload."""
        space = self.space(row.space_id)
        body = job_events.job_event(topic, row, space, self.facts.account_id, actor, extra)
        self.append(NewEvent(row.space_id, topic, row.id, topic in TERMINAL_TOPICS, body))

    # ---- the end

    def flush(self) -> None:
        """Write all that has changed so far, with one statement a kind."""
        self.settle()
        if self._added:
            self._set_due(self._added)
            self.connection.insert_many("job", COLUMNS, [_values(row, COLUMNS) for row in self._added])
        fresh = {row.id for row in self._added}
        self._added = []
        groups: dict[int, list[JobRow]] = {}
        for job_id, what in self._dirty.items():
            if job_id not in fresh and what:
                groups.setdefault(what if what in _SETS else EVERYTHING, []).append(self._jobs[job_id])
        for what, rows in groups.items():
            columns = _SETS[what]
            if what == EVERYTHING:
                self._set_due(rows)
            self.connection.update_many("job", columns, [(*_values(row, columns), row.id) for row in rows])
        self._dirty.clear()
        for table, (columns, values) in self._rows.items():
            self.connection.insert_many(table, columns, values)
        self._rows.clear()
        self.splits.flush()
        self.runs.flush()

    def _set_due(self, rows: Iterable[JobRow]) -> None:
        """Note when each job must be looked at again: once a batch, however often it has changed."""
        for row in rows:
            row.due_at = next_due(row, self.facts.limits)

    def finish(self) -> list[log.Stored]:
        """Write everything, then give the events their places: dense, in the order of ``append``."""
        self._write()
        rows = self._event_rows()
        stored = self._placed(rows, self.connection.append_log(rows) if rows else 0)
        for act in self._last:
            act()
        self.flush()
        return stored

    def _write(self) -> None:
        for act in self._end:
            act()
        self.flush()

    def commit(self) -> list[log.Stored]:
        """``finish``, and the end of the transaction: in one message where nothing waits for the places."""
        if self._last:
            stored = self.finish()
            self.connection.commit()
            return stored
        self._write()
        rows = self._event_rows()
        return self._placed(rows, self.connection.commit(rows))

    def _event_rows(self) -> list[Row]:
        return [
            (e.space_id, e.topic, e.job_id, int(e.terminal), e.at, orjson.dumps(e.body).decode())
            for e in self._events
        ]

    def _placed(self, rows: list[Row], first: int) -> list[log.Stored]:
        for seq, event in enumerate(self._events, first):
            event.seq = seq
        return [
            log.Stored(e.seq, e.space_id, e.topic, e.job_id, e.at, row[-1])
            for e, row in zip(self._events, rows, strict=True)
        ]


@lru_cache(maxsize=16)
def _reader(columns: tuple[str, ...]) -> Callable[[JobRow], Row]:
    """All columns of a row at once, read in C."""
    return attrgetter(*columns) if len(columns) > 1 else lambda row: (getattr(row, columns[0]),)


def _values(row: JobRow, columns: tuple[str, ...]) -> Row:
    return _reader(columns)(row)

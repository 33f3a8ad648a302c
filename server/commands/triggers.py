"""Starting jobs on events. The writer does what was decided if nothing of what counts has changed since, and moves the cursor in the
same transaction: so each event starts each trigger once, whoever else tries it, and however a server ends.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.events import Position
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.times import to_wire

from ..core.actors import SYSTEM, Space
from ..core.refusals import Refusals
from ..core.trigger_states import DEEPEST, LARGEST_MESSAGE, MOST_PROBLEMS, TriggerState
from ..store import log
from ..store import spaces as spaces_sql
from ..store import triggers as sql
from ..store.command import Command
from ..store.transaction import NewEvent, Transaction
from ..store.triggers import WHOLE, Cursor, Waiting
from . import launches
from .changes import context_of
from .launches import Launch
from .trigger_decisions import Batch, Decision, Match

MOST_WAITING: Final = 10_000
"""Starts of one space that wait for room in its queue."""
LONGEST_WAIT_MS: Final = 3_600_000
FIRST_WAIT_MS: Final = 1_000
LARGEST_WAIT_MS: Final = 60_000
_QUIET: Final = frozenset({"space_archived", "disabled"})
"""Refusals of what was set aside on purpose."""


@dataclass(slots=True)
class Report:
    """What came of a batch: how many jobs were made, and what was told of others."""

    started: int = 0
    waiting: int = 0
    told: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Missed:
    """Events behind ``place`` and before ``oldest`` were removed before they were looked at for these spaces."""

    cursor: Cursor
    place: int
    oldest: int
    spaces: tuple[int, ...]


def start(tx: Transaction, item: Batch) -> Report | None:
    """Do what was decided, and move the cursor. None, and nothing is done, where something that counts has changed since."""
    cursor = sql.keep_cursor(tx.connection)
    if cursor.version != item.cursor.version:
        return None
    if item.standing and sql.use(tx.connection, item.standing) != item.standing:
        return None
    doing = _Doing(tx, dict(item.states))
    for decision in item.decisions:
        doing.do(decision)
    doing.finish()
    sql.move_cursor(tx.connection, cursor, item.upto)
    return doing.report


@dataclass(slots=True)
class _Doing:
    tx: Transaction
    states: dict[int, tuple[int, TriggerState]]
    report: Report = field(default_factory=Report)
    full: set[int] = field(default_factory=set)
    """Spaces without room."""
    done: list[int] = field(default_factory=list)
    """Starts that need not wait any more."""
    new: list[Waiting] = field(default_factory=list)
    longer: list[Waiting] = field(default_factory=list)

    def do(self, decision: Decision) -> None:
        """Do what was decided about one match."""
        refusal = decision.refusal
        if decision.launch is not None:
            refusal = self._launched(decision.match, decision.launch)
        waits = refusal is not None and refusal.code == "queue_full" and self._waits(decision.match)
        if decision.match.waiting is not None and not waits:
            self.done.append(decision.match.waiting.id)
        if decision.reason is not None:
            self._stopped(decision)
        elif refusal is not None and not waits and refusal.code not in _QUIET:
            self._failed(decision, refusal)

    def _launched(self, match: Match, launch: Launch) -> Refusal | None:
        if match.space_id in self.full:
            return self.tx.facts.bound.full()
        try:
            launches.launch(self.tx, launch)
        except Refusal as refusal:
            if refusal.code == "queue_full":
                self.full.add(match.space_id)
            return refusal
        self.report.started += 1
        return None

    def _waits(self, match: Match) -> bool:
        """Whether it may be tried again later."""
        now, before = self.tx.now, match.waiting
        if before is not None:
            if now - before.created_at >= LONGEST_WAIT_MS:
                return False
            pause = min(LARGEST_WAIT_MS, FIRST_WAIT_MS << min(before.tries, 16))
            self.longer.append(before._replace(tries=before.tries + 1, due_at=now + pause))
        else:
            room = MOST_WAITING - sum(one.space_id == match.space_id for one in self.new)
            if room <= 0 or sql.waits_as_many(self.tx.connection, match.space_id, room):
                return False
            number = self.tx.next_id("trigger_wait")
            where = (match.space_id, match.definition_id, match.number, match.seq)
            self.new.append(Waiting(number, *where, 1, now, now + FIRST_WAIT_MS))
        self.report.waiting += 1
        return True

    def _stopped(self, decision: Decision) -> None:
        assert decision.row is not None
        assert decision.reason is not None
        said = _why_stopped(decision.reason)
        told = {"reason": decision.reason, "message": said}
        self._problem(decision, "stopped", told)
        if decision.untold:
            self._tell("definition:trigger-stopped", decision, {**told, "count": decision.untold})

    def _failed(self, decision: Decision, refusal: Refusal) -> None:
        every = refusal.all if isinstance(refusal, Refusals) else [refusal]
        problems = [_problem(one) for one in every[:MOST_PROBLEMS]]
        told = {"reason": refusal.code, "message": refusal.message[:LARGEST_MESSAGE], "problems": problems}
        self._problem(decision, "failed", told)
        self._tell("definition:trigger-failed", decision, told)

    def _problem(self, decision: Decision, kind: str, told: dict[str, Any]) -> None:
        """Keep it with the definition, where readers of that see it."""
        row, match = decision.row, decision.match
        assert row is not None
        if row.id not in self.states:
            found = sql.states(self.tx.connection, [row.id]).get(row.id)
            if found is None:
                return
            self.states[row.id] = (row.space_id, found)
        space_id, state = self.states[row.id]
        about = {"at": to_wire(self.tx.now), "kind": kind, "trigger": match.number, **_event_of(match)}
        self.states[row.id] = (space_id, replace(state, problem={**about, **told}))

    def _tell(self, topic: str, decision: Decision, told: dict[str, Any]) -> None:
        row, match = decision.row, decision.match
        assert row is not None
        about = {
            "definition": row.code,
            "jobType": row.type_code,
            "trigger": match.number,
            **_event_of(match),
        }
        _say(self.tx, self.tx.space(match.space_id), topic, {**about, **told}, match.event.get("id"))
        self.report.told.append(
            {"topic": topic, "space": self.tx.space(match.space_id).code, **about, **told}
        )

    def finish(self) -> None:
        """Write what has changed beside the jobs."""
        connection = self.tx.connection
        if self.states:
            sql.put_states(connection, self.states)
        if self.new:
            sql.wait(connection, self.new)
        if self.longer:
            sql.wait_longer(connection, self.longer)
        if self.done:
            sql.wait_no_more(connection, self.done)


def _why_stopped(reason: str) -> str:
    if reason == "depth":
        return (
            f"More than {DEEPEST} event triggers in a row have led here: jobs start each other in a circle. Let a filter of one "
            "of the triggers leave out the events of the others' jobs."
        )
    return "The trigger was to start more jobs in a minute than its maxPerMinute. Narrow its topic or filter, or raise that."


def _problem(refusal: Refusal) -> dict[str, Any]:
    found = {"path": refusal.key, "message": refusal.message[:LARGEST_MESSAGE]}
    return {name: value for name, value in found.items() if value is not None}


def _event_of(match: Match) -> dict[str, Any]:
    return {
        "eventId": match.event.get("id", encode("ev", match.seq)),
        **({"eventTopic": match.event["topic"]} if match.event else {}),
    }


def _say(
    tx: Transaction, space: Space, topic: str, payload: dict[str, Any], cause: str | None = None
) -> None:
    before = {} if cause is None else {"precedingEventId": cause}
    context = {**context_of(tx, space, SYSTEM), **before}
    body = {"topic": topic, "domain": "definition", "context": context, "payload": payload}
    tx.append(NewEvent(space.id, topic, None, terminal=False, body=body))


def miss(tx: Transaction, item: Missed) -> bool:
    """Go on behind what was removed, and tell each space that had triggers by then; whether that is to be done by this server."""
    cursor = sql.keep_cursor(tx.connection)
    if cursor.version != item.cursor.version:
        return False
    sql.move_cursor(tx.connection, cursor, (item.oldest - 1, WHOLE, 0))
    epoch = log.head(tx.connection).epoch
    ends = {"after": str(Position(epoch, item.place)), "before": str(Position(epoch, item.oldest))}
    for space_id in item.spaces:
        # It may have been removed meanwhile.
        space = spaces_sql.load(tx.connection, space_id)
        if space is None:
            continue
        payload = {
            **ends,
            "message": "Events were removed by retention before they were looked at for triggers.",
        }
        _say(tx, space, "definition:triggers-missed", payload)
    return True


def move(tx: Transaction, seq: int) -> None:
    """All up to and with this event is looked at, and none of its matches is open."""
    sql.move_cursor(tx.connection, sql.keep_cursor(tx.connection), (seq, WHOLE, 0))


START_TRIGGERED: Final[Command[Batch, Report | None]] = Command("start_triggered", start)
MISS_EVENTS: Final[Command[Missed, bool]] = Command("miss_events", miss)
MOVE_TRIGGERS: Final[Command[int, None]] = Command("move_triggers", move, lazy=True)

"""What is to be done about events that start triggers, decided off the writer on one view of the store.

Jobs are made in the name of the server: who defined the trigger may define jobs in its space, and need not be there any more.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.definitions import STARTS_A_MINUTE
from listener_sdk.protocol.ids import decode

from ..core.actors import SYSTEM, Actor, Space
from ..core.definitions import DefinitionRow
from ..core.job_types import read_type
from ..core.trigger_states import DEEPEST, TriggerState
from ..core.views import event_text
from ..store import log
from ..store import spaces as spaces_sql
from ..store import triggers as sql
from ..store.database import Reader
from ..store.triggers import Cursor, Found, Place, Waiting
from . import definition_starts, launches
from .definition_starts import Start
from .launches import Launch

ROLE: Final = "listener"


@dataclass(frozen=True, slots=True)
class Match:
    """An event (as on the wire) that starts a trigger of a definition; ``waiting`` where it was tried before."""

    space_id: int
    seq: int
    at: int
    event: Mapping[str, Any]
    definition_id: int
    number: int
    waiting: Waiting | None = None

    @property
    def place(self) -> Place:
        """Where it stands in the order in which all are dealt with."""
        return self.seq, self.definition_id, self.number


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done about a match: ``launch`` a job, or tell why not; of neither nothing is said.

    ``reason`` is that of a start which a guard has stopped (``depth``, ``rate``), ``untold`` how many of these are to be told.
    """

    match: Match
    row: DefinitionRow | None = None
    launch: Launch | None = None
    refusal: Refusal | None = None
    reason: str | None = None
    untold: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Decisions on one view of the store, and what they rest on. ``upto`` is where all is done then."""

    cursor: Cursor
    upto: Place
    decisions: list[Decision] = field(default_factory=list)
    standing: Mapping[int, tuple[int, int, str, int]] = field(default_factory=dict)
    states: Mapping[int, tuple[int, TriggerState]] = field(default_factory=dict)


def matches_waiting(reader: Reader, rows: Collection[Waiting]) -> list[Match]:
    """Starts that wait, with their events; one whose event was removed has an empty one."""
    epoch = log.head(reader).epoch
    found = {seq: (at, body) for seq, at, body in sql.events(reader, {row.seq for row in rows})}
    matches = []
    for row in rows:
        at, body = found.get(row.seq, (row.created_at, None))
        event = {} if body is None else orjson.loads(event_text(epoch, row.seq, at, body))
        matches.append(Match(row.space_id, row.seq, at, event, row.definition_id, row.number, row))
    return matches


def decide(
    reader: Reader,
    matches: Collection[Match],
    upto: Place,
    spaces: Mapping[int, Space],
    failed: str | None = None,
) -> Batch:
    """What is to be done about these, those left out that are done already. ``failed`` says why none of them can be dealt with."""
    cursor = sql.cursor(reader)
    open_ = [one for one in matches if one.waiting is not None or one.place > cursor.place]
    if not open_:
        return Batch(cursor, upto)
    ids = {one.definition_id for one in open_}
    known = sql.found(reader, ids)
    # Another server may have made the space just now.
    others = {one.space_id for one in open_ if one.space_id not in spaces}
    near = (
        {**spaces, **{key: space for key in others if (space := spaces_sql.load(reader, key))}}
        if others
        else spaces
    )
    deciding = _Deciding(reader, near, known, sql.states(reader, ids), _depths(reader, open_), failed)
    decisions = [deciding.of(one) for one in open_]
    states = {key: (known[key].row.space_id, deciding.states[key]) for key in deciding.touched}
    standing = sql.standing(reader, known)
    return Batch(cursor, upto, decisions, standing, states)


def _depths(reader: Reader, matches: Collection[Match]) -> dict[tuple[int, int], int]:
    jobs = {job for one in matches if (job := _job_of(one)) is not None}
    return sql.depths(reader, jobs) if jobs else {}


def _job_of(match: Match) -> int | None:
    named = match.event.get("context", {}).get("jobId")
    return decode("jb", named) if isinstance(named, str) else None


@dataclass(slots=True)
class _Deciding:
    reader: Reader
    spaces: Mapping[int, Space]
    known: Mapping[int, Found]
    states: dict[int, TriggerState]
    depths: Mapping[tuple[int, int], int]
    failed: str | None
    touched: set[int] = field(default_factory=set)

    def of(self, match: Match) -> Decision:
        """What is to be done about one match, after those before it."""
        found = self.known.get(match.definition_id)
        space = self.spaces.get(match.space_id)
        if found is None or space is None or match.seq <= found.after:
            return Decision(match)
        trigger = found.row.recipe.triggers[match.number]
        depth = self.depths.get((match.space_id, _job_of(match) or 0), 0) + 1
        if match.waiting is None:
            reason = self._guarded(match, found, depth, trigger.get("maxPerMinute", STARTS_A_MINUTE))
            if reason is not None:
                return reason
        elif not match.event:
            gone = Refusal("cursor_too_old", "The event was removed before there was room for its job.")
            return Decision(match, found.row, refusal=gone)
        if self.failed is not None:
            return Decision(match, found.row, refusal=Refusal("internal", self.failed))
        try:
            return Decision(match, found.row, self._launch(match, found, space, trigger, depth))
        except Refusal as refusal:
            return Decision(match, found.row, refusal=refusal)

    def _guarded(self, match: Match, found: Found, depth: int, most: int) -> Decision | None:
        state = self.states.get(match.definition_id)
        if state is None or state.after != found.after:
            state = TriggerState(found.after)
        guard, reason, untold = state.guard(match.number), "depth", 0
        taken = guard.taken(match.at, most) if depth <= DEEPEST else None
        if taken is None:
            reason = "depth" if depth > DEEPEST else "rate"
            guard, untold = guard.stopped(match.at)
            state = replace(state, stops=state.stops + 1)
        self.states[match.definition_id] = state.with_guard(match.number, taken or guard)
        self.touched.add(match.definition_id)
        return None if taken is not None else Decision(match, found.row, reason=reason, untold=untold)

    def _launch(
        self, match: Match, found: Found, space: Space, trigger: Mapping[str, Any], depth: int
    ) -> Launch:
        actor = Actor(SYSTEM, ROLE, space)
        if found.type_body is None:
            job_type = launches.find_type(self.reader, actor, found.row.type_code)
        else:
            job_type = read_type(found.type_body)
        by = {
            "kind": "event",
            "eventId": match.event["id"],
            "topic": match.event["topic"],
            "trigger": match.number,
        }
        start = Start(
            actor,
            by,
            {"event": match.event},
            joined=trigger["params"],
            mode=trigger.get("mode"),
            said={"depth": depth},
        )
        return definition_starts.prepared(found.row, job_type, start)

"""What is to be done about schedules whose time has come, decided off the writer on one view of the store.

Jobs are made in the name of the server: who owns the schedule may have jobs run at set times, and need not be there when they do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import structlog

from listener_sdk.protocol.codes import Refusal

from ..core.actors import SYSTEM, Actor, Space
from ..core.due_times import DealtWith, Plan, planned
from ..core.job_types import JobType, read_type
from ..core.members import MemberRow
from ..core.missed import ARCHIVED, OWNER_INACTIVE
from ..core.schedules import OWN, ScheduleRow, in_zone, why_orphaned
from ..core.zones import VERSION as ZONE_RULES
from ..store import schedules as sql
from ..store import spaces as spaces_sql
from ..store.database import Reader, StoreError
from ..store.schedules import Made
from . import actions, definition_starts, launches
from .actions import Pressed
from .schedules import PRESS, of_due_time, orphaning, rests, start_of

ROLE: Final = "listener"
_log = structlog.get_logger("tickwire.schedules")


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done about one schedule.

    ``dues`` run, the one that has waited for the end of a job first; ``starts`` are their jobs, or why there is none. Nothing of this
    holds where the schedule ``rests`` for a reason, ``fails`` for one (``why``, in words), or could not be looked at (``plan`` is None).
    """

    row: ScheduleRow
    plan: Plan | None
    code: str | None = None
    dues: tuple[int, ...] = ()
    starts: tuple[Pressed, ...] = ()
    rests: str | None = None
    fails: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Decisions on one view of the store, and how the definitions stood that they rest on."""

    decisions: list[Decision] = field(default_factory=list)
    standing: Mapping[int, tuple[Any, ...]] = field(default_factory=dict)

    def one(self, decision: Decision) -> "Batch":
        """The same of one of them."""
        return Batch([decision], self.standing)


def decide(reader: Reader, now: int, count: int, spaces: Mapping[int, Space]) -> Batch:
    """What is to be done about so many schedules whose time has come, those that have waited longest first."""
    rows = sql.due(reader, now, count)
    if not rows:
        return Batch()
    ids = {row.definition_id for row in rows if row.definition_id is not None}
    gone = orphaning(reader, rows)
    known = sql.dealt_with(reader, {row.id: row.next_at for row in rows if row.next_at is not None})
    deciding = _Deciding(reader, now, dict(spaces), sql.definitions_of(reader, ids), gone, known)
    return Batch([deciding.calmly(row) for row in rows], sql.definition_standing(reader, ids))


@dataclass(slots=True)
class _Deciding:
    reader: Reader
    now: int
    spaces: dict[int, Space]
    made: Mapping[int, Made]
    gone: Mapping[str, MemberRow]
    dealt_with: Mapping[int, DealtWith]

    def calmly(self, row: ScheduleRow) -> Decision:
        """What is to be done about one schedule; a fault keeps no other one from its time."""
        try:
            return self._of(row)
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - one that cannot be dealt with waits, and stands in the log
            _log.exception("schedule_failed", schedule=row.public_id)
            return Decision(row, None)

    def _of(self, row: ScheduleRow) -> Decision:
        made = None if row.definition_id is None else self.made.get(row.definition_id)
        code = None if made is None else made.row.code
        plan = Plan((), (), None)
        if row.next_at is not None:
            plan = planned(
                row.said.occurrences, row.rules, row.next_at, self.now, self.dealt_with.get(row.id, ())
            )
        dues = plan.due if row.queued_at is None else (row.queued_at, *plan.due)
        reason = self._rests(row, made)
        if reason is not None:
            return Decision(row, plan, code, dues, rests=reason)
        if row.owner in self.gone:
            why = why_orphaned(row, self.gone[row.owner])
            return Decision(row, plan, code, dues, fails=OWNER_INACTIVE, why=why)
        return Decision(row, plan, code, dues, tuple(self._start(row, made, at) for at in dues))

    def _rests(self, row: ScheduleRow, made: Made | None) -> str | None:
        space = self._space(row.space_id)
        return ARCHIVED if space is None else rests(space, None if made is None else made.row)

    def _space(self, space_id: int) -> Space | None:
        # Another server may have made the space just now.
        found = self.spaces.get(space_id) or spaces_sql.load(self.reader, space_id)
        if found is not None:
            self.spaces[space_id] = found
        return found

    def _start(self, row: ScheduleRow, made: Made | None, due_at: int) -> Pressed:
        actor = Actor(SYSTEM, ROLE, self.spaces[row.space_id])
        by = of_due_time(row, due_at)
        try:
            if made is None:
                return actions.press(self.reader, actor, row.action_id or 0, PRESS, by=by)
            return definition_starts.prepared(
                made.row, self._type(actor, made), start_of(row, actor, by, due_at)
            )
        except Refusal as refusal:
            return refusal

    def _type(self, actor: Actor, made: Made) -> JobType:
        if made.type_body is None:
            return launches.find_type(self.reader, actor, made.row.type_code)
        return read_type(made.type_body)


def reckoned_anew(
    reader: Reader, spaces: Mapping[int, Space], after: int, count: int, now: int
) -> list[tuple[ScheduleRow, ScheduleRow]]:
    """The next schedules whose due times were reckoned by other rules of zones, or in another zone: as they are, and as they should be."""
    return [
        (row, _reckoned(row, spaces.get(row.space_id), now))
        for row in sql.planned_otherwise(reader, ZONE_RULES, after, count)
    ]


def _reckoned(row: ScheduleRow, space: Space | None, now: int) -> ScheduleRow:
    known = replace(row, planned_with=ZONE_RULES)
    if row.origin != OWN and space is not None:
        known = in_zone(known, space.time_zone)
    if row.next_at is None or row.next_at <= now or row.asleep is not None:
        # What has come, or waits to be told, is dealt with as it was reckoned.
        return known
    found = known.said.occurrences.after(now)
    next_at = None if found is None else found.at
    # The loop tells the end of a schedule of which nothing is left.
    return replace(known, next_at=next_at, fires_at=now if next_at is None else known.fires_when(next_at))

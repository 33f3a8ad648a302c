"""A schedule inside the server: one row, how it changes, and what readers see of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import orjson
from pydantic import ValidationError

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import decode, encode
from listener_sdk.protocol.problems import problems
from listener_sdk.protocol.schedules import OF_TIMING, ScheduleCreate
from listener_sdk.protocol.times import to_wire, to_wire_or_none
from listener_sdk.protocol.timings import Timing

from .actions import KIND as ACTION
from .due_times import Rules
from .members import KIND as MEMBER
from .members import MemberRow
from .occurrences import Occurrences, occurrences
from .refusals import Refusals
from .roles import may
from .timing_words import words

KIND: Final = "sch"
LARGEST_BODY: Final = 32 * 1024
"""Bytes of all that a schedule says."""
OWN: Final = "own"
OF_DEFINITION: Final = "definition"
OF_ACTION: Final = "action"
KINDS: Final = ("cron", "repeat", "once")
"""Fields of a timing of which there is one."""
_BESIDE: Final = ("name", "enabled", "fallbackOwner")
"""Fields that are columns, and not in the body."""


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """One row of table ``schedule``, its fields in the table's order. Times are milliseconds.

    - ``definition_id`` or ``action_id``: what makes its jobs; ``origin`` says who keeps it: people (``own``), the definition's
      ``schedule``, or the action's
    - ``body``: the JSON object of its ``timing``, and of its policies beside it
    - ``next_at``: the first due time that was not dealt with yet; ``fires_at``: when that is to be done, None while nothing is
    - ``former_owner``: who had it before, and may be among the recipients of rules still
    - ``asleep``: why it rests although it is enabled, ``woken_at`` up to which due time it did; ``queued_at``: a due time that waits
      for the end of a job; ``planned_with``: the zone rules by which ``next_at`` was reckoned
    """

    id: int
    space_id: int
    definition_id: int | None
    action_id: int | None
    origin: str
    name: str | None
    enabled: int
    version: int
    body: str
    owner: str
    fallback_owner: str | None
    former_owner: str | None
    next_at: int | None
    fires_at: int | None
    failures: int
    paused: str | None
    asleep: str | None
    woken_at: int | None
    queued_at: int | None
    planned_with: str
    created_at: int
    created_by: str
    updated_at: int
    updated_by: str

    @property
    def public_id(self) -> str:
        """The id that readers know."""
        return encode(KIND, self.id)

    @property
    def said(self) -> "Said":
        """What the body says."""
        return _read(self.body)

    @property
    def label(self) -> str:
        """What people call it."""
        return self.name or self.words

    @property
    def words(self) -> str:
        """Its timing in English."""
        return _words(self.said.timing)

    @property
    def rules(self) -> Rules:
        """What its due times are dealt with by."""
        said = self.said
        return Rules(self.id, said.facts["late"], said.facts["jitterS"], self.asleep, self.woken_at)

    def fires_when(self, due_at: int) -> int:
        """When one of its due times is seen to."""
        return self.rules.fires_at(self.said.occurrences, due_at)

    @property
    def owner_member(self) -> int | None:
        """The number of the member who owns it; None where a key does."""
        return decode(MEMBER, self.owner)

    @property
    def state(self) -> str:
        """In a word, how it stands."""
        if not self.enabled:
            return "paused" if self.paused else "off"
        if self.asleep is not None and self.woken_at is None:
            return "asleep"
        return "active" if self.next_at is not None or self.queued_at is not None else "finished"


@dataclass(frozen=True, slots=True)
class Said:
    """The JSON of a schedule, not to be changed, and its timing."""

    facts: Mapping[str, Any]
    timing: Timing

    @property
    def occurrences(self) -> Occurrences:
        """Its due times."""
        return occurrences(self.timing)


@lru_cache(maxsize=2048)
def _read(text: str) -> Said:
    facts = orjson.loads(text)
    return Said(facts, Timing.model_validate(facts["timing"]))


_FIELDS: Final = set(ScheduleCreate.model_fields)
_words: Final = lru_cache(maxsize=2048)(words)


def new_schedule(
    space_id: int,
    body: ScheduleCreate,
    now: int,
    actor: str,
    *,
    zone: str,
    definition_id: int | None = None,
    action_id: int | None = None,
    origin: str = OWN,
) -> ScheduleRow:
    """The schedule that a body describes, without a number and due times yet; its zone is ``zone`` where it names none.

    Refusals as of `occurrences`, and ``too_large``.
    """
    row = ScheduleRow(
        id=0,
        space_id=space_id,
        definition_id=definition_id,
        action_id=action_id,
        origin=origin,
        name=body.name,
        enabled=int(body.enabled),
        version=1,
        body=_body(body, zone),
        owner=actor,
        fallback_owner=body.fallback_owner,
        former_owner=None,
        next_at=None,
        fires_at=None,
        failures=0,
        paused=None,
        asleep=None,
        woken_at=None,
        queued_at=None,
        planned_with="",
        created_at=now,
        created_by=actor,
        updated_at=now,
        updated_by=actor,
    )
    occurrences(row.said.timing)
    return row


def changed_schedule(
    row: ScheduleRow, sent: Mapping[str, Any], now: int, actor: str, zone: str
) -> ScheduleRow:
    """The schedule as it is after a change; the same when nothing changes. Due times are as before: see `aimed`.

    Refusals as of `new_schedule`, and ``invalid`` for each field that does not fit.
    """
    before = {**flat(row), "name": row.name}
    given = dict(sent)
    if any(given.get(kind) is not None for kind in KINDS):
        given = {**dict.fromkeys((*KINDS, "dialect")), **given}
    facts = {name: value for name, value in {**before, **given}.items() if value is not None}
    try:
        body = ScheduleCreate.model_validate(facts)
    except ValidationError as error:
        raise Refusals(problems(error)) from None
    after = replace(
        row,
        name=body.name,
        enabled=int(body.enabled),
        fallback_owner=body.fallback_owner,
        body=_body(body, zone),
    )
    if after == row:
        return row
    occurrences(after.said.timing)
    former = row.former_owner if row.owner == actor else row.owner
    version = row.version + 1
    return replace(after, owner=actor, former_owner=former, version=version, updated_at=now, updated_by=actor)


def rules_of(row: ScheduleRow) -> list[dict[str, Any]]:
    """Its own rules of who is told of its runs."""
    found: list[dict[str, Any]] = row.said.facts.get("notifications", [])
    return found


def flat(row: ScheduleRow) -> dict[str, Any]:
    """All that was said of a schedule, as in the body of `ScheduleCreate`."""
    facts = {name: value for name, value in row.said.facts.items() if name != "timing"}
    beside = {"enabled": bool(row.enabled), "fallbackOwner": row.fallback_owner}
    return {**row.said.facts["timing"], **facts, **beside}


def _body(body: ScheduleCreate, zone: str) -> str:
    given = body.model_dump(mode="json", by_alias=True, exclude_none=True, include=_FIELDS)
    timing = {name: value for name, value in given.items() if name in OF_TIMING}
    timing["timeZone"] = timing.get("timeZone") or zone
    facts = {name: value for name, value in given.items() if name not in OF_TIMING and name not in _BESIDE}
    text = orjson.dumps({"timing": timing, **facts})
    if len(text) > LARGEST_BODY:
        what = f"A schedule has at most {LARGEST_BODY // 1024} KiB of JSON, this one {len(text)} bytes."
        raise Refusal("too_large", what)
    return text.decode()


# ---- owners


def may_own(member: MemberRow) -> bool:
    """Whether runs of schedules may go on in the member's name."""
    return member.open and may(member.role, "schedule")


def why_orphaned(row: ScheduleRow, owner: MemberRow) -> str:
    """Why nothing runs of the schedule of an owner who may own none, and what mends it."""
    why = (
        "is set aside" if not owner.open else f"is a {owner.role} now, and may not have jobs run at set times"
    )
    return (
        f"{owner.name}, who owns the schedule {row.label}, {why}. Hand it over: tickwire schedules hand-over {row.public_id} "
        "--to MEMBER"
    )


# ---- due times


def aimed(row: ScheduleRow, now: int, planned_with: str) -> ScheduleRow:
    """The schedule with its first due time after now; nothing that was due before is made up for."""
    rested = replace(row, asleep=None, woken_at=None, queued_at=None, planned_with=planned_with)
    if not row.enabled:
        return replace(rested, next_at=None, fires_at=None)
    found = row.said.occurrences.after(now)
    at = None if found is None else found.at
    return replace(rested, next_at=at, fires_at=None if at is None else row.fires_when(at))


def paused(row: ScheduleRow, reason: str) -> ScheduleRow:
    """The schedule, switched off by the server until somebody enables it."""
    rested = replace(row, asleep=None, woken_at=None, queued_at=None)
    return replace(rested, enabled=0, paused=reason, next_at=None, fires_at=None)


def in_zone(row: ScheduleRow, zone: str) -> ScheduleRow:
    """The schedule in another time zone."""
    facts = {**row.said.facts, "timing": {**row.said.facts["timing"], "timeZone": zone}}
    return replace(row, body=orjson.dumps(facts).decode())


def retimed(before: ScheduleRow, after: ScheduleRow) -> bool:
    """Whether its due times may be others, or begin anew."""
    return (before.said.facts["timing"], before.enabled) != (after.said.facts["timing"], after.enabled)


def jittered(before: ScheduleRow, after: ScheduleRow) -> ScheduleRow:
    """The schedule after a change: its next due time stays, and is seen to as its jitter says by now."""
    if after.said.facts["jitterS"] == before.said.facts["jitterS"] or after.asleep or after.queued_at:
        return after
    return after if after.next_at is None else replace(after, fires_at=after.fires_when(after.next_at))


# ---- shown


def schedule_wire(
    row: ScheduleRow, definition: str | None, owner: MemberRow | None = None, rests: str | None = None
) -> dict[str, Any]:
    """The schedule as JSON object.

    ``definition`` is the code of its definition, ``owner`` the member who owns it, if one does. ``rests`` is why nothing runs by
    now: the row itself knows that only from its next due time on.
    """
    state = row.state
    if state == "active" and rests is not None:
        state = "asleep"
    elif state == "active" and owner is not None and not may_own(owner):
        state = "owner_inactive"
    next_at = row.next_at if state == "active" else None
    found = {
        "id": row.public_id,
        "name": row.label,
        "origin": row.origin,
        "definition": definition,
        "actionId": None if row.action_id is None else encode(ACTION, row.action_id),
        "state": state,
        "words": row.words,
        **flat(row),
        "nextAt": to_wire_or_none(next_at),
        "nextLocal": None if next_at is None else row.said.occurrences.local(next_at),
        "nextNote": None if next_at is None else _note(row),
        "firesAt": to_wire_or_none(row.fires_at if state == "active" else None),
        "queuedAt": to_wire_or_none(row.queued_at),
        "failures": row.failures,
        "paused": row.paused,
        "asleep": (rests or row.asleep) if state == "asleep" else None,
        "owner": row.owner,
        "ownerName": None if owner is None else owner.name,
        "formerOwner": row.former_owner,
        "version": row.version,
        "createdAt": to_wire(row.created_at),
        "createdBy": row.created_by,
        "updatedAt": to_wire(row.updated_at),
        "updatedBy": row.updated_by,
    }
    return {name: value for name, value in found.items() if value is not None}


def _note(row: ScheduleRow) -> str | None:
    """What a clock change does to the next due time."""
    found = None if row.next_at is None else row.said.occurrences.after(row.next_at - 1)
    return None if found is None else found.note


def schedule_facts(row: ScheduleRow) -> dict[str, Any]:
    """What the audit keeps of it."""
    return {"name": row.name, **flat(row), "owner": row.owner, "version": row.version}

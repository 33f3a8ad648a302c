"""Schedules: made, changed and removed by those who may have jobs run at set times, and run once beside their due times."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from listener_sdk.protocol.actions import ActionExecute
from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import decode, encode
from listener_sdk.protocol.schedules import OF_TIMING, ScheduleCreate, ScheduleUpdate
from listener_sdk.protocol.times import to_wire

from ..core.actors import Actor, Space
from ..core.audit import differing
from ..core.coming import coming
from ..core.definitions import DefinitionRow
from ..core.job_types import JobType
from ..core.jobs import JobRow
from ..core.members import KIND as MEMBER
from ..core.members import MemberRow
from ..core.missed import ARCHIVED, CHANGED, DISABLED
from ..core.previews import due
from ..core.refusals import missing
from ..core.roles import may
from ..core.schedules import (
    KIND,
    OF_ACTION,
    OWN,
    ScheduleRow,
    aimed,
    changed_schedule,
    jittered,
    may_own,
    new_schedule,
    retimed,
    schedule_facts,
    schedule_wire,
)
from ..core.spaces import check_active
from ..core.templates import references
from ..core.zones import VERSION as ZONE_RULES
from ..store import actions as actions_sql
from ..store import members
from ..store import schedules as sql
from ..store.command import Command, always
from ..store.database import Reader
from ..store.transaction import Transaction
from . import actions, definition_starts, definitions, launches, notification_rules
from .definition_starts import Start
from .kept_schedules import check_needs_no_file, check_space_room
from .people import member_id
from .schedule_events import give_up, say
from .standing import by


@dataclass(frozen=True, slots=True)
class CreateSchedule:
    """``definition`` is the code or the id; ``most`` is how many schedules one may have."""

    actor: Actor
    definition: str
    body: ScheduleCreate
    most: int = 16


@dataclass(frozen=True, slots=True)
class UpdateSchedule:
    actor: Actor
    schedule_id: int
    body: ScheduleUpdate


@dataclass(frozen=True, slots=True)
class DeleteSchedule:
    actor: Actor
    schedule_id: int


@dataclass(frozen=True, slots=True)
class RunSchedule:
    """``due_at`` is the due time that the job is told; now where it is None."""

    actor: Actor
    schedule_id: int
    due_at: int | None = None


# ---- finding


def find(reader: Reader, actor: Actor, schedule_id: int) -> tuple[ScheduleRow, str | None]:
    """The schedule, and the code of its definition, within the actor's reach; Refusal ``not_found``."""
    row = sql.load(reader, actor.space.id, schedule_id)
    found = [] if row is None else within(reader, actor, [row])
    if not found:
        raise missing("schedule", encode(KIND, schedule_id))
    return found[0]


def within(reader: Reader, actor: Actor, rows: Iterable[ScheduleRow]) -> list[tuple[ScheduleRow, str | None]]:
    """Schedules whose jobs the actor reaches, each with the code of its definition."""
    return [
        (row, None if definition is None else definition.code)
        for row, definition in _within(reader, actor, rows)
    ]


def _within(
    reader: Reader, actor: Actor, rows: Iterable[ScheduleRow]
) -> list[tuple[ScheduleRow, DefinitionRow | None]]:
    found = list(rows)
    made = sql.definitions_of(reader, {row.definition_id for row in found if row.definition_id is not None})
    reached = {one.id for one in definitions.within(reader, actor, [one.row for one in made.values()])}
    shown: list[tuple[ScheduleRow, DefinitionRow | None]] = []
    for row in found:
        if row.definition_id is not None:
            if row.definition_id in reached:
                shown.append((row, made[row.definition_id].row))
        elif actor.reach is None or _reaches_action(reader, actor, row):
            shown.append((row, None))
    return shown


def shown(
    reader: Reader, actor: Actor, rows: Iterable[ScheduleRow], until: int | None = None
) -> list[dict[str, Any]]:
    """Schedules as JSON objects, those that the actor reaches; with their due times up to ``until`` in milliseconds."""
    found = _within(reader, actor, rows)
    owners = _owners(reader, [row for row, _ in found])
    wires = [
        schedule_wire(
            row,
            None if definition is None else definition.code,
            owners.get(row.owner),
            rests(actor.space, definition),
        )
        for row, definition in found
    ]
    if until is None:
        return wires
    return [wire | coming(row, wire["state"], until) for (row, _), wire in zip(found, wires, strict=True)]


def rests(space: Space, definition: DefinitionRow | None) -> str | None:
    """Why nothing runs of the schedules of a definition, or of an action where it is None."""
    if not space.open or space.archived_at is not None:
        return ARCHIVED
    return DISABLED if definition is not None and not definition.enabled else None


def orphaning(reader: Reader, rows: Iterable[ScheduleRow]) -> dict[str, MemberRow]:
    """Owners of these schedules in whose name nothing runs any more, by id."""
    return {name: one for name, one in _owners(reader, rows).items() if not may_own(one)}


def _owners(reader: Reader, rows: Iterable[ScheduleRow]) -> dict[str, MemberRow]:
    """The members who own these schedules, by id."""
    owners = {number for row in rows if (number := row.owner_member) is not None}
    found = members.load_many(reader, sorted(owners)) if owners else []
    return {one.public_id: one for one in found}


def _reaches_action(reader: Reader, actor: Actor, row: ScheduleRow) -> bool:
    action = actions_sql.load(reader, row.space_id, row.action_id or 0)
    return action is not None and actor.reach is not None and actor.reach.names(action.name)


# ---- changing


def create(tx: Transaction, item: CreateSchedule) -> ScheduleRow:
    """Store a schedule of a definition. Refusals ``not_found``, ``limit``, ``forbidden``, or ``invalid`` for each problem."""
    actor, body = item.actor, item.body
    space = tx.space(actor.space.id)
    check_active(space)
    definition, job_type = definitions.find(tx.connection, actor, item.definition)
    check_room(tx.connection, definition, item.most)
    if body.fallback_owner is not None:
        fallback = member_id(tx.connection, actor, body.fallback_owner, "fallbackOwner")
        body = body.model_copy(update={"fallback_owner": fallback})
    row = new_schedule(
        space.id, body, tx.now, actor.key_id, zone=space.time_zone, definition_id=definition.id
    )
    _check_fallback(tx, row)
    _check(tx, actor, row, definition, job_type)
    row = aimed(replace(row, id=tx.next_id("schedule")), tx.now, ZONE_RULES)
    sql.insert(tx.connection, row)
    say(tx, actor, "schedule:created", row, definition.code, after=schedule_facts(row))
    return row


def check_room(reader: Reader, definition: DefinitionRow, most: int) -> None:
    """Refusal ``limit`` unless the definition and its space may have one schedule more."""
    if sql.count(reader, definition.space_id, definition.id) >= most:
        raise Refusal(
            "limit",
            f"The definition {definition.code} has {most} schedules, and no more are taken: change or delete one of them, or "
            "let the server take more (TICKWIRE_SCHEDULES_PER_DEFINITION).",
            key="definition",
        )
    check_space_room(reader, definition.space_id)


def _check(
    tx: Transaction,
    actor: Actor,
    row: ScheduleRow,
    definition: DefinitionRow,
    job_type: JobType,
    before: ScheduleRow | None = None,
) -> None:
    """What the schedule adds to its definition; Refusals."""
    facts = row.said.facts
    check_needs_no_file(job_type, "definition")
    due(row.said.timing, tx.now)
    params = facts.get("params", {})
    _check_secrets(actor, definition, params)
    rules = facts.get("notifications", [])
    notification_rules.check_may_use(
        actor, rules, [] if before is None else before.said.facts.get("notifications", [])
    )
    also = params or {"notifications": rules} if rules else params
    checker = definitions.checker(tx.connection, actor, job_type, definition.recipe, also=also)
    told = notification_rules.problems(tx.connection, row.space_id, rules, checker) if rules else []
    checker.check_scheduled(definition.recipe, params, facts.get("mode"), told)


def _check_secrets(actor: Actor, definition: DefinitionRow, params: dict[str, Any]) -> None:
    """Who may not use secrets must not say where one is sent."""
    if not params or may(actor.role, "use_secrets"):
        return
    used = [*references(params).secrets, *references(definition.recipe.params).secrets]
    if used:
        raise Refusal(
            "forbidden",
            f"These parameters use the secret {used[0][0]}: a key of role {actor.role} schedules the definition as it is, without params "
            "of its own.",
            key="params",
        )


def _check_fallback(tx: Transaction, row: ScheduleRow) -> None:
    if row.fallback_owner is not None:
        able_member(tx, row.space_id, row.fallback_owner, "fallbackOwner")


def able_member(tx: Transaction, space_id: int, name: str, key: str) -> None:
    """Refusal unless this is a member of the space who may log in, and have jobs run at set times."""
    number = decode(MEMBER, name)
    found = None if number is None else members.load(tx.connection, space_id, number)
    if found is None or found.deleted_at is not None:
        raise missing("member", name[:64], key)
    if not found.open:
        raise Refusal("invalid", f"{key}: the member {found.name} is set aside: name another.", key=key)
    if not may(found.role, "schedule"):
        raise Refusal(
            "invalid",
            f"{key}: the member {found.name} is a {found.role}, and may not have jobs run at set times: name another.",
            key=key,
        )


def update(tx: Transaction, item: UpdateSchedule) -> ScheduleRow:
    """Change what was sent; the actor owns the schedule then. Refusals as of ``create``; nothing is said where nothing differs."""
    actor = item.actor
    before, code = kept(tx, actor, item.schedule_id)
    sent = item.body.sent()
    _refuse_kept(before, sent)
    if sent.get("fallbackOwner") is not None:
        sent["fallbackOwner"] = member_id(tx.connection, actor, sent["fallbackOwner"], "fallbackOwner")
    space = tx.space(before.space_id)
    after = changed_schedule(before, sent, tx.now, actor.key_id, space.time_zone)
    if after is before:
        return before
    _check_change(tx, actor, before, after, code)
    if retimed(before, after):
        give_up(tx, before, code, CHANGED)
        after = _retimed(tx, before, after)
    else:
        after = jittered(before, after)
    sql.update(tx.connection, [after])
    _say_changes(tx, actor, before, after, code)
    return after


def kept(tx: Transaction, actor: Actor, schedule_id: int) -> tuple[ScheduleRow, str | None]:
    """As `find`, of a schedule that no other server changes before the end of this transaction."""
    row = sql.keep(tx.connection, actor.space.id, schedule_id)
    found = [] if row is None else within(tx.connection, actor, [row])
    if not found:
        raise missing("schedule", encode(KIND, schedule_id))
    return found[0]


def _refuse_kept(row: ScheduleRow, sent: Mapping[str, Any]) -> None:
    """What a definition or action keeps in step with itself is changed there."""
    found = next((name for name in sent if name in OF_TIMING), None)
    if row.origin == OWN or found is None:
        return
    where = "the action's schedule" if row.origin == OF_ACTION else "the definition's schedule"
    raise Refusal(
        "conflict",
        f"{found}: this schedule follows {where}: change that. Its other fields can be changed here.",
        key=found,
    )


def _check_change(
    tx: Transaction, actor: Actor, before: ScheduleRow, after: ScheduleRow, code: str | None
) -> None:
    """Refusals for what is not taken. What makes no difference to jobs is not checked, so that it can always be switched off."""
    if after.fallback_owner != before.fallback_owner:
        _check_fallback(tx, after)
    if code is not None and (after.body != before.body or after.enabled > before.enabled):
        definition, job_type = definitions.find(tx.connection, actor, code)
        _check(tx, actor, after, definition, job_type, before)


def _retimed(tx: Transaction, before: ScheduleRow, after: ScheduleRow) -> ScheduleRow:
    enabled = after.enabled > before.enabled
    aim = aimed(after, tx.now, ZONE_RULES)
    return replace(aim, failures=0, paused=None) if enabled else aim


def delete(tx: Transaction, item: DeleteSchedule) -> None:
    """The schedule is gone; jobs that it has made go on, and what it has left out stays in history."""
    row, code = kept(tx, item.actor, item.schedule_id)
    if row.origin != OWN:
        where = "action" if row.origin == OF_ACTION else "definition"
        raise Refusal(
            "conflict",
            f"The {where} keeps this schedule: take schedule away there, or disable the schedule.",
            key="id",
        )
    give_up(tx, row, code, CHANGED)
    sql.delete(tx.connection, row.id)
    say(tx, item.actor, "schedule:deleted", row, code, before=schedule_facts(row))


def _say_changes(
    tx: Transaction, actor: Actor, before: ScheduleRow, after: ScheduleRow, code: str | None
) -> None:
    was, now = differing(
        {**dict.fromkeys(schedule_facts(after)), **schedule_facts(before)},
        {**dict.fromkeys(schedule_facts(before)), **schedule_facts(after)},
    )
    enabled = now.pop("enabled", None)
    was.pop("enabled", None)
    changed = [name for name in now if name not in {"version", "owner"}]
    if changed:
        say(tx, actor, "schedule:updated", after, code, before=was, after=now, changed=changed)
    if enabled is not None:
        topic = "schedule:enabled" if enabled else "schedule:disabled"
        say(tx, actor, topic, after, code, before={"enabled": not enabled}, after={"enabled": enabled})
    if after.owner != before.owner:
        say(
            tx,
            actor,
            "schedule:owner-changed",
            after,
            code,
            owner=after.owner,
            formerOwner=before.owner,
        )


# ---- running now


def run(tx: Transaction, item: RunSchedule) -> JobRow:
    """Make a job as the schedule does, now, whatever is due when; nothing of the schedule changes. Refusals as of `definition_starts.start`."""
    actor = item.actor
    row, code = kept(tx, actor, item.schedule_id)
    due_at = tx.now if item.due_at is None else item.due_at
    by = {**launches.started_by(actor), "scheduleId": row.public_id, "name": row.label}
    if code is None:
        return actions.execute(tx, actions.press(tx.connection, actor, row.action_id or 0, PRESS, by=by))
    definition, job_type = definitions.find(tx.connection, actor, code)
    return definition_starts.start(tx, definition, start_of(row, actor, by, due_at), job_type)


PRESS: Final = ActionExecute(confirm=True)
"""How a schedule presses a button: it was agreed to when the action was given a schedule."""


def of_due_time(row: ScheduleRow, due_at: int) -> dict[str, Any]:
    """What started a job that runs because it was due, as the job tells it."""
    return {"kind": "schedule", "scheduleId": row.public_id, "name": row.label, "dueTime": to_wire(due_at)}


def start_of(row: ScheduleRow, actor: Actor, by: Mapping[str, Any], due_at: int) -> Start:
    """How a job of the schedule is started."""
    facts = row.said.facts
    context = {"dueTime": to_wire(due_at)}
    return Start(actor, by, context, joined=facts.get("params", {}), mode=facts.get("mode"))


CREATE_SCHEDULE: Final[Command[CreateSchedule, ScheduleRow]] = Command(
    "create_schedule", create, guard=by("schedule"), turn=always
)
UPDATE_SCHEDULE: Final[Command[UpdateSchedule, ScheduleRow]] = Command(
    "update_schedule", update, guard=by("schedule")
)
DELETE_SCHEDULE: Final[Command[DeleteSchedule, None]] = Command(
    "delete_schedule", delete, needs_no_room=True, guard=by("schedule")
)
RUN_SCHEDULE: Final[Command[RunSchedule, JobRow]] = Command("run_schedule", run, guard=by("schedule"))

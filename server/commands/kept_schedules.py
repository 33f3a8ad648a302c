"""Schedules that definitions and actions keep in step with what they say themselves: ``schedule`` of either."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.schedules import ScheduleCreate

from ..core.actions import ActionRow
from ..core.actors import Actor
from ..core.definitions import DefinitionRow
from ..core.job_types import JobType
from ..core.missed import CHANGED
from ..core.refusals import Refusals
from ..core.schedules import (
    OF_ACTION,
    OF_DEFINITION,
    ScheduleRow,
    aimed,
    changed_schedule,
    new_schedule,
)
from ..core.zones import VERSION as ZONE_RULES
from ..store import schedules as sql
from ..store.database import Reader
from ..store.transaction import Transaction
from .schedule_events import give_up, told

MOST_SCHEDULES: Final = 1_000
"""Schedules of one space."""
OF_ACTIONS: Final = {"weekly": "0 0 * * 1", "daily": "0 0 * * *", "hourly": "0 * * * *"}
"""When actions press themselves, in the time zone of their space."""
AT: Final = "jobDefinition.schedule"


@dataclass(frozen=True, slots=True)
class Kept:
    """The schedule as it was and as it is to be, None where there is none."""

    before: ScheduleRow | None
    after: ScheduleRow | None


def check_space_room(reader: Reader, space_id: int, more: int = 1) -> None:
    """Refusal ``limit`` unless the space may have so many schedules more."""
    if sql.count(reader, space_id) + more > MOST_SCHEDULES:
        raise Refusal("limit", f"A space has at most {MOST_SCHEDULES} schedules: delete some first.")


def check_needs_no_file(job_type: JobType, key: str) -> None:
    """Refusal ``invalid`` for jobs that work on a file: nobody is there to give one."""
    if job_type.needs_file:
        raise Refusal(
            "invalid",
            f"{key}: jobs of the type {job_type.code} work on a file that is given at each launch, so no schedule can start them. "
            "Launch the definition by hand, or let an event start it.",
            key=key,
        )


def of_definition(tx: Transaction, actor: Actor, row: DefinitionRow, job_type: JobType) -> Kept:
    """What becomes of the schedule of a definition that is to be stored. Refusals for what is not taken; nothing is changed."""
    before = sql.kept_by(tx.connection, definition_id=row.id) if row.id else None
    said: dict[str, Any] | None = row.recipe.facts.get("schedule")
    if said is not None:
        check_needs_no_file(job_type, AT)
    elif (
        row.id
        and job_type.needs_file
        and sql.count(tx.connection, row.space_id, row.id) > (before is not None)
    ):
        check_needs_no_file(job_type, "jobDefinition.jobType")
    if said is None:
        return Kept(before, None)
    try:
        return Kept(before, _drawn(tx, actor, row.space_id, before, said["cron"], OF_DEFINITION))
    except Refusal as refusal:
        raise Refusals(_told_at(refusal)) from None


def _told_at(refusal: Refusal) -> list[Refusal]:
    every = refusal.all if isinstance(refusal, Refusals) else [refusal]
    return [
        one
        if one.code == "limit"
        else Refusal(one.code, f"{AT}.{one.message}", key=f"{AT}.{one.key or 'cron'}", **one.details)
        for one in every
    ]


def of_actions(tx: Transaction, actor: Actor, rows: Sequence[ActionRow]) -> list[Kept]:
    """The same of actions."""
    found = [_of_action(tx, actor, row) for row in rows]
    new = sum(one.before is None and one.after is not None for one in found)
    if new:
        check_space_room(tx.connection, actor.space.id, new)
    return found


def _of_action(tx: Transaction, actor: Actor, row: ActionRow) -> Kept:
    before = sql.kept_by(tx.connection, action_id=row.id) if row.id else None
    said = row.said.facts.get("schedule")
    if said is None:
        return Kept(before, None)
    drawn = _drawn(tx, actor, row.space_id, before, OF_ACTIONS[said], OF_ACTION, row.said.facts["label"])
    return Kept(before, drawn)


def _drawn(
    tx: Transaction,
    actor: Actor,
    space_id: int,
    before: ScheduleRow | None,
    cron: str,
    origin: str,
    name: str | None = None,
) -> ScheduleRow:
    zone = tx.space(space_id).time_zone
    if before is not None:
        sent = {"cron": cron} if before.said.facts["timing"]["cron"] != cron else {}
        return changed_schedule(before, sent, tx.now, actor.key_id, zone)
    if origin == OF_DEFINITION:
        check_space_room(tx.connection, space_id)
    body = ScheduleCreate(cron=cron, name=name)
    return new_schedule(space_id, body, tx.now, actor.key_id, zone=zone, origin=origin)


def keep(
    tx: Transaction,
    actor: Actor,
    kept: Kept,
    *,
    definition: DefinitionRow | None = None,
    action: ActionRow | None = None,
) -> None:
    """Store what became of the schedule of a definition or action that is stored now."""
    before, after = kept.before, kept.after
    code = None if definition is None else definition.code
    if after is None:
        if before is not None:
            give_up(tx, before, code, CHANGED)
            sql.delete(tx.connection, before.id)
            told(tx, "schedule:deleted", before, code, by=actor.key_id)
    elif before is None:
        made = replace(
            after,
            id=tx.next_id("schedule"),
            definition_id=None if definition is None else definition.id,
            action_id=None if action is None else action.id,
        )
        made = aimed(made, tx.now, ZONE_RULES)
        sql.insert(tx.connection, made)
        told(tx, "schedule:created", made, code, by=actor.key_id)
    elif after is not before:
        give_up(tx, before, code, CHANGED)
        moved = aimed(after, tx.now, ZONE_RULES)
        sql.update(tx.connection, [moved])
        told(tx, "schedule:updated", moved, code, by=actor.key_id, changed=["cron"])

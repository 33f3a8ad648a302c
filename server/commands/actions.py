"""Actions: made, changed, removed, and pressed, which makes a job."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from listener_sdk.protocol.actions import (
    LARGEST_SPACE,
    MOST_ACTIONS,
    ActionCreate,
    ActionExecute,
    ActionUpdate,
)
from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.jobs import JobCreate

from ..core.actions import KIND, ActionRow, changed_action, differences, new_action, pressed
from ..core.actors import Actor
from ..core.built_in import is_own
from ..core.job_types import JobType
from ..core.jobs import JobRow
from ..core.refusals import Refusals, missing
from ..core.templates import Resolved
from ..store import actions as sql
from ..store import job_types
from ..store import schedules as schedules_sql
from ..store.command import Command, always
from ..store.database import Reader
from ..store.transaction import Transaction
from . import jobs, kept_schedules, launches
from .built_in import BUILT_IN
from .changes import tell
from .standing import by


@dataclass(frozen=True, slots=True)
class CreateActions:
    """All or none of them; ``many`` says that refusals tell by a number which of them they are about."""

    actor: Actor
    bodies: tuple[ActionCreate, ...]
    many: bool = False


@dataclass(frozen=True, slots=True)
class UpdateAction:
    actor: Actor
    action_id: int
    body: ActionUpdate


@dataclass(frozen=True, slots=True)
class DeleteAction:
    actor: Actor
    action_id: int


Pressed = jobs.CreateJob | launches.Launch | Refusal
"""The job that a press makes, of a job type where one has its name; or why there is none."""


def create(tx: Transaction, item: CreateActions) -> list[ActionRow]:
    """Store actions of the actor's space, in their order."""
    drafts = _drafts(tx, item)
    kept = kept_schedules.of_actions(tx, item.actor, drafts)
    count, size = sql.totals(tx.connection, item.actor.space.id)
    _check_room(count + len(drafts), size + sum(len(row.body) for row in drafts))
    numbers = tx.next_ids("action", len(drafts))
    rows = [replace(row, id=number) for row, number in zip(drafts, numbers, strict=True)]
    sql.insert(tx.connection, rows)
    for row, its in zip(rows, kept, strict=True):
        _say(tx, "action:created", row, item.actor, after=row.said.facts)
        kept_schedules.keep(tx, item.actor, its, action=row)
    return rows


def _drafts(tx: Transaction, item: CreateActions) -> list[ActionRow]:
    found: list[ActionRow] = []
    wrong: list[Refusal] = []
    for index, body in enumerate(item.bodies):
        try:
            row = new_action(item.actor.space, body, tx.now, item.actor.key_id)
            _check_reach(item.actor, row)
            found.append(row)
        except Refusal as refusal:
            wrong += numbered(refusal, index) if item.many else [refusal]
    if wrong:
        raise Refusals(wrong)
    return found


def _check_reach(actor: Actor, row: ActionRow) -> None:
    if actor.reach is not None:
        actor.reach.check_name(row.name)


def numbered(refusal: Refusal, index: int) -> list[Refusal]:
    """The refusals of one of many actions, which say of which."""
    every = refusal.all if isinstance(refusal, Refusals) else [refusal]
    return [
        Refusal(
            one.code,
            f"[{index}]: {one.message}",
            key=".".join(filter(None, (f"[{index}]", one.key))),
            named=one.named,
        )
        for one in every
    ]


def _check_room(count: int, size: int) -> None:
    if count > MOST_ACTIONS:
        raise Refusal("limit", f"A space has at most {MOST_ACTIONS} actions: delete some first.")
    if size > LARGEST_SPACE:
        raise Refusal(
            "limit",
            f"All actions of a space have at most {LARGEST_SPACE} characters of JSON: delete some first.",
        )


def update(tx: Transaction, item: UpdateAction) -> ActionRow:
    """Change what was sent; nothing is said where nothing differs."""
    space = item.actor.space
    before = _found(tx, item.actor, item.action_id)
    after = changed_action(before, space, item.body, tx.now, item.actor.key_id)
    if after is before:
        return before
    _check_reach(item.actor, after)
    grown = len(after.body) - len(before.body)
    if grown > 0:
        count, size = sql.totals(tx.connection, space.id)
        _check_room(count, size + grown)
    [kept] = kept_schedules.of_actions(tx, item.actor, [after])
    sql.update(tx.connection, after)
    was, now = differences(before, after)
    _say(tx, "action:updated", after, item.actor, before=was, after=now)
    kept_schedules.keep(tx, item.actor, kept, action=after)
    return after


def delete(tx: Transaction, item: DeleteAction) -> None:
    """The action is gone; jobs that it has made go on."""
    row = _found(tx, item.actor, item.action_id)
    sql.delete(tx.connection, row.id)
    schedules_sql.forget_action(tx.connection, row.id)
    _say(tx, "action:deleted", row, item.actor, before=row.said.facts)


def _found(tx: Transaction, actor: Actor, action_id: int) -> ActionRow:
    row = sql.keep(tx.connection, actor.space.id, action_id)
    if row is None:
        raise missing("action", encode(KIND, action_id))
    return row


def _say(
    tx: Transaction,
    topic: str,
    row: ActionRow,
    actor: Actor,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    facts = row.said.facts
    payload = {"actionId": row.public_id, "label": facts["label"], "job": row.name, "targetId": row.target}
    if before is not None and after is not None:
        payload["changed"] = sorted(after)
    about = {"actionId": row.public_id, "actionName": row.name}
    tell(tx, actor, topic, row.public_id, payload, before=before, after=after, about=about)


# ---- pressed


def press(
    reader: Reader,
    actor: Actor,
    action_id: int,
    body: ActionExecute,
    *,
    by: Mapping[str, Any] | None = None,
) -> Pressed:
    """The job that a press of the button makes; its input is checked here, before the writer comes to it, since that may take long.

    ``by`` is what pressed it, as the job tells it, where nobody did.
    """
    row = sql.load(reader, actor.space.id, action_id)
    if row is None:
        return missing("action", encode(KIND, action_id))
    job_type = _type_of(reader, row)
    try:
        given = pressed(row, body, None if job_type is None else job_type.schema)
    except Refusal as refusal:
        return refusal
    said = {"startedBy": {**(by or {"kind": "action"}), "actionId": row.public_id}}
    if job_type is None:
        made = JobCreate(type=row.domain, operation=row.operation, **given)
        return jobs.CreateJob(actor, made, said=said)
    params = Resolved(given.pop("input"))
    return launches.Launch(actor, job_type, params, given, said, is_checked=True)


def _type_of(reader: Reader, row: ActionRow) -> JobType | None:
    if is_own(row.name):
        return BUILT_IN.get(row.operation)
    declared = job_types.named(reader, row.space_id, row.name)
    return None if declared is None else declared.job_type


def execute(tx: Transaction, item: Pressed) -> JobRow:
    """Make the job; what was refused before is refused here, so that a repeated call has the answer of the first one."""
    if isinstance(item, Refusal):
        raise item
    return launches.launch(tx, item) if isinstance(item, launches.Launch) else jobs.create(tx, item)


CREATE_ACTIONS: Final[Command[CreateActions, list[ActionRow]]] = Command(
    "create_actions", create, guard=by("define"), turn=always
)
UPDATE_ACTION: Final[Command[UpdateAction, ActionRow]] = Command("update_action", update, guard=by("define"))
DELETE_ACTION: Final[Command[DeleteAction, None]] = Command(
    "delete_action", delete, needs_no_room=True, guard=by("define")
)
EXECUTE_ACTION: Final[Command[Pressed, JobRow]] = Command("execute_action", execute)

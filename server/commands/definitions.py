"""Job definitions: made, changed and removed by those who define jobs, and started by anybody who runs them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.definitions import (
    DefinitionCreate,
    DefinitionUpdate,
)
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.near_names import did_you_mean

from ..core.actors import Actor
from ..core.audit import differing
from ..core.definition_checks import Checker, Secrets
from ..core.definitions import (
    DefinitionRow,
    Recipe,
    changed_definition,
    definition_facts,
    new_definition,
)
from ..core.job_types import JobType, read_type
from ..core.roles import may
from ..core.spaces import check_active
from ..store import definitions as sql
from ..store import notification_rules as notification_rules_sql
from ..store import schedules as schedules_sql
from ..store import secrets as secrets_sql
from ..store import triggers as triggers_sql
from ..store.command import Command, always
from ..store.database import Reader
from ..store.transaction import NewEvent, Transaction
from . import definition_triggers, kept_schedules, launches, notification_rules
from .built_in import BUILT_IN, KINDS
from .changes import tell
from .standing import by

MOST_DEFINITIONS: Final = 100_000
"""Definitions of one space."""
MOST_NAMED: Final = 5_000
"""Codes among which a near one is looked for."""
MOST_USERS: Final = 3
"""Definitions that the refusal to remove their job type names."""


@dataclass(frozen=True, slots=True)
class CreateDefinition:
    """``enabled`` is what counts when the body does not say."""

    actor: Actor
    body: DefinitionCreate
    enabled: bool = False


@dataclass(frozen=True, slots=True)
class UpdateDefinition:
    """``name`` is the code or the id."""

    actor: Actor
    name: str
    body: DefinitionUpdate


@dataclass(frozen=True, slots=True)
class DeleteDefinition:
    actor: Actor
    name: str


# ---- finding


def find(reader: Reader, actor: Actor, name: str) -> tuple[DefinitionRow, JobType]:
    """The definition of this code or id, and its job type, within the actor's reach; Refusal ``not_found`` that names near ones."""
    return _within_reach(reader, actor, name, sql.find(reader, actor.space.id, name))


def use(tx: Transaction, actor: Actor, name: str) -> tuple[DefinitionRow, JobType]:
    """The same, and nobody removes the definition before the end of the transaction."""
    return _within_reach(tx.connection, actor, name, sql.use(tx.connection, actor.space.id, name))


def _within_reach(
    reader: Reader, actor: Actor, name: str, found: sql.Found | None
) -> tuple[DefinitionRow, JobType]:
    if found is None:
        raise unknown(reader, actor, name)
    row, body = found.row, found.type_body
    if body is None or row.type_code in BUILT_IN:
        job_type = launches.find_type(reader, actor, row.type_code)
    else:
        job_type = read_type(body)
    if actor.reach is not None and not actor.reach.names(job_type.name):
        raise unknown(reader, actor, name)
    return row, job_type


def within(reader: Reader, actor: Actor, rows: Iterable[DefinitionRow]) -> list[DefinitionRow]:
    """Those whose jobs the actor reaches."""
    found = list(rows)
    if actor.reach is None:
        return found
    reached = {code for code in {row.type_code for row in found} if _reaches(reader, actor, code)}
    return [row for row in found if row.type_code in reached]


def _reaches(reader: Reader, actor: Actor, type_code: str) -> bool:
    try:
        found = launches.find_type(reader, actor, type_code)
    except Refusal:
        return False
    return actor.reach is None or actor.reach.names(found.name)


def unknown(reader: Reader, actor: Actor, name: str) -> Refusal:
    """The refusal of a code that no definition of the space has. Who is restricted hears of no other code."""
    known = sql.codes(reader, actor.space.id, MOST_NAMED) if actor.reach is None else []
    shown = name[:128].encode("ascii", "backslashreplace").decode()
    near = did_you_mean(name, known)
    return Refusal(
        "not_found",
        f"There is no job definition {shown} in this space.{near}",
        key="jobDefinitionCode",
        named=shown,
    )


def _check(tx: Transaction, actor: Actor, job_type: JobType, recipe: Recipe) -> None:
    made = checker(tx.connection, actor, job_type, recipe)
    rules = recipe.notifications
    told = notification_rules.problems(tx.connection, actor.space.id, rules, made) if rules else []
    made.check(recipe, told)


def checker(
    reader: Reader,
    actor: Actor,
    job_type: JobType | None,
    recipe: Recipe,
    also: Mapping[str, Any] | None = None,
) -> Checker:
    """What checks the recipe, and what ``also`` joins its parameters; the names of secrets are read where some may be needed."""
    secrets = _secrets(reader, actor.space.id) if recipe.is_template or also else {}
    if job_type is None or not job_type.built_in:
        return Checker(job_type, secrets)
    kind = KINDS[job_type.code]
    return Checker(job_type, secrets, kind.problems, kind.takes_secrets)


def _secrets(reader: Reader, space_id: int) -> Secrets:
    found = secrets_sql.names(reader, space_id)
    return {name: ("**",) if jobs is None else tuple(orjson.loads(jobs)) for name, jobs in found}


# ---- defining


def create(tx: Transaction, item: CreateDefinition) -> DefinitionRow:
    """Store a definition. Refusals ``not_found`` of its job type, ``conflict``, ``limit``, ``too_large``, or ``invalid`` for each problem."""
    actor, body = item.actor, item.body
    check_active(tx.space(actor.space.id))
    _check_triggers(actor, body.triggers)
    job_type = _type(tx, actor, body.job_type)
    _check_room(tx, actor, body.job_definition_code)
    row = new_definition(0, actor.space.id, body, tx.now, actor.key_id, enabled=item.enabled)
    _check(tx, actor, job_type, row.recipe)
    definition_triggers.check_room(tx, row)
    kept = kept_schedules.of_definition(tx, actor, row, job_type)
    row = _numbered(tx, row)
    sql.insert(tx.connection, row)
    told = _say(tx, actor, "definition:created", row, enabled=bool(row.enabled), after=definition_facts(row))
    definition_triggers.begin(tx, row, told)
    kept_schedules.keep(tx, actor, kept, definition=row)
    return row


def _type(tx: Transaction, actor: Actor, code: str) -> JobType:
    """The type; a key that is restricted to some jobs defines no others."""
    job_type = launches.type_of(tx, actor, code)
    if actor.reach is not None:
        actor.reach.check_name(job_type.name)
    return job_type


def _check_room(tx: Transaction, actor: Actor, code: str) -> None:
    if sql.find(tx.connection, actor.space.id, code) is not None:
        raise Refusal(
            "conflict",
            f"A job definition {code} exists: choose another code, or change that one: PATCH /v1/job-definitions/{code}, or tickwire "
            f"definitions update {code}.",
            key="jobDefinition.jobDefinitionCode",
        )
    if sql.count(tx.connection, actor.space.id) >= MOST_DEFINITIONS:
        raise Refusal("limit", f"A space has at most {MOST_DEFINITIONS} job definitions: delete some first.")


def _numbered(tx: Transaction, row: DefinitionRow) -> DefinitionRow:
    return replace(row, id=tx.next_id("definition"))


def update(tx: Transaction, item: UpdateDefinition) -> DefinitionRow:
    """Change what was sent; jobs that were made stay as they are. Nothing is said where nothing differs.

    Refusals as of ``create``; what makes no difference to jobs is not checked, so that a definition can always be disabled.
    """
    actor, body = item.actor, item.body
    before, job_type = find(tx.connection, actor, item.name)
    _keep_code(before, body)
    after = changed_definition(before, body, tx.now, actor.key_id)
    if after is before:
        return before
    _check_triggers(actor, before.recipe.triggers)
    if after.body != before.body or after.enabled > before.enabled:
        _check_triggers(actor, after.recipe.triggers)
        if after.type_code != before.type_code:
            job_type = _type(tx, actor, after.type_code)
        _check(tx, actor, job_type, after.recipe)
        definition_triggers.check_room(tx, after, before.patterns)
    kept = kept_schedules.of_definition(tx, actor, after, job_type)
    sql.update(tx.connection, after, is_version=after.version > before.version)
    told = _say_changes(tx, actor, before, after)
    kept_schedules.keep(tx, actor, kept, definition=after)
    if after.enabled > before.enabled:
        schedules_sql.wake(tx.connection, tx.now, definition_id=after.id)
    if (after.triggers_at, after.recipe.triggers) != (before.triggers_at, before.recipe.triggers):
        definition_triggers.begin(tx, after, told)
    return after


def may_retell(actor: Actor, row: DefinitionRow) -> bool:
    """Whether the actor may put others among those whom the definition's rules tell."""
    return may(actor.role, "define") and (actor.reach is None or not row.recipe.triggers)


def retell(tx: Transaction, actor: Actor, row: DefinitionRow, rules: Sequence[Mapping[str, Any]]) -> None:
    """Let the rules of a definition tell other members; whatever else may be wrong with it is no hindrance."""
    body = DefinitionUpdate.model_validate({"notifications": rules})
    after = changed_definition(row, body, tx.now, actor.key_id)
    sql.update(tx.connection, after, is_version=after.version > row.version)
    _say_changes(tx, actor, row, after)


def _check_triggers(actor: Actor, given: Collection[object] | None) -> None:
    """Events beyond a caller's reach must not come to it by the parameters of its jobs, nor it meddle with who hears of them."""
    if given and actor.reach is not None:
        raise Refusal(
            "forbidden",
            "This key is restricted to some jobs or topics: event triggers may read any event of the space, so keys without such a "
            "restriction make them, and change and remove definitions that have some.",
            key="jobDefinition.triggers",
        )


def _keep_code(row: DefinitionRow, body: DefinitionUpdate) -> None:
    if body.job_definition_code not in {None, row.code}:
        raise Refusal(
            "conflict",
            f"The code of a job definition never changes: this one is {row.code}. Leave jobDefinitionCode out; or make another "
            "definition with the new code, and delete this one.",
            key="jobDefinition.jobDefinitionCode",
        )


def _say_changes(
    tx: Transaction, actor: Actor, before: DefinitionRow, after: DefinitionRow
) -> NewEvent | None:
    told = None
    was, now = differing({**_NOTHING, **definition_facts(before)}, {**_NOTHING, **definition_facts(after)})
    enabled = now.pop("enabled", None)
    was.pop("enabled", None)
    if now:
        changed = [name for name in now if name != "version"]
        told = _say(tx, actor, "definition:updated", after, changed=changed, before=was, after=now)
    if enabled is not None:
        topic = "definition:enabled" if enabled else "definition:disabled"
        told = _say(tx, actor, topic, after, before={"enabled": not enabled}, after={"enabled": enabled})
    return told


_NOTHING: Final = dict.fromkeys(("schedule", "target"))
"""Fields that may come and go."""


def delete(tx: Transaction, item: DeleteDefinition) -> DefinitionRow:
    """The definition is gone, with its versions; jobs that have ended stay. Refusal ``in_use`` while one has not."""
    row, _ = find(tx.connection, item.actor, item.name)
    _check_triggers(item.actor, row.recipe.triggers)
    tx.flush()
    sql.keep(tx.connection, row.id)
    job = sql.unfinished_job(tx.connection, row.id)
    if job is not None:
        raise Refusal(
            "in_use",
            f"The job {encode('jb', job)} of this definition has not ended: wait for it, or cancel all of them: POST "
            f'/v1/jobs/bulk/cancel with {{"filter": {{"definition": "{row.code}"}}}}, or tickwire jobs cancel --definition {row.code}. Disable the definition first, so that no other follows.',
            key="jobDefinitionCode",
            job=encode("jb", job),
        )
    sql.delete(tx.connection, row.id)
    triggers_sql.forget(tx.connection, row.id)
    schedules_sql.forget(tx.connection, row.id)
    notification_rules_sql.forget(tx.connection, "definition", [row.id])
    _say(tx, item.actor, "definition:deleted", row, before=definition_facts(row))
    return row


def _say(
    tx: Transaction,
    actor: Actor,
    topic: str,
    row: DefinitionRow,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    **more: Any,
) -> NewEvent:
    payload = {
        "definition": row.code,
        "jobType": row.type_code,
        "name": row.name,
        "version": row.version,
        **more,
    }
    return tell(tx, actor, topic, row.public_id, payload, before=before, after=after)


def refuse_type_in_use(
    tx: Transaction,
    space_id: int,
    type_code: str,
    advice: str = "delete these first, or give them another type",
    key: str = "code",
) -> None:
    """Refusal ``in_use``, which names definitions that make jobs of this type, unless there are none."""
    users = sql.codes_of_type(tx.connection, space_id, type_code, MOST_USERS + 1)
    if users:
        more = " and others" if len(users) > MOST_USERS else ""
        which = f"{', '.join(users[:MOST_USERS])}{more}"
        raise Refusal(
            "in_use", f"The job type {type_code} is that of the definitions {which}: {advice}.", key=key
        )


CREATE_DEFINITION: Final[Command[CreateDefinition, DefinitionRow]] = Command(
    "create_definition", create, guard=by("define"), turn=always
)
UPDATE_DEFINITION: Final[Command[UpdateDefinition, DefinitionRow]] = Command(
    "update_definition", update, guard=by("define"), turn=always
)
DELETE_DEFINITION: Final[Command[DeleteDefinition, DefinitionRow]] = Command(
    "delete_definition", delete, needs_no_room=True, guard=by("define"), turn=always
)

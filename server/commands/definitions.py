"""Job definitions: made, changed and removed by those who define jobs, and started by anybody who runs them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.definitions import (
    OF_THE_JOB,
    DefinitionCreate,
    DefinitionExecute,
    DefinitionUpdate,
)
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.near_names import did_you_mean

from ..core.actors import Actor
from ..core.audit import differing
from ..core.definition_checks import Checker, Secrets, resolved
from ..core.definitions import (
    DefinitionRow,
    Recipe,
    changed_definition,
    definition_facts,
    disabled,
    new_definition,
)
from ..core.job_types import JobType, read_type
from ..core.jobs import JobRow
from ..core.roles import may
from ..core.spaces import check_active
from ..core.templates import Resolved
from ..core.watermarks import noted
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
from .launches import Launch
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


@dataclass(frozen=True, slots=True)
class Start:
    """How a job of a definition is started.

    - ``by``: what started it, as the job tells it (``startedBy``) and templates read it (``trigger``)
    - ``context``: what else templates read: ``event``, ``hook``, ``dueTime``
    - ``joined``: templates that join the parameters, each in the place of the same key
    - ``values``: parameters that do so as they stand, and are no templates
    - ``mode``: the run mode that is asked for, else the definition's own rule counts
    - ``given``: fields of `JobCreate`
    - ``said``: what else the server knows of the job
    """

    actor: Actor
    by: Mapping[str, Any]
    context: Mapping[str, Any] = field(default_factory=dict)
    joined: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    mode: str | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What became of a start before it came to the writer, of the definition as it was then."""

    row: DefinitionRow
    launch: Launch | Refusal


@dataclass(frozen=True, slots=True)
class ExecuteDefinition:
    """``name`` is the code or the id, ``size`` that of what the caller sent, in bytes."""

    start: Start
    name: str
    size: int
    prepared: Prepared | None = None


class Costly(Refusal):
    """The launch may take long: who asks for it prepares it first, so that the writer is not held up."""

    def __init__(self) -> None:
        super().__init__("unavailable", "The launch must be prepared first.")


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
    row, body = found
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
    rules = KINDS[job_type.code].problems if job_type is not None and job_type.built_in else None
    return Checker(job_type, secrets, rules)


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
    if sql.has_as_many(tx.connection, actor.space.id, MOST_DEFINITIONS):
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


# ---- starting


def start(tx: Transaction, row: DefinitionRow, item: Start, job_type: JobType | None = None) -> JobRow:
    """Make a job of the definition, which keeps its parameters and version whatever becomes of the definition.

    Refusals ``disabled``; ``invalid`` for each place that does not resolve or does not fit the type's schema; else as `launches.launch`.
    """
    check_enabled(row)
    return launches.launch(
        tx, prepared(row, job_type or launches.type_of(tx, item.actor, row.type_code), item, checked=False)
    )


def check_enabled(row: DefinitionRow) -> None:
    """Refusal ``disabled`` unless the definition may start jobs."""
    if not row.enabled:
        raise disabled(row.code)


def prepared(row: DefinitionRow, job_type: JobType, item: Start, *, checked: bool = True) -> Launch:
    """The launch of this definition: its parameters resolved and, where they are to be ``checked`` now, fitting the schema."""
    modes = noted(job_type, row.recipe.modes, item.mode)
    params = resolved(row.recipe, template_context(row, item.by, item.context), item.joined, item.values)
    if checked:
        params = Resolved(launches.checked(job_type, params), params.secret_refs)
    # In this order: `JobRow.head` and `JobRow.run_modes` count on it.
    said = {
        "definition": row.code,
        **modes,
        "startedBy": dict(item.by),
        "definitionVersion": row.version,
        **item.said,
    }
    given = {"label": row.name, **item.given}
    return Launch(item.actor, job_type, params, given, said, definition_id=row.id, is_checked=checked)


def template_context(row: DefinitionRow, by: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """What templates read."""
    own = {"jobDefinitionCode": row.code, "name": row.name, "jobType": row.type_code, "version": row.version}
    target = {} if row.target is None else {"target": row.target}
    return {**context, "trigger": dict(by), "definition": {**own, **target}}


def asked(actor: Actor, name: str, body: DefinitionExecute, size: int) -> ExecuteDefinition:
    """The launch that a caller asks for by a body of so many bytes."""
    given = {name: getattr(body, name) for name in OF_THE_JOB if getattr(body, name) is not None}
    context = body.context.model_dump(mode="json", by_alias=True, exclude_none=True)
    by = launches.started_by(actor)
    item = Start(actor, by, context, values=body.params, mode=body.mode, given=given)
    return ExecuteDefinition(item, name, size)


def prepare(reader: Reader, item: ExecuteDefinition) -> ExecuteDefinition:
    """The same launch, with all done that may take long. Refusal ``not_found``; any other is kept for the command to tell."""
    row, job_type = find(reader, item.start.actor, item.name)
    launch: Launch | Refusal
    try:
        launch = _permitted(prepared(row, job_type, item.start), item.start)
    except Refusal as refusal:
        launch = refusal
    return replace(item, prepared=Prepared(row, launch))


def _permitted(launch: Launch, item: Start) -> Launch:
    """Who may not use secrets must not say where one is sent: the parameters beside it stay as they were defined."""
    if (
        launch.params.secret_refs
        and (item.values or item.context)
        and not may(item.actor.role, "use_secrets")
    ):
        raise Refusal(
            "forbidden",
            f"This definition uses the secret {launch.params.secret_refs[0].name}: a key of role {item.actor.role} launches it as it is, "
            "without params and context of its own.",
            key="params",
        )
    return launch


def execute(tx: Transaction, item: ExecuteDefinition) -> JobRow:
    """Make the job that was asked for. Costly where it should be prepared first; of a definition that was changed since, as it is now.

    Refusals as of ``start``, and ``not_found``; ``forbidden`` for parameters of its own where secrets stand beside them.
    """
    row, job_type = use(tx, item.start.actor, item.name)
    check_enabled(row)
    made = item.prepared
    if made is None and _is_costly(row, job_type, item.size):
        raise Costly
    if made is None or made.row != row:
        return launches.launch(tx, _permitted(prepared(row, job_type, item.start), item.start))
    if isinstance(made.launch, Refusal):
        raise made.launch
    return launches.launch(tx, made.launch)


def _is_costly(row: DefinitionRow, job_type: JobType, size: int) -> bool:
    return row.recipe.is_template or not job_type.schema.is_light(len(row.body) + size)


CREATE_DEFINITION: Final[Command[CreateDefinition, DefinitionRow]] = Command(
    "create_definition", create, guard=by("define"), turn=always
)
UPDATE_DEFINITION: Final[Command[UpdateDefinition, DefinitionRow]] = Command(
    "update_definition", update, guard=by("define"), turn=always
)
DELETE_DEFINITION: Final[Command[DeleteDefinition, DefinitionRow]] = Command(
    "delete_definition", delete, needs_no_room=True, guard=by("define"), turn=always
)
EXECUTE_DEFINITION: Final[Command[ExecuteDefinition, JobRow]] = Command("execute_definition", execute)

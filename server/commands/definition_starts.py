"""Jobs of definitions: what is to run is made of the definition, of what has started it, and of what the caller gives."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.definitions import (
    OF_THE_JOB,
    DefinitionExecute,
)

from ..core.actors import Actor
from ..core.definition_checks import resolved
from ..core.definitions import (
    DefinitionRow,
    disabled,
)
from ..core.job_types import JobType
from ..core.jobs import JobRow
from ..core.roles import may
from ..core.templates import Resolved
from ..core.watermarks import noted
from ..store.command import Command
from ..store.database import Reader
from ..store.transaction import Transaction
from . import launches
from .definitions import find, use
from .launches import Launch

_NOTHING: Final[Mapping[str, Any]] = {}


class Start(NamedTuple):
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
    context: Mapping[str, Any] = _NOTHING
    joined: Mapping[str, Any] = _NOTHING
    values: Mapping[str, Any] = _NOTHING
    mode: str | None = None
    given: Mapping[str, Any] = _NOTHING
    said: Mapping[str, Any] = _NOTHING


class Prepared(NamedTuple):
    """What became of a start before it came to the writer, of the definition and its job type as they were then."""

    row: DefinitionRow
    job_type: JobType
    launch: Launch | Refusal


class ExecuteDefinition(NamedTuple):
    """``name`` is the code or the id, ``size`` that of what the caller sent, in bytes."""

    start: Start
    name: str
    size: int
    prepared: Prepared | None = None


class Costly(Refusal):
    """The launch may take long: who asks for it prepares it first, so that the writer is not held up."""

    def __init__(self) -> None:
        super().__init__("unavailable", "The launch must be prepared first.")


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
    is_read = row.recipe.is_template or item.joined
    context = template_context(row, item.by, item.context) if is_read else {}
    params = resolved(row.recipe, context, item.joined, item.values)
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
    return Launch(item.actor, job_type, params, item.given, said, row.name, row.id, checked)


def template_context(row: DefinitionRow, by: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """What templates read."""
    own = {"jobDefinitionCode": row.code, "name": row.name, "jobType": row.type_code, "version": row.version}
    target = {} if row.target is None else {"target": row.target}
    return {**context, "trigger": dict(by), "definition": {**own, **target}}


def asked(actor: Actor, name: str, body: DefinitionExecute, size: int) -> ExecuteDefinition:
    """The launch that a caller asks for by a body of so many bytes."""
    said = body.model_fields_set
    given: dict[str, Any] = {
        name: value for name in OF_THE_JOB if name in said and (value := getattr(body, name)) is not None
    }
    context = (
        body.context.model_dump(mode="json", by_alias=True, exclude_none=True) if "context" in said else {}
    )
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
    return item._replace(prepared=Prepared(row, job_type, launch))


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
    if made is None or (made.row, made.job_type) != (row, job_type):
        return launches.launch(tx, _permitted(prepared(row, job_type, item.start), item.start))
    if isinstance(made.launch, Refusal):
        raise made.launch
    return launches.launch(tx, made.launch)


def _is_costly(row: DefinitionRow, job_type: JobType, size: int) -> bool:
    return row.recipe.is_template or not job_type.schema.is_light(len(row.body) + size)


EXECUTE_DEFINITION: Final[Command[ExecuteDefinition, JobRow]] = Command("execute_definition", execute)

"""What a call of a hook is to start, found out beside the writer, and tried without anything being kept."""

from collections.abc import Mapping
from typing import Any, Final

from listener_sdk.protocol.codes import Refusal

from ..core.actors import SYSTEM, Actor, Space
from ..core.definition_checks import resolved, tried
from ..core.definitions import DefinitionRow
from ..core.hook_calls import Came, passes
from ..core.hooks import HookRow
from ..core.job_types import JobType
from ..core.refusals import every
from ..core.sizes import bounded
from ..core.templates import Resolved
from ..store.database import Reader
from ..store.transaction import NewEvent
from . import definition_starts, definitions, launches
from .definition_starts import Start
from .launches import Launch

ROLE: Final = "listener"
MOST_PROBLEMS: Final = 20
LARGEST_REMEMBERED: Final = 16 * 1024
"""Characters of a definition that is remembered with its hook."""
Result = Launch | NewEvent | Refusal | None
"""The launch or event; None where the filter lets nothing start, a Refusal where nothing can."""
Found = tuple[DefinitionRow, JobType]


def found(reader: Reader, space: Space, row: HookRow) -> Found | None:
    """The definition that a hook starts, to be given to `prepare` for as long as the hook is remembered; None where there is none to remember."""
    what, name = row.said.target
    if what != "definition":
        return None
    try:
        definition, job_type = definitions.find(reader, Actor(SYSTEM, ROLE, space), name)
    except Refusal:
        return None
    return (definition, job_type) if len(definition.body) <= LARGEST_REMEMBERED else None


def prepare(
    reader: Reader,
    space: Space,
    row: HookRow,
    call: Came,
    hook: Mapping[str, Any],
    known: Found | None = None,
) -> tuple[Result, Found | None]:
    """What a call is to start, and of which definition, which is read unless it is ``known``; nothing is changed."""
    if not passes(row.said, hook):
        return None, None
    actor = Actor(SYSTEM, ROLE, space)
    definition: Found | None = None
    try:
        what, name = row.said.target
        if what == "event":
            return _event(row, space, name, hook), None
        if what == "jobType":
            return _of_type(reader, actor, row, name, hook), None
        definition = known or definitions.find(reader, actor, name)
        definition_starts.check_enabled(definition[0])
        facts = row.said.facts
        item = Start(
            actor, started_by(row), {"hook": hook}, joined=facts.get("params") or {}, mode=facts.get("mode")
        )
        return definition_starts.prepared(*definition, item), definition
    except Refusal as refusal:
        return refusal, definition


def started_by(row: HookRow) -> dict[str, Any]:
    """What started a job, as the job tells it and templates read it."""
    return {"kind": "hook", "hookId": row.public_id, "name": row.name}


def _context(row: HookRow, hook: Mapping[str, Any]) -> dict[str, Any]:
    return {"hook": hook, "trigger": started_by(row)}


def _params(row: HookRow, hook: Mapping[str, Any]) -> Any:
    """What stands in the place of the parameters of a definition: the templates, or the body itself."""
    return row.said.params if row.said.params is not None else hook["body"]


def _of_type(reader: Reader, actor: Actor, row: HookRow, name: str, hook: Mapping[str, Any]) -> Launch:
    job_type = launches.find_type(reader, actor, name)
    if row.said.params is not None:
        params = resolved(row.said.recipe, _context(row, hook), {}, {})
    else:
        params = Resolved(hook["body"])
        if not isinstance(params.value, dict):
            raise Refusal(
                "invalid", "params: the body is no JSON object: say in the hook's params what of it is taken.", key="params"
            )  # fmt: skip
    whole = Resolved(launches.checked(job_type, params), params.secret_refs)
    said = {"startedBy": started_by(row)}
    return Launch(actor, job_type, whole, said=said, label=row.name, is_checked=True)


def _event(row: HookRow, space: Space, topic: str, hook: Mapping[str, Any]) -> NewEvent:
    if row.said.params is not None:
        payload: Any = resolved(row.said.recipe, _context(row, hook), {}, {}).value
    else:
        body = hook["body"]
        payload = body if isinstance(body, dict) else {"body": body}
    event = {"topic": topic, "domain": topic.partition(":")[0], "payload": payload}
    bounded({"event": event})
    return NewEvent(space.id, topic, None, terminal=False, body=event)


def trial(reader: Reader, actor: Actor, row: HookRow, hook: dict[str, Any]) -> dict[str, Any]:
    """What would become of a call: its parameters, place by place, and what is wrong."""
    what, name = row.said.target
    shown: dict[str, Any] = {"ignored": not passes(row.said, hook), "hook": hook}
    joined, recipe, job_type = {}, row.said.recipe, None
    context = _context(row, hook)
    if what == "definition":
        definition, job_type = definitions.find(reader, actor, name)
        recipe, joined = definition.recipe, row.said.params or {}
        context = definition_starts.template_context(definition, started_by(row), {"hook": hook})
    elif what == "jobType":
        job_type = launches.reached_type(reader, actor, name)
    if what != "definition" and row.said.params is None:
        return {**shown, **_trial_of_body(reader, row, hook, name, what)}
    checker = definitions.checker(reader, actor, job_type, recipe, also=joined)
    return {**shown, **tried(recipe, context, {}, checker, joined)}


def _trial_of_body(
    reader: Reader, row: HookRow, hook: dict[str, Any], name: str, what: str
) -> dict[str, Any]:
    actor = Actor(SYSTEM, ROLE, Space(row.space_id, "", ""))
    try:
        if what == "jobType":
            params = _of_type(reader, actor, row, name, hook).params.value
        else:
            params = _event(row, actor.space, name, hook).body["payload"]
    except Refusal as refusal:
        return {"params": None, "places": [], "problems": problems(refusal)}
    return {"params": params, "places": [], "problems": []}


def problems(refusal: Refusal) -> list[dict[str, Any]]:
    """What was wrong, as a delivery keeps it."""
    return [
        {"code": one.code, "message": one.message[:500]} | ({"path": one.key} if one.key else {})
        for one in every(refusal)[:MOST_PROBLEMS]
    ]

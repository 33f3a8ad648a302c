"""A job definition inside the server: one row, how it changes, and what readers see of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any, Final

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.definitions import DefinitionCreate, DefinitionUpdate
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.times import to_wire

from .health import Health, health_wire
from .jobs import JobRow
from .sizes import sized_text
from .template_text import OPEN
from .trigger_states import TriggerState
from .triggers import patterns_of

KIND: Final = "def"
MOST_READ: Final = 512
"""Bodies that are kept as they were read: of definitions that are launched again and again."""
LARGEST_KEPT: Final = 8_192
"""Characters of a body that is kept; a larger one is read each time."""

IN_BODY: Final = ("jobType", "params", "schedule", "options", "target", "triggers", "modes", "notifications")
"""What a version is made of."""
_BESIDE: Final = ("name", "description", "enabled")
"""What changes without a new version: no job is made otherwise by it."""


@dataclass(frozen=True, slots=True)
class DefinitionRow:
    """One row of table ``definition``, its fields in the table's order; times are milliseconds.

    ``body`` is the JSON object of the fields `IN_BODY`, of which some are columns too, to be found by. ``triggers_at`` is since when its
    event triggers start jobs, None where it has none or is disabled; ``patterns`` is how many topics and patterns they look at meanwhile.
    """

    id: int
    space_id: int
    code: str
    type_code: str
    name: str
    description: str | None
    enabled: int
    target: str | None
    version: int
    body: str
    triggers_at: int | None
    patterns: int
    created_at: int
    created_by: str
    updated_at: int
    updated_by: str

    @property
    def public_id(self) -> str:
        """The id that the audit names."""
        return encode(KIND, self.id)

    @property
    def recipe(self) -> "Recipe":
        """What the body says."""
        return _kept(self.body) if len(self.body) <= LARGEST_KEPT else _read(self.body)


@dataclass(frozen=True)
class Recipe:
    """What jobs of a definition are made of; nothing in it is to be changed."""

    facts: Mapping[str, Any]
    is_template: bool = field(default=False)
    """Whether a text of the parameters may be a template."""

    @property
    def params(self) -> dict[str, Any]:
        """Its parameters, as they were written."""
        found: dict[str, Any] = self.facts["params"]
        return found

    @property
    def triggers(self) -> list[dict[str, Any]]:
        """Its event triggers, as on the wire."""
        found: list[dict[str, Any]] = self.facts["triggers"]
        return found

    @property
    def modes(self) -> dict[str, Any]:
        """Its run modes, as on the wire."""
        found: dict[str, Any] = self.facts["modes"]
        return found

    @property
    def notifications(self) -> list[dict[str, Any]]:
        """Who is told of its jobs, as on the wire."""
        found: list[dict[str, Any]] = self.facts.get("notifications", [])
        return found

    @property
    def options(self) -> dict[str, Any]:
        """The same in Conscia's words."""
        found: dict[str, Any] = self.facts.get("options", {})
        return found

    @cached_property
    def given_by_triggers(self) -> frozenset[str]:
        """Parameters that some trigger gives, so that the definition itself may leave them out."""
        return frozenset(name for trigger in self.triggers for name in trigger["params"])


def _read(body: str) -> Recipe:
    return Recipe(orjson.loads(body), is_template=OPEN in body)


_kept: Final = lru_cache(maxsize=MOST_READ)(_read)


def new_definition(
    number: int, space_id: int, body: DefinitionCreate, now: int, actor: str, *, enabled: bool
) -> DefinitionRow:
    """The definition that a body describes; ``enabled`` is what counts when the body does not say. Refusal ``too_large``."""
    given = body.model_dump(mode="json", by_alias=True, exclude_none=True)
    row = DefinitionRow(
        id=number,
        space_id=space_id,
        code=body.job_definition_code,
        type_code=body.job_type,
        name=body.name or body.job_definition_code,
        description=body.description,
        enabled=int(enabled if body.enabled is None else body.enabled),
        target=body.target,
        version=1,
        body=_body({name: given[name] for name in IN_BODY if name in given}),
        triggers_at=None,
        patterns=0,
        created_at=now,
        created_by=actor,
        updated_at=now,
        updated_by=actor,
    )
    return _with_triggers(row, now)


def changed_definition(row: DefinitionRow, body: DefinitionUpdate, now: int, actor: str) -> DefinitionRow:
    """The definition as it is after a change; the same when nothing changes. Refusal ``too_large``."""
    sent = body.sent()
    beside = {name: sent.pop(name) for name in _BESIDE if name in sent}
    wire = {DefinitionUpdate.model_fields[name].alias or name: value for name, value in sent.items()}
    facts = {name: value for name, value in {**row.recipe.facts, **wire}.items() if value is not None}
    text = _body({name: facts[name] for name in IN_BODY if name in facts})
    after = replace(
        row,
        **{**beside, "enabled": int(beside.get("enabled", row.enabled))},
        type_code=facts["jobType"],
        target=facts.get("target"),
        body=text,
        version=row.version + (text != row.body),
    )
    if after == row:
        return row
    # Triggers that are others are as new: what happened before is not for them.
    since = row.triggers_at if after.recipe.triggers == row.recipe.triggers else None
    # Always a later one: by it servers see whether it is the definition that they know.
    later = max(now, row.updated_at + 1)
    return replace(_with_triggers(after, since or now), updated_at=later, updated_by=actor)


def _body(facts: dict[str, Any]) -> str:
    text = sized_text("definition", facts)
    assert text is not None, "there are facts"
    return text


def _with_triggers(row: DefinitionRow, since: int) -> DefinitionRow:
    """Its triggers start jobs since then, if they do."""
    patterns = sum(len(patterns_of(one["topic"])) for one in row.recipe.triggers) if row.enabled else 0
    return replace(row, triggers_at=since if patterns else None, patterns=patterns)


def definition_wire(
    row: DefinitionRow,
    last: JobRow | None = None,
    state: TriggerState | None = None,
    health: Health | None = None,
    due_at: int | None = None,
) -> dict[str, Any]:
    """The definition as JSON object, with its newest job, its health, when it is due next, and what is known of its triggers."""
    found = {
        "id": row.public_id,
        "jobDefinitionCode": row.code,
        "name": row.name,
        "description": row.description,
        "enabled": bool(row.enabled),
        **row.recipe.facts,
        "version": row.version,
        "createdAt": to_wire(row.created_at),
        "createdBy": row.created_by,
        "updatedAt": to_wire(row.updated_at),
        "updatedBy": row.updated_by,
        "lastJob": None if last is None else _job(last),
        "running": last is not None and not last.ended,
        "nextAt": to_wire(due_at) if due_at is not None and row.enabled else None,
        **health_wire(health),
        **({} if state is None else state.shown()),
    }
    return {name: value for name, value in found.items() if value is not None}


def _job(row: JobRow) -> dict[str, Any]:
    ended = {} if row.finished_at is None else {"finishedAt": to_wire(row.finished_at)}
    return {
        "jobId": encode("jb", row.id),
        "status": row.status,
        "createdAt": to_wire(row.created_at),
        **ended,
    }


def disabled(code: str) -> Refusal:
    """The refusal of a job of a definition that is disabled."""
    return Refusal(
        "disabled",
        f'The job definition {code} is disabled. Enable it: PATCH /v1/job-definitions/{code} with {{"jobDefinition": '
        f'{{"enabled": true}}}}, or tickwire definitions enable {code}.',
        key="jobDefinitionCode",
    )


def version_wire(version: int, body: str, at: int, actor: str) -> dict[str, Any]:
    """A version as JSON object."""
    return {"version": version, "at": to_wire(at), "actor": actor, **orjson.loads(body)}


def definition_facts(row: DefinitionRow) -> dict[str, Any]:
    """What the audit keeps of it: its parameters name secrets, and have none."""
    beside = {"name": row.name, "description": row.description, "enabled": bool(row.enabled)}
    return {"jobDefinitionCode": row.code, **beside, **row.recipe.facts, "version": row.version}

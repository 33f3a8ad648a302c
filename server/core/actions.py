"""An action inside the server: one row, what it says, the jobs that it makes, and what readers see of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Final

import orjson

from listener_sdk.protocol.actions import (
    LARGEST_ACTION,
    ActionCreate,
    ActionExecute,
    ActionUpdate,
    Mount,
)
from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.forms import InputForm
from listener_sdk.protocol.ids import encode, environment_id, space_code, space_id
from listener_sdk.protocol.jobs import CollectionSubject, ResourceSubject
from listener_sdk.protocol.times import to_wire

from .actors import Space
from .audit import differing
from .built_in import check_name
from .forms import schema_of
from .refusals import Refusals, missing
from .schemas import Schema, compiled, taken
from .sizes import bounded

KIND: Final = "ac"
MOUNTS: Final = frozenset({"sheet", "workbook", "field", "document", "file"})
"""What Flatfile's clients know as mounts: another one in an action spoils their whole list."""
DEFAULT_MODE: Final = "background"
MOST_READ: Final = 256
"""Actions that are kept as they were read."""

_FILE: Final = "us_fl_"
_DOMAINS: Final = {
    "us_sp_": "space",
    "us_env_": "space",
    "us_wb_": "workbook",
    "us_sh_": "sheet",
    "us_dc_": "document",
    _FILE: "file",
}


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One row of table ``action``: ``body`` is the JSON of all that was said of it. Times are milliseconds."""

    id: int
    space_id: int
    domain: str
    operation: str
    target: str
    body: str
    created_at: int
    created_by: str
    updated_at: int
    updated_by: str

    @property
    def public_id(self) -> str:
        """The id that readers know."""
        return encode(KIND, self.id)

    @property
    def name(self) -> str:
        """The name of the jobs that it makes."""
        return f"{self.domain}:{self.operation}"

    @property
    def said(self) -> "Said":
        """What was said of it."""
        return _read(self.body)


@dataclass(frozen=True)
class Said:
    """The JSON of an action, not to be changed, and what follows from it."""

    facts: dict[str, Any]

    @cached_property
    def schema(self) -> Schema | None:
        """What checks the answers to its form; None without a form."""
        form = self.facts.get("inputForm")
        return None if form is None else schema_for(InputForm.model_validate(form))

    @property
    def needs_selection(self) -> bool:
        """Whether something must be selected before it is pressed."""
        wanted = [one["type"] for one in self.facts.get("constraints", ())]
        return "hasSelection" in wanted or bool(self.facts.get("requireSelection"))


@lru_cache(maxsize=MOST_READ)
def _read(text: str) -> Said:
    return Said(orjson.loads(text))


def schema_for(form: InputForm) -> Schema:
    """What checks the answers to a form; Refusals ``invalid`` for one that is too large to check by. It takes up to 40 ms."""
    return compiled(schema_of(form), "inputForm")


# ---- made and changed


def new_action(space: Space, body: ActionCreate, now: int, actor: str) -> ActionRow:
    """The action that a body describes, without a number yet. Refusals ``invalid``, ``not_found``, ``too_large``.

    That answers to its form can be checked is seen by `schema_for` before.
    """
    facts = body.model_dump(mode="json", by_alias=True, exclude_none=True)
    facts = {"targetId": space_id(space.code), **facts, "operation": body.operation or body.slug}
    return _filled(ActionRow(0, space.id, "", "", "", "", now, actor, now, actor), space, facts)


def changed_action(row: ActionRow, space: Space, body: ActionUpdate, now: int, actor: str) -> ActionRow:
    """The action as it is after a change; the same when nothing changes. Refusals as of `new_action`."""
    given = body.model_dump(mode="json", by_alias=True, exclude_none=True)
    sent = body.model_dump(mode="json", by_alias=True, exclude_unset=True).keys()
    if "slug" in given:
        given.setdefault("operation", given["slug"])
    kept = {name: value for name, value in row.said.facts.items() if name not in sent}
    changed = _filled(row, space, {**kept, **given})
    return row if _facts(changed) == _facts(row) else replace(changed, updated_at=now, updated_by=actor)


def _facts(row: ActionRow) -> dict[str, Any]:
    return row.said.facts


def _filled(row: ActionRow, space: Space, facts: dict[str, Any]) -> ActionRow:
    for field in facts.get("inputForm", {}).get("fields", ()):
        # Flatfile's clients read no field without one.
        field.setdefault("label", field["key"])
    text = orjson.dumps(facts)
    if len(text) > LARGEST_ACTION:
        what = f"An action has at most {LARGEST_ACTION // 1024} KiB of JSON, this one {len(text)} bytes."
        raise Refusal("too_large", what)
    target = facts["targetId"]
    _refuse_other_space(space, target)
    found = replace(
        row,
        domain=_domain(facts.get("mount"), target),
        operation=facts["operation"],
        target=target,
        body=text.decode(),
    )
    check_name(found.name)
    return found


def _domain(mount: dict[str, Any] | None, target: str) -> str:
    if mount is not None:
        return Mount.model_validate(mount).domain
    found = next((domain for start, domain in _DOMAINS.items() if target.startswith(start)), None)
    if found is None:
        raise Refusal(
            "invalid",
            "mount: of what kind the target is does not show in its id, and it is the type of the jobs: send mount, such as "
            '{"type": "workbook"}, or a domain of your own, such as {"type": "invoice"}.',
            key="mount",
        )
    return found


def _refuse_other_space(space: Space, target: str) -> None:
    code = space_code(target)
    if target in {space_id(code), environment_id(code)} and code != space.code:
        raise missing("space", target[:64], "targetId", named=space_id(code))


# ---- pressed


def pressed(row: ActionRow, body: ActionExecute, job_schema: Schema | None) -> dict[str, Any]:
    """Of the job that the press of the button makes, all fields but type and operation.

    Refusals ``invalid`` that name all that is missing, and all places where the input does not fit the form or ``job_schema``.
    """
    found = [*_unmet(row.said, body)]
    try:
        answers = _answers(row.said.schema, job_schema, body.input)
    except Refusals as wrong:
        raise Refusals([*found, *wrong.all]) from None
    if found:
        raise Refusals(found)
    source = body.source or _resource(body) or row.target
    given = {
        "input": answers,
        "subject": body.subject,
        "source": source,
        "file_id": body.file_id or (source if source.startswith(_FILE) else None),
        "mode": row.said.facts.get("mode", DEFAULT_MODE),
        "label": row.said.facts["label"],
        "priority": body.priority,
        "metadata": body.metadata,
        "tags": body.tags,
    }
    return {name: value for name, value in given.items() if value is not None}


def _unmet(said: Said, body: ActionExecute) -> Iterator[Refusal]:
    """What the server can know to be missing."""
    if said.facts.get("confirm") and not body.confirm:
        yield Refusal(
            "invalid",
            "confirm: this action asks first whether it is meant: send confirm true once the person has agreed.",
            key="confirm",
        )
    if said.needs_selection and not _selects(body):
        yield Refusal(
            "invalid",
            'subject: this action works on what is selected: send a subject, such as {"type": "collection", "resource": "records", '
            '"params": {"ids": [...]}}.',
            key="subject",
        )


def _selects(body: ActionExecute) -> bool:
    """Whether the subject may have something in it; what a query finds, only clients know."""
    subject = body.subject
    if isinstance(subject, CollectionSubject):
        return (subject.params or {}).get("ids") != []
    return subject is not None


def _resource(body: ActionExecute) -> str | None:
    return body.subject.id if isinstance(body.subject, ResourceSubject) and body.subject.id else None


def _answers(form: Schema | None, job_schema: Schema | None, given: Any) -> Any:
    """The input with the defaults of both; Refusals that tell each place once, in the form's words where both object."""
    schemas = [one for one in (form, job_schema) if one is not None]
    whole = {} if given is None and schemas else given
    bounded({"input": whole})
    found: dict[str | None, Refusal] = {}
    for schema in schemas:
        try:
            whole = taken(schema, whole, "input")
        except Refusals as wrong:
            for one in wrong.all:
                found.setdefault(one.key, one)
    if found:
        raise Refusals([*found.values()])
    return whole


# ---- shown


def action_wire(row: ActionRow, space: Space) -> dict[str, Any]:
    """The action as JSON object."""
    facts = row.said.facts
    is_known = "mount" not in facts or facts["mount"]["type"] in MOUNTS
    shown = facts if is_known else {name: value for name, value in facts.items() if name != "mount"}
    return {
        "id": row.public_id,
        **shown,
        "domain": row.domain,
        "job": row.name,
        "spaceId": space_id(space.code),
        "createdAt": to_wire(row.created_at),
        "createdBy": row.created_by,
        "updatedAt": to_wire(row.updated_at),
        "updatedBy": row.updated_by,
    }


def differences(before: ActionRow, after: ActionRow) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the audit keeps of a change: the fields that differ, as they were and as they are; null where there is none any more."""
    was, now = before.said.facts, after.said.facts
    return differing(was, {**dict.fromkeys(was), **now})

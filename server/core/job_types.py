"""Job types inside the server: what a listener declared, or the server itself can do, ready to check parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Final

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.job_types import JobTypeDeclare, JobTypeLimits
from listener_sdk.protocol.jobs import JobCreate
from listener_sdk.protocol.times import to_wire

from .forms import form_of, schema_of
from .refusals import Refusals, every
from .schemas import Schema, compiled

KIND: Final = "jty"
MOST_READ: Final = 256
"""Job types that are kept as they were read, with their compiled schemas."""
MOST_DECLARED: Final = 128
"""Declarations that are kept as they were read."""
LARGEST_TYPE: Final = 256 * 1024
"""Bytes of all that one job type says."""
SEEN_EVERY_MS: Final = 15_000
"""How often a server says on a shared database which types it serves."""
SEEN_MS: Final = 45_000
"""After so long without a word nobody serves them through it."""


@dataclass(frozen=True, slots=True)
class JobTypeRow:
    """One row of table ``job_type``: ``body`` is the JSON of `JobType.stored`. Times are milliseconds."""

    id: int
    space_id: int
    code: str
    name: str
    body: str
    created_at: int
    updated_at: int
    updated_by: str
    seen_at: int
    label: str | None = None

    @property
    def job_type(self) -> "JobType":
        """What the row says."""
        return _read(self.body)

    def facts(self) -> dict[str, Any]:
        """The same as `JobType.facts`, without a schema that is ready to check with."""
        return orjson.loads(self.body)  # type: ignore[no-any-return]  # the column holds a JSON object


@dataclass(frozen=True, slots=True)
class JobTypeHead:
    """What a list chooses by: ``size`` is that of the body; ``id`` is None of a type that is built in."""

    id: int | None
    code: str
    name: str
    label: str | None
    seen_at: int = 0
    size: int = 0

    @property
    def domain(self) -> str:
        """What stands before the first colon of the name."""
        return self.name.partition(":")[0]

    def tells(self, text: str) -> bool:
        """Whether the text stands in its code, name or label; case does not count."""
        wanted = text.casefold()
        return any(wanted in one.casefold() for one in (self.code, self.name, self.label) if one)


@dataclass(frozen=True)
class JobType:
    """What can be done. ``source`` is the JSON Schema of the parameters, ``form`` asks a person for them."""

    code: str
    name: str
    source: dict[str, Any]
    form: dict[str, Any]
    label: str | None = None
    description: str | None = None
    modes: tuple[str, ...] = ("full",)
    needs_file: bool = False
    limits: JobTypeLimits = field(default_factory=JobTypeLimits)
    built_in: bool = False

    @cached_property
    def schema(self) -> Schema:
        """What checks parameters; compiled when the first come."""
        return compiled(self.source)

    @cached_property
    def given(self) -> Mapping[str, Any]:
        """The fields of each of its jobs that its limits give."""
        return self.limits.model_dump(exclude_none=True)

    @cached_property
    def blank(self) -> JobCreate:
        """Each of its jobs, as far as that is known before; not to be changed."""
        domain, _, operation = self.name.partition(":")
        return JobCreate(type=domain, operation=operation, **self.given)

    def stored(self) -> str:
        """The JSON text of which `JobTypeRow.job_type` makes it again."""
        return orjson.dumps(self.facts()).decode()

    def wire(self) -> dict[str, Any]:
        """What readers see of it, but for whether it is online."""
        domain, _, operation = self.name.partition(":")
        limits = self.limits.model_dump(by_alias=True, exclude_none=True)
        facts = {
            **self.facts(),
            "domain": domain,
            "operation": operation,
            "limits": limits,
            "builtIn": self.built_in,
        }
        return {name: value for name, value in facts.items() if value is not None}

    def facts(self) -> dict[str, Any]:
        """What it says, None where it says nothing."""
        return {
            "code": self.code,
            "name": self.name,
            "label": self.label,
            "description": self.description,
            "inputSchema": self.source,
            "inputForm": self.form,
            "modes": list(self.modes),
            "needsFile": self.needs_file,
            "limits": self.limits.model_dump(by_alias=True, exclude_none=True),
        }


def declared(body: JobTypeDeclare) -> JobType:
    """The type that a listener declares; Refusals ``invalid`` that name all places where its schema cannot be taken, or ``too_large``."""
    return _declared(body.model_dump_json(by_alias=True, exclude_none=True))


# A fleet that comes again declares the same types, a thousand times over.
@lru_cache(maxsize=MOST_DECLARED)
def _declared(text: str) -> JobType:
    body = JobTypeDeclare.model_validate_json(text)
    assert body.code is not None, "a declaration has its name for a code"
    source = _source(body)
    form = body.input_form or form_of(source).form
    made = JobType(
        code=body.code,
        name=body.name,
        source=source,
        form=form.model_dump(mode="json", by_alias=True, exclude_none=True),
        label=body.label,
        description=body.description,
        modes=tuple(body.modes),
        needs_file=body.needs_file,
        limits=body.limits,
    )
    if len(made.stored()) > LARGEST_TYPE:
        raise Refusal(
            "too_large",
            f"The job type {made.code} says more than {LARGEST_TYPE // 1024} KiB: shorten its schema or its form.",
            key="types",
        )
    return made


def _source(body: JobTypeDeclare) -> dict[str, Any]:
    if body.input_schema is not None:
        try:
            return compiled(body.input_schema).source
        except Refusal as refusal:
            # A listener declares all its types at once, and ends with these words.
            raise Refusals(
                [Refusal(one.code, f"{body.code}: {one.message}", key=one.key) for one in every(refusal)]
            ) from None
    return {"type": "object"} if body.input_form is None else schema_of(body.input_form)


def read_type(body: str) -> JobType:
    """The type of which `JobType.stored` made this text."""
    return _read(body)


@lru_cache(maxsize=MOST_READ)
def _read(text: str) -> JobType:
    found = orjson.loads(text)
    return JobType(
        code=found["code"],
        name=found["name"],
        source=found["inputSchema"],
        form=found["inputForm"],
        label=found["label"],
        description=found["description"],
        modes=tuple(found["modes"]),
        needs_file=found["needsFile"],
        limits=JobTypeLimits.model_validate(found["limits"]),
    )


def check_mode(job_type: JobType, mode: str | None, key: str = "mode") -> None:
    """Refusal ``invalid`` for a mode that the type does not have."""
    if mode is not None and mode not in job_type.modes:
        raise Refusal(
            "invalid",
            f"{key}: the job type {job_type.code} has no mode {mode[:32]!r}; it has {', '.join(job_type.modes)}.",
            key=key,
        )


def type_wire(job_type: JobType, row: JobTypeRow | None, *, online: bool) -> dict[str, Any]:
    """The job type as JSON object; ``row`` is None of one that is built in."""
    times = {} if row is None else {"updatedAt": to_wire(row.updated_at)}
    return {**job_type.wire(), "online": online, **times}

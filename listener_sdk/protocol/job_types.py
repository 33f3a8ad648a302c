"""Job types on the wire: what can be done, which parameters it takes, and how a person is asked for them."""

from functools import lru_cache
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticSerializationError, from_json, to_json

from .forms import InputForm
from .globs import is_glob
from .jobs import JobType as Domain
from .jobs import JsonObject, NewOperation, Priority, Reference, Seconds, Subject, Tags
from .json_schemas import schema_problems
from .model import WireModel
from .paths import dotted
from .texts import Label
from .times import Time

LONGEST_CODE: Final = 192
"""Characters of a code: as long as the longest name."""
MOST_TYPES: Final = 1_000
"""Job types that a space has."""
MOST_LOOKED_AT: Final = 128
"""Schemas of which it is remembered whether they can be taken."""

RunMode = Literal["full", "delta"]


def _code(text: str) -> str:
    if not text.isprintable() or text != text.strip() or is_glob(text) or "/" in text:
        raise ValueError("must be printable characters without /, * and ?, and without spaces at its ends")
    return text


def _schema(schema: JsonObject) -> JsonObject:
    try:
        wrong = _wrong_with(to_json(schema))
    except (PydanticSerializationError, ValueError):
        wrong = "cannot be written as JSON"
    if wrong:
        raise ValueError(wrong)
    return schema


# A fleet that comes again declares the same schemas, a thousand times over.
@lru_cache(maxsize=MOST_LOOKED_AT)
def _wrong_with(schema: bytes) -> str:
    problems = schema_problems(from_json(schema))
    told = [f"{dotted(one.path)}: {one.message}" if one.path else one.message for one in problems[:5]]
    return "; ".join(told)


Code = Annotated[str, Field(min_length=1, max_length=LONGEST_CODE), AfterValidator(_code)]
InputSchema = Annotated[JsonObject, AfterValidator(_schema)]


class _Named(WireModel):
    domain: Domain
    operation: NewOperation


class JobTypeLimits(WireModel):
    """Bounds of the jobs of a type; those left out are the server's."""

    max_attempts: int | None = Field(default=None, ge=1, le=100)
    run_timeout_s: Seconds | None = None
    queue_timeout_s: Seconds | None = None
    total_timeout_s: Seconds | None = None


class JobTypeDeclare(WireModel):
    """A job type as a listener declares it. ``code`` is its name unless given.

    With ``inputSchema`` alone the form is made from it, with ``inputForm`` alone the schema; with neither the type takes any object.
    """

    name: Annotated[str, Field(max_length=LONGEST_CODE)]
    code: Code | None = None
    label: Label | None = None
    description: str | None = Field(default=None, max_length=4096)
    input_schema: InputSchema | None = None
    input_form: InputForm | None = None
    modes: list[RunMode] = Field(default=["full"], min_length=1, max_length=8)
    needs_file: bool = False
    limits: JobTypeLimits = Field(default_factory=JobTypeLimits)

    @field_validator("name")
    @classmethod
    def _domain_and_operation(cls, name: str) -> str:
        domain, colon, operation = name.partition(":")
        if not colon:
            raise ValueError("must be of the form domain:operation, such as workbook:export")
        _Named(domain=domain, operation=operation)
        return name

    @field_validator("modes")
    @classmethod
    def _each_once(cls, modes: list[RunMode]) -> list[RunMode]:
        return list(dict.fromkeys(modes))

    @field_validator("limits", mode="before")
    @classmethod
    def _left_out(cls, given: Any) -> Any:
        return {} if given is None else given

    @model_validator(mode="after")
    def _coded(self) -> Self:
        if self.code is None:
            self.code = _code(self.name)
        return self

    @property
    def domain(self) -> str:
        """What stands before the first colon of the name: the job's ``type``."""
        return self.name.partition(":")[0]

    @property
    def operation(self) -> str:
        """What stands behind it."""
        return self.name.partition(":")[2]


class JobTypeExecute(WireModel):
    """``POST /v1/job-types/{code}/_execute``: the parameters, and what else is said of the job. Other fields are refused.

    ``mode`` is one of the type's modes.
    """

    below: ClassVar[str | None] = "params"
    model_config = ConfigDict(extra="forbid")

    params: JsonObject = Field(default_factory=dict)
    mode: str | None = Field(default=None, max_length=32)
    label: Label | None = None
    priority: Priority | None = None
    source: Reference | None = None
    subject: Subject | None = None
    file_id: Reference | None = None
    metadata: JsonObject | None = None
    tags: Tags | None = None
    scheduled_at: Time | None = None

    @field_validator("params", mode="before")
    @classmethod
    def _none_at_all(cls, given: Any) -> Any:
        return {} if given is None else given


class JobTypeView(WireModel):
    """A job type as readers see it. ``online`` says whether somebody serves it now; ``builtIn``, that the server itself does."""

    code: str
    name: str
    domain: str
    operation: str
    label: str | None = None
    description: str | None = None
    input_schema: JsonObject
    input_form: JsonObject
    modes: list[str]
    needs_file: bool = False
    limits: JobTypeLimits = Field(default_factory=JobTypeLimits)
    built_in: bool = False
    online: bool = True
    updated_at: Time | None = None

"""Job types on the wire: what can be done, which parameters it takes, and how a person is asked for them."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from .forms import InputForm
from .globs import is_glob
from .jobs import JobType as Domain
from .jobs import JsonObject, NewOperation, Seconds
from .json_schemas import schema_problems
from .model import WireModel
from .paths import dotted
from .times import Time

LONGEST_CODE: Final = 192
"""Characters of a code: as long as the longest name."""

RunMode = Literal["full", "delta"]


def _code(text: str) -> str:
    if not text.isprintable() or text != text.strip() or is_glob(text) or "/" in text:
        raise ValueError("must be printable characters without /, * and ?, and without spaces at its ends")
    return text


def _schema(schema: JsonObject) -> JsonObject:
    problems = schema_problems(schema)
    if problems:
        told = [f"{dotted(one.path)}: {one.message}" if one.path else one.message for one in problems[:5]]
        raise ValueError("; ".join(told))
    return schema


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
    label: str | None = Field(default=None, max_length=256)
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

"""The built-in job types, which the server itself runs: what they are called, what they take, how far they may go."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Final

import orjson
from pydantic import ConfigDict, Field, ValidationError, field_validator

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.events import EventCreate, check_topic
from listener_sdk.protocol.job_types import JobTypeLimits
from listener_sdk.protocol.model import WireModel
from listener_sdk.protocol.paths import Path, dotted
from listener_sdk.protocol.problems import problems

from ..core.built_in import CODES, DOMAIN
from ..core.forms import form_of
from ..core.job_types import JobType
from ..core.refusals import Refusals
from ..core.schemas import Problem, taken
from ..outbound.call import CallRequest
from ..outbound.download import DownloadRequest
from ..outbound.targets import read_target

MOST_PROBLEMS: Final = 50
LONGEST_NAME: Final = 255


def _title(name: str, _: Any) -> str:
    """What a form calls the field: ``timeout_s`` is "Timeout (seconds)"."""
    words = name.replace("_", " ").removesuffix(" s").capitalize().replace("Url", "URL")
    return f"{words} (seconds)" if name.endswith("_s") else words


_FORM: Final = ConfigDict(
    extra="forbid", populate_by_name=False, validate_by_alias=True, field_title_generator=_title
)


def _file_name(name: str | None) -> str | None:
    if name is not None and (not name.isprintable() or name in {".", ".."} or re.search(r"[/\\]", name)):
        raise ValueError("takes printable characters, without / and \\")
    return name


class CallParams(CallRequest):
    """Parameters of ``callWebserviceEndpoint``."""

    model_config = ConfigDict(title="Call a web service", **_FORM)


class DownloadParams(DownloadRequest):
    """Parameters of ``downloadDataFile``."""

    model_config = ConfigDict(title="Download a file", **_FORM)

    file_name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)] | None = Field(
        None, description="The name to keep the file under; else the one that the other server gives it."
    )

    _fit = field_validator("file_name")(_file_name)


class PublishParams(EventCreate):
    """Parameters of ``publishEvent``."""

    model_config = ConfigDict(title="Publish an event", **_FORM)

    topic: str = Field(max_length=128, description="domain:operation, such as invoice:paid.")

    @field_validator("topic")
    @classmethod
    def _free(cls, topic: str) -> str:
        try:
            check_topic(topic)
        except Refusal as refusal:
            raise ValueError(refusal.message.removesuffix(".")) from None
        return topic


class NoopParams(WireModel):
    """Parameters of ``noop``."""

    model_config = ConfigDict(title="Do nothing", **_FORM)

    echo: Any = Field(None, description="Stands in the result, as echo.")
    seconds: float = Field(0, ge=0, le=3_600, allow_inf_nan=False, description="How long to take for it.")


@dataclass(frozen=True)
class BuiltIn:
    """One built-in job type. ``params`` is the model of its parameters, of which the schema is made.

    ``takes_secrets`` is False where parameters become readable for everybody who reads the space; ``calls`` says that ``url`` is called.
    """

    code: str
    label: str
    description: str
    params: type[WireModel]
    limits: JobTypeLimits
    takes_secrets: bool = False
    calls: bool = False
    modes: tuple[str, ...] = field(default=("full",))

    @property
    def name(self) -> str:
        """What its jobs are called: ``system:<code>``."""
        return f"{DOMAIN}:{self.code}"

    @cached_property
    def job_type(self) -> JobType:
        """The same as every job type is described."""
        source = self.input_schema
        form = form_of(source).form.model_dump(mode="json", by_alias=True, exclude_none=True)
        return JobType(
            code=self.code,
            name=self.name,
            source=source,
            form=form,
            label=self.label,
            description=self.description,
            modes=self.modes,
            limits=self.limits,
            built_in=True,
        )

    @cached_property
    def input_schema(self) -> dict[str, Any]:
        """The JSON Schema of its parameters: it takes all that the model takes, and the model alone knows some finer rules."""
        schema = self.params.model_json_schema(by_alias=True)
        return {**schema, "description": self.description}

    def checked(self, params: Any) -> Any:
        """The parameters as the model. Refusals ``invalid``, one for each problem, when they do not fit."""
        given = {} if params is None else params
        try:
            taken(self.job_type.schema, given)
        except Refusals as refusals:
            raise Refusals([*refusals.all, *self._finer(given, refusals.all)]) from None
        if finer := self._finer(given, []):
            raise Refusals(finer)
        return self._model(given)

    def problems(self, params: Any, unknown: Collection[Path] = ()) -> list[Problem]:
        """All that is wrong with parameters as a caller gives them, but at places whose value is not known yet."""
        schema = self.job_type.schema
        found = schema.check(schema.filled(params), unknown=unknown)
        hidden = [dotted(("params", *path)) for path in unknown]
        said = {_field(one.path) for one in found}
        for place, message in self._rules(params):
            # What holds an unknown place may be right once that is known.
            near = any(_is_within(place, one) or _is_within(one, place) for one in hidden)
            if not near and _is_unsaid(place, said):
                found.append(Problem(place, message, _field(place)))
        return found

    def _rules(self, params: Any) -> Iterator[tuple[str, str]]:
        """What the model finds, and the reader of addresses."""
        for one in self._finer(params, []):
            yield one.key or "", one.message.removeprefix(f"{one.key}: ").removesuffix(".")
        url = params.get("url") if isinstance(params, dict) and self.calls else None
        if isinstance(url, str):
            try:
                read_target(url)
            except Refusal as refusal:
                yield "params.url", refusal.message.removeprefix("url ").removesuffix(".")

    def _model(self, params: Any) -> Any:
        return self.params.model_validate_json(
            orjson.dumps(params), strict=True, by_alias=True, by_name=False
        )

    def _finer(self, params: Any, known: list[Refusal]) -> list[Refusal]:
        """What the model alone finds: in fields of which nothing has been said, since of each kind that a value may have it tells all that is wrong."""
        try:
            self._model(params)
        except ValidationError as error:
            said = {_field(one.key or "") for one in known}
            found = problems(error, MOST_PROBLEMS, at=("params",))
            return [one for one in found if _is_unsaid(one.key or "", said)]
        return []


def _field(place: str) -> str:
    """The field of the model in which a place is: these have short and plain names."""
    return place.removeprefix("params").lstrip(".").partition(".")[0].partition("[")[0]


def _is_unsaid(place: str, said: set[str]) -> bool:
    """Whether nothing was said of the field of a place, nor of the whole."""
    return said.isdisjoint({"", _field(place)})


def _is_within(place: str, other: str) -> bool:
    return place == other or place.startswith((f"{other}.", f"{other}["))


_TYPES: Final = (
    BuiltIn(
        "callWebserviceEndpoint",
        "Call a web service",
        "Calls a URL and keeps the answer as the job's result. 429 and 5xx are tried again.",
        CallParams,
        JobTypeLimits(run_timeout_s=3_660),
        takes_secrets=True,
        calls=True,
    ),
    BuiltIn(
        "downloadDataFile",
        "Download a file",
        "Fetches a file from a URL and keeps it as a file of the space; a connection that breaks is gone on with.",
        DownloadParams,
        JobTypeLimits(run_timeout_s=6 * 3_600),
        takes_secrets=True,
        calls=True,
    ),
    BuiltIn(
        "publishEvent",
        "Publish an event",
        "Publishes one event, once, whatever happens to the job.",
        PublishParams,
        JobTypeLimits(run_timeout_s=60),
    ),
    BuiltIn(
        "noop",
        "Do nothing",
        "Does nothing, for as long as it is asked to, and gives back what it was given: for trying things out.",
        NoopParams,
        JobTypeLimits(run_timeout_s=3_660),
    ),
)

KINDS: Final[Mapping[str, BuiltIn]] = {one.code: one for one in _TYPES}
"""The built-in job types by code, as the runner needs them."""
BUILT_IN: Final[Mapping[str, JobType]] = {code: one.job_type for code, one in KINDS.items()}
"""The same as all job types are."""

assert tuple(KINDS) == CODES

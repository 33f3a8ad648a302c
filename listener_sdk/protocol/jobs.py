"""Jobs on the wire: the job itself, its creation and changes, its subject, attempts and log lines."""

import re
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, field_validator

from .globs import is_glob
from .lifecycle import Status
from .model import WireModel
from .outcomes import Outcome
from .texts import Label, printable
from .times import Time
from .watermarks import WatermarkValue

Mode = Literal["foreground", "background", "toolbarBlocking", "hidden"]
Trigger = Literal["manual", "immediate"]
JsonObject = dict[str, Any]

MOST_PARTS: Final = 1_000
"""Parts of one job."""
MOST_PREDECESSORS: Final = 100
"""Jobs that one job waits for."""
MOST_TAGS: Final = 16
"""Tags of one job."""
LONGEST_TAG: Final = 64

_TYPES: Final = re.compile(r"[a-z0-9*?-]+")
JobType = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
Reference = Annotated[str, Field(min_length=1, max_length=256)]
Info = Annotated[str, Field(max_length=4096)]
Percent = Annotated[float, Field(ge=0, le=100)]
Seconds = Annotated[float, Field(gt=0, le=30 * 86400)]


def _no_pattern(text: str) -> str:
    if is_glob(text):
        raise ValueError("* and ? stand in patterns of names, not in a name")
    return text


def is_tag(text: str) -> bool:
    """Whether a job can have this tag."""
    return 1 <= len(text) <= LONGEST_TAG and text.isprintable() and "," not in text and not is_glob(text)


def _tag(text: str) -> str:
    if not is_tag(text):
        raise ValueError(f"a tag has 1 to {LONGEST_TAG} printable characters but comma, * and ?")
    return text


def _once(tags: list[str]) -> list[str]:
    return list(dict.fromkeys(tags))


def of_some_job(pattern: str) -> str:
    """The glob, unless it can match no job's name; ValueError."""
    kind, colon, operation = pattern.partition(":")
    if kind != "**" and not (colon and operation and _TYPES.fullmatch(kind)):
        raise ValueError(
            f"{pattern[:80]!r} is the name of no job: write type:operation, such as import:csv or import:*, or ** for all"
        )
    return pattern


Priority = Annotated[int, Field(ge=-1000, le=1000)]
Predecessors = Annotated[list[Reference], Field(max_length=MOST_PREDECESSORS)]
Operation = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(printable)]
NewOperation = Annotated[Operation, AfterValidator(_no_pattern)]
Tag = Annotated[str, AfterValidator(_tag)]
Tags = Annotated[list[Tag], Field(max_length=MOST_TAGS), AfterValidator(_once)]

DEFAULT_MAX_ATTEMPTS: Final = 5
DEFAULT_RUN_TIMEOUT_S: Final = 3600.0
DEFAULT_TOTAL_TIMEOUT_S: Final = 86400.0


class ResourceSubject(WireModel):
    """The one thing that the job works on."""

    type: Literal["resource"]
    id: str = Field(max_length=256)


class CollectionSubject(WireModel):
    """The set of things that the job works on."""

    type: Literal["collection"]
    resource: str = Field(max_length=256)
    params: JsonObject | None = None
    query: JsonObject | None = None


Subject = Annotated[ResourceSubject | CollectionSubject, Field(discriminator="type")]


class JobCreate(WireModel):
    """``POST /v1/jobs`` and the ``create`` frame. ``trigger`` defaults by the place it is created from."""

    type: JobType
    operation: NewOperation
    source: Reference | None = None
    destination: Reference | None = None
    file_id: Reference | None = None
    environment_id: Reference | None = None
    space_id: Reference | None = None
    parent_id: Reference | None = None
    predecessor_ids: Predecessors | None = None
    config: JsonObject | None = None
    trigger: Trigger | None = None
    mode: Mode | None = None
    input: JsonObject | None = None
    subject: Subject | None = None
    info: Info | None = None
    progress: Percent | None = None
    managed: bool | None = None
    part_data: JsonObject | None = None
    part_execution: Literal["sequential", "parallel"] | None = None
    metadata: JsonObject | None = None
    tags: Tags | None = None
    label: Label | None = None
    scheduled_at: Time | None = None
    estimated_completion_at: Time | None = None
    priority: Priority = 0
    unique_key: str | None = Field(default=None, min_length=1, max_length=255)
    max_attempts: int = Field(default=DEFAULT_MAX_ATTEMPTS, ge=1, le=100)
    run_timeout_s: Seconds = DEFAULT_RUN_TIMEOUT_S
    queue_timeout_s: Seconds | None = None
    total_timeout_s: Seconds = DEFAULT_TOTAL_TIMEOUT_S

    @property
    def name(self) -> str:
        """``type:operation``: what listeners name."""
        return f"{self.type}:{self.operation}"


class JobUpdate(WireModel):
    """``PATCH /v1/jobs/{id}``: only what is sent is changed; ``status`` is the life-cycle move of that name.

    ``predecessorIds`` replaces the whole list, as long as the job has not become ready; ``tags`` replaces all tags, at any time.
    """

    status: Status | None = None
    predecessor_ids: Predecessors | None = None
    priority: Priority | None = None
    progress: Percent | None = None
    info: Info | None = None
    config: JsonObject | None = None
    metadata: JsonObject | None = None
    tags: Tags | None = None
    outcome_acknowledged_at: Time | None = None
    estimated_completion_at: Time | None = None
    fence: int | None = Field(default=None, ge=0, le=2**53)


class JobAck(WireModel):
    """``POST /v1/jobs/{id}/ack``: the first begins the job, each later one is a tick."""

    info: Info | None = None
    progress: Percent | None = None
    estimated_completion_at: Time | None = None
    fence: int | None = Field(default=None, ge=0, le=2**53)


class JobEnd(WireModel):
    """``POST /v1/jobs/{id}/complete`` and ``/fail``; ``result`` is data for programs.

    ``watermark`` says how far the run of a definition has come, from where the next delta run reads; of a failure it counts for nothing.
    """

    outcome: Outcome | None = None
    info: Info | None = None
    result: JsonObject | None = None
    watermark: WatermarkValue | None = None
    fence: int | None = Field(default=None, ge=0, le=2**53)


class JobCancel(WireModel):
    """``POST /v1/jobs/{id}/cancel``."""

    info: Info | None = None

    @field_validator("info")
    @classmethod
    def _some(cls, info: str | None) -> str | None:
        return info or None


class JobSplit(WireModel):
    """``POST /v1/jobs/{id}/split``: how many parts, or the ``partData`` of each; one after the other unless ``runInParallel``."""

    parts: int | list[JsonObject]
    run_in_parallel: bool = False

    @field_validator("parts", mode="before")
    @classmethod
    def _bounded(cls, parts: Any) -> Any:
        data = parts if isinstance(parts, list) else []
        number = len(data) if isinstance(parts, list) else parts
        if not all(isinstance(one, dict) for one in data) or type(number) is not int:
            raise ValueError("takes a number of parts, or a list with one object for each part")
        if not 1 <= number <= MOST_PARTS:
            raise ValueError(
                f"a job is split into 1 to {MOST_PARTS} parts, not {number}; a part may be split again"
            )
        return parts

    @field_validator("run_in_parallel", mode="before")
    @classmethod
    def _left_out(cls, given: Any) -> Any:
        return False if given is None else given


class Job(WireModel):
    """A job as every reader sees it. Statuses, types and modes of newer servers parse as plain text."""

    id: str
    type: str
    operation: str
    job: str
    status: str
    source: str
    created_at: Time
    updated_at: Time
    created_by: str | None = None
    trigger: str | None = None
    mode: str | None = None
    label: str | None = None
    destination: str | None = None
    file_id: str | None = None
    environment_id: str | None = None
    space_id: str | None = None
    parent_id: str | None = None
    part: int | None = None
    parts: int | None = None
    part_counts: dict[str, int] | None = None
    """Of a split job, as it is read or listed: how many parts are ``completed``, ``failed`` and ``canceled``, of the ``total``."""
    part_data: JsonObject | None = None
    part_execution: str | None = None
    predecessor_ids: list[str] | None = None
    rerun_of: str | None = None
    definition: str | None = None
    """The code of the job definition that has started it."""
    definition_version: int | None = None
    run_mode: str | None = None
    """Whether the run works on all (``full``) or on what is new (``delta``); of a definition's job since it was leased."""
    modes: JsonObject | None = None
    """Of a definition's job until it is leased: what its definition says of run modes."""
    watermark: JsonObject | None = None
    """Of a definition's job since it was leased: ``since`` when a run reads, the ``version`` it goes by; ``to`` and ``moved`` at its end."""
    depth: int | None = None
    """How many event triggers in a row have led to it."""
    config: JsonObject | None = None
    job_type: str | None = None
    """The code of the job type that it was made of."""
    started_by: JsonObject | None = None
    """Of a job that was made of a type: ``kind`` (``api``, ``person`` …), and what that kind is known by."""
    input: JsonObject | None = None
    subject: JsonObject | None = None
    outcome: JsonObject | None = None
    result: JsonObject | None = None
    info: str | None = None
    progress: int | None = None
    done: float | None = None
    total: float | None = None
    managed: bool | None = None
    metadata: JsonObject | None = None
    tags: list[str] | None = None
    """Words that its creator sorts jobs by."""
    scheduled_at: Time | None = None
    ready_at: Time | None = None
    started_at: Time | None = None
    finished_at: Time | None = None
    estimated_completion_at: Time | None = None
    stalled_since: Time | None = None
    """Since when a running job has made no progress, when that is much longer than before: nothing is promised then."""
    outcome_acknowledged_at: Time | None = None
    cancel_requested_at: Time | None = None
    priority: int = 0
    unique_key: str | None = None
    attempt: int = 0
    max_attempts: int = DEFAULT_MAX_ATTEMPTS
    fence: int = 0
    lease_expires_at: Time | None = None
    run_timeout_s: float | None = None
    queue_timeout_s: float | None = None
    total_timeout_s: float | None = None


class Attempt(WireModel):
    """An attempt that ended without an outcome, and why."""

    attempt: int
    fence: int
    reason: str
    message: str | None = None
    started_at: Time | None = None
    ended_at: Time


Level = Literal["debug", "info", "warning", "error"]


class LogLine(WireModel):
    """One line that a handler (or the server, of a failed attempt) wrote to the job's log."""

    level: Level = "info"
    message: str = Field(max_length=65536)
    at: Time | None = None
    attempt: int | None = None
    fields: JsonObject | None = None


class ProgressPoint(WireModel):
    """A point of a job's thinned progress curve."""

    at: Time
    percent: float | None = None
    done: float | None = None


class Environment(WireModel):
    """A space, in the shape of Flatfile's environment."""

    id: str
    account_id: str
    name: str
    is_prod: bool = False
    guest_authentication: list[str] = Field(default_factory=list)
    features: JsonObject = Field(default_factory=dict)
    metadata: JsonObject = Field(default_factory=dict)


class File(WireModel):
    """A stored file; ``url`` is a signed link made at this reading.

    From ``ext`` on it says what Flatfile's clients ask a file for: the same again, or what is so of every file.
    """

    id: str
    name: str
    size: int
    content_type: str
    created_at: Time
    created_by: str | None = None
    space_id: str | None = None
    job_id: str | None = None
    url: str | None = None
    url_expires_at: Time | None = None
    ext: str | None = None
    mimetype: str | None = None
    encoding: str | None = None
    status: str | None = None
    bytes_received: int | None = None
    updated_at: Time | None = None

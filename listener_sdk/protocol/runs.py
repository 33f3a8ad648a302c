"""Runs on the wire: what became of the launches of job definitions, and of due times at which there was none."""

from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field

from .job_types import RunMode
from .jobs import JsonObject
from .model import WireModel
from .outcomes import Counts
from .times import Time

RESULTS: Final = ("running", "success", "partial", "failed", "canceled", "skipped")
"""What became of a run. One that has not ended is running, whether a listener has taken it yet or not: its status says that."""
TRIGGERS: Final = ("person", "api", "schedule", "event", "hook", "listener", "action", "retry")
"""What starts runs; ``retry`` is every run of a run again."""
MODES: Final = ("full", "delta")
HEALTHS: Final = ("ok", "failed")

Params = Annotated[dict[str, Any], Field(max_length=1_000)]


class RunAgain(WireModel):
    """``POST /v1/runs/{id}/_again``. ``params`` join those of the run, each in the place of the same name, as they stand."""

    model_config = ConfigDict(extra="forbid")

    params: Params = Field(default_factory=dict)
    mode: RunMode | None = None


class RunError(WireModel):
    """Why a run failed: ``code`` is ``failed`` where its handler said so, else what has ended it."""

    code: str
    message: str | None = None


class RunFile(WireModel):
    """A file of the run; ``url`` is a signed link where one run is read."""

    id: str
    name: str
    size: int
    content_type: str
    url: str | None = None
    url_expires_at: Time | None = None


class Run(WireModel):
    """A run of a definition: its job, or a due time that was skipped or failed, which has no ``jobId``.

    ``trigger`` says what has started it (``kind``), and what that kind is known by; ``count`` is how many due times were left out together.
    """

    id: str
    job_id: str | None = None
    definition: str | None = None
    definition_id: str | None = None
    definition_version: int | None = None
    job_type: str | None = None
    label: str | None = None
    trigger: JsonObject = Field(default_factory=dict)
    mode: str | None = None
    result: str
    status: str | None = None
    due_at: Time | None = None
    until_at: Time | None = None
    """The last of several due times that were left out together."""
    created_at: Time
    scheduled_at: Time | None = None
    started_at: Time | None = None
    finished_at: Time | None = None
    attempts: int = 0
    max_attempts: int | None = None
    heading: str | None = None
    message: str | None = None
    counts: Counts | None = None
    error: RunError | None = None
    reason: str | None = None
    count: int | None = None
    rerun_of: str | None = None
    rerun_id: str | None = None
    """Of a due time: the job that was made for it later."""
    progress: int | None = None
    file_count: int = 0
    files: list[RunFile] = Field(default_factory=list)
    """The first of its files."""
    params: JsonObject | None = None
    """What the job was given; where one run is read."""
    outcome: JsonObject | None = None
    """The same of the whole outcome, with links."""

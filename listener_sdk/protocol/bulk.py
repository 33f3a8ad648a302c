"""Calls about many jobs at once: create up to a thousand; cancel, run again or acknowledge those that a filter or a list names."""

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from .definition_codes import DefinitionCode
from .ids import decode
from .jobs import Info, JobType, Operation, Reference, Tag
from .lifecycle import Status
from .model import WireModel
from .times import Time

MOST_JOBS: Final = 1_000
"""Jobs in one call."""
MEMBER: Final = "#"
"""Begins the name of a job of the same call among ``predecessorIds``: ``#0`` is the first."""


class BulkCreate(WireModel):
    """``POST /v1/jobs/bulk``: each member is a body of ``POST /v1/jobs``, and looked at by itself."""

    jobs: list[Any] = Field(min_length=1, max_length=MOST_JOBS)


def _several(value: Any) -> Any:
    """Statuses as in the address: one, a list, or one text with commas."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _job_id(text: str) -> str:
    if decode("jb", text) is None:
        raise ValueError("must be the id of a job, such as us_jb_0000000001")
    return text


_JobId = Annotated[
    Reference, BeforeValidator(lambda value: _job_id(value) if isinstance(value, str) else value)
]


class JobsFilter(WireModel):
    """Which jobs are meant, by the names that ``GET /v1/jobs`` takes in the address. All that is given must hold.

    Unknown names are refused: one that is misspelt would mean more jobs than its author thinks.
    """

    model_config = ConfigDict(extra="forbid")

    status: Annotated[list[Status], BeforeValidator(_several), Field(min_length=1, max_length=32)] | None = (
        None
    )
    type: JobType | None = None
    operation: Operation | None = None
    job: str | None = Field(default=None, min_length=1, max_length=192)
    tag: Tag | None = None
    definition: DefinitionCode | None = None
    source: Reference | None = None
    file_id: Reference | None = None
    parent_id: _JobId | None = None
    exclude_child_jobs: bool | None = None
    created_after: Time | None = None
    created_before: Time | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "JobsFilter":
        if not self.model_dump(exclude_none=True, exclude={"exclude_child_jobs"}):
            raise ValueError('must name something; for every job of the space send "all": true instead')
        return self


class BulkAct(WireModel):
    """``POST /v1/jobs/bulk/retry`` and ``/acknowledge``: the jobs of ``filter``, those of ``ids``, or ``all``.

    ``limit`` holds for a filter and for all; a dry run only counts.
    """

    model_config = ConfigDict(extra="forbid")

    filter: JobsFilter | None = None
    ids: list[Reference] | None = Field(default=None, min_length=1, max_length=MOST_JOBS)
    all: bool = False
    limit: int = Field(default=MOST_JOBS, ge=1, le=MOST_JOBS)
    dry_run: bool = False

    @model_validator(mode="after")
    def _names_jobs_once(self) -> "BulkAct":
        if (self.filter is not None) + (self.ids is not None) + self.all != 1:
            raise ValueError('exactly one of filter, ids and "all": true says which jobs are meant')
        return self


class BulkCancel(BulkAct):
    """``POST /v1/jobs/bulk/cancel``: ``info`` is what each of the jobs then says."""

    info: Info | None = None


class BulkError(WireModel):
    """Why a job was refused, as in the errors of any call."""

    code: str
    message: str
    key: str | None = None


class BulkMember(WireModel):
    """What became of a member of a bulk create: ``id`` and ``status``, or ``error``."""

    index: int
    id: str | None = None
    status: str | None = None
    error: BulkError | None = None


class Skipped(WireModel):
    """A job that a bulk act left as it is, and why."""

    id: str
    code: str
    message: str


class BulkDone(WireModel):
    """What a bulk act did. ``matched`` jobs were looked at; while there are ``more``, the same call goes on with them.

    A dry run tells how many match in all, and does nothing.
    """

    matched: int
    done: int
    skipped: list[Skipped] = Field(default_factory=list)
    more: bool = False

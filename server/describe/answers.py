"""What calls answer that no client keeps as a record."""

from typing import Any, Literal

from pydantic import ConfigDict

from listener_sdk.protocol.bulk import BulkMember
from listener_sdk.protocol.jobs import Job, ProgressPoint
from listener_sdk.protocol.members import Member
from listener_sdk.protocol.model import WireModel
from listener_sdk.protocol.plans import Plan
from listener_sdk.protocol.times import Time


class Reason(WireModel):
    """Why a call was refused: ``code`` is for programs, ``message`` for people, ``key`` names the field. Facts may stand beside."""

    model_config = ConfigDict(extra="allow")

    code: str
    message: str
    key: str | None = None


class Refused(WireModel):
    """Nothing was changed. One of the reasons gives the status."""

    errors: list[Reason]


class Done(WireModel):
    """It was done, and there is nothing to show."""

    success: Literal[True]


class Pagination(WireModel):
    """Where a page stands, of lists by ``pageNumber``."""

    current_page: int
    page_count: int
    total_count: int


class MadeMember(BulkMember):
    """The same with the whole ``job``, where that was asked for."""

    job: Job | None = None


class BulkMade(WireModel):
    """What became of each job, in order."""

    jobs: list[MadeMember]


class ProgressCurve(WireModel):
    """The thinned curve of a job's progress."""

    points: list[ProgressPoint]


class PlannedJob(WireModel):
    """A job and its plan."""

    job: Job
    plan: Plan


class BriefJob(WireModel):
    """A job as Conscia's clients read it. Of one that failed ``result`` is what people are told."""

    job_id: str
    status: Literal["STARTED", "COMPLETED", "FAILED"]
    result: Any = None


class LoggedIn(WireModel):
    """A session, of a member or of a key; calls that may change something send ``csrfToken`` in the header X-CSRF-Token."""

    csrf_token: str
    member: Member | None = None
    key_id: str | None = None
    role: str
    space: str
    space_id: str
    created_at: Time
    expires_at: Time


class StreamTicket(WireModel):
    """What opens one stream, in ``hello``."""

    ticket: str
    expires_at: Time


class ReadCount(WireModel):
    """How many were unread before."""

    read: int


class MailTried(WireModel):
    """The mail server has taken the mail."""

    address: str
    delivered: Literal[True]


class Live(WireModel):
    """The process answers."""

    status: Literal["ok"]


class Readiness(WireModel):
    """``ready``, or what stands in the way."""

    status: str
    reason: str | None = None

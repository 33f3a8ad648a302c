"""What events of jobs and schedules tell."""

from typing import Literal

from .jobs import JsonObject
from .model import WireModel
from .outcomes import Counts
from .times import Time


class AboutJob(WireModel):
    """What every event about a job tells; ``domain`` is the job's type. The job itself is ``context.jobId``."""

    domain: str
    operation: str
    job: str
    status: str
    is_part: bool
    parent_id: str | None = None
    info: str | None = None
    tags: list[str] | None = None
    job_type: str | None = None
    definition: str | None = None


class JobCreated(AboutJob):
    """The same with what was asked for, where that is not too large."""

    input: JsonObject | None = None
    metadata: JsonObject | None = None
    mode: str | None = None
    trigger: str | None = None
    subject: JsonObject | None = None


class JobReady(JobCreated):
    """As of a new job. ``reason`` is ``released`` where a listener has given the job back."""

    reason: str | None = None


class JobScheduled(AboutJob):
    """When the job becomes ready."""

    scheduled_at: Time


class JobWaiting(AboutJob):
    """For which jobs it waits."""

    waiting_for: list[str]


class JobUpdated(AboutJob):
    """What is known of the progress, and ``cancelRequestedAt`` where the listener was asked to stop."""

    progress: int | None = None
    done: float | None = None
    total: float | None = None
    estimated_completion_at: Time | None = None
    stalled_since: Time | None = None
    part_counts: dict[str, int] | None = None
    attempt: int | None = None
    cancel_requested_at: Time | None = None


class JobAttemptFailed(AboutJob):
    """Why the attempt has failed: ``failed`` where the handler said so, else what has ended it."""

    attempt: int
    reason: str
    message: str


class JobCompleted(AboutJob):
    """The end, with the outcome where that is not too large. ``watermark`` says whether the run has moved that of its definition."""

    result: Literal["success", "partial"]
    counts: Counts | None = None
    outcome: JsonObject | None = None
    watermark: JsonObject | None = None


class JobFailed(AboutJob):
    """The end, with the outcome where that is not too large. ``reason`` says what has ended it, where no handler did."""

    message: str
    reason: str | None = None
    outcome: JsonObject | None = None


class JobPartsCompleted(AboutJob):
    """How the parts have ended: ``completed``, ``failed`` and ``canceled``, of the ``total``."""

    parts: dict[str, int]


# ---- schedules


class AboutSchedule(WireModel):
    """A schedule, and what it is of."""

    schedule: str
    name: str
    definition: str | None = None
    action_id: str | None = None


class ScheduleUpdated(AboutSchedule):
    """Which fields; where the server's clock was set back, also what is due next."""

    changed: list[str]
    next_at: Time | None = None
    message: str | None = None


class SchedulePaused(AboutSchedule):
    """After how many failures."""

    reason: Literal["failures"]
    failures: int
    message: str
    paused_at: Time


class DueTimeMissed(AboutSchedule):
    """Which due time, or from ``dueAt`` to ``untilAt`` how many; of very many ``count`` is the least."""

    due_at: Time
    until_at: Time | None = None
    reason: str
    message: str
    count: int
    count_is_least: bool | None = None


class ScheduleOwnerChanged(AboutSchedule):
    """From whom to whom."""

    owner: str
    former_owner: str | None = None

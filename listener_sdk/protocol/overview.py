"""The overview on the wire: how it goes in a space, in one answer."""

from typing import Final

from pydantic import Field

from .model import WireModel
from .times import Time

LONGEST_HOURS: Final = 168
MOST_COUNTED: Final = 10_000
"""Jobs that wait, and that run, are counted up to here."""
MOST_FAILURES: Final = 5


class OverviewBucket(WireModel):
    """What happened from ``at`` on, for so long as all buckets are.

    - ``queueAgeS``: how long a job had waited at most, as far as somebody looked
    - ``lateS``: how late the latest job of a schedule was made; None where none was made
    """

    at: Time
    created: int = 0
    completed: int = 0
    failed: int = 0
    canceled: int = 0
    queue_age_s: float = 0
    late_s: float | None = None


class OverviewQueue(WireModel):
    """The queue now. ``waiting`` jobs could begin and nobody has them, ``running`` ones somebody has; of more than 10,000 either says 10,000.

    ``oldestReadyAt``: since when the one waits that has waited longest.
    """

    waiting: int
    running: int
    oldest_ready_at: Time | None = None


class OverviewFailure(WireModel):
    """A job that failed: its name, its label, and what people are told of the end."""

    job_id: str
    job: str
    label: str | None = None
    message: str | None = None
    at: Time


class OverviewSchedules(WireModel):
    """Due times of definitions: those that became jobs (``ran``), those that did not, and all (``due``).

    ``lateP95S``: 95 of 100 jobs were made no later than so long after their due time, of the newest 10,000 of the last day.
    """

    due: int
    ran: int
    skipped: int
    failed: int
    late_p95_s: float | None = Field(None, alias="lateP95S")


class Overview(WireModel):
    """How it goes in a space: ``buckets`` of ``bucketS`` seconds each, the last of which goes on; the five newest failures among them."""

    since: Time
    until: Time
    hours: int
    bucket_s: int
    buckets: list[OverviewBucket]
    queue: OverviewQueue
    failures: list[OverviewFailure]
    schedules: OverviewSchedules
    listeners: int

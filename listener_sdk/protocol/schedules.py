"""Schedules on the wire: when a definition runs by itself, and what becomes of due times that meet an obstacle."""

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, ConfigDict, Field, field_validator

from .definition_codes import DefinitionCode
from .job_types import RunMode
from .jobs import JsonObject, Reference
from .model import WireModel
from .notifications import Rules
from .spaces import Zone
from .texts import visible
from .times import Time
from .timings import Cron, Dialect, Fold, Gap, Moment, Repeat, Timing

LONGEST_NAME: Final = 256
LARGEST_JITTER_S: Final = 3_600
MOST_FAILURES: Final = 1_000

Late = Literal["latest", "all", "none"]
Overlap = Literal["skip", "queue_one", "allow", "cancel_running"]
Origin = Literal["own", "definition", "action"]
Name = Annotated[
    str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(lambda text: visible(text).strip())
]
Jitter = Annotated[int, Field(ge=0, le=LARGEST_JITTER_S)]
PauseAfter = Annotated[int, Field(ge=1, le=MOST_FAILURES)]


class ScheduleCreate(Timing):
    """A schedule of a definition: its timing, and beside it

    - ``timeZone``: that of the space, unless given
    - ``late``: of due times that nobody could see to for more than a minute the ``latest`` runs, ``all`` (of a day, at most 100), or ``none``
    - ``overlap``: while a job of the definition has not ended, the due time is left out (``skip``), runs behind it (``queue_one``), runs
      beside it (``allow``), or ends it first (``cancel_running``)
    - ``jitterS``: each run begins up to so many seconds later, always the same for the same due time, and before the next is due
    - ``pauseAfter``: after so many failures in a row the schedule pauses
    - ``params``: join those of the definition, each key in the place of the same key; their templates read ``dueTime``
    - ``fallbackOwner``: the member who takes over where nobody else is named
    """

    time_zone: Zone = ""
    name: Name | None = None
    enabled: bool = True
    late: Late = "latest"
    overlap: Overlap = "skip"
    jitter_s: Jitter = 0
    pause_after: PauseAfter | None = None
    mode: RunMode | None = None
    params: JsonObject = Field(default_factory=dict)
    notifications: Rules = Field(default_factory=list)
    fallback_owner: Reference | None = None


OF_TIMING: Final = frozenset(field.alias or name for name, field in Timing.model_fields.items())
"""The fields, as on the wire, that say when."""


class ScheduleOfDefinition(ScheduleCreate):
    """``POST /v1/schedules``: the same, with the code of the ``definition``."""

    definition: DefinitionCode | Reference


class ScheduleUpdate(WireModel):
    """``PATCH /v1/schedules/{id}``: what is sent changes; null removes what may be left out. Fields as of a new schedule.

    Another ``cron``, ``repeat`` or ``once`` takes the place of what was there. Who changes a schedule owns it from then on.
    """

    model_config = ConfigDict(extra="forbid")

    cron: Cron | None = None
    dialect: Dialect | None = None
    repeat: Repeat | None = None
    once: Moment | None = None
    time_zone: Zone | None = None
    gap: Gap | None = None
    fold: Fold | None = None
    start: Moment | None = None
    end: Moment | None = None
    name: Name | None = None
    enabled: bool | None = None
    late: Late | None = None
    overlap: Overlap | None = None
    jitter_s: Jitter | None = None
    pause_after: PauseAfter | None = None
    mode: RunMode | None = None
    params: JsonObject | None = None
    notifications: Rules | None = None
    fallback_owner: Reference | None = None

    @field_validator("enabled")
    @classmethod
    def _on_or_off(cls, found: bool | None) -> bool:
        if found is None:
            raise ValueError("it is true or false")
        return found

    def sent(self) -> dict[str, Any]:
        """What was sent, as on the wire; null where something is to be removed."""
        found = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        if found.get("notifications"):
            found["notifications"] = [
                one.model_dump(mode="json", exclude_none=True) for one in self.notifications or ()
            ]
        return found


class ScheduleRun(WireModel):
    """``POST /v1/schedules/{id}/run``: a job now, beside the due times."""

    model_config = ConfigDict(extra="forbid")


class HandOver(WireModel):
    """``POST /v1/schedules/{id}/owner``: a new owner, the fallback owner where none is named.

    ``replaceRecipient``: the new owner takes the place of the former one among those whom the rules of the schedule tell, and those of its
    definition where the caller may define jobs. So it does too of a schedule that was handed over before.
    """

    model_config = ConfigDict(extra="forbid")

    owner: Reference | None = None
    replace_recipient: bool = False


class HandOverAll(HandOver):
    """``POST /v1/schedules/hand-over``: all schedules of the ``former`` owner."""

    former: Reference


class HandedOver(WireModel):
    """What a hand-over has done: the schedules, of how many rules the former owner is a recipient still, and of which ``definitions`` such
    rules are.
    """

    schedules: list[str]
    owner: str | None = None
    still_recipient: int = 0
    definitions: list[str] = Field(default_factory=list)


class RunNow(WireModel):
    """The job that was made."""

    job_id: str


class DueTime(WireModel):
    """A due time to come. ``skipped``: nothing will run, since clocks leave it out, as ``note`` says."""

    utc: Time
    local: str
    note: str | None = None
    skipped: bool = False


class Schedule(WireModel):
    """A schedule.

    - ``words``: its timing in English
    - ``state``: ``active``; ``off`` (switched off); ``paused`` (after failures: see ``paused``); ``asleep`` (its definition is disabled, or
      its space archived); ``owner_inactive`` (due times are recorded as failed until somebody takes over); ``finished`` (no due time
      follows)
    - ``nextAt``: the due time that comes next, ``nextLocal`` as the clocks of its zone show it, ``nextNote`` what a clock change
      does to it, ``firesAt`` with its jitter
    - ``queuedAt``: a due time that waits for the end of a job
    - ``failures``: runs in a row that have failed
    - ``due``: where ``dueUntil`` was asked for, its due times up to then; ``dueMore`` that there are more than are shown
    """

    id: str
    name: str
    origin: Origin
    definition: str | None = None
    action_id: str | None = None
    enabled: bool
    state: Literal["active", "off", "paused", "asleep", "owner_inactive", "finished"]
    words: str
    cron: str | None = None
    dialect: Dialect | None = None
    repeat: JsonObject | None = None
    once: str | None = None
    time_zone: str
    gap: Gap = "next-valid"
    fold: Fold = "first"
    start: str | None = None
    end: str | None = None
    late: Late
    overlap: Overlap
    jitter_s: int = 0
    pause_after: int | None = None
    mode: RunMode | None = None
    params: JsonObject = Field(default_factory=dict)
    notifications: list[JsonObject] = Field(default_factory=list)
    next_at: Time | None = None
    next_local: str | None = None
    next_note: str | None = None
    fires_at: Time | None = None
    queued_at: Time | None = None
    failures: int = 0
    paused: str | None = None
    asleep: str | None = None
    owner: str
    owner_name: str | None = None
    """Of a member."""
    fallback_owner: str | None = None
    former_owner: str | None = None
    due: list[DueTime] | None = None
    due_more: bool = False
    version: int
    created_at: Time
    created_by: str
    updated_at: Time
    updated_by: str

"""Job definitions on the wire, in Conscia's shape: a job type with its parameters, kept under a code, to be started again and again."""

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AfterValidator, ConfigDict, Field, field_validator, model_validator

from .codes import Refusal
from .definition_codes import DefinitionCode
from .events import check_heard
from .filters import compile_filter, compile_topics
from .job_types import Code as TypeCode
from .job_types import RunMode
from .jobs import JsonObject, Priority, Reference, Subject, Tags
from .model import WireModel
from .notifications import Address, Rules
from .texts import Label, visible
from .times import Time

LONGEST_NAME: Final = 256
LONGEST_DESCRIPTION: Final = 4_096
LONGEST_TARGET: Final = 256
LONGEST_CRON: Final = 256
MOST_EMAILS: Final = 50
MOST_TRIGGERS: Final = 16
MOST_A_MINUTE: Final = 6_000
STARTS_A_MINUTE: Final = 60
"""How often a trigger starts jobs, unless it says otherwise."""


def _named(text: str) -> str:
    return visible(text).strip()


def _cron(text: str) -> str:
    fields = text.split()
    if not text.isprintable() or not 5 <= len(fields) <= 7:
        raise ValueError("must have 5 to 7 fields, such as */5 * * * *")
    return " ".join(fields)


def _topics(text: str) -> str:
    try:
        compile_topics(text)
    except Refusal as refusal:
        raise ValueError(refusal.message) from None
    check_heard(text)
    return text


def _filter(conditions: JsonObject) -> JsonObject:
    try:
        compile_filter(conditions)
    except Refusal as refusal:
        raise ValueError(refusal.message) from None
    return conditions


Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(_named)]
Description = Annotated[str, Field(max_length=LONGEST_DESCRIPTION)]
Target = Annotated[str, Field(min_length=1, max_length=LONGEST_TARGET), AfterValidator(_named)]


class _Strict(WireModel):
    """Other fields are refused: one that is misspelt would be dropped in silence."""

    model_config = ConfigDict(extra="forbid")


class CronSchedule(_Strict):
    """When it is to run, in the time zone of its space."""

    cron: Annotated[str, Field(max_length=LONGEST_CRON), AfterValidator(_cron)]

    @model_validator(mode="before")
    @classmethod
    def _without_zone(cls, given: Any) -> Any:
        if isinstance(given, dict) and not {"timeZone", "time_zone"}.isdisjoint(given):
            raise ValueError(
                "takes cron alone, in the time zone of the space. For another zone leave it out here, and make a schedule: "
                "POST /v1/job-definitions/{code}/schedules"
            )
        return given


class DefinitionOptions(_Strict):
    """Who is told of its jobs, in Conscia's words; ``notifications`` say more.

    - ``skipNotification``: whoever starts a job finds nothing of it in the inbox
    - ``sendCompletionEmail``, ``sendFailureEmail``: a mail to whoever started it, and to the ``emailList``, which gets both where neither
      is set
    """

    skip_notification: bool = False
    send_completion_email: bool = False
    send_failure_email: bool = False
    email_list: list[Address] = Field(default_factory=list, max_length=MOST_EMAILS)


class EventTrigger(_Strict):
    """Events that start it: those of ``topic`` (a topic or pattern) that pass the ``filter``.

    ``params`` join those of the definition, each key in the place of the same key; their templates read the ``event``.
    """

    topic: Annotated[str, Field(min_length=1, max_length=512), AfterValidator(_topics)]
    filter: Annotated[JsonObject, AfterValidator(_filter)] | None = None
    params: JsonObject = Field(default_factory=dict)
    mode: RunMode | None = None
    max_per_minute: int = Field(default=STARTS_A_MINUTE, ge=1, le=MOST_A_MINUTE)


class DeltaSettings(_Strict):
    """From when on a full run reads that has no successful run before it."""

    start_date: Time | None = None


class DefinitionModes(_Strict):
    """``default`` is the mode of runs that name none, else the first that the type has.

    ``onPartial``: whether a run that was complete only in part moves the watermark (``advance``).
    """

    default: RunMode | None = None
    delta: DeltaSettings | None = None
    on_partial: Literal["keep", "advance"] = "keep"


class DefinitionCreate(_Strict):
    """A new definition. ``name`` is the code unless given; whether it is ``enabled`` where that is left out, the route says.

    ``params`` are checked against the schema of the job type; texts in them may be templates.
    """

    job_definition_code: DefinitionCode
    job_type: TypeCode
    name: Name | None = None
    description: Description | None = None
    schedule: CronSchedule | None = None
    params: JsonObject = Field(default_factory=dict)
    options: DefinitionOptions = Field(default_factory=DefinitionOptions)
    enabled: bool | None = None
    target: Target | None = None
    triggers: list[EventTrigger] = Field(default_factory=list, max_length=MOST_TRIGGERS)
    modes: DefinitionModes = Field(default_factory=DefinitionModes)
    notifications: Rules = Field(default_factory=list)

    @field_validator("params", "options", "triggers", "modes", "notifications", mode="before")
    @classmethod
    def _left_out(cls, given: Any, info: Any) -> Any:
        return (
            cls.model_fields[info.field_name].get_default(call_default_factory=True)
            if given is None
            else given
        )


class DefinitionUpdate(_Strict):
    """What is sent changes, each field as a whole: ``params`` are all parameters then. ``jobDefinitionCode`` cannot change.

    ``schedule``, ``target`` and ``description`` are removed by null; in the place of others null says nothing.
    """

    job_definition_code: DefinitionCode | None = None
    job_type: TypeCode | None = None
    name: Name | None = None
    description: Description | None = None
    schedule: CronSchedule | None = None
    params: JsonObject | None = None
    options: DefinitionOptions | None = None
    enabled: bool | None = None
    target: Target | None = None
    triggers: list[EventTrigger] | None = Field(default=None, max_length=MOST_TRIGGERS)
    modes: DefinitionModes | None = None
    notifications: Rules | None = None

    def sent(self) -> dict[str, Any]:
        """The fields that change, by their Python names, as JSON."""
        removable = {"schedule", "target", "description"}
        values = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        names = [name for name in self.model_fields_set if name != "job_definition_code"]
        found = {name: values.get(type(self).model_fields[name].alias or name) for name in names}
        return {name: value for name, value in found.items() if value is not None or name in removable}


class DefinitionToCreate(_Strict):
    """``POST /v1/job-definitions``."""

    below: ClassVar[str | None] = "jobDefinition"
    job_definition: DefinitionCreate


class DefinitionToUpdate(_Strict):
    """``PATCH /v1/job-definitions/{code}``."""

    below: ClassVar[str | None] = "jobDefinition"
    job_definition: DefinitionUpdate


class StartContext(_Strict):
    """What templates read in the place of what would have started the job."""

    event: JsonObject | None = None
    hook: JsonObject | None = None
    due_time: Time | None = None


class DefinitionExecute(_Strict):
    """``POST /v1/job-definitions/{code}/_execute``: a job of the definition.

    ``params`` join those of the definition, each key in the place of the same key, as they stand: they are no templates.
    """

    below: ClassVar[str | None] = "params"
    params: JsonObject = Field(default_factory=dict)
    mode: RunMode | None = None
    context: StartContext = Field(default_factory=StartContext)
    label: Label | None = None
    priority: Priority | None = None
    scheduled_at: Time | None = None
    source: Reference | None = None
    subject: Subject | None = None
    file_id: Reference | None = None
    metadata: JsonObject | None = None
    tags: Tags | None = None


OF_THE_JOB: Final = ("label", "priority", "scheduled_at", "source", "subject", "file_id", "metadata", "tags")
"""Fields of `DefinitionExecute` that the job takes as they are."""


class DefinitionDryRun(_Strict):
    """``POST /v1/job-definitions/{code}/_dry-run``: what a launch with these would have for parameters.

    With ``context.event`` each event trigger is tried on it, or that of the number ``trigger`` alone.
    """

    below: ClassVar[str | None] = "params"
    trigger: int | None = Field(default=None, ge=0, lt=MOST_TRIGGERS)
    params: JsonObject = Field(default_factory=dict)
    context: StartContext = Field(default_factory=StartContext)


class TemplateDryRun(_Strict):
    """``POST /v1/job-definitions/_dry-run``: parameters that are not kept yet. With ``jobType`` they are checked against its schema."""

    below: ClassVar[str | None] = "params"
    job_type: TypeCode | None = None
    params: JsonObject
    context: StartContext = Field(default_factory=StartContext)


class DryRunPlace(WireModel):
    """One expression: where it stands, and the ``value`` (of a ``kind``) that it gives, or the ``problem``."""

    path: str
    expression: str
    value: Any = None
    kind: str | None = None
    problem: str | None = None
    position: int | None = None


class DryRunProblem(WireModel):
    """What would be refused, and where."""

    path: str
    message: str


class _Tried(WireModel):
    params: JsonObject | None = None
    places: list[DryRunPlace] = Field(default_factory=list)
    problems: list[DryRunProblem] = Field(default_factory=list)


class TriggerDryRun(_Tried):
    """What an event trigger, by its number, makes of an event. One that it does not start on is ``stoppedBy`` its topic or its filter."""

    trigger: int
    topic: str
    starts: bool
    stopped_by: Literal["topic", "filter"] | None = None


class DryRun(_Tried):
    """What a dry run shows. ``params`` are what the job would have, null where a place does not resolve; secrets stand as written.

    ``triggers`` are those of the definition, tried on the event, where there is one.
    """

    triggers: list[TriggerDryRun] = Field(default_factory=list)


class LastJob(WireModel):
    """The newest job of a definition."""

    job_id: str
    status: str
    created_at: Time
    finished_at: Time | None = None


class Failing(WireModel):
    """A definition that has failed: since when, how many runs in a row without a success between, and the last of them."""

    since: Time
    failures: int
    last_at: Time
    job_id: str | None = None


class TriggerProblem(WireModel):
    """Why an event did not start a job: a guard ``stopped`` it (``reason`` is ``depth`` or ``rate``), or it ``failed`` (an error code)."""

    at: Time
    kind: Literal["stopped", "failed"]
    reason: str
    message: str
    trigger: int
    event_id: str
    event_topic: str | None = None
    problems: list[JsonObject] = Field(default_factory=list)


class _Described(WireModel):
    job_type: str
    params: JsonObject = Field(default_factory=dict)
    schedule: JsonObject | None = None
    options: JsonObject = Field(default_factory=dict)
    target: str | None = None
    triggers: list[JsonObject] = Field(default_factory=list)
    modes: JsonObject = Field(default_factory=dict)
    notifications: list[JsonObject] = Field(default_factory=list)


class Definition(_Described):
    """A definition. ``version`` rises with each change of what its jobs are made of; ``running`` says whether the last job goes on."""

    id: str
    job_definition_code: str
    name: str
    description: str | None = None
    enabled: bool
    version: int
    created_at: Time
    created_by: str | None = None
    updated_at: Time
    updated_by: str | None = None
    last_job: LastJob | None = None
    running: bool = False
    next_at: Time | None = None
    """When the first of its schedules is due, as long as it is enabled."""
    health: str = "ok"
    """``failed`` from a failed run on until the next success."""
    failing: Failing | None = None
    """What is known of the failures since then."""
    trigger_stops: int = 0
    """How many starts the guards have prevented since its triggers became as they are."""
    trigger_problem: TriggerProblem | None = None
    """The newest of these, or of those that failed."""


class DefinitionVersion(_Described):
    """A definition as it was: who made it so, and when."""

    version: int
    at: Time
    actor: str | None = None

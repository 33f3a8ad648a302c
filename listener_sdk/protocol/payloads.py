"""What the events tell that the server publishes: the payload of each topic.

A later release may add fields. Clients' own events have the payloads that clients give them.
"""

from typing import Final, Literal

from pydantic import Field

from .job_payloads import (
    AboutJob,
    AboutSchedule,
    DueTimeMissed,
    JobAttemptFailed,
    JobCompleted,
    JobCreated,
    JobFailed,
    JobPartsCompleted,
    JobReady,
    JobScheduled,
    JobUpdated,
    JobWaiting,
    ScheduleOwnerChanged,
    SchedulePaused,
    ScheduleUpdated,
)
from .jobs import JsonObject
from .model import WireModel
from .outside_payloads import (
    AboutEndpoint,
    AboutHook,
    AboutMessage,
    EndpointDeliveryFailed,
    EndpointDisabled,
    EndpointEventsMissed,
    EndpointFailing,
    EndpointOverflowed,
    EndpointRecovered,
    EndpointRotated,
    EndpointTested,
    HookFailed,
    HookRejected,
    HookRotated,
    NotificationCreated,
    NotificationRead,
    SubscriptionBehind,
    SubscriptionCreated,
    SubscriptionTaken,
)
from .times import Time


class EventAbout(WireModel):
    """The context of an event that the server publishes: what it is about, and who has done it."""

    account_id: str = Field(description="The store.")
    environment_id: str = Field(description="The space, by the name of Flatfile's clients for it.")
    space_id: str = Field(description="The space.")
    actor_id: str = Field(description="Who has done it: a key, a token, a member, or system.")
    job_id: str | None = Field(None, description="The job.")
    file_id: str | None = Field(None, description="The file, or the one that the job works on.")
    workbook_id: str | None = Field(
        None, description="The job's source, where it is a workbook's id of Flatfile's."
    )
    sheet_id: str | None = Field(None, description="The same, of a sheet.")
    document_id: str | None = Field(None, description="The same, of a document.")
    action_id: str | None = Field(
        None, description="The action by which the job was made, told when it was created and is ready."
    )
    action_name: str | None = Field(None, description="The name of its jobs.")
    preceding_event_id: str | None = Field(None, description="The event that has led to this one.")


# ---- files, spaces, members, keys, secrets


class AboutFile(WireModel):
    """The file itself is ``context.fileId``. ``reason`` is ``retention`` where its time was over."""

    name: str
    size: int
    content_type: str
    reason: str | None = None


class AboutSpace(WireModel):
    """Which space it was."""

    code: str
    name: str


class Changes(WireModel):
    """The fields that differ, as they were and as they are."""

    before: JsonObject
    after: JsonObject


class AboutMember(WireModel):
    """A member; an e-mail is never told. ``changed`` names the fields that differ."""

    member_id: str
    name: str
    role: str
    active: bool
    changed: list[str] | None = None


class AboutKey(WireModel):
    """A key and its restrictions, never its secret."""

    key_id: str
    name: str
    role: str
    every_space: bool = False
    expires_at: Time | None = None
    jobs: list[str] | None = None
    topics: list[str] | None = None


class KeyUpdated(Changes):
    """The same, of a key."""

    key_id: str


class KeyRotated(WireModel):
    """Until when the old secret is valid."""

    key_id: str
    name: str
    old_secret_until: Time


class AboutSecret(WireModel):
    """A secret, never its value."""

    secret_id: str
    name: str
    version: int


# ---- definitions, actions, job types


class AboutDefinition(WireModel):
    """A job definition by its code. ``enabled`` is told of a new one, ``changed`` of one that was changed."""

    definition: str
    job_type: str
    name: str
    version: int
    enabled: bool | None = None
    changed: list[str] | None = None


class DefinitionFailing(WireModel):
    """Which run has failed; of a due time for which no job could be made there is none."""

    definition: str | None = None
    job_type: str | None = None
    job_id: str | None = None
    since: Time
    message: str | None = None


class DefinitionRecovered(WireModel):
    """Which run has succeeded, after how many failures."""

    definition: str | None = None
    job_type: str | None = None
    job_id: str | None = None
    since: Time
    failures: int


class _OfTrigger(WireModel):
    definition: str
    job_type: str
    trigger: int
    event_id: str
    event_topic: str | None = None
    message: str


class TriggerStopped(_OfTrigger):
    """Which guard has stopped a trigger, by its number, and how often since the last such event."""

    reason: Literal["depth", "rate"]
    count: int


class PlacedProblem(WireModel):
    """What was wrong, and where."""

    path: str | None = None
    message: str


class TriggerFailed(_OfTrigger):
    """Why a trigger, by its number, could start nothing: ``reason`` is the code of an error."""

    reason: str
    problems: list[PlacedProblem]


class TriggersMissed(WireModel):
    """Between which positions of the log."""

    after: str
    before: str
    message: str


class WatermarkMoved(WireModel):
    """From where to where; null where it had no value."""

    definition: str | None = None
    job_type: str | None = None
    from_: str | None = Field(default=None, alias="from")
    to: str
    version: int
    job_id: str | None = None


class WatermarkReset(WireModel):
    """Where it stood."""

    definition: str
    job_type: str
    from_: str | None = Field(default=None, alias="from")
    version: int


class AboutAction(WireModel):
    """An action, and the name of the jobs that it makes."""

    action_id: str
    label: str
    job: str
    target_id: str
    changed: list[str] | None = None


class AboutJobType(WireModel):
    """A job type by its code. ``before`` has its name, where that was another."""

    job_type: str
    name: str
    label: str | None = None
    changed: list[str] | None = None
    before: JsonObject | None = None


class AboutListener(WireModel):
    """A session that takes jobs: with which key, by which library, on which machine."""

    listener_id: str
    key_id: str
    host: str | None = None
    client: str | None = None


PAYLOADS: Final[dict[str, type[WireModel]]] = {
    "job:created": JobCreated,
    "job:scheduled": JobScheduled,
    "job:ready": JobReady,
    "job:waiting": JobWaiting,
    "job:updated": JobUpdated,
    "job:attempt-failed": JobAttemptFailed,
    "job:completed": JobCompleted,
    "job:failed": JobFailed,
    "job:canceled": AboutJob,
    "job:parts-completed": JobPartsCompleted,
    "job:outcome-acknowledged": AboutJob,
    "job:deleted": AboutJob,
    **dict.fromkeys(("file:created", "file:deleted"), AboutFile),
    **dict.fromkeys(("space:created", "space:deleted"), AboutSpace),
    **dict.fromkeys(("space:updated", "space:archived"), Changes),
    **dict.fromkeys(
        ("member:created", "member:updated", "member:deactivated", "member:activated", "member:deleted"),
        AboutMember,
    ),
    **dict.fromkeys(("key:created", "key:revoked"), AboutKey),
    "key:updated": KeyUpdated,
    "key:rotated": KeyRotated,
    "definition:failing": DefinitionFailing,
    "definition:recovered": DefinitionRecovered,
    "definition:trigger-stopped": TriggerStopped,
    "definition:trigger-failed": TriggerFailed,
    "definition:triggers-missed": TriggersMissed,
    "notification:created": NotificationCreated,
    "notification:read": NotificationRead,
    **dict.fromkeys(("notification:delivered", "notification:delayed", "notification:failed"), AboutMessage),
    **dict.fromkeys(
        ("endpoint:created", "endpoint:updated", "endpoint:enabled", "endpoint:deleted"), AboutEndpoint
    ),
    "endpoint:disabled": EndpointDisabled,
    "endpoint:rotated": EndpointRotated,
    "endpoint:failing": EndpointFailing,
    "endpoint:recovered": EndpointRecovered,
    "endpoint:delivery-failed": EndpointDeliveryFailed,
    "endpoint:overflowed": EndpointOverflowed,
    "endpoint:test": EndpointTested,
    "endpoint:events-missed": EndpointEventsMissed,
    **dict.fromkeys(("secret:created", "secret:updated", "secret:deleted"), AboutSecret),
    **dict.fromkeys(
        (
            "definition:created",
            "definition:updated",
            "definition:enabled",
            "definition:disabled",
            "definition:deleted",
        ),
        AboutDefinition,
    ),
    "definition:watermark-moved": WatermarkMoved,
    "definition:watermark-reset": WatermarkReset,
    **dict.fromkeys(
        (
            "schedule:created",
            "schedule:enabled",
            "schedule:disabled",
            "schedule:deleted",
            "schedule:finished",
        ),
        AboutSchedule,
    ),
    "schedule:updated": ScheduleUpdated,
    "schedule:paused": SchedulePaused,
    **dict.fromkeys(("schedule:skipped", "schedule:failed"), DueTimeMissed),
    "schedule:owner-changed": ScheduleOwnerChanged,
    **dict.fromkeys(
        ("hook:created", "hook:updated", "hook:enabled", "hook:disabled", "hook:deleted"), AboutHook
    ),
    "hook:rotated": HookRotated,
    "hook:rejected": HookRejected,
    "hook:failed": HookFailed,
    **dict.fromkeys(("action:created", "action:updated", "action:deleted"), AboutAction),
    **dict.fromkeys(("job-type:declared", "job-type:updated", "job-type:deleted"), AboutJobType),
    **dict.fromkeys(("listener:drained", "listener:resumed"), AboutListener),
    "subscription:created": SubscriptionCreated,
    **dict.fromkeys(("subscription:taken-over", "subscription:deleted"), SubscriptionTaken),
    **dict.fromkeys(("subscription:behind", "subscription:recovered"), SubscriptionBehind),
}
"""The model of the payload of each of the server's topics."""

"""Events: the envelope, the grammar of topics, reserved domains, and positions in the log."""

import re
from typing import Any, Final, NamedTuple

from pydantic import ConfigDict, Field

from .codes import Refusal
from .globs import any_glob
from .model import WireModel
from .times import Time

TOPIC: Final = re.compile(r"[a-z][a-z0-9-]{0,62}:[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}")
"""``domain:operation``: the domain in lower case, the operation with Flatfile's capitals (``guestAdded``)."""

RESERVED_DOMAINS: Final = frozenset({
    "job", "space", "environment", "secret", "action", "agent", "file", "snapshot", "commit", "layer", "program",
    "data-clip", "cron", "definition", "schedule", "hook", "endpoint", "notification", "member", "key", "system",
    "listener", "job-type", "subscription",
})  # fmt: skip
"""Domains in which only the server speaks; clients may publish in every other (``workbook:...``, ``invoice:...``)."""

_PYTHON_CLIENT: Final = {
    "job": "created updated deleted ready scheduled completed failed outcome-acknowledged parts-completed",
    "agent": "created updated deleted",
    "document": "created updated deleted",
    "secret": "created updated deleted",
    "action": "created updated deleted",
    "environment": "created updated deleted autobuild-created",
    "space": "created updated deleted archived expired guestAdded guestRemoved",
    "workbook": "created updated deleted expired",
    "sheet": "created updated deleted counts-updated",
    "records": "created updated deleted",
    "file": "created updated deleted expired",
    "snapshot": "created",
    "layer": "created",
    "program": "created updated",
    "commit": "created updated completed",
    "data-clip": "created updated deleted collaborator-updated resolutions-created resolutions-updated "
    "resolutions-refreshed",
}
FLATFILE_TOPICS: Final = frozenset(
    f"{domain}:{operation}"
    for domain, operations in _PYTHON_CLIENT.items()
    for operation in operations.split()
)
"""The closed set that Flatfile's Python client 1.0.0 can parse: one other topic fails its whole event list."""

SERVER_TOPICS: Final = {
    "job:created": "A job was stored.",
    "job:scheduled": "The job will become ready at its scheduledAt (a start time, or the back-off of a retry).",
    "job:ready": "The job may be taken by a listener.",
    "job:waiting": "The job waits for others, named in payload.waitingFor: its predecessors, or the part before it.",
    "job:updated": "A field, the progress or the status of a job changed.",
    "job:attempt-failed": "An attempt ended without an outcome; another follows, or job:failed.",
    "job:completed": "The job ended well; payload.result is success or partial. Final.",
    "job:failed": "The job ended without success. Final.",
    "job:canceled": "The job was canceled. Final.",
    "job:parts-completed": "The last part of a split job ended; payload.parts counts how the parts ended.",
    "job:outcome-acknowledged": "A person has seen the outcome.",
    "job:deleted": "The job was removed.",
    "file:created": "A file was stored.",
    "file:deleted": "A file was removed.",
    "space:created": "A space was made; its job space:configure waits for a listener.",
    "space:updated": "The name or a setting of the space changed: payload.before and payload.after.",
    "space:archived": "The space was set aside: nothing new begins in it.",
    "space:deleted": "The space is being removed with all that it has.",
    "member:created": "A member was added to the space.",
    "member:updated": "The fields of the member that payload.changed names have changed.",
    "member:deactivated": "The member was set aside: all sessions have ended, and none begins.",
    "member:activated": "The member may log in again.",
    "member:deleted": "The member was removed; history still names it. An active one is not deactivated first.",
    "key:created": "An API key was made; the event never holds its secret.",
    "key:updated": "The name, the end or a restriction of an API key changed: payload.before and payload.after.",
    "key:rotated": "An API key has a new secret; the old one is valid until payload.oldSecretUntil.",
    "key:revoked": "An API key was revoked.",
    "definition:failing": "A run of a job definition has failed, for the first time since its last success: payload.jobId.",
    "definition:recovered": "A run of a job definition has succeeded, for the first time since payload.since, after payload.failures failures.",
    "definition:trigger-stopped": "The guards have kept a trigger from starting jobs: payload.reason is depth or rate, payload.count how "
    "many since the last such event; at most one a minute for each trigger.",
    "definition:trigger-failed": "An event did not start a job: payload.problems says what did not resolve or fit.",
    "definition:triggers-missed": "Events between payload.after and payload.before were removed before triggers had seen them.",
    "notification:created": "A member has a notification in the inbox; nobody else hears of it.",
    "notification:read": "A member has read one notification, or several; nobody else hears of it.",
    "notification:delivered": "A message about a run has reached payload.recipients by payload.channel.",
    "notification:delayed": "The first attempt to deliver a message has failed; payload.nextAttemptAt says when the next begins.",
    "notification:failed": "A message about a run was not delivered, and was given up: payload.message says why.",
    "endpoint:created": "An endpoint was made, to which events are posted: payload.endpointId.",
    "endpoint:updated": "Fields of an endpoint, which payload.changed names, are others.",
    "endpoint:enabled": "An endpoint was switched on: events from here on are posted to it.",
    "endpoint:disabled": "An endpoint was switched off by somebody, or by the server: then payload.reason is gone (it has answered 410) or failing (for five days), and administrators are told.",
    "endpoint:rotated": "An endpoint has a new secret; the old one signs beside it until payload.oldSecretUntil.",
    "endpoint:deleted": "An endpoint was removed; what waited for it is not delivered.",
    "endpoint:failing": "Deliveries to an endpoint have failed since payload.failingSince: one of them for the third time.",
    "endpoint:recovered": "A delivery to an endpoint has succeeded, for the first time since payload.failingSince.",
    "endpoint:delivery-failed": "A delivery (payload.deliveryId) was given up: payload.message says why the last of payload.attempts attempts failed.",
    "endpoint:overflowed": "Too many deliveries wait for an endpoint: payload.missed events were left out so far; at most one a minute for each endpoint.",
    "endpoint:test": "Posted to an endpoint that somebody tries; it does not stand in the log.",
    "endpoint:events-missed": "Events between payload.after and payload.before were removed before endpoints had heard them.",
    "secret:created": "A secret was set for the first time; the event never holds its value.",
    "secret:updated": "A secret was set anew.",
    "secret:deleted": "A secret was removed.",
    "definition:created": "A job definition was made.",
    "definition:updated": "Fields of a job definition, which payload.changed names, are others; payload.version is the newest.",
    "definition:enabled": "A job definition may be launched, and its triggers start jobs.",
    "definition:disabled": "A job definition starts nothing any more; jobs that it has started go on.",
    "definition:deleted": "A job definition was removed.",
    "definition:watermark-moved": "The watermark of a job definition stands at payload.to: a run moved it (payload.jobId), or a person set it.",
    "definition:watermark-reset": "A person reset the watermark of a job definition: its next run is as the first.",
    "schedule:created": "A schedule of a definition was made.",
    "schedule:updated": "Fields of a schedule, which payload.changed names, are others.",
    "schedule:enabled": "A schedule was switched on: its next due time lies ahead.",
    "schedule:disabled": "A schedule was switched off; its job, if one runs, goes on.",
    "schedule:deleted": "A schedule was removed.",
    "schedule:paused": "A schedule was switched off after payload.failures failures in a row.",
    "schedule:finished": "No due time of the schedule is left.",
    "schedule:skipped": "Nothing runs for a due time (payload.dueAt), or for payload.count of them: payload.reason says why.",
    "schedule:failed": "There is no job for a due time (payload.dueAt) because it could not be made: payload.reason says why.",
    "schedule:owner-changed": "A schedule has another owner: payload.owner, in the place of payload.formerOwner.",
    "hook:created": "A hook was made: payload.hookId and payload.name; the event never holds its secret or address.",
    "hook:updated": "Fields of a hook, which payload.changed names, are others.",
    "hook:enabled": "A hook was switched on: its address takes calls.",
    "hook:disabled": "A hook was switched off: its address refuses calls.",
    "hook:rotated": "A hook has a new secret (the old one is valid until payload.oldSecretUntil), or with payload.address a new address.",
    "hook:deleted": "A hook was removed: its address takes no calls any more.",
    "hook:rejected": "Calls of a hook (payload.hookId, payload.name) were refused: payload.reason is why the newest was (missing, wrong, "
    "too_old, too_new, bad_body), payload.count how many since the last such event; at most one in 10 s for each hook.",
    "hook:failed": "A call of a hook has started nothing, and was kept (payload.deliveryId): payload.problems says what did not resolve or fit.",
    "action:created": "An action, a button that makes jobs, was made.",
    "action:updated": "Fields of an action, which payload.changed names, are others.",
    "action:deleted": "An action was removed.",
    "job-type:declared": "A listener has declared a job type that the space did not have.",
    "job-type:updated": "A listener has declared a job type otherwise than before: payload.changed names what differs.",
    "job-type:deleted": "A job type that nobody serves was removed.",
    "listener:drained": "A session that takes jobs (payload.listenerId) gets no new ones any more, and goes on with those that it has.",
    "listener:resumed": "A session that was drained gets jobs again.",
    "subscription:created": "A durable subscription was made, by who subscribed under its name (payload.name) first.",
    "subscription:taken-over": "Another session follows a durable subscription now (payload.name); the one before it was told.",
    "subscription:behind": "A durable subscription (payload.name) is so far behind that events which it has not seen are about to be "
    "removed: payload.behind of them come after payload.position.",
    "subscription:recovered": "A durable subscription that was far behind has caught up.",
    "subscription:deleted": "A durable subscription was removed; who followed it was told.",
}
"""Topics that this release of the server publishes, with their meaning; docs/reference/topics.md is made from it.

The other topics of a reserved domain are nobody's yet: clients may not publish them, either.
"""

PRIVATE_TOPICS: Final = frozenset({"notification:created", "notification:read"})
"""Events that one member alone hears, ``payload.memberId``, on the stream."""
_PRIVATE_DOMAIN: Final = "notification:"

TERMINAL_TOPICS: Final = frozenset({"job:completed", "job:failed", "job:canceled"})


def check_heard(patterns: str) -> None:
    """Raise ValueError for patterns, separated by commas, of which one names nothing but private events: it would never be heard."""
    for pattern in map(str.strip, patterns.split(",")):
        if not pattern.startswith(_PRIVATE_DOMAIN):
            continue  # under any other name clients may publish
        matches = any_glob([pattern])
        named = {topic for topic in SERVER_TOPICS if matches(topic)}
        if named and named <= PRIVATE_TOPICS:
            raise ValueError(
                f"{pattern} is for the member alone whom it is about, and reaches nothing else: "
                "take notification:delivered, or the end of the run itself, such as job:failed"
            )


def check_topic(topic: str) -> None:
    """Raise Refusal (bad_topic, reserved_topic) unless a client may publish this topic."""
    if not TOPIC.fullmatch(topic):
        raise Refusal(
            "bad_topic",
            f"{topic[:80]!r} is not a topic: write domain:operation, such as invoice:paid.",
            key="topic",
        )
    domain = topic.split(":", 1)[0]
    if domain in RESERVED_DOMAINS:
        raise Refusal(
            "reserved_topic",
            f"Only the server publishes in the domain {domain!r}: choose another.",
            key="topic",
        )


class Position(NamedTuple):
    """A place in the log: ``epoch:seq`` on the wire. The epoch changes when the log is replaced by another."""

    epoch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.seq}"

    @classmethod
    def parse(cls, text: str, key: str = "after") -> "Position":
        """Read a position; Refusal ``bad_cursor`` when it is not one."""
        epoch, _, seq = text.rpartition(":")
        if not re.fullmatch(r"[a-z0-9]{1,32}", epoch) or not re.fullmatch(r"[0-9]{1,18}", seq):
            raise Refusal(
                "bad_cursor", "A cursor is now, oldest, or a position that the server gave.", key=key
            )
        return cls(epoch, int(seq))


class Event(WireModel):
    """One entry of the log, as every reader sees it."""

    id: str
    topic: str
    domain: str
    created_at: Time
    position: str | None = None
    payload: dict[str, Any] = Field(default_factory=dict)
    context: dict[str, Any] = Field(default_factory=dict)
    attributes: dict[str, Any] | None = None
    namespaces: list[str] | None = None
    origin: dict[str, Any] | None = None
    target: str | None = None
    callback_url: str | None = None
    data_url: str | None = None
    acknowledged_at: Time | None = None
    acknowledged_by: str | None = None

    @property
    def job_id(self) -> str | None:
        """The job that the event is about, if any."""
        found = self.context.get("jobId")
        return found if isinstance(found, str) else None


class _Open(WireModel):
    model_config = ConfigDict(extra="allow")


class Slugs(_Open):
    """The short names of what an event is about."""

    space: str | None = None
    workbook: str | None = None
    sheet: str | None = None


class EventContext(_Open):
    """Where an event belongs. What Flatfile's clients know must have their shape: one that has not spoils their whole list."""

    namespaces: list[str] | None = None
    slugs: Slugs | None = None
    action_name: str | None = None
    workbook_id: str | None = None
    sheet_id: str | None = None
    sheet_slug: str | None = None
    snapshot_id: str | None = None
    version_id: str | None = None
    commit_id: str | None = None
    job_id: str | None = None
    program_id: str | None = None
    file_id: str | None = None
    document_id: str | None = None
    preceding_event_id: str | None = None
    app_id: str | None = None
    action_id: str | None = None
    data_clip_id: str | None = None


class EventProgress(_Open):
    """How far a series of events is."""

    current: int | None = None
    total: int | None = None
    percent: int | None = None


class EventAttributes(_Open):
    """Facts about the thing that changed."""

    target_updated_at: Time | None = None
    progress: EventProgress | None = None


class EventOrigin(_Open):
    """The thing from which an event comes."""

    id: str | None = None
    slug: str | None = None


class EventCreate(WireModel):
    """What a client publishes: ``POST /v1/events`` and the ``publish`` frame."""

    topic: str = Field(max_length=128)
    domain: str | None = Field(default=None, max_length=64)
    payload: dict[str, Any] = Field(default_factory=dict)
    context: EventContext = Field(default_factory=EventContext)
    attributes: EventAttributes | None = None
    namespaces: list[str] | None = Field(default=None, max_length=32)
    origin: EventOrigin | None = None
    target: str | None = Field(default=None, max_length=256)
    callback_url: str | None = Field(default=None, max_length=2048)
    data_url: str | None = Field(default=None, max_length=2048)

"""Every call: its body, its answer and what of it may be refused, by the function that answers. Routes say the rest."""

from dataclasses import replace
from typing import Final

from listener_sdk.protocol import definitions as d
from listener_sdk.protocol import endpoints as e
from listener_sdk.protocol import hooks as h
from listener_sdk.protocol import schedules as s
from listener_sdk.protocol.actions import Action, ActionCreate, ActionExecute, ActionUpdate
from listener_sdk.protocol.audit import AuditLine
from listener_sdk.protocol.bulk import BulkAct, BulkCancel, BulkCreate, BulkDone
from listener_sdk.protocol.events import Event, EventCreate
from listener_sdk.protocol.job_types import JobTypeExecute, JobTypeView
from listener_sdk.protocol.jobs import (
    Attempt,
    Environment,
    File,
    Job,
    JobAck,
    JobCancel,
    JobCreate,
    JobEnd,
    JobSplit,
    JobUpdate,
    LogLine,
)
from listener_sdk.protocol.keys import CreatedKey, Key, KeyCreate, KeyRotate, KeyUpdate, WhoAmI
from listener_sdk.protocol.listeners import ListenerSession
from listener_sdk.protocol.members import (
    LogIn,
    LoginLink,
    LoginLinkCreate,
    Member,
    MemberCreate,
    MemberUpdate,
    PasswordChange,
)
from listener_sdk.protocol.notifications import (
    MailStatus,
    Notification,
    NotificationsRead,
    NotificationTest,
)
from listener_sdk.protocol.overview import Overview
from listener_sdk.protocol.plans import PlanPatch, PlanPut
from listener_sdk.protocol.runs import Run, RunAgain
from listener_sdk.protocol.secrets import Secret, SecretWrite
from listener_sdk.protocol.spaces import Space, SpaceCreate, SpaceUpdate
from listener_sdk.protocol.subscriptions import DurableSubscription, SubscriptionAcked
from listener_sdk.protocol.timings import Preview, PreviewAsked
from listener_sdk.protocol.tokens import Token, TokenCreate
from listener_sdk.protocol.watermarks import Watermark, WatermarkWrite

from . import answers as a
from .schemas import ANY_OBJECT, reference
from .shapes import BYTES, JSON, Content, Shape, bare, done, file, listed, many, named, one

PAGES: Final = ("pageSize", "cursor")
NUMBERED: Final = ("pageSize", "pageNumber", "cursor")
_JOBS: Final = (
    "status", "type", "operation", "job", "tag", "definition", "source", "workbookId", "fileId", "parentId",
    "excludeChildJobs", "createdAfter", "createdBefore", "q", "quick", "sortDirection", *NUMBERED,
)  # fmt: skip
_EVENTS: Final = (
    "topic", "topics", "domain", "since", "includeAcknowledged", "jobId", "after", "sortDirection", *NUMBERED,
)  # fmt: skip

_NEW: Final = ("duplicate_job", "queue_full", "cycle", "limit", "illegal_move", "too_large")
"""What may be said of any new job."""
_START: Final = (*_NEW, "disabled", "secret_locked", "already_retried", "bad_timing")
"""And of one that something else makes."""
_MOVE: Final = ("illegal_move", "stale_lease", "lease_held", "no_lease", "no_plan", "too_large")
_SET: Final = ("limit", "in_use", "too_large", "bad_filter", "bad_topic", "reserved_topic")
_TIMED: Final = (*_SET, "bad_timing")
_CURSOR: Final = ("bad_filter", "cursor_too_old", "epoch_changed", "cursor_ahead")
_SECRET: Final = (*_SET, "secret_locked", "blocked_address")
_EXPORT: Final = ("text/csv; charset=utf-8", "application/x-ndjson")
_FILE: Final = Shape(
    {200: BYTES, 206: BYTES, 304: {}},
    query=("expires", "signature", "space"),
    refuses=("link_invalid", "link_expired", "precondition_failed", "bad_range"),
)
_CALL: Final[Content] = {
    "application/octet-stream": {
        "type": "string",
        "format": "binary",
        "description": "The bytes as they are signed, for a hook that says by accepts what they are.",
    },
    JSON: reference(ANY_OBJECT),
    "application/x-www-form-urlencoded": {"type": "object", "additionalProperties": True},
    "text/plain": {"type": "string"},
}
"""What hooks read, each by its name: of a call that takes ``*/*`` generators make no function, and of schemas that are alike no choice."""

CALLS: Final[dict[str, Shape]] = {
    "routes._refuse": Shape({}, refuses=("not_supported",)),
    "jobs.index": many(Job, "too_large", "bad_filter", query=_JOBS, beside=("pagination",)),
    "jobs.create": one(Job, *_NEW, takes=JobCreate),
    "jobs.show": one(Job, beside=("asOf",)),
    "jobs.update": one(Job, *_MOVE, "cycle", "limit", takes=JobUpdate),
    "jobs.delete": done("illegal_move"),
    "jobs.execute": done(*_NEW, "no_plan"),
    "jobs.ack": one(Job, *_MOVE, takes=JobAck),
    "jobs.complete": one(Job, *_MOVE, takes=JobEnd),
    "jobs.fail": one(Job, *_MOVE, takes=JobEnd),
    "jobs.cancel": one(Job, *_MOVE, takes=JobCancel),
    "jobs.retry": one(Job, *_START),
    "jobs.ack_outcome": one(Job, "illegal_move"),
    "jobs.log": many(LogLine),
    "jobs.attempts": many(Attempt),
    "jobs.progress": one(a.ProgressCurve),
    "bulk.create": one(a.BulkMade, *_NEW, takes=BulkCreate, query=("partial", "view")),
    "bulk.cancel": one(BulkDone, "too_large", "bad_filter", takes=BulkCancel),
    "bulk.retry": one(BulkDone, *_START, "bad_filter", takes=BulkAct),
    "bulk.acknowledge": one(BulkDone, "bad_filter", takes=BulkAct),
    "parts.split": one(Job, *_MOVE, *_NEW, "already_split", takes=JobSplit),
    "plans.show": one(a.PlannedJob),
    "plans.put": one(a.PlannedJob, *_MOVE, "wrong_plan", takes=PlanPut),
    "plans.patch": one(a.PlannedJob, *_MOVE, "wrong_plan", takes=PlanPatch),
    "job_types.index": many(JobTypeView),
    "job_types.show": one(JobTypeView),
    "job_types.delete": done("in_use"),
    "job_types.execute": bare(s.RunNow, *_START, takes=JobTypeExecute),
    "conscia.job": bare(a.BriefJob),
    "definitions.index": many(d.Definition),
    "definitions.create": named("jobDefinition", d.Definition, *_TIMED, takes=d.DefinitionToCreate),
    "definitions.show": named("jobDefinition", d.Definition),
    "definitions.update": named("jobDefinition", d.Definition, *_TIMED, takes=d.DefinitionToUpdate),
    "definitions.delete": done("in_use"),
    "definitions.execute": bare(s.RunNow, *_START, takes=d.DefinitionExecute),
    "definitions.dry_run": one(d.DryRun, "disabled", takes=d.DefinitionDryRun),
    "definitions.dry_run_of_none": one(d.DryRun, takes=d.TemplateDryRun),
    "definitions.versions": many(d.DefinitionVersion),
    "definitions.version": one(d.DefinitionVersion),
    "watermarks.show": one(Watermark),
    "watermarks.put": one(Watermark, takes=WatermarkWrite),
    "watermarks.reset": done(),
    "schedules.index": many(s.Schedule),
    "schedules.index_of": many(s.Schedule),
    "schedules.create": one(s.Schedule, *_TIMED, takes=s.ScheduleOfDefinition),
    "schedules.create_of": one(s.Schedule, *_TIMED, takes=s.ScheduleCreate),
    "schedules.show": one(s.Schedule, query=("dueUntil",), beside=("asOf",)),
    "schedules.update": one(s.Schedule, *_TIMED, takes=s.ScheduleUpdate),
    "schedules.delete": done(),
    "schedules.run": one(s.RunNow, *_START, takes=s.ScheduleRun),
    "schedules.hand_over": one(s.HandedOver, "limit", takes=s.HandOver),
    "schedules.hand_over_all": one(s.HandedOver, "limit", takes=s.HandOverAll),
    "timings.show": one(Preview, "bad_timing", takes=PreviewAsked),
    "runs.index": many(Run),
    "runs.index_of": many(Run),
    "runs.export": file(types=_EXPORT),
    "runs.show": one(Run),
    "runs.again": one(Run, *_START, takes=RunAgain),
    "actions.index": bare(listed(Action), query=("domain", "operation", "targetId")),
    "actions.create": bare(Action, *_SET, takes=ActionCreate),
    "actions.create_many": bare(listed(Action), *_SET, takes={**listed(ActionCreate), "minItems": 1, "maxItems": 1_000}),
    "actions.show": bare(Action),
    "actions.update": bare(Action, *_SET, takes=ActionUpdate),
    "actions.delete": done(),
    "actions.execute": one(Job, *_START, takes=ActionExecute),
    "events.index": many(Event, *_CURSOR, "too_large", query=_EVENTS, beside=("pagination",)),
    "events.create": one(Event, "bad_topic", "reserved_topic", takes=EventCreate),
    "events.show": one(Event),
    "events.ack": done(),
    "sse.stream": Shape({200: {"text/event-stream": {"type": "string"}}}, refuses=(*_CURSOR, "bad_json", "limit", "csrf")),
    "endpoints.index": many(e.Endpoint, query=("enabled", *PAGES)),
    "endpoints.create": one(e.MadeEndpoint, *_SECRET, takes=e.EndpointCreate),
    "endpoints.show": one(e.Endpoint),
    "endpoints.update": one(e.Endpoint, *_SECRET, takes=e.EndpointUpdate),
    "endpoints.delete": done(),
    "endpoints.rotate": one(e.MadeEndpoint, *_SECRET, takes=e.EndpointRotate),
    "endpoint_deliveries.test": one(e.EndpointDelivery, "disabled", "limit", "secret_locked", takes=e.EndpointTest),
    "endpoint_deliveries.replay_many": one(e.Replayed, "disabled", "limit", "bad_cursor", takes=e.EndpointReplay),
    "endpoint_deliveries.replay_missed": one(e.Replayed, "disabled", "limit", "bad_cursor", takes=e.EndpointReplayMissed),
    "endpoint_deliveries.index_of": many(e.EndpointDelivery, query=("status", *PAGES)),
    "endpoint_deliveries.show": one(e.EndpointDelivery),
    "endpoint_deliveries.replay": one(e.EndpointDelivery, "disabled", "limit", takes=e.DeliveryReplay),
    "stream.stream": Shape({101: {}}),
    "overview.show": one(Overview, beside=("asOf",)),
    "listeners.index": many(ListenerSession),
    "listeners.drain": one(ListenerSession),
    "listeners.resume": one(ListenerSession),
    "subscriptions.index": many(DurableSubscription),
    "subscriptions.show": one(DurableSubscription),
    "subscriptions.acked": done("bad_cursor", "subscription_taken", "epoch_changed", "cursor_ahead", takes=SubscriptionAcked),
    "subscriptions.delete": done(),
    "files.index": many(File, query=("jobId", *PAGES)),
    "files.create": Shape(
        one(File).answers,
        takes={**BYTES, "multipart/form-data": {"type": "object", "properties": {"file": BYTES["*/*"]}}},
        needs_body=True,
        query=("name", "jobId"),
        refuses=("length_required", "too_large"),
    ),
    "files.show": one(File),
    "files.delete": done(),
    "files.content": _FILE,
    "files.flatfile_content": _FILE,
    "keys.index": many(Key),
    "keys.create": one(CreatedKey, *_SET, takes=KeyCreate),
    "keys.show": one(Key),
    "keys.update": one(Key, *_SET, takes=KeyUpdate),
    "keys.rotate": one(CreatedKey, takes=KeyRotate),
    "keys.revoke": done(),
    "secrets.index": many(Secret, query=("actorId", *PAGES)),
    "secrets.upsert": many(Secret, *_SET, "secret_locked", takes=SecretWrite),
    "secrets.show": one(Secret, "secret_locked"),
    "secrets.delete": many(Secret),
    "hooks.index": many(h.Hook, query=PAGES),
    "hooks.create": one(h.CreatedHook, *_SECRET, takes=h.HookCreate),
    "hooks.show": one(h.Hook),
    "hooks.update": one(h.Hook, *_SECRET, takes=h.HookUpdate),
    "hooks.delete": done(),
    "hooks.rotate": one(h.CreatedHook, *_SECRET, takes=h.HookRotate),
    "hooks.try_": one(h.HookTrial, "disabled", "unsupported_media_type", "too_large", takes=h.HookTry),
    "hooks.deliveries": many(h.HookDelivery, query=("status", *PAGES)),
    "hooks.delivery": one(h.HookDelivery),
    "hooks.replay": one(h.HookReceipt, *_START, "unsupported_media_type", "bad_topic", "reserved_topic"),
    "hook_calls.receive": Shape(
        {
            200: {**one(h.HookReceipt).answers[200], "text/plain; charset=utf-8": {"type": "string"}},
            202: one(h.HookReceipt).answers[200],
        },
        takes=_CALL,
        refuses=(*_START, "not_found", "bad_signature", "unsupported_media_type", "invalid"),
        repeats=False,
    ),
    "tokens.create": one(Token, takes=TokenCreate),
    "members.index": many(Member),
    "members.create": one(Member, *_SET, takes=MemberCreate),
    "members.show": one(Member),
    "members.update": one(Member, *_SET, takes=MemberUpdate),
    "members.delete": done(),
    "members.end_sessions": done(),
    "account.show": one(Member),
    "account.set_password": one(Member, takes=PasswordChange),
    "account.log_out_everywhere": done(),
    "logins.create_link": one(LoginLink, "limit", takes=LoginLinkCreate),
    "logins.create_ticket": one(a.StreamTicket, "limit"),
    "logins.begin": replace(one(a.LoggedIn, "unauthorized", "csrf", "not_found", takes=LogIn), repeats=False),
    "logins.show": one(a.LoggedIn),
    "logins.end": done(),
    "notifications.index": many(Notification, beside=("unread",)),
    "notifications.channels": one(MailStatus),
    "notifications.read_one": one(Notification),
    "notifications.read_many": one(a.ReadCount, takes=NotificationsRead),
    "notifications.test": one(a.MailTried, "unreachable", "bad_answer", "timed_out", "blocked_address", takes=NotificationTest),
    "audit.index": many(AuditLine, "bad_filter"),
    "audit.export": file("bad_filter", types=_EXPORT),
    "spaces.whoami": one(WhoAmI),
    "spaces.environments": many(Environment, query=NUMBERED, beside=("pagination",)),
    "spaces.environment": one(Environment),
    "spaces.spaces": many(Space, query=NUMBERED, beside=("pagination",)),
    "spaces.create": one(Space, "limit", takes=SpaceCreate),
    "spaces.space": one(Space),
    "spaces.update": one(Space, takes=SpaceUpdate),
    "spaces.delete": done(),
    "health.live": bare(a.Live),
    "health.ready": Shape({200: {JSON: a.Readiness}, 503: {JSON: a.Readiness}}),
    "client.script": file(types=("text/javascript; charset=utf-8",)),
    "client.types": file(types=("text/plain; charset=utf-8",)),
    "client.job_script": file(types=("text/javascript; charset=utf-8",)),
    "client.job_types": file(types=("text/plain; charset=utf-8",)),
    "descriptions.openapi": bare({"type": "object"}),
    "descriptions.asyncapi": bare({"type": "object"}),
    "descriptions.page": file(types=("text/html; charset=utf-8",)),
}  # fmt: skip
"""By the name of the function, with that of its module."""

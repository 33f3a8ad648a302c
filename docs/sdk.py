"""The page of docs/reference that shows the SDK: all that a listener or a client imports."""

from collections.abc import Iterator
from textwrap import dedent
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

import listener_sdk
from docs.markdown import page
from docs.models import described
from docs.names import attributes, function, methods, signature, text
from listener_sdk import client_plans, errors, next_, pages, testing
from listener_sdk._channel import JobLog
from listener_sdk.client import PARTS, Client
from listener_sdk.handle import JobHandle
from listener_sdk.job import Job, SyncJob
from listener_sdk.listener import Listener
from listener_sdk.matching import WatchedEvent
from listener_sdk.outcome import Outcome
from listener_sdk.parts import Parts, PartsResult, SyncParts
from listener_sdk.protocol import (
    actions,
    audit,
    bulk,
    definitions,
    endpoints,
    events,
    hooks,
    job_types,
    jobs,
    keys,
    listeners,
    members,
    notifications,
    plans,
    runs,
    schedules,
    secrets,
    spaces,
    subscriptions,
    timings,
    tokens,
    watermarks,
)
from listener_sdk.subscription import LiveTick, Subscription
from listener_sdk.watermark import Watermark

INTERNAL: Final = frozenset(
    {"ask_to_stop", "forgotten", "handlers", "afterwards", "of_code", "fetch_secrets", "advanced_to"}
)
"""Public by name, but only the SDK itself uses them."""

RECORDS: Final[tuple[type[BaseModel], ...]] = (
    jobs.JobCreate, jobs.JobUpdate, jobs.JobAck, jobs.Job, jobs.Attempt, jobs.LogLine, jobs.ProgressPoint,
    job_types.JobTypeView, job_types.JobTypeLimits,
    events.EventCreate, events.Event, LiveTick, jobs.File, keys.Key, keys.CreatedKey, keys.WhoAmI,
    tokens.Token, audit.AuditLine, jobs.Environment, spaces.Space, spaces.SpaceRetention, secrets.Secret,
    members.Member, members.LoginLink, definitions.Definition, definitions.DefinitionVersion, definitions.DryRun, runs.Run, watermarks.Watermark, timings.Repeat, timings.Preview, schedules.ScheduleCreate, schedules.Schedule, schedules.HandedOver, notifications.Notification, notifications.MailStatus, hooks.Hook, hooks.CreatedHook, hooks.HookDelivery, hooks.HookReceipt, hooks.HookTrial, endpoints.Endpoint, endpoints.MadeEndpoint, endpoints.EndpointDelivery, endpoints.DeliveryAttempt, subscriptions.DurableSubscription, listeners.ListenerSession, listeners.TakenJob, actions.ActionCreate, actions.ActionExecute, actions.Action, bulk.BulkMember, bulk.BulkDone, plans.Plan,
)  # fmt: skip
"""What calls take as fields, and what they give."""

CLIENT_PARTS: Final = {name: type(getattr(Client("http://127.0.0.1", "none"), name)) for name in PARTS}


def sdk() -> str:
    """Everything, in the order in which one needs it."""
    return page(
        "The Python SDK",
        "What listeners and clients use is imported from `listener_sdk`, the tests' part from `listener_sdk.testing`; the records at the end are what its calls give; they need not be imported. Numbers of time are seconds. What a handler may rely on stands in the [guarantees](../guarantees.md), the language of patterns and filters in "
        "[its own page](filters.md).",
        *_listener(),
        *_handler(),
        *_ends(),
        *_client(),
        *_errors(),
        *_testing(),
        *_records(),
    )


def _listener() -> Iterator[str]:
    yield "## Registering and running"
    yield from _class("Listener", Listener, "listener.", constructed=True)
    yield from _class("WatchedEvent", WatchedEvent, "event.")


def _handler() -> Iterator[str]:
    yield "## In a handler"
    yield from _class("Job", Job, "job.")
    yield f"### `job.log`\n\n{signature('job.log.', *(found for _, found in methods(JobLog)))}\n\n{text(JobLog.__doc__)}"
    yield from _class("job.watermark", Watermark, "job.watermark.")
    yield from _class("Parts", Parts, "parts.")
    yield from _class("PartsResult", PartsResult, "result.")
    verbs = [found for name, found in methods(SyncJob) if name not in {"wait_for", *INTERNAL}]
    yield f"### `SyncJob`\n\n{signature('job.', *verbs)}\n\n{text(SyncJob.__doc__)}"
    yield function("job.wait_for", SyncJob.wait_for, "####")
    yield f"### `SyncParts`\n\n{signature('parts.', *(found for _, found in methods(SyncParts)))}\n\n{text(SyncParts.__doc__)}"


def _ends() -> Iterator[str]:
    yield "## How a handler ends"
    yield from _class("Outcome", Outcome, "Outcome.", constructed=True)
    yield f"### `next_`\n\n{text(next_.__doc__)}"
    for name in ("download", "files", "url", "id", "retry", "wait", "snapshot", "view"):
        yield function(f"next_.{name}", getattr(next_, name), "####")
    yield _error("Fatal")
    yield f"### `Retry`\n\n{signature('raise Retry', errors.Retry.__init__)}\n\n{text(errors.Retry.__doc__)}"
    yield _error("Canceled")


def _client() -> Iterator[str]:
    yield "## The client"
    yield from _class("Client", Client, "client.", constructed=True)
    for name, kind in CLIENT_PARTS.items():
        yield from _class(f"client.{name}", kind, f"client.{name}.")
    yield from _class("Subscription", Subscription, "subscription.")
    yield from _class("JobHandle", JobHandle, "handle.")
    yield from _class("Page", pages.Page, "page.")
    yield from _class("PlannedJob", client_plans.PlannedJob, "planned.")


def _errors() -> Iterator[str]:
    yield "## Errors"
    tree = (errors.__doc__ or "").partition("::\n\n")[2]
    yield f"```text\n{dedent(tree).strip()}\n```"
    for name in ("TickwireError", "SettingsError", "RegistrationError", "ConnectionFailed", "NotTickwire"):
        yield _error(name)
    yield from _class("ApiError", errors.ApiError, "error.")
    yield _error("InvalidError")
    yield _error("CursorError")
    yield _error("JobFailed")


def _testing() -> Iterator[str]:
    yield f"## Testing handlers\n\n{text(testing.__doc__)} `from listener_sdk.testing import run_job`."
    yield function("run_job", testing.run_job, "###")
    yield from _class("JobRun", testing.JobRun, "run.")
    yield from _class("Attachment", testing.Attachment, "attachment.")
    yield from _class("JobFailed", testing.JobFailed, "failure.")


def _records() -> Iterator[str]:
    """Fields by their Python names."""
    _, whole = models_json_schema([(model, "validation") for model in RECORDS], by_alias=False)
    schemas: dict[str, Any] = whole["$defs"]
    names = [model.__name__ for model in RECORDS]
    parts = sorted(schemas.keys() - set(names))
    yield (
        "## Records\n\nWhat calls take as `fields`, and what they give. Over HTTP and on the stream the same names are written in camelCase. "
        "`RawJob` is the job as everybody sees it, `listener_sdk.protocol.jobs.Job`."
    )
    for name in [*names, *parts]:
        title = "RawJob" if name == "Job" else name
        yield described(title, schemas[name], f"`{title}`")


def _class(written: str, kind: type, prefix: str, *, constructed: bool = False) -> Iterator[str]:
    """A class: how it is made, what it says of itself, its attributes, and its methods."""
    yield f"### `{written}`"
    if constructed:
        yield signature(written, vars(kind)["__init__"])
    yield text(kind.__doc__)
    internal = tuple(f"- `{prefix}{name}`" for name in INTERNAL)
    if facts := [one for one in attributes(prefix, kind).splitlines() if not one.startswith(internal)]:
        yield "\n".join(facts)
    for name, found in methods(kind):
        if name not in INTERNAL:
            yield function(f"{prefix}{name}", found, "####")


def _error(name: str) -> str:
    return f"### `{name}`\n\n{text(getattr(listener_sdk, name).__doc__)}"

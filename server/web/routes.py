"""Every route: what it does, who may call it, and the function that answers. The application and the docs are made of this."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from listener_sdk.protocol.codes import Refusal

from . import bulk, events, files, health, jobs, keys, parts, plans, spaces
from .call import Call, Handler
from .stream import stream

AUTH: Final = {
    "key": "any valid key",
    "admin": "a key of role admin",
    "signed": "any valid key, or a signed link",
    "stream": "any valid key, with the upgrade or in the first frame",
    "public": "nobody asks",
}


@dataclass(frozen=True, slots=True)
class Route:
    """``auth`` is a name in `AUTH`."""

    method: str
    path: str
    handler: Handler
    summary: str
    auth: str = "key"


async def _stream(call: Call) -> web.StreamResponse:
    return await stream(call.request)


async def _refuse(call: Call) -> web.StreamResponse:
    raise Refusal("not_supported", "Tickwire does not serve this part of Flatfile's API.")


def _not_supported() -> Iterator[Route]:
    for method, path in (
        ("POST", "/v1/jobs/preview-mutation"),
        ("GET", "/v1/agents"),
        ("POST", "/v1/agents"),
        ("GET", "/v1/secrets"),
        ("POST", "/v1/secrets"),
        ("GET", "/v1/actions"),
        ("POST", "/v1/actions"),
        ("GET", "/v1/subscription"),
    ):
        yield Route(method, path, _refuse, "Of Flatfile's API, not served: 404 not_supported.")


ROUTES: Final[tuple[Route, ...]] = (
    # Before /v1/jobs/{id}, which would take its last word for an id.
    *_not_supported(),
    Route("GET", "/v1/jobs", jobs.index, "List jobs, by page or cursor, with filters."),
    Route("POST", "/v1/jobs", jobs.create, "Create a job; it waits for execute unless trigger is immediate."),
    # Before /v1/jobs/{id}/..., which would take "bulk" for an id.
    Route("POST", "/v1/jobs/bulk", bulk.create, "Create up to 1,000 jobs in one transaction, all or none."),
    Route("POST", "/v1/jobs/bulk/cancel", bulk.cancel, "Cancel the jobs of a filter or list."),
    Route("POST", "/v1/jobs/bulk/retry", bulk.retry, "Run the ended jobs of a filter or list again."),
    Route("GET", "/v1/jobs/{id}", jobs.show, "Get a job."),
    Route(
        "PATCH", "/v1/jobs/{id}", jobs.update, "Change fields of a job; a status is the move of that name."
    ),
    Route("DELETE", "/v1/jobs/{id}", jobs.delete, "Remove a job; an unfinished one is canceled first."),
    Route("POST", "/v1/jobs/{id}/execute", jobs.execute, "Make a job ready now."),
    Route("POST", "/v1/jobs/{id}/ack", jobs.ack, "Begin a ready job, then report its progress."),
    Route("POST", "/v1/jobs/{id}/complete", jobs.complete, "End a job well, with its outcome."),
    Route("POST", "/v1/jobs/{id}/fail", jobs.fail, "End a job without success; no attempt follows."),
    Route(
        "POST",
        "/v1/jobs/{id}/cancel",
        jobs.cancel,
        "Cancel a job; a running listener is asked to stop first.",
    ),
    Route("POST", "/v1/jobs/{id}/retry", jobs.retry, "Run an ended job again, as a new job."),
    Route("POST", "/v1/jobs/{id}/split", parts.split, "Split a job into parts: jobs of its own kind."),
    Route("POST", "/v1/jobs/{id}/outcome/ack", jobs.ack_outcome, "Note that a person has seen the outcome."),
    Route("GET", "/v1/jobs/{id}/plan", plans.show, "Get a job with its execution plan."),
    Route("PUT", "/v1/jobs/{id}/plan", plans.put, "Set a job's whole execution plan, before it runs."),
    Route("PATCH", "/v1/jobs/{id}/plan", plans.patch, "Set parts of a job's execution plan."),
    Route("GET", "/v1/jobs/{id}/log", jobs.log, "Read the job's log, oldest line first."),
    Route("GET", "/v1/jobs/{id}/attempts", jobs.attempts, "List attempts that ended without an outcome."),
    Route("GET", "/v1/jobs/{id}/progress", jobs.progress, "Read the thinned curve of the job's progress."),
    Route("GET", "/v1/events", events.index, "List events, oldest first."),
    Route("POST", "/v1/events", events.create, "Publish an event."),
    Route("GET", "/v1/events/{id}", events.show, "Get an event."),
    Route("POST", "/v1/events/{id}/ack", events.ack, "Take an event off the default list."),
    Route("GET", "/v1/stream", _stream, "The websocket: listen, subscribe, tick, create.", "stream"),
    Route("GET", "/v1/files", files.index, "List files, newest first."),
    Route("POST", "/v1/files", files.create, "Store a file: the raw body, or the one file of a form."),
    Route("GET", "/v1/files/{id}", files.show, "Get a file's facts, with a fresh signed link."),
    Route("DELETE", "/v1/files/{id}", files.delete, "Remove a file."),
    Route("GET", "/v1/files/{id}/content", files.content, "Download a file, whole or in ranges.", "signed"),
    Route("GET", "/v1/keys", keys.index, "List API keys.", "admin"),
    Route("POST", "/v1/keys", keys.create, "Make an API key; it is shown once.", "admin"),
    Route("DELETE", "/v1/keys/{id}", keys.revoke, "Revoke an API key and close its sockets.", "admin"),
    Route("GET", "/v1/whoami", spaces.whoami, "The key that is used, its space, and the server."),
    Route("GET", "/v1/environments", spaces.environments, "List environments: the key's space."),
    Route("GET", "/v1/environments/{id}", spaces.environment, "Get an environment."),
    Route("GET", "/v1/spaces", spaces.spaces, "List spaces: the key's own."),
    Route("GET", "/v1/spaces/{id}", spaces.space, "Get a space."),
    Route("GET", "/healthz", health.live, "Whether the process answers.", "public"),
    Route("GET", "/readyz", health.ready, "Whether the server takes work.", "public"),
)

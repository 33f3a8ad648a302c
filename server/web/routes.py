"""Every route: what it does, who may call it, and the function that answers. The application and the docs are made of this."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from listener_sdk.protocol.codes import Refusal

from . import bulk, events, health, jobs
from .call import Call, Handler
from .handlers import Handlers
from .stream import stream

# Imported by their first call. A server has the others from its start, since they are what most calls are about.
account = Handlers("account")
actions = Handlers("actions")
audit = Handlers("audit")
client = Handlers("client")
conscia = Handlers("conscia")
console = Handlers("console")
definitions = Handlers("definitions")
descriptions = Handlers("descriptions")
endpoint_deliveries = Handlers("endpoint_deliveries")
endpoints = Handlers("endpoints")
files = Handlers("files")
hook_calls = Handlers("hook_calls")
hooks = Handlers("hooks")
job_types = Handlers("job_types")
keys = Handlers("keys")
listeners = Handlers("listeners")
logins = Handlers("logins")
members = Handlers("members")
notifications = Handlers("notifications")
overview = Handlers("overview")
parts = Handlers("parts")
plans = Handlers("plans")
runs = Handlers("runs")
schedules = Handlers("schedules")
secrets = Handlers("secrets")
spaces = Handlers("spaces")
sse = Handlers("sse")
subscriptions = Handlers("subscriptions")
timings = Handlers("timings")
tokens = Handlers("tokens")
watermarks = Handlers("watermarks")

AUTH: Final = {
    "signed": "a key or session, or a signed link",
    "stream": "a key or session with the upgrade, or a key or ticket in the first frame; each frame asks for its own permission",
    "described": "a key or session, or with TICKWIRE_PUBLIC_DOCS nobody asks",
    "public": "nobody asks",
}
"""What routes need that do not ask for a permission alone."""


@dataclass(frozen=True, slots=True)
class Route:
    """``auth`` is the permission that the key must have, or a name in `AUTH`."""

    method: str
    path: str
    handler: Handler
    summary: str
    auth: str

    @property
    def permission(self) -> str:
        """What a key must have that comes with the call."""
        return "read" if self.auth in AUTH else self.auth


async def _refuse(call: Call) -> web.StreamResponse:
    raise Refusal("not_supported", "Tickwire does not serve this part of Flatfile's API.")


def _not_supported() -> Iterator[Route]:
    for method, path in (
        ("POST", "/v1/jobs/preview-mutation"),
        ("GET", "/v1/agents"),
        ("POST", "/v1/agents"),
        ("GET", "/v1/subscription"),
    ):
        yield Route(method, path, _refuse, "Of Flatfile's API, not served: 404 not_supported.", "read")


CONSCIA: Final = "/vue/_api/v1"
"""Where Conscia's clients find what they know; the same handlers answer there."""


def _both(method: str, path: str, handler: Handler, summary: str, auth: str) -> Iterator[Route]:
    """A route of ours that Conscia's clients know too: ``path`` stands behind either prefix."""
    yield Route(method, f"/v1{path}", handler, summary, auth)
    yield Route(method, f"{CONSCIA}{path}", handler, summary, auth)


ROUTES: Final[tuple[Route, ...]] = (
    # Before /v1/jobs/{id}, which would take its last word for an id.
    *_not_supported(),
    Route("GET", "/v1/jobs", jobs.index, "List jobs, by page or cursor, with filters.", "read"),
    Route("POST", "/v1/jobs", jobs.create, "Create a job; it waits for execute unless trigger is immediate.", "run"),
    # Before /v1/jobs/{id}/..., which would take "bulk" for an id.
    Route("POST", "/v1/jobs/bulk", bulk.create, "Create up to 1,000 jobs in one transaction, all or none.", "run"),
    Route("POST", "/v1/jobs/bulk/cancel", bulk.cancel, "Cancel the jobs of a filter or list.", "run"),
    Route("POST", "/v1/jobs/bulk/retry", bulk.retry, "Run the ended jobs of a filter or list again.", "run"),
    Route("POST", "/v1/jobs/bulk/acknowledge", bulk.acknowledge, "Note that a person has seen the outcomes of the jobs of a filter or list.", "run"),
    Route("GET", "/v1/jobs/{id}", jobs.show, "Get a job.", "read"),
    Route("PATCH", "/v1/jobs/{id}", jobs.update, "Change fields of a job; a status is the move of that name.", "work"),
    Route("DELETE", "/v1/jobs/{id}", jobs.delete, "Remove a job; an unfinished one is canceled first.", "work"),
    Route("POST", "/v1/jobs/{id}/execute", jobs.execute, "Start a created job, which then waits for what it must; one that waits or is scheduled is ready at once, past its predecessors.", "run"),
    Route("POST", "/v1/jobs/{id}/ack", jobs.ack, "Begin a ready job, then report its progress.", "work"),
    Route("POST", "/v1/jobs/{id}/complete", jobs.complete, "End a job well, with its outcome.", "work"),
    Route("POST", "/v1/jobs/{id}/fail", jobs.fail, "End a job without success; no attempt follows.", "work"),
    Route("POST", "/v1/jobs/{id}/cancel", jobs.cancel, "Cancel a job; a running listener is asked to stop first.", "run"),
    Route("POST", "/v1/jobs/{id}/retry", jobs.retry, "Run an ended job again, as a new job.", "run"),
    Route("POST", "/v1/jobs/{id}/split", parts.split, "Split a job into parts: jobs of its own kind.", "work"),
    Route("POST", "/v1/jobs/{id}/outcome/ack", jobs.ack_outcome, "Note that a person has seen the outcome.", "run"),
    Route("GET", "/v1/jobs/{id}/plan", plans.show, "Get a job with its execution plan.", "read"),
    Route("PUT", "/v1/jobs/{id}/plan", plans.put, "Set a job's whole execution plan, before it runs.", "work"),
    Route("PATCH", "/v1/jobs/{id}/plan", plans.patch, "Set parts of a job's execution plan.", "work"),
    Route("GET", "/v1/jobs/{id}/log", jobs.log, "Read the job's log, oldest line first.", "read"),
    Route("GET", "/v1/jobs/{id}/attempts", jobs.attempts, "List attempts that ended without an outcome.", "read"),
    Route("GET", "/v1/jobs/{id}/progress", jobs.progress, "Read the thinned curve of the job's progress.", "read"),
    # Called most often, and looked for in this order.
    *_both("POST", "/job-types/{code}/_execute", job_types.execute, "Make a job of a job type; its parameters are checked first.", "run"),
    *_both("GET", "/job-types", job_types.index, "List job types, built in and declared by listeners.", "read"),
    *_both("GET", "/job-types/{code}", job_types.show, "Get a job type with its schema and its form.", "read"),
    *_both("DELETE", "/job-types/{code}", job_types.delete, "Remove a job type that nobody serves or needs.", "define"),
    Route("GET", f"{CONSCIA}/jobs/{{id}}", conscia.job, "Get a job in short: STARTED, COMPLETED or FAILED, and its result.", "read"),
    *_both("POST", "/job-definitions/{code}/_execute", definitions.execute, "Make a job of a job definition.", "run"),
    *_both("GET", "/job-definitions", definitions.index, "List job definitions.", "read"),
    *_both("POST", "/job-definitions", definitions.create, "Make a job definition.", "define"),
    # Before /job-definitions/{code}, which would take its last word for a code.
    *_both("POST", "/job-definitions/_dry-run", definitions.dry_run_of_none, "Show what parameters that are not kept yet would become.", "run"),
    *_both("GET", "/job-definitions/{code}", definitions.show, "Get a job definition, by its code or id.", "read"),
    *_both("PATCH", "/job-definitions/{code}", definitions.update, "Change fields of a job definition, or enable or disable it.", "define"),
    *_both("DELETE", "/job-definitions/{code}", definitions.delete, "Remove a job definition.", "define"),
    *_both("POST", "/job-definitions/{code}/_dry-run", definitions.dry_run, "Show what the parameters of a job would be; nothing is made.", "run"),
    *_both("GET", "/job-definitions/{code}/watermark", watermarks.show, "Show how far the runs of a job definition have come.", "read"),
    *_both("PUT", "/job-definitions/{code}/watermark", watermarks.put, "Set the watermark of a job definition.", "define"),
    *_both("DELETE", "/job-definitions/{code}/watermark", watermarks.reset, "Reset the watermark of a job definition: its next run is as the first.", "define"),
    *_both("GET", "/job-definitions/{code}/versions", definitions.versions, "List what a job definition was, the newest version first.", "read"),
    *_both("GET", "/job-definitions/{code}/versions/{version}", definitions.version, "Get one version of a job definition.", "read"),
    Route("GET", "/v1/job-definitions/{code}/schedules", schedules.index_of, "List the schedules of a job definition.", "read"),
    Route("POST", "/v1/job-definitions/{code}/schedules", schedules.create_of, "Make a schedule of a job definition.", "schedule"),
    Route("GET", "/v1/schedules", schedules.index, "List schedules.", "read"),
    Route("POST", "/v1/schedules", schedules.create, "Make a schedule of the job definition that the body names.", "schedule"),
    # Before /v1/schedules/{id}/..., which would take "preview" for an id.
    Route("POST", "/v1/schedules/preview", timings.show, "Say what a timing means, and when it is due next; nothing is kept.", "read"),
    Route("POST", "/v1/schedules/hand-over", schedules.hand_over_all, "Give all schedules of a member to another owner.", "schedule"),
    Route("GET", "/v1/schedules/{id}", schedules.show, "Get a schedule, with its next due time.", "read"),
    Route("PATCH", "/v1/schedules/{id}", schedules.update, "Change fields of a schedule, or switch it on or off; who does owns it.", "schedule"),
    Route("DELETE", "/v1/schedules/{id}", schedules.delete, "Remove a schedule; its jobs go on.", "schedule"),
    Route("POST", "/v1/schedules/{id}/run", schedules.run, "Make a job as the schedule does, now; its due times stay as they are.", "schedule"),
    Route("POST", "/v1/schedules/{id}/owner", schedules.hand_over, "Give a schedule to another owner.", "schedule"),
    Route("GET", "/v1/job-definitions/{code}/runs", runs.index_of, "List what became of a job definition's launches and due times, newest first.", "read"),
    Route("GET", "/v1/runs", runs.index, "List runs of job definitions, skipped due times included, newest first, with filters.", "read"),
    # Before /v1/runs/{id}, which would take "export" for an id.
    Route("GET", "/v1/runs/export", runs.export, "Download the runs of a filter as CSV or JSON Lines.", "read"),
    Route("GET", "/v1/runs/{id}", runs.show, "Get a run with its parameters, its outcome and links to its files.", "read"),
    Route("POST", "/v1/runs/{id}/_again", runs.again, "Run it again, with the same or other parameters, as a new job.", "run"),
    Route("GET", "/v1/actions", actions.index, "List actions, as a bare list: the buttons of the space.", "read"),
    Route("POST", "/v1/actions", actions.create, "Make an action, a button that makes jobs.", "define"),
    # Before /v1/actions/{id}, which would take "bulk" for an id.
    Route("POST", "/v1/actions/bulk", actions.create_many, "Make all actions of a list, or none.", "define"),
    Route("GET", "/v1/actions/{id}", actions.show, "Get an action.", "read"),
    Route("PATCH", "/v1/actions/{id}", actions.update, "Change fields of an action; null takes one away.", "define"),
    Route("DELETE", "/v1/actions/{id}", actions.delete, "Remove an action; its jobs go on.", "define"),
    Route("POST", "/v1/actions/{id}/execute", actions.execute, "Press the button: make the action's job; its input is checked first.", "run"),
    Route("GET", "/v1/events", events.index, "List events, oldest first.", "read"),
    Route("POST", "/v1/events", events.create, "Publish an event.", "run"),
    # Before /v1/events/{id}, which would take "stream" for an id.
    Route("GET", "/v1/events/stream", sse.stream, "Follow the log as server-sent events; Last-Event-ID resumes.", "read"),
    Route("GET", "/v1/events/{id}", events.show, "Get an event.", "read"),
    Route("POST", "/v1/events/{id}/ack", events.ack, "Take an event off the default list.", "work"),
    Route("GET", "/v1/endpoints", endpoints.index, "List endpoints, to which events are posted.", "read"),
    Route("POST", "/v1/endpoints", endpoints.create, "Make an endpoint; its secret is shown once.", "define"),
    Route("GET", "/v1/endpoints/{id}", endpoints.show, "Get an endpoint, and how many deliveries wait for it.", "read"),
    Route("PATCH", "/v1/endpoints/{id}", endpoints.update, "Change fields of an endpoint, or switch it on or off.", "define"),
    Route("DELETE", "/v1/endpoints/{id}", endpoints.delete, "Remove an endpoint.", "define"),
    Route("POST", "/v1/endpoints/{id}/rotate", endpoints.rotate, "Give an endpoint a new secret, shown once; the old one signs beside it for overlapS more.", "define"),
    Route("POST", "/v1/endpoints/{id}/test", endpoint_deliveries.test, "Post a test to an endpoint now, and say how it went.", "define"),
    Route("POST", "/v1/endpoints/{id}/replay", endpoint_deliveries.replay_many, "Make deliveries of a span once more, by pages.", "define"),
    Route("POST", "/v1/endpoints/{id}/replay-missed", endpoint_deliveries.replay_missed, "Deliver events of a span that never became deliveries, by pages.", "define"),
    Route("GET", "/v1/endpoints/{id}/deliveries", endpoint_deliveries.index_of, "List deliveries to an endpoint, newest first.", "read"),
    Route("GET", "/v1/endpoint-deliveries/{id}", endpoint_deliveries.show, "Get a delivery with what is posted, and its attempts.", "read"),
    Route("POST", "/v1/endpoint-deliveries/{id}/replay", endpoint_deliveries.replay, "Make a delivery once more, under the same id.", "define"),
    Route("GET", "/v1/stream", stream, "The websocket: listen, subscribe, tick, create.", "stream"),
    Route("GET", "/v1/overview", overview.show, "How it goes in the space: counts of the last hours, the queue, the newest failures, schedules, listeners.", "read"),
    Route("GET", "/v1/listeners", listeners.index, "List the sessions that take jobs, connected or with jobs in their hands.", "read"),
    Route("POST", "/v1/listeners/{id}/drain", listeners.drain, "Let a listener finish what it has; it gets no new jobs.", "run"),
    Route("POST", "/v1/listeners/{id}/resume", listeners.resume, "Let a drained listener get jobs again.", "run"),
    Route("GET", "/v1/subscriptions", subscriptions.index, "List durable subscriptions, and where each stands in the log.", "read"),
    Route("GET", "/v1/subscriptions/{name}", subscriptions.show, "Get a durable subscription.", "read"),
    Route("POST", "/v1/subscriptions/{name}/acked", subscriptions.acked, "Ack a durable subscription up to a position, beside the answer that sends it.", "work"),
    Route("DELETE", "/v1/subscriptions/{name}", subscriptions.delete, "Remove a durable subscription; who follows it is told.", "work"),
    Route("GET", "/v1/files", files.index, "List files, newest first.", "read"),
    Route("POST", "/v1/files", files.create, "Store a file: the raw body, or the one file of a form.", "run"),
    Route("GET", "/v1/files/{id}", files.show, "Get a file's facts, with a fresh signed link.", "read"),
    Route("DELETE", "/v1/files/{id}", files.delete, "Remove a file.", "work"),
    Route("GET", "/v1/files/{id}/content", files.content, "Download a file, whole or in ranges.", "signed"),
    Route("GET", "/v1/files/{id}/download", files.flatfile_content, "The same, where Flatfile's clients look for it.", "signed"),
    Route("GET", "/v1/keys", keys.index, "List API keys.", "administer"),
    Route("POST", "/v1/keys", keys.create, "Make an API key; it is shown once.", "administer"),
    Route("GET", "/v1/keys/{id}", keys.show, "Get an API key, without its secret.", "administer"),
    Route("PATCH", "/v1/keys/{id}", keys.update, "Change the name, the end or the restrictions of an API key.", "administer"),
    Route("POST", "/v1/keys/{id}/rotate", keys.rotate, "Give an API key a new secret, shown once; the old one is valid for overlapS more.", "administer"),
    Route("DELETE", "/v1/keys/{id}", keys.revoke, "Revoke an API key and close its sockets.", "administer"),
    Route("GET", "/v1/secrets", secrets.index, "List secrets; a listener reads their values, nobody else.", "read"),
    Route("POST", "/v1/secrets", secrets.upsert, "Set a secret by its name; lists all.", "set_secrets"),
    Route("GET", "/v1/secrets/{id}", secrets.show, "Get a secret; a listener reads its value.", "read"),
    Route("DELETE", "/v1/secrets/{id}", secrets.delete, "Remove a secret; lists those that are left.", "set_secrets"),
    Route("GET", "/v1/hooks", hooks.index, "List hooks: addresses at which other programs start jobs or publish events.", "read"),
    Route("POST", "/v1/hooks", hooks.create, "Make a hook; its secret is shown once.", "define"),
    Route("GET", "/v1/hooks/{id}", hooks.show, "Get a hook, without its secret.", "read"),
    Route("PATCH", "/v1/hooks/{id}", hooks.update, "Change fields of a hook, or switch it on or off.", "define"),
    Route("DELETE", "/v1/hooks/{id}", hooks.delete, "Remove a hook: its address takes no calls any more.", "define"),
    Route("POST", "/v1/hooks/{id}", hook_calls.receive, "Call a hook, by the last part of its address; the call itself proves from whom it comes.", "public"),
    Route("POST", "/v1/hooks/{id}/rotate", hooks.rotate, "Give a hook a new secret, shown once, or a new address; the old secret is valid for overlapS more.", "define"),
    Route("POST", "/v1/hooks/{id}/try", hooks.try_, "Say what would become of a call of a hook; nothing is kept.", "run"),
    Route("GET", "/v1/hooks/{id}/deliveries", hooks.deliveries, "List what came to a hook, newest first.", "read"),
    Route("GET", "/v1/hook-deliveries/{id}", hooks.delivery, "Get what came to a hook, with its body.", "read"),
    Route("POST", "/v1/hook-deliveries/{id}/replay", hooks.replay, "Let the same call come once more, as the hook is now.", "run"),
    Route("POST", "/v1/tokens", tokens.create, "Make a subscriber token, for a browser.", "run"),
    Route("GET", "/v1/members", members.index, "List the members of the space.", "administer"),
    Route("POST", "/v1/members", members.create, "Add a member, who logs in by a link first.", "administer"),
    # Before /v1/members/{id}, which would take "me" for an id.
    Route("GET", "/v1/members/me", account.show, "The member who calls.", "read"),
    Route("PUT", "/v1/members/me/password", account.set_password, "Set one's own password; other sessions end.", "read"),
    Route("DELETE", "/v1/members/me/sessions", account.log_out_everywhere, "Log oneself out everywhere.", "read"),
    Route("GET", "/v1/members/{id}", members.show, "Get a member.", "administer"),
    Route("PATCH", "/v1/members/{id}", members.update, "Change a member, or set one aside.", "administer"),
    Route("DELETE", "/v1/members/{id}", members.delete, "Remove a member.", "administer"),
    Route("DELETE", "/v1/members/{id}/sessions", members.end_sessions, "Log a member out everywhere.", "administer"),
    Route("POST", "/v1/login-links", logins.create_link, "Make a link that logs in once: of the key, or (administrators) of a member.", "read"),
    Route("POST", "/v1/sessions", logins.begin, "Log in, by a link or by e-mail and password.", "public"),
    Route("GET", "/v1/sessions/current", logins.show, "The session of the cookie, with its csrfToken.", "read"),
    Route("DELETE", "/v1/sessions/current", logins.end, "Log out.", "read"),
    Route("POST", "/v1/stream-tickets", logins.create_ticket, "Make a ticket that opens one stream.", "read"),
    Route("GET", "/v1/notifications", notifications.index, "List the inbox of a member, newest first, and count what is unread.", "read"),
    # Before /v1/notifications/{id}/..., which would take its last word for an id.
    Route("GET", "/v1/notifications/channels", notifications.channels, "Whether the server sends mails, and as whom; with ?check=true whether its mail server can be reached.", "read"),
    Route("POST", "/v1/notifications/read", notifications.read_many, "Note that a member has read the inbox, or all up to one.", "read"),
    Route("POST", "/v1/notifications/test", notifications.test, "Send a test mail, and say how it went.", "administer"),
    Route("POST", "/v1/notifications/{id}/read", notifications.read_one, "Note that a notification was read.", "read"),
    Route("GET", "/v1/audit", audit.index, "List what people and keys have changed, newest first.", "administer"),
    Route("GET", "/v1/audit/export", audit.export, "Download the audit as CSV or JSON Lines.", "administer"),
    Route("GET", "/v1/whoami", spaces.whoami, "The key that is used, its space, and the server.", "read"),
    Route("GET", "/v1/environments", spaces.environments, "List environments: the spaces that the key opens.", "read"),
    Route("GET", "/v1/environments/{id}", spaces.environment, "Get an environment.", "read"),
    Route("GET", "/v1/spaces", spaces.spaces, "List the spaces that the key opens.", "read"),
    Route("POST", "/v1/spaces", spaces.create, "Make a space; its job space:configure sets it up.", "own"),
    Route("GET", "/v1/spaces/{id}", spaces.space, "Get a space.", "read"),
    Route("PATCH", "/v1/spaces/{id}", spaces.update, "Change the name or settings of a space, or archive it.", "administer"),
    Route("DELETE", "/v1/spaces/{id}", spaces.delete, "Remove a space with all that it has.", "own"),
    Route("GET", "/client/tickwire.js", client.script, "The browser client, an ES module.", "public"),
    Route("GET", "/client/tickwire.d.ts", client.types, "The types of the browser client.", "public"),
    Route("GET", "/client/job.js", client.job_script, "One job as a card, an ES module of the browser client.", "public"),
    Route("GET", "/client/job.d.ts", client.job_types, "The types of that module.", "public"),
    Route("GET", "/openapi.json", descriptions.openapi, "Every route, in OpenAPI 3.1.", "described"),
    Route("GET", "/asyncapi.json", descriptions.asyncapi, "Every frame, server-sent event and topic, in AsyncAPI 3.0.", "described"),
    Route("GET", "/docs", descriptions.page, "Both as a page for people.", "described"),
    Route("GET", "/healthz", health.live, "Whether the process answers.", "public"),
    Route("GET", "/readyz", health.ready, "Whether the server takes work.", "public"),
)  # fmt: skip

PAGES: Final = (
    Route("GET", "/", console.enter, "Send a browser on to the console.", "public"),
    Route("GET", "/console", console.enter, "The same.", "public"),
    Route("GET", "/console/{path:.*}", console.file, "A file of the console, or its page.", "public"),
)
"""What browsers open for people. It is no part of the API, and stands in no description."""

"""A server that speaks just enough of the API for the commands: jobs in memory, events as a script."""

from dataclasses import dataclass, field

import pytest
from aiohttp import WSMsgType, web
from click.testing import CliRunner
from fake_actions import FakeActions
from fake_definitions import FakeDefinitions
from fake_endpoints import FakeEndpoints
from fake_hooks import FakeHooks
from fake_inbox import FakeInbox
from fake_listeners import FakeListeners
from fake_members import FakeMembers
from fake_runs import FakeRuns
from fake_schedules import FakeSchedules
from served_api import Served

from listener_sdk._version import __version__
from listener_sdk.cli import main

AT = "2026-01-01T12:00:00.000Z"
KEY = "tw_test_" + "0" * 32


def refusal(status, code, message):
    return web.json_response({"errors": [{"code": code, "message": message}]}, status=status)


@dataclass
class FakeApi(FakeActions, FakeMembers):
    """What the server holds, what it was asked, and which events follow the creation of a job."""

    url: str = ""
    jobs: dict = field(default_factory=dict)
    log: list = field(default_factory=list)
    attempts: list = field(default_factory=list)
    keys: list = field(default_factory=list)
    secrets: list = field(default_factory=list)
    actions: list = field(default_factory=list)
    pressed: list = field(default_factory=list)
    changed: list = field(default_factory=list)
    spaces: dict = field(default_factory=dict)
    types: dict = field(default_factory=dict)
    executed: list = field(default_factory=list)
    problems: list = field(default_factory=list)
    members: dict = field(default_factory=dict)
    links: list = field(default_factory=list)
    tokens: list = field(default_factory=list)
    acted_in: list = field(default_factory=list)
    published: list = field(default_factory=list)
    canceled: list = field(default_factory=list)
    acts: list = field(default_factory=list)
    uploads: list = field(default_factory=list)
    subscriptions: list = field(default_factory=list)
    durables: dict = field(default_factory=dict)
    lists: list = field(default_factory=list)
    audit: list = field(default_factory=list)
    events: list = field(default_factory=list)
    ending: dict = field(default_factory=lambda: {"status": "complete"})
    version: str = __version__
    newer: str = "tw_k2_newer"
    """What a rotated key is."""
    ready: int = 200
    away: bool = False
    """Whether it cannot reach its store."""
    closes_with: int | None = None
    never_ends: bool = False
    lists_nothing: bool = False
    """Whether the key is the token of one job."""
    untaken: bool = False
    member_id: str | None = None
    """Who has logged in, where no key is used."""
    permissions: tuple = ("read", "administer")

    def __post_init__(self):
        self.definitions = FakeDefinitions(self._completed)
        self.schedules = FakeSchedules(self._completed)
        self.endpoints = FakeEndpoints()
        self.hooks = FakeHooks()
        self.history = FakeRuns(self._ended)
        self.inbox = FakeInbox()
        self.listeners = FakeListeners()

    def _completed(self, **fields):
        job = self.job(status="complete", **fields)
        self.event("job:completed", job["id"], status="complete")
        return job

    def _ended(self, **fields):
        job = self.job(**fields, **self.ending)
        self.event("job:completed", job["id"], status=job["status"])
        return job

    def job(self, **fields):
        number = f"us_jb_{len(self.jobs) + 1:010d}"
        base = {
            "id": number, "type": "a", "operation": "b", "job": "a:b", "status": "ready", "source": "us_sp_default",
            "createdAt": AT, "updatedAt": AT, "trigger": "immediate", "attempt": 1, "maxAttempts": 5,
        }  # fmt: skip
        self.jobs[number] = base | fields
        return self.jobs[number]

    def event(self, topic, job_id=None, seq=None, **payload):
        number = seq if seq is not None else len(self.events) + 1
        context = {"accountId": "us_acc_1", "environmentId": "us_env_default"}
        event = {
            "id": f"us_ev_{number:010d}", "topic": topic, "domain": topic.split(":")[0], "createdAt": AT,
            "position": f"e:{number}", "payload": payload, "context": context | ({"jobId": job_id} if job_id else {}),
        }  # fmt: skip
        self.events.append(event)
        return event

    # ---- REST

    def application(self):
        app = web.Application(middlewares=[self._with_key])
        app.add_routes([
            web.get("/readyz", self._ready),
            web.get("/v1/whoami", self._whoami),
            web.get("/v1/jobs", self._list_jobs),
            web.post("/v1/jobs", self._create),
            web.post("/v1/jobs/bulk/{act}", self._act),
            web.get("/v1/jobs/{id}", self._get),
            web.delete("/v1/jobs/{id}", self._delete),
            web.get("/v1/jobs/{id}/log", self._log),
            web.get("/v1/jobs/{id}/attempts", self._attempts),
            web.post("/v1/jobs/{id}/cancel", self._cancel),
            web.post("/v1/jobs/{id}/retry", self._retry),
            web.post("/v1/jobs/{id}/execute", self._start),
            web.get("/v1/events", self._list_events),
            web.post("/v1/events", self._publish),
            web.post("/v1/files", self._upload),
            web.get("/v1/keys", self._list_keys),
            web.get("/v1/secrets", self._list_secrets),
            web.post("/v1/secrets", self._set_secret),
            web.delete("/v1/secrets/{id}", self._delete_secret),
            web.get("/v1/spaces", self._list_spaces),
            web.post("/v1/spaces", self._create_space),
            web.get("/v1/spaces/{code}", self._show_space),
            web.patch("/v1/spaces/{code}", self._change_space),
            web.delete("/v1/spaces/{code}", self._delete_space),
            web.post("/v1/keys", self._create_key),
            web.get("/v1/job-types", self._list_types),
            web.get("/v1/job-types/{code}", self._show_type),
            web.delete("/v1/job-types/{code}", self._delete_type),
            web.post("/v1/job-types/{code}/_execute", self._execute_type),
            web.get("/v1/members", self._list_members),
            web.post("/v1/members", self._add_member),
            web.patch("/v1/members/{id}", self._change_member),
            web.delete("/v1/members/{id}", self._remove_member),
            web.get("/v1/members/{id}", self._member),
            web.delete("/v1/members/{id}/sessions", self._log_out),
            web.post("/v1/login-links", self._link),
            web.post("/v1/tokens", self._make_token),
            web.get("/v1/audit", self._list_audit),
            web.get("/v1/audit/export", self._export_audit),
            web.delete("/v1/keys/{id}", self._revoke),
            web.get("/v1/keys/{id}", self._show_key),
            web.patch("/v1/keys/{id}", self._change_key),
            web.post("/v1/keys/{id}/rotate", self._rotate_key),
            web.get("/v1/stream", self._stream),
            web.get("/v1/subscriptions", self._list_durables),
            web.get("/v1/subscriptions/{name}", self._show_durable),
            web.delete("/v1/subscriptions/{name}", self._delete_durable),
            *self.action_routes(), *self.definitions.routes(), *self.schedules.routes(), *self.endpoints.routes(), *self.hooks.routes(), *self.history.routes(),
            *self.inbox.routes(), *self.listeners.routes(),
        ])  # fmt: skip
        return app

    @web.middleware
    async def _with_key(self, request, handler):
        if request.path != "/readyz" and request.headers.get("Authorization") != f"Bearer {KEY}":
            return refusal(401, "unauthorized", "The key is not valid here.")
        if request.headers.get("X-Customer-Code") == "nope":
            error = {
                "code": "not_found",
                "message": "This key opens no space 'nope'.",
                "key": "X-Customer-Code",
            }
            return web.json_response({"errors": [error]}, status=404)
        return await handler(request)

    async def _ready(self, request):
        if self.ready == 404:
            return web.Response(text="<html>Nothing here</html>", content_type="text/html", status=404)
        if self.ready == 200:
            return web.json_response({"status": "ready"})
        body = {"status": "draining", "reason": "The server is stopping."}
        return web.json_response(body, status=self.ready)

    async def _list_spaces(self, request):
        self.acted_in.append(request.headers.get("X-Customer-Code"))
        found, after = list(self.spaces.values()), int(request.query.get("cursor", 0))
        beyond = after + int(request.query.get("pageSize", 1))
        cursor = str(beyond) if beyond < len(found) else None
        return web.json_response({"data": found[after:beyond], "cursor": cursor})

    async def _create_space(self, request):
        body = await request.json()
        space = {"id": f"us_sp_{body['code']}", "environmentId": f"us_env_{body['code']}", "status": "active"}
        self.spaces[body["code"]] = space | {"timeZone": "UTC", "createdAt": AT, "updatedAt": AT} | body
        return web.json_response({"data": self.spaces[body["code"]]})

    async def _show_space(self, request):
        return web.json_response({"data": self.spaces[request.match_info["code"]]})

    async def _change_space(self, request):
        space, body = self.spaces[request.match_info["code"]], await request.json()
        if "archived" in body:
            space["status"] = "archived" if body.pop("archived") else "active"
        space |= body
        return web.json_response({"data": space})

    async def _delete_space(self, request):
        del self.spaces[request.match_info["code"]]
        return web.json_response({"data": {"success": True}})

    async def _list_types(self, request):
        self.lists.append(dict(request.query))
        found, after = list(self.types.values()), int(request.query.get("cursor", 0))
        cursor = str(after + 1) if after + 1 < len(found) else None
        return web.json_response({"data": found[after : after + 1], "cursor": cursor})

    async def _show_type(self, request):
        found = self.types.get(request.match_info["code"])
        if found is None:
            return refusal(404, "not_found", "There is no such job type. Did you mean export?")
        return web.json_response({"data": found})

    async def _delete_type(self, request):
        del self.types[request.match_info["code"]]
        return web.json_response({"data": {"success": True}})

    async def _execute_type(self, request):
        body = await request.json()
        self.executed.append((request.match_info["code"], body))
        if self.problems:
            return web.json_response({"errors": self.problems}, status=400)
        job = self.job(jobType=request.match_info["code"], input=body["params"])
        if not self.never_ends:
            job |= self.ending
            self.event("job:completed", job["id"], status=job["status"])
        return web.json_response({"jobId": job["id"]})

    async def _whoami(self, request):
        if self.away:
            return refusal(503, "unavailable", "The database does not answer.")
        me = {
            "keyId": "k1", "role": "admin", "space": "default", "spaceId": "us_sp_default",
            "environmentId": "us_env_default", "accountId": "us_acc_1", "version": self.version, "position": "e:0",
            "memberId": self.member_id, "permissions": self.permissions,
        }  # fmt: skip
        return web.json_response({"data": me})

    async def _list_jobs(self, request):
        self.lists.append(dict(request.query))
        query = request.query
        if self.lists_nothing:
            return refusal(403, "forbidden", "This token opens GET /v1/jobs/{id}, nothing else: use a key.")
        found = [
            job
            for job in self.jobs.values()
            if job["status"] in query.get("status", job["status"]).split(",")
            and query.get("parentId") in {None, job.get("parentId")}
        ]
        if query.get("sortDirection") == "asc":
            found.reverse()
        page = {"currentPage": 1, "pageCount": 1, "totalCount": len(found)}
        return web.json_response({"data": found[::-1], "pagination": page, "asOf": "e:0", "cursor": None})

    async def _create(self, request):
        return self._created(await request.json())

    def _created(self, body):
        job = self.job(**body, job=f"{body['type']}:{body['operation']}")
        if body.get("trigger") == "manual":
            job["status"] = "created"
            return web.json_response({"data": job})
        if self.untaken:
            self.event("job:created", job["id"], status="created")
            self.event("job:ready", job["id"], status="ready")
            return web.json_response({"data": job})
        self.event("job:updated", job["id"], status="executing", progress=50, done=5, total=10, info="Half")
        if not self.never_ends:
            job |= self.ending
            topic = {"complete": "job:completed", "failed": "job:failed", "canceled": "job:canceled"}
            self.event(topic[job["status"]], job["id"], status=job["status"])
        return web.json_response({"data": job})

    def _found(self, request):
        job = self.jobs.get(request.match_info["id"])
        if job is None:
            text = '{"errors": [{"code": "not_found", "message": "There is no such job."}]}'
            raise web.HTTPNotFound(text=text, content_type="application/json")
        return job

    async def _get(self, request):
        return web.json_response({"data": self._found(request)})

    async def _delete(self, request):
        del self.jobs[self._found(request)["id"]]
        return web.json_response({"data": {"success": True}})

    async def _attempts(self, _request):
        return web.json_response({"data": self.attempts})

    async def _log(self, request):
        self._found(request)
        return web.json_response({"data": self.log, "cursor": None})

    async def _cancel(self, request):
        job = self._found(request)
        job |= {"status": "canceled"}
        self.canceled.append(job["id"])
        return web.json_response({"data": job})

    async def _retry(self, request):
        return web.json_response({"data": self.job(rerunOf=self._found(request)["id"])})

    async def _start(self, request):
        self._found(request)["status"] = "executing"
        return web.json_response({"data": {"success": True}})

    async def _act(self, request):
        """Acts on all named jobs that exist, or on all that have a status of the filter."""
        body = await request.json()
        self.acts.append((request.match_info["act"], body))
        statuses = (body.get("filter") or {}).get("status")
        every = [job["id"] for job in self.jobs.values() if not statuses or job["status"] in statuses]
        named = body.get("ids", every)
        skipped = [
            {"id": job_id, "code": "not_found", "message": "There is no such job."}
            for job_id in named
            if job_id not in self.jobs
        ]
        done = 0 if body.get("dryRun") else len(named) - len(skipped)
        return web.json_response(
            {"data": {"matched": len(named), "done": done, "skipped": skipped, "more": False}}
        )

    async def _list_events(self, request):
        self.lists.append(dict(request.query))
        after = int(request.query.get("after", "e:0").removeprefix("e:"))
        page = self.events[after:][: int(request.query["pageSize"])]
        return web.json_response({"data": page, "asOf": "e:9", "cursor": None})

    async def _list_audit(self, request):
        self.lists.append(dict(request.query))
        return web.json_response({"data": self.audit, "cursor": None})

    async def _export_audit(self, request):
        return web.Response(text=f"exported {request.query['format']} {request.query.get('action')}")

    async def _publish(self, request):
        body = await request.json()
        self.published.append(body)
        return web.json_response({"data": self.event(body["topic"], **body["payload"])})

    async def _upload(self, request):
        content = await request.read()
        self.uploads.append((request.query.get("name"), content))
        file = {
            "id": "us_fl_1",
            "name": request.query["name"],
            "size": len(content),
            "contentType": "text/csv",
        }
        return web.json_response({"data": file | {"createdAt": AT}})

    async def _list_keys(self, request):
        return web.json_response({"data": self.keys, "cursor": None})

    async def _create_key(self, request):
        key = {"id": "k2", "createdAt": AT, "key": "tw_k2_secret", "expiresAt": None} | await request.json()
        self.keys.append({name: value for name, value in key.items() if name != "key"})
        return web.json_response({"data": key})

    def _key(self, request):
        return next(key for key in self.keys if key["id"] == request.match_info["id"])

    async def _show_key(self, request):
        return web.json_response({"data": self._key(request)})

    async def _change_key(self, request):
        self._key(request).update(await request.json())
        return await self._show_key(request)

    async def _rotate_key(self, request):
        key, overlap_s = self._key(request), (await request.json())["overlapS"]
        key |= {"rotatedAt": AT, "oldSecretUntil": AT if overlap_s else None}
        self.acts.append(("rotate", overlap_s))
        return web.json_response({"data": key | {"key": self.newer}})

    async def _revoke(self, request):
        self.keys[:] = [key for key in self.keys if key["id"] != request.match_info["id"]]
        return web.json_response({"data": {"success": True}})

    async def _list_secrets(self, request):
        shown = [{**secret, "value": "", "hidden": True} for secret in self.secrets]
        return web.json_response({"data": shown, "cursor": None})

    async def _set_secret(self, request):
        number = len(self.secrets) + 1
        facts = {"id": f"us_sec_{number:010d}", "createdAt": AT, "updatedAt": AT, "version": 1}
        self.secrets.append(facts | await request.json())
        return await self._list_secrets(request)

    async def _delete_secret(self, request):
        self.secrets[:] = [one for one in self.secrets if one["id"] != request.match_info["id"]]
        return web.json_response({"data": {"success": True}})

    async def _make_token(self, request):
        self.tokens.append(await request.json())
        return web.json_response({"data": {"token": "twt_1", "expiresAt": AT}})

    async def _list_durables(self, request):
        return web.json_response({"data": [*self.durables.values()], "cursor": None})

    async def _show_durable(self, request):
        return web.json_response({"data": self.durables[request.match_info["name"]]})

    async def _delete_durable(self, request):
        del self.durables[request.match_info["name"]]
        return web.json_response({"data": {"success": True}})

    # ---- the stream

    async def _stream(self, request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if self.closes_with is not None:
            await socket.close(code=self.closes_with)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                frames = message.json()
                for frame in frames if isinstance(frames, list) else [frames]:
                    for answer in self._answers(frame):
                        await socket.send_json([answer])
        return socket

    def _answers(self, frame):
        if frame["type"] == "hello":
            yield {
                "type": "welcome", "version": 1, "session": frame.get("session") or "s" * 8, "server": "fake",
                "space": "default", "leaseS": 30, "graceS": 30, "now": AT, "stale": [], "id": frame.get("id"),
            }  # fmt: skip
        elif frame["type"] == "subscribe":
            self.subscriptions.append(frame)
            ends = {"from": "e:0", "head": "e:0", "oldest": "e:0"}
            yield {"type": "subscribed", "id": frame.get("id"), "sub": frame["sub"], **ends}
            if self.events:
                yield {"type": "events", "sub": frame["sub"], "prev": "e:0", "events": self.events}


@pytest.fixture
def api(monkeypatch, tmp_path):
    """The fake API; commands find it by the environment."""
    monkeypatch.chdir(tmp_path)
    with Served(FakeApi()) as served:
        monkeypatch.setenv("TICKWIRE_URL", served.url)
        monkeypatch.setenv("TICKWIRE_API_KEY", KEY)
        yield served


@pytest.fixture
def tickwire():
    """Runs a command line in this process: ``tickwire("jobs", "list")`` gives click's result."""

    def run(*arguments, typed=None):
        return CliRunner().invoke(main, list(map(str, arguments)), input=typed, prog_name="tickwire")

    return run

"""A server for the SDK's tests: speaks the frames of the stream and a few routes, keeps what it hears, and fails on demand."""

import asyncio
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

KEY = "tw_test_" + "0" * 32
AT = "2026-01-01T00:00:00.000Z"
DEADLINE_S = 10.0

Frame = dict[str, Any]
Answer = Callable[[Frame], list[Frame]]


def wire_job(number: int = 1, name: str = "workbook:export", **fields: Any) -> Frame:
    kind, _, operation = name.partition(":")
    return {
        "id": f"us_jb_{number:010d}", "type": kind, "operation": operation, "job": name, "status": "ready",
        "source": "us_sp_default", "createdAt": AT, "updatedAt": AT, "trigger": "immediate", "attempt": 1, "fence": 1,
    } | fields  # fmt: skip


def wire_event(seq: int, topic: str = "invoice:paid", **fields: Any) -> Frame:
    return {
        "id": f"us_ev_{seq:010d}", "topic": topic, "domain": topic.partition(":")[0], "createdAt": AT,
        "position": f"e:{seq}", "payload": {}, "context": {"accountId": "a", "environmentId": "us_env_default"},
    } | fields  # fmt: skip


def ok(frame: Frame, data: Any = None) -> Frame:
    return {"type": "ok", "id": frame["id"], "data": data}


def error(frame: Frame, code: str, message: str = "no", **details: Any) -> Frame:
    return {"type": "error", "id": frame["id"], "code": code, "message": message, **details}


@dataclass
class FakeServer:
    """``heard`` holds all frames of all connections, ``messages`` how they were joined, ``hellos`` the first of each connection.

    ``answers`` maps a frame's type to what it is answered with; a type that is missing gets the usual answer.
    """

    url: str = ""
    heard: list[Frame] = field(default_factory=list)
    messages: list[list[Frame]] = field(default_factory=list)
    hellos: list[Frame] = field(default_factory=list)
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    routes: dict[tuple[str, str], Any] = field(default_factory=dict)
    stale: list[Frame] = field(default_factory=list)
    refuse_upgrade: tuple[int, Any] | None = None
    lease_s: float = 30.0
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    # ---- what tests do with it

    def said(self, kind: str, **fields: Any) -> list[Frame]:
        """The frames of a type that came, with these values."""
        return [
            frame
            for frame in self.heard
            if frame["type"] == kind and all(frame.get(name) == value for name, value in fields.items())
        ]

    async def until(self, holds: Callable[[], Any]) -> Any:
        """Wait until something holds; it is looked at whenever a frame, a request or a connection comes."""
        async with asyncio.timeout(DEADLINE_S), self.changed:
            await self.changed.wait_for(holds)
        return holds()

    async def until_said(self, kind: str, count: int = 1, **fields: Any) -> list[Frame]:
        """Wait for so many frames of a type with these values."""
        found: list[Frame] = await self.until(
            lambda: len(self.said(kind, **fields)) >= count and self.said(kind, **fields)
        )
        return found

    async def send(self, *frames: Frame, socket: int = -1) -> None:
        """Send frames on a connection, the newest or another, once there is one that has said hello."""
        await self.until(lambda: self.sockets)
        await self.sockets[socket].send_str(json.dumps(frames))

    async def grant(self, *jobs: Frame, again: bool = False, cancel: bool = False, socket: int = -1) -> None:
        """Lease jobs to a connection once it listens."""
        await self.until(lambda: [frame for frame in self.said("listen") if frame["credit"] > 0])
        grants = [
            {"job": job, "fence": job["fence"], "attempt": job["attempt"], "again": again, "cancel": cancel}
            for job in jobs
        ]
        await self.send({"type": "grants", "jobs": grants}, socket=socket)

    async def drop(self, code: int | None = None) -> None:
        """Close the newest connection with a code, or break it."""
        socket = self.sockets.pop()
        if code is None:
            transport = socket._req.transport
            assert transport is not None
            transport.abort()
        else:
            await socket.close(code=code)

    # ---- how it answers

    async def application(self) -> web.Application:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_get("/v1/stream", self._stream)
        app.router.add_route("*", "/{path:.*}", self._rest)
        return app

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        self.headers.append(dict(request.headers))
        if self.refuse_upgrade is not None:
            status, body = self.refuse_upgrade
            await self._notify()
            return web.json_response(body, status=status)
        socket = web.WebSocketResponse(max_msg_size=1024 * 1024, compress=False)
        await socket.prepare(request)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            parsed = json.loads(message.data)
            frames = parsed if isinstance(parsed, list) else [parsed]
            if frames[0]["type"] == "hello":
                self.hellos.append(frames[0])
                refusal = self.answers.get("hello", _nothing)(frames[0])
                await socket.send_str(json.dumps(refusal or [self._welcome(frames[0])]))
                if not refusal:
                    self.sockets.append(socket)
            else:
                self.messages.append(frames)
                await self._answer(socket, frames)
            await self._notify()
        return socket

    async def _answer(self, socket: web.WebSocketResponse, frames: list[Frame]) -> None:
        for frame in frames:
            self.heard.append(frame)
            answer = self.answers.get(frame["type"], _usual)
            found = answer(frame)
            if found:
                await socket.send_str(json.dumps(found))

    def _welcome(self, hello: Frame) -> Frame:
        return {
            "type": "welcome", "version": 1, "session": hello["session"], "server": "fake", "space": "default",
            "leaseS": self.lease_s, "graceS": 30, "now": AT, "stale": self.stale,
        }  # fmt: skip

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        is_json = request.content_type == "application/json" and raw
        self.requests.append((request.method, str(request.rel_url), json.loads(raw) if is_json else raw))
        self.headers.append(dict(request.headers))
        await self._notify()
        if request.headers.get("Authorization") != f"Bearer {KEY}" and "signature" not in request.query:
            body = {"errors": [{"code": "unauthorized", "message": "The key is not valid here."}]}
            return web.json_response(body, status=401)
        found = self.routes.get((request.method, request.path))
        if callable(found):
            found = found(request, raw)
        if inspect.isawaitable(found):
            found = await found
        if isinstance(found, web.StreamResponse):
            return found
        if found is None:
            body = {"errors": [{"code": "not_found", "message": "There is no such thing."}]}
            return web.json_response(body, status=404)
        return web.json_response(found)

    async def _notify(self) -> None:
        async with self.changed:
            self.changed.notify_all()


def _nothing(frame: Frame) -> list[Frame]:
    return []


def _usual(frame: Frame) -> list[Frame]:
    if frame["type"] == "create":
        job = frame["job"]
        made = wire_job(
            99, f"{job['type']}:{job['operation']}", input=job.get("input"), parentId=job.get("parentId")
        )
        return [ok(frame, made)]
    if frame["type"] == "subscribe":
        start = "e:0" if frame["after"] in {"now", "oldest"} else frame["after"]
        return [
            {
                "type": "subscribed",
                "id": frame["id"],
                "sub": frame["sub"],
                "from": start,
                "head": "e:9",
                "oldest": "e:1",
            }
        ]
    return [ok(frame)] if "id" in frame else []


async def serve(server: FakeServer, port: int = 0) -> web.AppRunner:
    """Start it on a loopback port; clean up the runner to stop it."""
    runner = web.AppRunner(await server.application(), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    return runner

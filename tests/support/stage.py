"""A node without network: a real store, a hand-moved clock, and listeners whose frames are kept in a list."""

import asyncio
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from listener_sdk.protocol.frames import client_frame
from listener_sdk.protocol.jobs import JobCreate
from server.commands import jobs
from server.core.actors import Actor, Space
from server.core.deadlines import Limits
from server.core.meta import Meta
from server.engine.node import Node
from server.engine.outbox import Outbox
from server.engine.peers import Peer
from server.settings import Settings
from server.store import log, meta, spaces
from server.store.database import Connection, Database
from server.store.sqlite import SqliteDatabase
from server.store.transaction import Facts

START_MS = 1_767_225_600_000
SPACE = Space(1, "default", "Default")
ADMIN = Actor("us_key_0000000000", "admin", SPACE)
OTHER = Actor("us_key_0000000001", "listener", SPACE)
STRANGER = Actor("us_key_0000000002", "listener", Space(2, "elsewhere", "Elsewhere"))
DEADLINE_S = 20.0


class Clock:
    """Milliseconds that move only by hand."""

    def __init__(self) -> None:
        self.ms = START_MS

    def __call__(self) -> int:
        return self.ms

    def forward(self, seconds: float) -> None:
        self.ms += int(seconds * 1000)


def meta_facts(connection: Connection) -> Meta:
    secret = meta.load_or_set(connection, "link_secret", secrets.token_hex(32))
    return Meta(meta.load_or_set(connection, "account_id", "us_acc_test"), bytes.fromhex(secret))


def furnish(connection: Connection) -> Meta:
    """What the first start puts into a store: two spaces, the log, the store's facts."""
    connection.begin()
    log.begin(connection, "e1")
    made = meta_facts(connection)
    for space in (SPACE, STRANGER.space):
        spaces.insert(connection, space, START_MS)
    connection.commit()
    return made


class Stage:
    """The node and its clock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = Clock()
        self.database: Database = SqliteDatabase(path / "tickwire.db")
        self.database.prepare()
        connection = self.database.connect()
        new = not connection.rows("SELECT 1 FROM space")
        self.meta = furnish(connection) if new else meta_facts(connection)
        connection.close()
        self.facts = Facts(self.meta.account_id, {1: SPACE, 2: STRANGER.space}, Limits())
        self.node = Node(Settings(data_dir=path), self.database, self.meta, self.facts, self.clock)

    async def start(self) -> "Stage":
        await self.node.start(loops=False)
        return self

    async def stop(self) -> None:
        await self.node.stop()
        self.database.close()

    async def do(self, command: Any, item: Any, once: Any = None) -> Any:
        return await self.node.submit(command, item, once)

    async def create(self, name: str = "workbook:export", actor: Actor = ADMIN, trigger: str = "immediate", **fields: Any) -> Any:
        kind, operation = name.split(":", 1)
        body = JobCreate.model_validate({"type": kind, "operation": operation, **fields})
        return await self.do(jobs.CREATE, jobs.CreateJob(actor, body, trigger))

    async def look(self) -> int:
        """Let time do its work."""
        return await self.node.due.look()

    async def events(self, *topics: str) -> list[dict[str, Any]]:
        """The log, or the part with these topics."""
        stored = await self.node.read(lambda reader: log.page(reader, 0, 10**9, 10_000))
        found = [{"seq": s.seq, **json.loads(self.node.log.entry(s).text)} for s in stored]
        return [event for event in found if not topics or event["topic"] in topics]

    async def topics(self, job_id: int) -> list[str]:
        """Topics of the events of one job, in log order."""
        stored = await self.node.read(lambda reader: log.page(reader, 0, 10**9, 10_000))
        return [s.topic for s in stored if s.job_id == job_id]

    def connect(self, actor: Actor = ADMIN) -> "Listener":
        return Listener(self.node, actor)


class Listener:
    """A client of the stream, its socket replaced by lists."""

    def __init__(self, node: Node, actor: Actor) -> None:
        self.outbox = Outbox(self._wake, lambda: 0.0, self._cut)
        self.frames: list[dict[str, Any]] = []
        self.closed: int | None = None
        self.was_cut = False
        self._came = asyncio.Event()
        self.peer = Peer(node.hub, actor, self.outbox, self._close)

    def _wake(self) -> None:
        asyncio.get_running_loop().call_soon(self._read)

    def _read(self) -> None:
        while self.outbox:
            self.frames += json.loads(self.outbox.message())
        self.peer.drained.set()
        self._came.set()

    def _cut(self) -> None:
        self.was_cut = True

    def _close(self, code: int) -> None:
        self.closed = code

    def say(self, **frame: Any) -> None:
        self.peer.handle(client_frame.validate_python(frame))

    async def hello(self, session: str = "session-one", held: Any = ()) -> dict[str, Any]:
        self.say(type="hello", session=session, held=list(held), id=1)
        return await self.want(lambda f: f["type"] == "welcome")

    async def listen(self, *names: str, credit: int = 10, filter: Any = None) -> None:  # noqa: A002 - the frame's name
        self.say(type="listen", jobs=[{"job": n, "filter": filter} for n in names], credit=credit, id=2)
        await self.want(lambda f: f["type"] == "ok" and f["id"] == 2)

    async def want(self, test: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first frame that passes the test, taken off the list; fails after a deadline."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                for frame in self.frames:
                    if test(frame):
                        self.frames.remove(frame)
                        return frame
                self._came.clear()
                await self._came.wait()

    async def of_type(self, kind: str) -> dict[str, Any]:
        return await self.want(lambda f: f["type"] == kind)

    async def grant(self) -> dict[str, Any]:
        """The one job of the next grants frame."""
        frame = await self.of_type("grants")
        assert len(frame["jobs"]) == 1, frame
        return frame["jobs"][0]

    async def ok(self, request: int) -> Any:
        """The answer to a request: its data, or the error frame."""
        frame = await self.want(lambda f: f.get("id") == request and f["type"] in {"ok", "error"})
        return frame if frame["type"] == "error" else frame["data"]

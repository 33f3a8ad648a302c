"""A node without network: a real store, a hand-moved clock, and listeners whose frames are kept in a list."""

import asyncio
import contextlib
import functools
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from told import check_event

from listener_sdk.protocol.frames import client_frame
from listener_sdk.protocol.jobs import JobCreate
from server.commands import jobs
from server.core.actors import Actor, Space
from server.core.deadlines import Limits
from server.core.jobs import JobRow
from server.engine.due import DueLoop
from server.engine.node import Node
from server.engine.outbox import Outbox, message
from server.engine.peers import Peer
from server.settings import Settings
from server.store import jobs as jobs_sql
from server.store import log, meta, spaces
from server.store.database import Connection, Database, Row
from server.store.sqlite import SqliteDatabase
from server.store.transaction import Facts

START_MS = 1_767_225_600_000
SPACE = Space(1, "default", "Default")
ADMIN = Actor("us_key_0000000000", "admin", SPACE)
OTHER = Actor("us_key_0000000001", "listener", SPACE)
STRANGER = Actor("us_key_0000000002", "listener", Space(2, "elsewhere", "Elsewhere"))
DEADLINE_S = 20.0


class Clock:
    """Milliseconds that move only by hand: the wall clock, and a monotonic one beside it."""

    def __init__(self) -> None:
        self.ms = START_MS
        self.monotonic_ms = 0

    def __call__(self) -> int:
        return self.ms

    def forward(self, seconds: float) -> None:
        """Time passes."""
        self.ms += int(seconds * 1000)
        self.monotonic_ms += int(seconds * 1000)

    def jump(self, seconds: float) -> None:
        """Somebody sets the wall clock."""
        self.ms += int(seconds * 1000)


def furnish(connection: Connection) -> meta.Meta:
    """What the first start puts into a store: two spaces, the log, the store's facts. A second time it reads them."""
    connection.begin()
    made = meta.load_or_make(connection)
    if not spaces.every(connection):
        connection.next_ids("space", 2)
        for space in (SPACE, STRANGER.space):
            spaces.insert(connection, space)
    connection.commit()
    return made


@functools.cache
def _newest() -> bytes:
    """An empty store with all its tables, which take longer to make than most tests."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "tickwire.db")
        database = SqliteDatabase(path)
        database.prepare()
        database.close()
        return path.read_bytes()


def sqlite(folder: Path) -> Database:
    """The store in this folder, or a new one."""
    path = folder / "tickwire.db"
    if not path.exists():
        path.write_bytes(_newest())
    return SqliteDatabase(path)


class Stage:
    """The node and its clock. ``open_store`` makes the database of a folder; SQLite unless told otherwise. ``settings`` are the server's."""

    is_checked = True
    """Whether events must be as their topics are described: not where a test writes short ones of its own."""

    def __init__(
        self,
        path: Path,
        open_store: Callable[[Path], Database] = sqlite,
        clock: Clock | None = None,
        **settings: Any,
    ) -> None:
        self.path = path
        self._settings = Settings(data_dir=path, **settings)
        self.clock = clock or Clock()
        self._open_store = open_store
        self._open()

    def _open(self) -> None:
        self.database: Database = self._open_store(self.path)
        self.database.prepare()
        connection = self.database.connect()
        self.meta = furnish(connection)
        connection.close()
        self.facts = Facts(self.meta.account_id, {1: SPACE, 2: STRANGER.space}, Limits())
        self.node = Node(self._settings, self.database, self.meta, self.facts, self.clock)
        self.node.due = DueLoop(
            self.facts, self.node.submit, self.node.read, self.clock, lambda: self.clock.monotonic_ms
        )

    async def start(self) -> "Stage":
        await self.node.start(loops=False)
        return self

    async def stop(self) -> None:
        await self.node.stop()
        self.database.close()

    async def restart(self) -> None:
        """Another server on the same store, at the same time of day: connections are gone, sessions are not."""
        await self.stop()
        self._open()
        await self.node.start(loops=False)

    async def idle(self) -> None:
        """All that was posted so far, and what followed from it, is committed and delivered."""
        async with asyncio.timeout(DEADLINE_S):
            while not self.node.writer._idle.is_set():
                await self.node.writer._idle.wait()

    async def in_flight(self) -> None:
        """A batch is on its way to the store."""
        async with asyncio.timeout(DEADLINE_S):
            while not self.node.writer._busy:  # noqa: ASYNC110 - the writer has no event for its beginning
                await asyncio.sleep(0)

    async def do(self, command: Any, item: Any, once: Any = None) -> Any:
        return await self.node.submit(command, item, once)

    async def create(
        self, name: str = "workbook:export", actor: Actor = ADMIN, trigger: str = "immediate", **fields: Any
    ) -> Any:
        kind, operation = name.split(":", 1)
        body = JobCreate.model_validate({"type": kind, "operation": operation, **fields})
        return await self.do(jobs.CREATE, jobs.CreateJob(actor, body, trigger))

    async def look(self) -> int:
        """Let time do its work."""
        return await self.node.due.look()

    async def row(self, job: JobRow | int) -> JobRow:
        """The job as it is stored now."""
        job_id = job if isinstance(job, int) else job.id
        return (await self.node.read(lambda reader: jobs_sql.load_many(reader, [job_id])))[0]

    async def rows(self, statement: str, **params: Any) -> list[Row]:
        return await self.node.read(lambda reader: reader.rows(statement, **params))

    async def events(self, *topics: str) -> list[dict[str, Any]]:
        """The log, or the part with these topics; each event must be as its topic is described."""
        stored = await self.node.read(lambda reader: log.page(reader, 0, 10**9, 10_000))
        found = [{"seq": s.seq, **json.loads(self.node.log.entry(s).text)} for s in stored]
        for event in found if self.is_checked else ():
            check_event(event)
        return [event for event in found if not topics or event["topic"] in topics]

    async def topics(self, job_id: int) -> list[str]:
        """Topics of the events of one job, in log order."""
        stored = await self.node.read(lambda reader: log.page(reader, 0, 10**9, 10_000))
        return [s.topic for s in stored if s.job_id == job_id]

    def connect(self, actor: Actor = ADMIN) -> "Listener":
        return Listener(self.node, actor)

    async def listener(
        self, *names: str, credit: int = 10, actor: Actor = ADMIN, session: str = "session-one"
    ) -> "Listener":
        """A connected session that takes jobs."""
        found = self.connect(actor)
        await found.hello(session)
        await found.listen(*(names or ("**",)), credit=credit)
        return found


@contextlib.asynccontextmanager
async def opened(path: Path, **settings: Any) -> AsyncIterator[Stage]:
    """A server that has been up for more than a lease time: it may take leases away."""
    stage = await Stage(path, **settings).start()
    stage.clock.forward(stage.facts.limits.lease_ms / 1000)
    try:
        yield stage
    finally:
        await stage.stop()


class Listener:
    """A client of the stream, its socket replaced by lists."""

    link: Any = None

    def __init__(self, node: Node, actor: Actor) -> None:
        self.outbox = Outbox(self._wake, lambda: 0.0, self._cut)
        self.frames: list[dict[str, Any]] = []
        self.closed: int | None = None
        self.was_cut = False
        self.reads = True
        self._asked = 100
        self._came = asyncio.Event()
        self.beats = 0
        self.peer = Peer(node.hub, actor, self.outbox, self)

    def _wake(self, _urgent: bool) -> None:
        asyncio.get_running_loop().call_soon(self._read)

    def _read(self) -> None:
        while self.outbox and self.reads:
            self.frames += json.loads(message(self.outbox.take()))
        if not self.outbox:
            self.peer.sent()
        self._came.set()

    def read_on(self) -> None:
        """Read what has waited since ``reads`` was set to False."""
        self.reads = True
        self._read()

    def seen(self, *kinds: str) -> list[dict[str, Any]]:
        """All frames of these types that have come and were not taken yet."""
        self._read()
        return [frame for frame in self.frames if frame["type"] in kinds]

    def _cut(self) -> None:
        self.was_cut = True

    def close(self, code: int) -> None:
        self.closed = code

    def beat(self) -> None:
        self.beats += 1

    def say(self, **frame: Any) -> None:
        self.peer.handle(client_frame.validate_python(frame))

    async def hello(self, session: str = "session-one", held: Any = ()) -> dict[str, Any]:
        self.say(type="hello", session=session, held=list(held), id=1)
        return await self.want(lambda f: f["type"] == "welcome")

    async def listen(self, *names: str, credit: int = 10, filter: Any = None) -> None:  # noqa: A002 - the frame's name
        self.say(type="listen", jobs=[{"job": n, "filter": filter} for n in names], credit=credit, id=2)
        await self.want(lambda f: f["type"] == "ok" and f["id"] == 2)

    async def want(self, test: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first frame that passes the test, taken off the list; fails after a deadline, and shows what came instead."""
        try:
            async with asyncio.timeout(DEADLINE_S):
                while True:
                    for frame in self.frames:
                        if test(frame):
                            self.frames.remove(frame)
                            return frame
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            raise AssertionError(f"the frame did not come; these did: {self.frames}") from None

    async def of_type(self, kind: str) -> dict[str, Any]:
        return await self.want(lambda f: f["type"] == kind)

    async def grant(self) -> dict[str, Any]:
        """The one job of the next grants frame."""
        frame = await self.of_type("grants")
        assert len(frame["jobs"]) == 1, frame
        return frame["jobs"][0]

    async def ask(self, **frame: Any) -> Any:
        """Send a request; its data, or the error frame."""
        self._asked += 1
        self.say(**frame, id=self._asked)
        return await self.ok(self._asked)

    def about(self, kind: str, grant: dict[str, Any], **more: Any) -> dict[str, Any]:
        """A frame about a grant's lease."""
        return {"type": kind, "job": grant["job"]["id"], "fence": grant["fence"], **more}

    def leases(self, kind: str, *grants: dict[str, Any]) -> dict[str, Any]:
        """A frame that names several leases."""
        return {"type": kind, "leases": [{"job": g["job"]["id"], "fence": g["fence"]} for g in grants]}

    async def ok(self, request: int) -> Any:
        """The answer to a request: its data, or the error frame."""
        frame = await self.want(lambda f: f.get("id") == request and f["type"] in {"ok", "error"})
        return frame if frame["type"] == "error" else frame["data"]

"""A whole server in virtual time: its engine on a store in memory, listeners and subscribers around it, and what befalls them.

All that happens follows from the seed: the loop's clock is the only one, and chance has one source for each that draws from it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from inspect import isawaitable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import orjson

from listener_sdk.protocol.codes import CLOSES
from listener_sdk.protocol.events import TERMINAL_TOPICS
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.jobs import Job as JobView
from listener_sdk.protocol.jobs import JobCreate

from ..app import facts_of
from ..commands.first_start import first_start
from ..commands.jobs import CREATE, CreateJob
from ..commands.moves import job_number
from ..core.actors import Actor
from ..core.deadlines import Due
from ..core.effects import Granted
from ..core.views import event_text, job_wire
from ..engine.node import Node
from ..engine.notifier import OF_A_DEFINITION
from ..machine import Machine
from ..security.sealing import Sealer, parse_master_key
from ..settings import Settings
from ..store import jobs as jobs_sql
from ..store import spaces
from ..store.command import Once, Replayed
from ..store.database import Row
from ..store.memory import MemoryDatabase
from ..store.writer import Landed
from .history import Ask, Followed, Given, History, LostLease
from .invariants import Violation, violations
from .listeners import Listener, Subscriber, Work
from .loop import VirtualLane, VirtualLoop
from .loop import run as run_loop
from .receivers import Receiver, Receivers
from .rests import Rests
from .trace import Trace
from .wire import Client, Wire

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
COMMIT_S: Final = 0.003
WIRE_S: Final = 0.02
SCHEDULES_S: Final = 60.0
"""How often schedules are looked at that nothing says are due: no other server changes them, and the end of a job is told."""
TIDY_S: Final = 600.0
"""How often what is old is looked for: in the minutes of quiet days that would be most of what a server does."""
REST_S: Final = 600.0
"""The longest rest of loops that follow the log: they look when something is due, or is told to the runner of built-in jobs."""
LOOK_S: Final = 1.0
"""How often a condition is looked at while nothing is committed."""
ADMIN: Final = "us_key_0000000001"
_LOST: Final = "SELECT job_id, MAX(fence), reason FROM attempt WHERE job_id IN LIST(:ids) GROUP BY job_id"
_DUE: Final = {
    name: f"SELECT MIN(due_at) FROM {table} WHERE due_at IS NOT NULL"  # noqa: S608 - our own names
    for name, table in (
        ("triggers", "trigger_wait"),
        ("notifier", "notification_rule"),
        ("deliveries", "notification_delivery"),
        ("endpoint_deliveries", "endpoint_message"),
    )
}
"""What is due next, by the loop of the node that sees to it."""
T = TypeVar("T")


class UnmetError(AssertionError):
    """What was waited for has not come about in its time."""


class CrashedError(Exception):
    """The server ended before it has answered: the call was done, or not."""


class World:
    """See the module. Made and used on a `VirtualLoop`, as an async context; `run` does both.

    - ``seed``: of all chance; that of the loop, unless another is given
    - ``start``: what the wall clock says at the beginning
    - ``commit_s``, ``wire_s``: how long a commit and a frame take at most
    - ``settings``: of the server, as its table names them
    """

    def __init__(
        self,
        seed: int | None = None,
        start: datetime = START,
        *,
        commit_s: float = COMMIT_S,
        wire_s: float = WIRE_S,
        **settings: Any,
    ) -> None:
        loop = asyncio.get_running_loop()
        if not isinstance(loop, VirtualLoop):
            raise RuntimeError(  # noqa: TRY004 - the loop is no argument
                "A World lives on a virtual loop: run(scenario, seed=7), with `async def scenario(world)`."
            )
        self.loop = loop
        self.loop.seed = loop.seed if seed is None else seed
        self.trace = Trace()
        self.history = History()
        self.up = False
        """Whether the server answers."""
        self._start_ms = int(start.timestamp() * 1000)
        self._set_ms = 0
        """How far somebody has set the wall clock."""
        self._commit_s = commit_s
        self._wire_s = wire_s
        self._folder = TemporaryDirectory(prefix="tickwire-")
        self._settings = Settings(data_dir=Path(self._folder.name), min_free_bytes=0, **settings)
        self._database = MemoryDatabase()
        self._random = loop.chance("server")
        self._master_key = parse_master_key(self._random.randbytes(32).hex())
        self._numbers = 0
        self._wires: list[Wire] = []
        self._changed = asyncio.Event()
        self._asked: dict[asyncio.Future[Any], None] = {}
        """Answers that clients wait for, in the order in which they have asked."""
        self._receivers = Receivers(loop.chance("receivers"), wire_s)
        self.listeners: dict[str, Listener] = {}
        self.subscribers: dict[str, Subscriber] = {}

    async def __aenter__(self) -> Self:
        self._database.prepare()
        await self.start()
        # What the start has taken does not count.
        self._start_ms -= self._monotonic_ms()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for listener in list(self.listeners.values()):
            listener.kill()
        if self.up:
            await self.stop()
        self._database.close()
        self._folder.cleanup()

    # ---- time

    def clock(self) -> int:
        """The wall clock in milliseconds since 1970."""
        return self._start_ms + self._set_ms + self._monotonic_ms()

    def _monotonic_ms(self) -> int:
        return round(self.loop.time() * 1000)

    @property
    def now(self) -> datetime:
        """The wall clock."""
        return datetime.fromtimestamp(self.clock() / 1000, UTC)

    async def advance(self, **by: float) -> None:
        """Let time pass: ``hours=6``, ``minutes=1.5`` and what else `timedelta` takes."""
        await asyncio.sleep(timedelta(**by).total_seconds())

    async def run_until(self, condition: Callable[[], Any], **within: float) -> None:
        """Let time pass until the condition holds, looking after each commit; UnmetError after ``within`` (a day unless told otherwise)."""
        ends_at = self.loop.time() + timedelta(**within or {"days": 1}).total_seconds()
        while True:
            found = condition()
            if await found if isawaitable(found) else found:
                return
            left = ends_at - self.loop.time()
            if left <= 0:
                raise UnmetError(f"It has not come about by {self.now:%Y-%m-%d %H:%M:%S}. {self._told()}")
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(min(LOOK_S, left)):
                    await self._changed.wait()

    def _told(self) -> str:
        counts = self.rows("SELECT status, COUNT(*) FROM job GROUP BY status ORDER BY status")
        last = "".join(f"\n  {line}" for line in self.trace.lines[-10:])
        return f"Jobs: {dict(counts)}. The last that happened:{last}"

    def jump(self, **by: float) -> None:
        """Somebody sets the wall clock, forward or back."""
        by_ms = int(timedelta(**by).total_seconds() * 1000)
        self._set_ms += by_ms
        self.note("clock", f"set by {by_ms} ms")
        self._rests.wake()
        for name in ("schedules", *_DUE):
            getattr(self.node, name).wake()

    # ---- the server

    async def start(self) -> None:
        """The server begins, or begins again, on the store as it is."""
        connection = self._database.connect()
        data_dir = self._settings.data_dir
        meta = first_start(connection, data_dir, self.clock(), own_admin_key=True, random=self._random)
        known = spaces.every(connection)
        connection.close()
        self.lane = VirtualLane(self.loop, self._random, self._commit_s)
        self.lane.done = self._committed
        self._rests = Rests(self.loop, self._earliest)
        machine = Machine(self._monotonic_ms, self.loop.time, self._random, lambda: self.lane)
        sealer = Sealer(meta.account_id, [self._master_key])
        facts = facts_of(self._settings, meta, known)
        self.node = Node(self._settings, self._database, meta, facts, self.clock, sealer, machine)
        self.node.due.rest_by(self._rests.rest)
        self.node.schedules.look_every_s = SCHEDULES_S
        self.node.runner.look_every_s = REST_S
        for tidying in (self.node.retention, self.node.clearing, self.node.sealing):
            tidying.every_s = TIDY_S
        for name, least in _DUE.items():
            getattr(self.node, name).longest_s = partial(self._until, least)
        self.node.endpoints.longest_s = lambda: REST_S
        self.node.endpoint_deliveries.send = self._receivers.send
        self.node.blobs.prepare(set(), 0, 0)
        self.epoch = meta.epoch
        self.history.lease_s = facts.limits.lease_ms / 1000
        self.admin = Actor(ADMIN, "admin", next(iter(known.values())))
        await self.node.start()
        self.up = True
        self.note("server", "started")

    async def stop(self) -> None:
        """The server drains and stops, as on SIGTERM."""
        self.note("server", "stops")
        self.up = False
        await self.node.drain()
        self.node.sockets.drain(CLOSES["restart"].code)
        await self.advance(seconds=2 * self._wire_s)
        self._part()
        await self.node.stop()

    def crash(self) -> None:
        """The server's process is killed: what was not committed never happened."""
        self.note("server", "killed")
        self.up = False
        self.lane.cut()
        self.node.abandon()
        self._part()

    def _part(self) -> None:
        for wire in self._wires:
            wire.cut()
        self._wires.clear()
        for answer in self._asked:
            if not answer.done():
                answer.set_exception(CrashedError("The server was killed before it has answered."))

    async def restart(self) -> None:
        """Stop, and begin again."""
        await self.stop()
        await self.start()

    def _committed(self, landed: Landed) -> None:
        for one in landed.events:
            self.history.log.append(one)
            self.trace.add(
                self.loop.time(), "log", f"{one.seq} {one.topic} {one.job_id or ''}", f"{one.at} {one.body}"
            )
        self._judge(landed)
        self._rests.committed()
        if any(one.topic in TERMINAL_TOPICS and OF_A_DEFINITION in one.body for one in landed.events):
            self.node.schedules.wake()
        self._changed.set()

    def _judge(self, landed: Landed) -> None:
        """Keep what the batch has given and taken away."""
        at_s, history = self.loop.time(), self.history
        seq = history.log[-1].seq if history.log else 0
        for effect in landed.effects:
            if isinstance(effect, Granted):
                row, session = effect.row, effect.holder.partition("/")[2]
                history.grants.append(Given(at_s, session, row.id, row.fence, row.attempt, seq))
        lost = [one.job_id for one in landed.events if one.topic == "job:attempt-failed"]
        for job_id, fence, reason in self.rows(_LOST, ids=lost) if lost else ():
            if reason == Due.LEASE:
                renewed = history.renewed.get((job_id, fence))
                history.lost.append(LostLease(at_s, job_id, fence, renewed))

    def _earliest(self) -> float | None:
        """When a job is due next, in seconds of the loop."""
        found: int | None = self.rows("SELECT MIN(due_at) FROM job WHERE due_at IS NOT NULL")[0][0]
        return None if found is None else (found - self._start_ms - self._set_ms) / 1000

    def _until(self, least: str) -> float:
        """Seconds until a time in the store, at least those between two looks of a real server."""
        found: int | None = self.rows(least)[0][0]
        left_s = REST_S if found is None else (found - self.clock()) / 1000
        return min(max(left_s, LOOK_S), REST_S)

    # ---- what clients do

    async def do(self, command: Any, item: Any, once: Once[Any] | None = None) -> Any:
        """Run a command of the server. Raises Refusal, StoreError, and CrashedError where nobody knows what became of it."""
        if not self.up:
            raise CrashedError("The server is down.")
        answer: asyncio.Future[Any] = self.loop.create_future()

        def done(result: Any, error: Exception | None) -> None:
            if answer.done():
                return
            if error is None:
                answer.set_result(result)
            else:
                answer.set_exception(error)

        self._asked[answer] = None
        self.node.writer.post(command, item, done, once)
        try:
            return await answer
        finally:
            del self._asked[answer]

    async def create(
        self, name: str, *, key: str | None = None, actor: Actor | None = None, **fields: Any
    ) -> str:
        """Make a job, as a client does: asked for again, with the same key, until the server has answered. Its id."""
        kind, _, operation = name.partition(":")
        body = JobCreate.model_validate({"type": kind, "operation": operation, **fields})
        who = actor or self.admin
        self._numbers += 1
        key = key or f"create-{self._numbers}"
        ask = self.history.asks.setdefault(key, Ask(name))
        once = self.node.hub.once(who, "create", key, body, lambda row: encode("jb", row.id))
        while True:
            try:
                made = await self.do(CREATE, CreateJob(who, body), once)
            except CrashedError:
                await self.run_until(lambda: self.up)
            else:
                ask.job = orjson.loads(made.answer) if isinstance(made, Replayed) else encode("jb", made.id)
                return ask.job

    def listener(
        self,
        *jobs: str,
        work: Work,
        credit: int = 10,
        name: str | None = None,
        types: Sequence[dict[str, Any]] = (),
    ) -> Listener:
        """A listener that takes these jobs, and declares job ``types`` (as `JobTypeDeclare` has them), of which definitions can be made."""
        self._numbers += 1
        made = Listener(self, name or f"listener-{self._numbers}", jobs or ("**",), work, credit, types)
        self.listeners[made.name] = made
        return made

    def left(self, listener: Listener) -> None:
        """A listener is gone for good."""
        self.listeners.pop(listener.name, None)

    def subscriber(self, *topics: str, name: str | None = None) -> Subscriber:
        """Somebody who follows the log from here on."""
        self._numbers += 1
        made = Subscriber(self, name or f"subscriber-{self._numbers}", topics or ("**",))
        self.subscribers[made.name] = made
        return made

    def receiver(self, url: str, answer: Callable[[], int] = lambda: 200) -> Receiver:
        """A web server to which endpoints post; ``answer`` gives the status for each post."""
        return self._receivers.add(url, answer)

    def follow(self, name: str, topics: tuple[str, ...]) -> Followed:
        """What a new subscriber will have heard."""
        seq = self.history.log[-1].seq if self.history.log else 0
        return self.history.followed.setdefault(name, Followed(seq, topics))

    def wire(self, client: Client, random: Any) -> Wire:
        """A connection to the server."""
        made = Wire(self.loop, self.node, self.admin, client, self.history, random, self._wire_s)
        self._wires = [one for one in self._wires if one.open]
        self._wires.append(made)
        return made

    def note(self, who: str, what: str) -> None:
        """Write something into the trace."""
        self.trace.add(self.loop.time(), who, what)

    # ---- looking

    def rows(self, statement: str, **params: Any) -> list[Row]:
        """Ask the store."""
        with self._database.reader() as reader:
            return reader.rows(statement, **params)

    def job(self, job_id: str) -> JobView:
        """A job as clients see it."""
        with self._database.reader() as reader:
            row = jobs_sql.load_many(reader, [job_number(job_id, "job")])[0]
        return JobView.model_validate(job_wire(row, self.admin.space))

    def topics(self, job_id: str) -> list[str]:
        """Topics of the events of a job, in the order of the log."""
        number = job_number(job_id, "job")
        return [one.topic for one in self.history.log if one.job_id == number]

    def events(self, *topics: str) -> list[dict[str, Any]]:
        """The log as subscribers see it, or the part with these topics."""
        found = [one for one in self.history.log if not topics or one.topic in topics]
        return [orjson.loads(event_text(self.epoch, one.seq, one.at, one.body)) for one in found]

    # ---- the end

    async def settle(self, **within: float) -> None:
        """Mend all, and wait until no job can go on by itself: what is left waits for a person, or for listeners that are not there."""
        if not self.up:
            await self.start()
        for one in [*self.listeners.values()]:
            one.thaw()
        for wire in self._wires:
            wire.release()
        await self.run_until(self._quiet, **within)
        await self.advance(seconds=40)

    def _quiet(self) -> bool:
        return not self.rows("SELECT 1 FROM job WHERE status IN ('ready', 'executing', 'scheduled') LIMIT 1")

    def violations(self) -> list[Violation]:
        """What of all that was promised has not held."""
        with self._database.reader() as reader:
            rows = [jobs_sql.from_db(row) for row in reader.rows(jobs_sql.SELECT)]
        return violations(self.history, rows)

    def check(self) -> None:
        """AssertionError that names each promise that was broken, and the seed."""
        found = self.violations()
        if found:
            told = "\n".join(str(one) for one in found[:20])
            raise AssertionError(f"seed {self.loop.seed}: {len(found)} promises were broken:\n{told}")


def run(
    scenario: Callable[[World], Awaitable[T]], seed: int = 0, start: datetime = START, **options: Any
) -> T:
    """Run a scenario in a world of its own, from its first to its last virtual moment; what it returns.

    ``options`` are those of `World`.
    """

    async def whole() -> T:
        async with World(seed, start, **options) as world:
            return await scenario(world)

    return run_loop(whole(), seed)

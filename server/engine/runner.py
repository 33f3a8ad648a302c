"""The server's own runner: sessions that take the jobs of built-in types, in the spaces where such jobs wait.

It goes through the door that listeners use, so its jobs have the same leases, fences, ticks and retries. A session is there while
its space has something to do; together they run a bounded number of jobs, of which busy spaces get like shares.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final

import structlog

from ..core.built_in import DOMAIN
from ..core.later import later
from ..core.shares import shares
from ..outbound.addresses import Guard
from ..settings import Settings
from ..store import jobs as sql
from ..store import spaces
from ..store.blobs import Blobs
from ..store.log import Stored
from ..store.transaction import Facts
from .calm import calmly
from .hub import Hub

if TYPE_CHECKING:
    from ..outbound import requests
    from . import own_sessions, own_work, runs
else:
    requests = later("..outbound.requests", __package__)
    own_sessions = later(".own_sessions", __package__)
    own_work = later(".own_work", __package__)
    runs = later(".runs", __package__)

BEAT_S: Final = 1.0
IDLE_S: Final = 2.0
"""How long a session stays where nothing is to be done."""
LOOK_S: Final = 30.0
"""How often the store itself is asked where jobs wait, should an event have been missed."""
FINISH_S: Final = 5.0
"""How long what runs may go on when the server stops, before it is given to others."""
LET_GO_S: Final = 5.0
"""How long giving it back may take then."""
_MARK: Final = f'"job":"{DOMAIN}:'
_MARKED: Final = 4_096
"""Characters of an event's text within which it names its job; inputs that follow may be large."""
_log = structlog.get_logger("tickwire.runner")


class Runner:
    """``submit`` and ``read`` are the node's. ``guard`` says what its calls may reach; ``outbound`` is there once one was made."""

    def __init__(
        self,
        hub: Hub,
        settings: Settings,
        facts: Facts,
        blobs: Blobs,
        submit: Callable[..., Any],
        read: Callable[..., Any],
    ) -> None:
        self._hub = hub
        self._facts = facts
        self._read = read
        self._guard = Guard(settings.allow_addresses)
        self._limit = settings.built_in_jobs
        self._blobs = blobs
        self._submit = submit
        self._largest_file = settings.max_upload_bytes
        self.outbound: requests.Outbound | None = None
        self.sessions: dict[int, own_sessions.OwnSession] = {}
        """By the number of the space."""
        self._hungry: set[int] = set()
        self._served = 0
        self._dealing = False
        self._stops_at: float | None = None
        self._looking: asyncio.Task[bool] | None = None
        self._joined = asyncio.Event()
        """A session has begun."""
        self.look_every_s = LOOK_S

    # ---- where jobs wait

    def heard(self, events: Iterable[Stored]) -> None:
        """Events that this server or another has committed."""
        for event in events:
            if event.topic == "job:ready" and event.body.find(_MARK, 0, _MARKED) >= 0:
                self._join(event.space_id)

    async def look(self) -> None:
        """Ask the store where jobs wait. Raises StoreError."""
        for space_id in await self._read(partial(sql.spaces_waiting, domain=DOMAIN)):
            if space_id not in self._facts.spaces:
                self._facts.learn((await self._read(spaces.every)).values())
            self._join(space_id)

    def _join(self, space_id: int) -> None:
        if space_id in self.sessions or self._stops_at is not None or not self._limit:
            return
        space = self._facts.spaces.get(space_id)
        if space is not None:
            session = own_sessions.OwnSession(self._hub, space, self._begin, self._closed)
            self.sessions[space_id] = session
            self._joined.set()
            session.open()
            self._deal_soon()
        elif self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(calmly(self.look, "look_failed", _log))

    def _closed(self, session: "own_sessions.OwnSession") -> None:
        if self.sessions.get(session.space.id) is session:
            del self.sessions[session.space.id]

    # ---- what runs

    def _begin(self, session: "own_sessions.OwnSession", grant: dict[str, Any]) -> None:
        run = runs.Run(session, grant, self._tools, partial(self._ended, session))
        session.runs[run.id] = run
        self._served += 1
        session.served = self._served
        if len(session.runs) >= session.credit:
            self._hungry.add(session.space.id)
        run.start()
        self._deal_soon()

    def _ended(self, session: "own_sessions.OwnSession", run: "runs.Run") -> None:
        if session.runs.get(run.id) is run:
            del session.runs[run.id]
        session.idle_since = asyncio.get_running_loop().time()
        self._deal_soon()

    @cached_property
    def _tools(self) -> "own_work.Tools":
        return own_work.Tools(
            self._outbound, self._blobs, self._submit, self._read, self._hub.clock, self._largest_file
        )

    def _outbound(self) -> "requests.Outbound":
        if self.outbound is None:
            self.outbound = requests.Outbound(self._guard)
        return self.outbound

    # ---- who may run how much

    def _deal_soon(self) -> None:
        if self.sessions and not self._dealing and self._stops_at is None:
            self._dealing = True
            asyncio.get_running_loop().call_soon(self._deal)

    def _deal(self) -> None:
        self._dealing = False
        if self._stops_at is not None:
            return
        order = sorted(self.sessions.values(), key=lambda session: session.served)
        held = {session.space.id: len(session.runs) for session in order}
        for space_id, credit in shares(self._limit, held, self._hungry).items():
            self.sessions[space_id].listen(credit)

    def beat(self) -> None:
        """Leave where nothing has been done for a while, and see who could do with more."""
        now = asyncio.get_running_loop().time()
        for session in list(self.sessions.values()):
            if not session.runs and session.credit and now - session.idle_since > IDLE_S:
                del self.sessions[session.space.id]
                session.leave()
        self._hungry = {
            space_id
            for space_id, session in self.sessions.items()
            if session.runs and len(session.runs) >= session.credit
        }
        self._deal_soon()

    def renew(self) -> None:
        """Keep the leases of all that runs."""
        for session in self.sessions.values():
            session.renew()

    # ---- loops, and the end

    async def run(self) -> None:
        """Look now and then where jobs wait, and whom to leave, until cancelled."""
        loop = asyncio.get_running_loop()
        next_look = loop.time()
        while True:
            if loop.time() >= next_look:
                await calmly(self.look, "look_failed", _log)
                next_look = loop.time() + self.look_every_s
            self._safely(self.beat)
            await self._rest(next_look - loop.time())

    async def _rest(self, longest_s: float) -> None:
        """A beat; where there is no session, until there is one."""
        self._joined.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(BEAT_S if self.sessions else longest_s):
                await self._joined.wait()

    async def keep(self) -> None:
        """Renew leases in time while there is a session, until cancelled."""
        while True:
            if not self.sessions:
                await self._joined.wait()
            await asyncio.sleep(self._hub.limits().lease_ms / 3000)
            self._safely(self.renew)

    def _safely(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception:  # noqa: BLE001 - one space that cannot be dealt with must not keep the others from being so
            _log.exception("beat_failed")

    def drain(self) -> None:
        """Take nothing more; what runs has a moment to end."""
        if self._stops_at is None:
            self._stops_at = asyncio.get_running_loop().time() + FINISH_S
            for session in self.sessions.values():
                session.listen(0)

    async def stop(self) -> None:
        """Give back what does not end in time, and leave."""
        self.drain()
        assert self._stops_at is not None
        await self._until_ended(self._stops_at - asyncio.get_running_loop().time())
        for run in self._runs():
            run.stop("drain")
        await self._until_ended(LET_GO_S)
        await self._cut()
        for session in self.sessions.values():
            session.leave()
        self.sessions.clear()
        if self.outbound is not None:
            await self.outbound.close()

    def _runs(self) -> "list[own_sessions.Task]":
        return [run for session in self.sessions.values() for run in list(session.runs.values())]

    async def _until_ended(self, longest_s: float) -> None:
        tasks = [run.task for run in self._runs()]
        if tasks:
            await asyncio.wait(tasks, timeout=max(0, longest_s))

    async def _cut(self) -> None:
        """End what waits for a store that does not answer: its leases will run out."""
        await asyncio.gather(*self.abandon(), return_exceptions=True)

    def abandon(self) -> list[asyncio.Task[Any]]:
        """End at once all that runs; what ends."""
        self._stops_at = self._stops_at or 0.0
        tasks: list[asyncio.Task[Any]] = [run.task for run in self._runs()]
        if self._looking is not None:
            tasks.append(self._looking)
        for task in tasks:
            task.cancel()
        return tasks

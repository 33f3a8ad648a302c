"""Waiting for jobs: one connection on which the events come that may end a wait, shared by all who wait.

A wait *looks* at the truth over REST, and looks again when the log says that something has happened: once its subscription stands,
at every matching event, and whenever the subscription was begun anew. So no event can be missed, and nothing is asked in between.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Final, TypeVar

from ._later import later
from ._patience import patiently
from .errors import ApiError
from .protocol.filters import MAX_VALUES
from .protocol.jobs import JsonObject
from .settings import Connection

if TYPE_CHECKING:
    from . import _cursors, _session, _stream
    from .protocol import frames
else:
    _cursors = later("._cursors", __package__)
    _stream = later("._stream", __package__)
    frames = later(".protocol.frames", __package__)

ENDS: Final = ("job:completed", "job:failed", "job:canceled", "job:deleted")
"""The topics after which a job changes no more."""
PARTS: Final = ("job:parts-completed",)
MOST_SLOTS: Final = 50
"""Subscriptions beside each other; beyond them waits share one, and look anew when another joins."""
_LOST: Final = frozenset({"cursor_too_old", "epoch_changed", "cursor_ahead"})

Found = TypeVar("Found")


@dataclass(slots=True, eq=False)
class _Wait:
    job_id: str
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it is time to look."""
    failure: Exception | None = None

    def fail(self, error: Exception) -> None:
        self.failure = error
        self.news.set()


@dataclass(slots=True, eq=False)
class _Slot:
    """One subscription, and who waits on it. Events of split jobs are few, so that one subscription serves all who wait for parts."""

    name: str
    topics: tuple[str, ...]
    opened: bool = False
    waits: list[_Wait] = field(default_factory=list)

    @property
    def filter(self) -> JsonObject | None:
        return None if self.topics == PARTS else {"jobId": sorted({wait.job_id for wait in self.waits})}

    @property
    def full(self) -> bool:
        return self.topics != PARTS and len(self.waits) >= MAX_VALUES


class Waits:
    """See the module. The connection is made when somebody waits for the first time, and stays until ``close``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._slots: dict[str, _Slot] = {}
        self._number = count(1).__next__
        self._stream: _stream.Stream | None = None
        self._task: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """End the connection; who still waits waits for ever."""
        task, self._task, self._stream = self._task, None, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def until(
        self, topics: tuple[str, ...], job_id: str, look: Callable[[], Awaitable[Found | None]]
    ) -> Found:
        """What ``look`` finds at last: it is called when the log says that there may be something.

        A server that is away is waited for. What else ``look`` raises is raised; ApiError when the server refuses the subscription.
        """
        async with self._waiting(topics, job_id) as wait:
            while True:
                await wait.news.wait()
                wait.news.clear()
                if wait.failure is not None:
                    raise wait.failure
                found = await patiently(look, repeatable=True, idempotent=True, give_up=False)
                if found is not None:
                    return found

    @asynccontextmanager
    async def _waiting(self, topics: tuple[str, ...], job_id: str) -> AsyncIterator[_Wait]:
        wait = _Wait(job_id)
        slot = self._join(topics, wait)
        try:
            yield wait
        finally:
            slot.waits.remove(wait)
            if not slot.waits:
                self._drop(slot)

    def _join(self, topics: tuple[str, ...], wait: _Wait) -> _Slot:
        stream = self._stream or self._start()
        slot = self._room(topics)
        slot.waits.append(wait)
        if slot.opened and slot.filter is None:
            wait.news.set()
        elif slot.filter is not None or len(slot.waits) == 1:
            self._subscribe(stream, slot)
        return slot

    def _room(self, topics: tuple[str, ...]) -> _Slot:
        """The slot to join: one of its own where that can be, else the emptiest."""
        known = [slot for slot in self._slots.values() if slot.topics == topics]
        if topics != PARTS and len(known) < MOST_SLOTS:
            known = []
        slot = min(known, key=lambda one: len(one.waits), default=None)
        if slot is not None and slot.full:
            raise ApiError.of_code(
                "limit", f"At most {MOST_SLOTS * MAX_VALUES:,} waits may go on in one client."
            )
        if slot is None:
            slot = _Slot(f"wait-{self._number()}", topics)
            self._slots[slot.name] = slot
        return slot

    def _drop(self, slot: _Slot) -> None:
        self._slots.pop(slot.name, None)
        if self._stream is not None:
            self._stream.session.unsubscribe(slot.name)
            self._stream.wake()

    def _subscribe(self, stream: "_stream.Stream", slot: _Slot) -> None:
        """From now on: what happened before is seen by looking, once the subscription stands."""
        slot.opened = False
        request = frames.Subscribe(sub=slot.name, topics=[*slot.topics], filter=slot.filter, after="now")
        stream.session.subscribe(request)
        stream.wake()

    # ---- the connection

    def _start(self) -> "_stream.Stream":
        self._stream = stream = _stream.Stream(self._connection, self._hear)
        self._task = asyncio.create_task(self._run(stream), name="tickwire waits")
        return stream

    async def _run(self, stream: "_stream.Stream") -> None:
        try:
            await stream.run()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where somebody waits
            self._stream = None
            for slot in [*self._slots.values()]:
                self._fail(slot, error)

    async def _hear(self, call: "_session.Call") -> None:
        match call:
            case _cursors.Opened(sub) if sub in self._slots:
                self._slots[sub].opened = True
                for wait in self._slots[sub].waits:
                    wait.news.set()
            case _cursors.Delivered(sub, events) if sub in self._slots:
                happened = {event.get("context", {}).get("jobId") for event in events}
                for wait in self._slots[sub].waits:
                    if wait.job_id in happened:
                        wait.news.set()
            case _cursors.Cut(sub, error) if sub in self._slots:
                self._cut(self._slots[sub], _stream.api_error(error))

    def _cut(self, slot: _Slot, error: ApiError) -> None:
        if error.code in _LOST and self._stream is not None:
            self._subscribe(self._stream, slot)
        else:
            self._fail(slot, error)

    def _fail(self, slot: _Slot, error: Exception) -> None:
        """Nobody joins it any more."""
        self._slots.pop(slot.name, None)
        for wait in slot.waits:
            wait.fail(error)

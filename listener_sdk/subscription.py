"""Following the log live: events in order, exactly resumed after a lost connection."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

from pydantic import AliasChoices, Field

from ._later import later
from .errors import ApiError, CursorError
from .protocol.codes import Refusal
from .protocol.events import Event, Position
from .protocol.filters import compile_filter, compile_topics
from .protocol.jobs import JsonObject
from .protocol.model import WireModel
from .protocol.times import Time
from .settings import Connection

if TYPE_CHECKING:
    from . import _cursors, _given, _session, _stream
    from .protocol import frames
else:
    _cursors = later("._cursors", __package__)
    _given = later("._given", __package__)
    _stream = later("._stream", __package__)
    frames = later(".protocol.frames", __package__)

AHEAD: Final = 1000
"""Events read before they are asked for; when so many wait, reading stops."""

_NAME: Final = "events"
_CURSOR_CODES: Final = frozenset({"cursor_too_old", "epoch_changed", "cursor_ahead"})


class LiveTick(WireModel):
    """The newest progress of a running job. Not part of the log: some may be left out."""

    job_id: str = Field(validation_alias=AliasChoices("id", "jobId"))
    job: str | None = None
    """The job's name."""
    percent: float | None = Field(default=None, validation_alias=AliasChoices("progress", "percent"))
    done: float | None = None
    total: float | None = None
    text: str | None = Field(default=None, validation_alias=AliasChoices("info", "text"))
    estimated_completion_at: Time | None = None
    stalled_since: Time | None = None
    """Since when the job has made no progress, when that is much longer than before."""


class Subscription:
    """Events of topics that pass a filter, after a position, ``now`` or ``oldest``: iterate over it, once.

    Every matching event comes once, in log order, however often the connection breaks. CursorError when the log cannot be followed
    from where this stood; ApiError when the server refuses. As ``async with``, it is entered once the server has confirmed it:
    what happens from then on is seen.

    One with a name is *durable*: the server keeps how far its events are dealt with, and whoever subscribes by this name later goes on
    there. An event is dealt with when the next one is asked for, or by `ack`.
    """

    def __init__(
        self,
        connection: Connection,
        topics: tuple[str, ...],
        where: JsonObject | None,
        after: str,
        *,
        progress: bool,
        name: str | None = None,
    ) -> None:
        self._stream = _stream.Stream(connection, self._hear)
        patterns = _checked(topics or ("**",), where, after)
        told = {"sub": _NAME, "topics": patterns, "filter": where, "after": after, "progress": progress}
        request = _given.body(frames.Subscribe, {**told, "durable": name})
        self.name = name
        """Of a durable one."""
        self._handed: str | None = None
        self._acked: str | None = None
        self._stream.session.subscribe(request)
        self._waiting: asyncio.Queue[JsonObject | LiveTick | Exception] = asyncio.Queue(AHEAD)
        self._opened = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failure: Exception | None = None
        self._ended = False
        self.position = after
        """The position of the last event handed out: a later subscription can go on after it."""

    async def __aenter__(self) -> Self:
        self._start()
        await self._opened.wait()
        if self._failure is not None:
            await self.aclose()
            raise self._failure
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event | LiveTick:
        if self._ended:
            raise StopAsyncIteration
        found = await self.raw()
        return found if isinstance(found, LiveTick) else Event.model_validate(found)

    async def raw(self) -> JsonObject | LiveTick:
        """The next event as it stands on the wire, a JSON object; or a `LiveTick`."""
        self._start()
        self._deal()
        found = await self._waiting.get()
        if isinstance(found, Exception):
            await self.aclose()
            raise found
        if isinstance(found, dict):
            self.position = str(found.get("position", self.position))
            self._handed = self.position
        return found

    async def ack(self) -> None:
        """Say that the event that was handed out last is dealt with, and all before it; the server has stored it when this returns.

        Only of a durable subscription; else RuntimeError. ApiError when the server refuses.
        """
        if self.name is None:
            raise RuntimeError("only a subscription with a name is acked: client.subscribe(..., name=...)")
        self._deal()
        if self._acked is not None:
            await self._stream.confirm(_NAME)

    def _deal(self) -> None:
        """What was handed out is dealt with."""
        if self.name is not None and self._handed is not None:
            self._acked, self._handed = self._handed, None
            self._stream.session.ack(_NAME, self._acked)
            self._stream.wake()

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self._ended

    async def aclose(self) -> None:
        """End the subscription and its connection."""
        self._ended = True
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def _start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="tickwire subscription")

    async def _run(self) -> None:
        try:
            await self._stream.run()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where the events are read
            await self._end(error)

    async def _end(self, error: Exception) -> None:
        self._failure = error
        self._opened.set()
        await self._waiting.put(error)

    async def _hear(self, call: "_session.Call") -> None:
        match call:
            case _cursors.Opened():
                if not self._opened.is_set():
                    self.position = call.position
                    self._opened.set()
            case _cursors.Delivered():
                for event in call.events:
                    await self._waiting.put(event)
            case _cursors.Ticked():
                self._show(call.jobs)
            case _cursors.Cut():
                await self._end(_cut(call.error))

    def _show(self, jobs: list[JsonObject]) -> None:
        for job in jobs:
            if not self._waiting.full():
                self._waiting.put_nowait(LiveTick.model_validate(job))


def _checked(topics: tuple[str, ...], where: JsonObject | None, after: str) -> list[str]:
    """The patterns; ApiError for what the server would refuse, before anything is sent."""
    try:
        compile_topics(topics)
        compile_filter(where)
        if after not in {"now", "oldest"}:
            Position.parse(after)
    except Refusal as refused:
        raise ApiError.of_code(refused.code, refused.message, key=refused.key) from refused
    return [*topics]


def _cut(error: "frames.Error") -> ApiError:
    if error.code in _CURSOR_CODES:
        return CursorError(error.code, error.message, oldest=error.oldest, head=error.head)
    return _stream.api_error(error)


def as_patterns(topics: tuple[str | list[str], ...]) -> tuple[str, ...]:
    """Topics given one by one or as a list."""
    return tuple(one for topic in topics for one in ([topic] if isinstance(topic, str) else topic))

"""What a handler holds: its input, and the verbs to report progress, write to the log, attach files and start other jobs."""

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Iterable, Iterator, Sized
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from ._channel import Channel, JobLog, Source, Words, plain_input, progress
from .errors import Canceled
from .protocol.jobs import File, JobCreate
from .protocol.jobs import Job as RawJob

if TYPE_CHECKING:
    from .client import Client

TRACK_EVERY_S: Final = 0.02
"""How often `track` reports and lets the loop turn; between, an item costs one look at the clock."""

Input = TypeVar("Input")
Item = TypeVar("Item")
Result = TypeVar("Result")


class _Context(Generic[Input]):
    """The facts of a job, alike for async and sync handlers."""

    def __init__(
        self,
        raw: RawJob,
        input: Input,  # noqa: A002 - the wire's word
        channel: Channel,
        client: "Client | None" = None,
        *,
        fence: int | None = None,
        attempt: int | None = None,
    ) -> None:
        self.raw = raw
        self.input = input
        self.id = raw.id
        self.name = raw.job
        self.type = raw.type
        self.operation = raw.operation
        self.attempt = raw.attempt if attempt is None else attempt
        self.fence = raw.fence if fence is None else fence
        self.trigger = raw.trigger
        self.metadata: dict[str, Any] = raw.metadata or {}
        self._channel = channel
        self._client = client
        self._stopping = False

    @property
    def cancelled(self) -> bool:
        """Whether the handler was asked to stop."""
        return self._stopping

    @property
    def client(self) -> "Client":
        """The REST client of the listener."""
        if self._client is None:
            raise RuntimeError("this job runs without a server: give run_job a client=")
        return self._client

    def ask_to_stop(self) -> None:
        """Make `cancelled` true: the next verb raises Canceled."""
        self._stopping = True

    def _go_on(self) -> None:
        if self._stopping:
            raise Canceled("the job was asked to stop")

    def _child(self, name: str, input: Any, fields: dict[str, Any]) -> JobCreate:  # noqa: A002 - the wire's word
        kind, _, operation = name.partition(":")
        return JobCreate(
            type=kind, operation=operation, input=plain_input(input), parent_id=self.id, **fields
        )


class Job(_Context[Input]):
    """What an async handler holds. ``input`` is what its annotation says: ``Job[Model]``, else a dict."""

    def __init__(self, *args: Any, **fields: Any) -> None:
        super().__init__(*args, **fields)
        self.log = JobLog(self._channel.log, self.attempt)
        self._turn_at = 0.0

    async def tick(
        self,
        percent: float | None = None,
        text: str | None = None,
        *,
        done: float | None = None,
        total: float | None = None,
        eta: datetime | timedelta | None = None,
    ) -> None:
        """Report progress: percent (0 to 100), or done of total; a text; the end if the handler knows it better than the server.

        Costs microseconds: ticks are merged, newest wins, and at most ten a second leave. Raises Canceled when the job was asked to
        stop, ValueError for numbers that are none.
        """
        self._go_on()
        self._channel.tick(progress(percent, text, done, total, eta))
        if time.monotonic() >= self._turn_at:
            await self._turn()

    def track(
        self,
        items: Iterable[Item] | AsyncIterable[Item],
        text: str | None = None,
        total: float | None = None,
    ) -> AsyncIterator[Item]:
        """Hand on the items and report how many are done; an item costs well under a microsecond.

        ``total`` defaults to ``len(items)`` where there is one. A plain iterable lets the loop turn every 20 ms. Raises Canceled
        when the job was asked to stop.
        """
        expected = _expected(items, total)
        if isinstance(items, AsyncIterable):
            return self._track_async(items, text, expected)
        return self._track_plain(items, text, expected)

    async def _track_plain(
        self, items: Iterable[Item], text: str | None, total: float | None
    ) -> AsyncIterator[Item]:
        done = 0
        await self.tick(text=text, done=0, total=total)
        due = time.monotonic() + TRACK_EVERY_S
        for item in items:
            yield item
            done += 1
            if time.monotonic() >= due:
                await self.tick(text=text, done=done, total=total)
                due = time.monotonic() + TRACK_EVERY_S
        await self.tick(text=text, done=done, total=total)

    async def _track_async(
        self, items: AsyncIterable[Item], text: str | None, total: float | None
    ) -> AsyncIterator[Item]:
        done = 0
        await self.tick(text=text, done=0, total=total)
        due = time.monotonic() + TRACK_EVERY_S
        async for item in items:
            yield item
            done += 1
            if time.monotonic() >= due:
                await self.tick(text=text, done=done, total=total)
                due = time.monotonic() + TRACK_EVERY_S
        await self.tick(text=text, done=done, total=total)

    async def attach(self, source: Source, name: str | None = None, content_type: str | None = None) -> File:
        """Upload a file (a path, bytes, or chunks) as this job's. Raises Canceled, or ApiError when it is refused."""
        self._go_on()
        return await self._channel.upload(source, name, content_type)

    async def fetch(self, file_id: str, to: Path | str = ".") -> Path:
        """Download a file to a path, or into a folder under its own name; the path it has."""
        self._go_on()
        return await self._channel.download(file_id, Path(to))

    async def start(self, name: str, input: Any = None, **fields: Any) -> RawJob:  # noqa: A002 - the wire's word
        """Create a child job; it is stored when this returns. ``fields`` as in JobCreate."""
        self._go_on()
        return await self._channel.create(self._child(name, input, fields))

    async def _turn(self) -> None:
        await asyncio.sleep(0)
        self._turn_at = time.monotonic() + TRACK_EVERY_S


class SyncJob(_Context[Input]):
    """What a sync handler, in its own thread, holds: the verbs of `Job` without ``await``.

    A thread cannot be interrupted: a cancel is noticed at the next ``tick``, ``track`` item, ``attach``, ``fetch`` or ``start``.
    """

    def __init__(self, *args: Any, loop: asyncio.AbstractEventLoop, **fields: Any) -> None:
        super().__init__(*args, **fields)
        self._loop = loop
        self._words = Words(self._channel, loop)
        self.log = JobLog(self._words.log, self.attempt)

    def tick(
        self,
        percent: float | None = None,
        text: str | None = None,
        *,
        done: float | None = None,
        total: float | None = None,
        eta: datetime | timedelta | None = None,
    ) -> None:
        """As `Job.tick`."""
        self._go_on()
        self._words.tick(progress(percent, text, done, total, eta))

    def track(
        self, items: Iterable[Item], text: str | None = None, total: float | None = None
    ) -> Iterator[Item]:
        """As `Job.track`, for a plain ``for``."""
        expected = _expected(items, total)
        done = 0
        due = time.monotonic() + TRACK_EVERY_S
        self.tick(text=text, done=0, total=expected)
        for item in items:
            yield item
            done += 1
            if time.monotonic() >= due:
                self.tick(text=text, done=done, total=expected)
                due = time.monotonic() + TRACK_EVERY_S
        self.tick(text=text, done=done, total=expected)

    def attach(self, source: Source, name: str | None = None, content_type: str | None = None) -> File:
        """As `Job.attach`."""
        self._go_on()
        return self.wait_for(self._channel.upload(source, name, content_type))

    def fetch(self, file_id: str, to: Path | str = ".") -> Path:
        """As `Job.fetch`."""
        self._go_on()
        return self.wait_for(self._channel.download(file_id, Path(to)))

    def start(self, name: str, input: Any = None, **fields: Any) -> RawJob:  # noqa: A002 - the wire's word
        """As `Job.start`."""
        self._go_on()
        return self.wait_for(self._channel.create(self._child(name, input, fields)))

    def wait_for(self, work: Awaitable[Result]) -> Result:
        """Run something async, such as a call of ``job.client``, on the listener's loop; its result or its exception."""

        async def waited() -> Result:
            return await work

        return asyncio.run_coroutine_threadsafe(waited(), self._loop).result()


def _expected(items: object, total: float | None) -> float | None:
    return len(items) if total is None and isinstance(items, Sized) else total

"""What a handler holds: its input, and the verbs to report progress, write to the log, attach files and start other jobs."""

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Coroutine, Iterable, Iterator, Sized
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from ._awaited import Calls
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

    input: Input
    """What the job was given to work with, as its annotation says: ``Job[Model]``, else a dict."""
    id: str
    """The job's id, the same in every attempt: the key by which an effect elsewhere can be made once."""
    name: str
    """``type:operation``."""
    type: str
    """What stands before the first colon of the name."""
    operation: str
    """What stands after it."""
    attempt: int
    """Which attempt this is, from 1; ``raw.max_attempts`` is how many there may be (5 by default)."""
    fence: int
    """A number that rises whenever the job is given to a listener: send it along to what can refuse lower ones."""
    trigger: str | None
    """``immediate`` or ``manual``: what made the job ready."""
    metadata: dict[str, Any]
    """What the creator noted beside the input."""
    raw: RawJob
    """The job as it was when it was granted: ``file_id``, ``source``, ``subject``, ``parent_id`` and all other fields."""
    log: JobLog
    """The job's own log: ``job.log.info("read", rows=3)``, and ``debug``, ``warning``, ``error``."""

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
        """Whether the handler was asked to stop: the job is to be canceled, its lease was lost, or the listener stops."""
        return self._stopping

    @property
    def client(self) -> "Client":
        """The listener's `Client`. RuntimeError in `run_job`, unless it was given one."""
        if self._client is None:
            raise RuntimeError("this job runs without a server: give run_job a client=")
        return self._client

    @property
    def forgotten(self) -> str | None:
        """What to write where an ``await`` is missing so far; None when none is."""
        return None

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
    """What an async handler holds: the facts of its job, and verbs, which are awaited (`log` and `track` are not).

    A verb that is called without ``await`` does nothing, so a handler that forgot one fails its job instead of completing it.
    """

    def __init__(self, *args: Any, **fields: Any) -> None:
        super().__init__(*args, **fields)
        self.log = JobLog(self._channel.log, self.attempt)
        self._turn_at = 0.0
        self._calls = Calls()

    def tick(
        self,
        percent: float | None = None,
        text: str | None = None,
        *,
        done: float | None = None,
        total: float | None = None,
        eta: datetime | timedelta | None = None,
    ) -> Coroutine[Any, Any, None]:
        """Report progress.

        - ``percent``: 0 to 100; what lies outside is cut to it
        - ``text``: what is being done, for people; at most 4,096 characters are shown
        - ``done``, ``total``: how many items are done, of how many; percent and rate follow from them
        - ``eta``: when the job will be done, or in how long, if the handler knows it better than the server, which else estimates
          it from the rate of the ticks

        What is left out stays as it was. A tick costs microseconds: they are merged, the newest wins, and at most ten a second
        leave. Canceled when the job was asked to stop, ValueError for what is no number or negative.
        """
        return self._calls.make("tick", self._tick, percent, text, done, total, eta)

    async def _tick(
        self,
        percent: float | None,
        text: str | None,
        done: float | None,
        total: float | None,
        eta: datetime | timedelta | None = None,
    ) -> None:
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
        """Hand on the items, and tick how many are done: ``async for row in job.track(rows, "Rows")``.

        - ``items``: a plain or an async iterable
        - ``text``: what is being done, for people
        - ``total``: how many there are; ``len(items)`` where there is such a thing

        An item costs well under a microsecond; a plain iterable lets the loop turn every 20 ms. Canceled when the job was asked
        to stop.
        """
        expected = _expected(items, total)
        if isinstance(items, AsyncIterable):
            return self._track_async(items, text, expected)
        return self._track_plain(items, text, expected)

    async def _track_plain(
        self, items: Iterable[Item], text: str | None, total: float | None
    ) -> AsyncIterator[Item]:
        done = 0
        await self._tick(None, text, 0, total)
        due = time.monotonic() + TRACK_EVERY_S
        for item in items:
            yield item
            done += 1
            if time.monotonic() >= due:
                await self._tick(None, text, done, total)
                due = time.monotonic() + TRACK_EVERY_S
        await self._tick(None, text, done, total)

    async def _track_async(
        self, items: AsyncIterable[Item], text: str | None, total: float | None
    ) -> AsyncIterator[Item]:
        done = 0
        await self._tick(None, text, 0, total)
        due = time.monotonic() + TRACK_EVERY_S
        async for item in items:
            yield item
            done += 1
            if time.monotonic() >= due:
                await self._tick(None, text, done, total)
                due = time.monotonic() + TRACK_EVERY_S
        await self._tick(None, text, done, total)

    def attach(
        self, source: Source, name: str | None = None, content_type: str | None = None
    ) -> Coroutine[Any, Any, File]:
        """Upload a file as this job's, for people to download; hand the `File` that comes back to `next_.download`.

        - ``source``: a path, bytes, or an async iterator of bytes; a file is never held in memory as a whole
        - ``name``: how people see it; needed unless ``source`` is a path, which has one
        - ``content_type``: guessed from the name if it is left out

        A restart of the server is waited out. Canceled when the job was asked to stop, ApiError when the file is refused, OSError
        when the path cannot be read.
        """
        return self._calls.make("attach", self._attach, source, name, content_type)

    async def _attach(self, source: Source, name: str | None, content_type: str | None) -> File:
        self._go_on()
        return await self._channel.upload(source, name, content_type)

    def fetch(self, file_id: str, to: Path | str = ".") -> Coroutine[Any, Any, Path]:
        """Download a stored file, such as the one that the job was created with (``job.raw.file_id``); the path it has now.

        - ``file_id``: the file's id
        - ``to``: the path to write it to, replacing what stands there; or a folder, in which it gets its own name

        The path appears once all bytes are there. Canceled when the job was asked to stop, ApiError when there is no such file.
        """
        return self._calls.make("fetch", self._fetch, file_id, to)

    async def _fetch(self, file_id: str, to: Path | str) -> Path:
        self._go_on()
        return await self._channel.download(file_id, Path(to))

    def start(self, name: str, input: Any = None, **fields: Any) -> Coroutine[Any, Any, RawJob]:  # noqa: A002 - the wire's word
        """Create a child job, whose ``parent_id`` is this one's id. It is stored when this returns; its end is not waited for.

        - ``name``: ``type:operation``
        - ``input``: a dict, or a pydantic model
        - ``fields``: more of the new job, as in `JobCreate`: ``priority``, ``unique_key``, ``scheduled_at`` ...

        Canceled when this job was asked to stop, ApiError when the new one is refused.
        """
        return self._calls.make("start", self._start, name, input, fields)

    async def _start(self, name: str, input: Any, fields: dict[str, Any]) -> RawJob:  # noqa: A002 - the wire's word
        self._go_on()
        return await self._channel.create(self._child(name, input, fields))

    @property
    def forgotten(self) -> str | None:
        return self._calls.forgotten

    async def _turn(self) -> None:
        await asyncio.sleep(0)
        self._turn_at = time.monotonic() + TRACK_EVERY_S


class SyncJob(_Context[Input]):
    """What a plain handler, in a thread of its own, holds: the facts and verbs of `Job`, without ``await``.

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
        """Run something async on the listener's loop, and wait for it: ``job.wait_for(job.client.jobs.get(id))``.

        Its result or its exception.
        """

        async def waited() -> Result:
            return await work

        return asyncio.run_coroutine_threadsafe(waited(), self._loop).result()


def _expected(items: object, total: float | None) -> float | None:
    return len(items) if total is None and isinstance(items, Sized) else total

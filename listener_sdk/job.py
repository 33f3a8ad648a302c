"""What a handler holds: its input, and the verbs to report progress, write to the log, attach files, split and start jobs."""

import asyncio
import concurrent.futures
import time
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
    Mapping,
    Sized,
)
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from ._awaited import Calls
from ._channel import JobLog, Source, Words, progress
from ._context import Context, Input
from ._tables import csv_table
from .parts import Parts, SyncParts, parts_body
from .protocol.events import Event
from .protocol.jobs import File
from .protocol.jobs import Job as RawJob

TRACK_EVERY_S: Final = 0.02
"""How often `track` reports and lets the loop turn; between, an item costs one look at the clock."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class Job(Context[Input]):
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
        - ``eta``: when the job will be done (a time with a zone), or in how long, if the handler knows it better than the server, which else
          estimates it from the rate of the ticks

        What is left out stays as it was. A tick costs microseconds: they are merged, the newest wins, and at most ten a second
        leave. Canceled when the job was asked to stop, ValueError for what is no number or negative.
        """
        return self._calls.brief("tick", self._tick, percent, text, done, total, eta)

    def _tick(
        self,
        percent: float | None,
        text: str | None,
        done: float | None,
        total: float | None,
        eta: datetime | timedelta | None,
    ) -> Coroutine[Any, Any, None] | None:
        """Tick; the turn of the loop that is due, to be awaited."""
        self._go_on()
        self._channel.tick(
            progress(percent, text if self.redaction is None else self._shown(text), done, total, eta)
        )
        return self._turn() if time.monotonic() >= self._turn_at else None

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
        - ``fields``: more of the new job, as in `JobCreate`: ``priority``, ``unique_key``, ``scheduled_at``, ``tags=job.raw.tags`` ...; TypeError for others

        Canceled when this job was asked to stop, ApiError when the new one is refused.
        """
        return self._calls.make("start", self._start, name, input, fields)

    async def _start(self, name: str, input: Any, fields: dict[str, Any]) -> RawJob:  # noqa: A002 - the wire's word
        self._go_on()
        return await self._channel.create(self._child(name, input, fields))

    def publish(
        self, topic: str, payload: Any = None, context: dict[str, Any] | None = None, **fields: Any
    ) -> Coroutine[Any, Any, Event]:
        """Publish an event that says it comes from this job (``context.jobId``), so that event triggers know when they go in a circle.

        - ``topic``: ``domain:operation``, such as ``invoice:paid``, of a domain that is not reserved
        - ``payload``: a dict or a pydantic model
        - ``context``: more ids that the event is about, for filters
        - ``fields``: more of the event, as in `EventCreate`; TypeError for others

        Another attempt of the job publishes it again. A restart of the server is waited out. Canceled when the job was asked to
        stop, ApiError for a topic that clients may not publish.
        """
        return self._calls.make("publish", self._publish, topic, payload, context, fields)

    async def _publish(
        self, topic: str, payload: Any, context: dict[str, Any] | None, fields: dict[str, Any]
    ) -> Event:
        self._go_on()
        return await self._channel.publish(self._event(topic, payload, context, fields))

    def split(self, parts: int | Iterable[Any], *, parallel: bool = True) -> Coroutine[Any, Any, Parts]:
        """Split this job into parts: children of the same name and input, which this or other listeners run::

            if job.is_part:
                return await import_rows(job.part_data["first"], job.part_data["last"])
            parts = await job.split([{"first": 0, "last": 499}, {"first": 500, "last": 999}])
            result = await parts.wait()

        - ``parts``: a number, 1 to 1,000, which gives part ``n`` the ``part_data`` ``{"part": n}``, from 0; or what each part shall
          work on, dicts or pydantic models
        - ``parallel``: all parts may run at once; else one after the other, each when the one before it has ended, also badly

        From here on the progress of this job is that of its parts. A job is split once: a second attempt that splits in the same
        way gets the same parts, finished ones included, and any other split is refused (ApiError ``already_split``). Parts copy the
        input, metadata, priority, ``max_attempts`` and time-outs of this job. When it ends, parts that have not ended are canceled:
        wait for them.

        Canceled when the job was asked to stop, ValueError for what is no way to split.
        """
        return self._calls.make("split", self._split, parts, parallel)

    async def _split(self, parts: int | Iterable[Any], parallel: bool) -> Parts:
        self._go_on()
        parent = await self._channel.split(parts_body(parts), parallel=parallel)
        return Parts(parent, self._channel, self._calls, self._go_on)

    def wait_for_end(self, job: RawJob | str) -> Coroutine[Any, Any, RawJob]:
        """Wait until another job has ended, such as one that `start` gave; that job, with its ``status``, ``outcome`` and ``result``.

        - ``job``: the job, or its id

        This job keeps its slot of the listener meanwhile (not so while it waits for its parts): where all slots wait for jobs of the
        same listener, none of them goes on. ApiError when there is no such job, or when it is deleted.
        """
        return self._calls.make("wait_for_end", self._wait_for_end, job)

    async def _wait_for_end(self, job: RawJob | str) -> RawJob:
        self._go_on()
        return await self._channel.ended(_id(job))

    def attach_errors(
        self, rows: Iterable[Mapping[str, Any]], name: str = "errors.csv"
    ) -> Coroutine[Any, Any, File]:
        """Upload a CSV file of the items that failed, for ``Outcome.partial(..., errors=file)``.

        - ``rows``: a dict for each item; their keys are the columns, in the order in which they first come
        - ``name``: how people see the file

        The file is UTF-8 as spreadsheets read it. Texts that a spreadsheet would run as a formula (they begin with ``=``, ``+``,
        ``-``, ``@``, a tab or a line break) get an apostrophe in front; numbers stay numbers, lists and dicts become JSON.
        """
        return self._calls.make("attach_errors", self._attach_errors, rows, name)

    async def _attach_errors(self, rows: Iterable[Mapping[str, Any]], name: str) -> File:
        content = await asyncio.to_thread(csv_table, rows)
        return await self._attach(content, name, "text/csv; charset=utf-8")

    @property
    def forgotten(self) -> str | None:
        return self._calls.forgotten

    async def _turn(self) -> None:
        await asyncio.sleep(0)
        self._turn_at = time.monotonic() + TRACK_EVERY_S


class SyncJob(Context[Input]):
    """What a plain handler, in a thread of its own, holds: the facts and verbs of `Job`, without ``await``.

    A thread cannot be interrupted: a cancel is noticed at the next verb or item of ``track``, and while it waits for parts or for the
    end of another job.
    """

    def __init__(self, *args: Any, loop: asyncio.AbstractEventLoop, **fields: Any) -> None:
        super().__init__(*args, **fields)
        self._loop = loop
        self._words = Words(self._channel, loop)
        self._waits: set[concurrent.futures.Future[Any]] = set()
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
        self._words.tick(
            progress(percent, text if self.redaction is None else self._shown(text), done, total, eta)
        )

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

    def publish(
        self, topic: str, payload: Any = None, context: dict[str, Any] | None = None, **fields: Any
    ) -> Event:
        """As `Job.publish`."""
        self._go_on()
        return self.wait_for(self._channel.publish(self._event(topic, payload, context, fields)))

    def split(self, parts: int | Iterable[Any], *, parallel: bool = True) -> SyncParts:
        """As `Job.split`."""
        self._go_on()
        parent = self.wait_for(self._channel.split(parts_body(parts), parallel=parallel))
        return SyncParts(parent, self._channel, self._waited)

    def wait_for_end(self, job: RawJob | str) -> RawJob:
        """As `Job.wait_for_end`."""
        return self._waited(lambda: self._channel.ended(_id(job)))

    def attach_errors(self, rows: Iterable[Mapping[str, Any]], name: str = "errors.csv") -> File:
        """As `Job.attach_errors`."""
        return self.attach(csv_table(rows), name, "text/csv; charset=utf-8")

    def ask_to_stop(self) -> None:
        super().ask_to_stop()
        for future in [*self._waits]:
            future.cancel()

    def _waited(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Wait for what ``work`` begins on the listener's loop; a stop ends that, or keeps it from beginning: Canceled."""
        self._go_on()
        future = asyncio.run_coroutine_threadsafe(_begun(work), self._loop)
        self._waits.add(future)
        # A stop that was asked for before the future stood in the set did not find it there.
        if self._stopping:
            future.cancel()
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            self._go_on()
            raise
        finally:
            self._waits.discard(future)

    def wait_for(self, work: Awaitable[Result]) -> Result:
        """Run something async on the listener's loop, and wait for it: ``job.wait_for(job.client.jobs.get(id))``.

        Its result or its exception.
        """
        return asyncio.run_coroutine_threadsafe(_as_coroutine(work), self._loop).result()


async def _begun(work: Callable[[], Awaitable[Result]]) -> Result:
    return await work()


async def _as_coroutine(work: Awaitable[Result]) -> Result:
    return await work


def _id(job: RawJob | str) -> str:
    return job.id if isinstance(job, RawJob) else job


def _expected(items: object, total: float | None) -> float | None:
    return len(items) if total is None and isinstance(items, Sized) else total

"""Runs the handlers of one session: starts what is granted, stops what is canceled or lost, and says how each ended."""

import asyncio
import contextvars
import logging
import secrets
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from ._channel import Source
from ._endings import Done, Failed, now, of_error, of_result
from ._granted import Granted
from ._leases import Ended, LeaseKey, LinesRefused, Lost, Start, Stop
from ._patience import patiently
from ._session import Call
from ._stream import Stream
from .client import Client
from .errors import ApiError, Canceled
from .handlers import Handler, choose
from .job import Job, SyncJob
from .parts import PartData, PartsResult, RawJobs
from .protocol.events import Event, EventCreate
from .protocol.frames import Complete, Fail, Release
from .protocol.job_types import JobTypeDeclare
from .protocol.jobs import File, JobCreate, LogLine
from .protocol.jobs import Job as RawJob
from .protocol.progress import Progress

UNWIND_S: Final = 2.0
"""How long handlers that were told to stop may take to clean up."""
ANSWERS_S: Final = 5.0
"""How long a stopping worker waits for the server to answer its last outcomes."""
ABANDON_S: Final = 0.5
"""The same two when there is no time left."""

log = logging.getLogger("tickwire")


class Reason(StrEnum):
    """Why a running handler was told to stop."""

    CANCEL = "it was canceled"
    LOST = "its lease was lost"
    DRAIN = "the listener stops"


class LeaseLost(Canceled):
    """The server said, before the handler began, that its lease is over."""


class LeaseChannel:
    """The words of one running handler, on their way to the stream."""

    def __init__(self, stream: Stream, client: Client, lease: LeaseKey) -> None:
        self._stream = stream
        self._client = client
        self._lease = lease

    def tick(self, progress: Progress) -> None:
        if self._stream.session.tick(self._lease, progress):
            self._stream.flush_soon()

    def log(self, line: LogLine) -> None:
        if self._stream.session.log(self._lease, line):
            self._stream.flush_soon()

    async def create(self, job: JobCreate) -> RawJob:
        return await self._stream.create(job)

    async def publish(self, event: EventCreate) -> Event:
        events, key = self._client.events, f"{self._lease.job}-{secrets.token_hex(8)}"
        return await patiently(lambda: events.publish_event(event, key), repeatable=True, idempotent=True)

    async def upload(self, source: Source, name: str | None, content_type: str | None) -> File:
        files = self._client.files
        job_id = self._lease.job
        return await patiently(
            lambda: files.upload(source, name=name, content_type=content_type, job_id=job_id),
            repeatable=isinstance(source, bytes | str | Path),
        )

    async def download(self, file_id: str, to: Path) -> Path:
        return await patiently(lambda: self._client.files.download(file_id, to), repeatable=True)

    async def split(self, parts: int | PartData, *, parallel: bool) -> RawJob:
        jobs, job_id = self._client.jobs, self._lease.job
        return await patiently(
            lambda: jobs.split(job_id, parts, parallel=parallel), repeatable=True, idempotent=True
        )

    async def parts(self) -> RawJobs:
        jobs, job_id = self._client.jobs, self._lease.job
        return await patiently(lambda: jobs.parts(job_id), repeatable=True, idempotent=True)

    async def parts_ended(self) -> PartsResult:
        return await self._client.jobs.wait_for_parts(self._lease.job)

    async def ended(self, job_id: str) -> RawJob:
        return await self._client.jobs.wait(job_id)

    async def secrets(self, names: Sequence[str]) -> dict[str, str]:
        try:
            return await self._stream.secrets(self._lease, names)
        except ApiError as error:
            if error.code == "stale_lease" or error.errors[0].get("key") == "job":
                raise LeaseLost from error
            raise


@dataclass(slots=True, eq=False)
class _Run:
    lease: LeaseKey
    context: Job[Any] | SyncJob[Any]
    task: asyncio.Task[None] = field(init=False)
    begun: bool = False
    stopped: Reason | None = None

    def stop(self, reason: Reason) -> None:
        """Cancel an async handler; a thread notices at its next verb."""
        self.stopped = reason if self.stopped is None or reason is Reason.LOST else self.stopped
        self.context.ask_to_stop()
        if self.begun and (self.context.fetching or isinstance(self.context, Job)):
            self.task.cancel()


class Worker:
    """One session that takes jobs for ``handlers``, at most ``credit`` at a time, and declares ``types``."""

    def __init__(
        self,
        client: Client,
        handlers: Sequence[Handler],
        credit: int,
        types: Sequence[JobTypeDeclare] = (),
    ) -> None:
        self.stream = Stream(client.connection, self._hear)
        self._client = client
        self._handlers = handlers
        self._takings = [handler.taking() for handler in handlers]
        self._types = [*types]
        self._draining = False
        self._runs: dict[LeaseKey, _Run] = {}
        self._listen(credit)

    async def run(self) -> None:
        """Take jobs until cancelled; ApiError when the server refuses the session for good."""
        await self.stream.run()

    async def drain(self, grace_s: float) -> None:
        """Take no more; let handlers finish within ``grace_s``, stop the rest and give their jobs back."""
        self._draining = True
        self._listen(0)
        await self._finish(grace_s)
        await self._stop_all(UNWIND_S, ANSWERS_S)

    async def abandon(self) -> None:
        """Stop all handlers at once and give their jobs back as far as the connection still serves."""
        self._draining = True
        await self._stop_all(ABANDON_S, ABANDON_S)

    async def _stop_all(self, unwind_s: float, answers_s: float) -> None:
        for run in [*self._runs.values()]:
            run.stop(Reason.DRAIN)
        await self._finish(unwind_s)
        for lease in [*self._runs]:
            self._release(lease)
        try:
            async with asyncio.timeout(answers_s):
                await self.stream.settled()
        except TimeoutError:
            log.warning("the server did not answer %d last outcome(s) in time", self.stream.session.held)

    def _listen(self, credit: int) -> None:
        # Who takes no more declares nothing: a newer release may have spoken meanwhile.
        self.stream.session.listen(self._takings, credit, self._types if credit else [])
        self.stream.wake()

    async def _finish(self, within_s: float) -> None:
        if self._runs:
            await asyncio.wait([run.task for run in self._runs.values()], timeout=within_s)

    def _hear(self, call: Call) -> None:
        match call:
            case Start():
                self._start(call.lease, call.job)
            case Stop():
                self._stop(call.lease, Reason.CANCEL)
            case Lost():
                self._stop(call.lease, Reason.LOST)
            case LinesRefused(lease, error):
                log.warning("log lines of %s were refused: %s (%s)", lease.job, error.message, error.code)
            case Ended(lease, refused) if refused is not None:
                log.warning(
                    "the outcome of %s was refused: %s (%s)", lease.job, refused.message, refused.code
                )

    def _start(self, lease: LeaseKey, job: Granted) -> None:
        if self._draining or job.cancel:
            self._release(lease)
            return
        handler = choose(self._handlers, job)
        if handler is None:
            self._end(lease, Failed(f"No handler of this listener takes {job.job} with these facts."))
            return
        self._runs[lease] = run = _Run(lease, self._context(handler, lease, job))
        self.stream.session.begin(lease)
        run.task = asyncio.create_task(self._perform(handler, run), name=f"tickwire {lease.job}")

    def _context(self, handler: Handler, lease: LeaseKey, job: Granted) -> Job[Any] | SyncJob[Any]:
        channel = LeaseChannel(self.stream, self._client, lease)
        if handler.in_thread:
            loop = asyncio.get_running_loop()
            return SyncJob(job, job.input, channel, self._client, loop=loop)
        return Job(job, job.input, channel, self._client)

    async def _perform(self, handler: Handler, run: _Run) -> None:
        """Run a handler and say how it ended, here rather than in a callback: that would come a turn of the loop later."""
        ending = None
        # A cancelled task that has not begun would end without a word.
        if run.stopped is None:
            run.begun = True
            try:
                ending = await perform(handler, run.context)
            except LeaseLost:
                run.stop(Reason.LOST)
            except (asyncio.CancelledError, Canceled):
                pass
        del self._runs[run.lease]
        self._ended(run, ending)

    def _stop(self, lease: LeaseKey, reason: Reason) -> None:
        run = self._runs.get(lease)
        if run is not None:
            run.stop(reason)
            log.warning("stopping the handler of %s: %s", lease.job, reason)

    def _ended(self, run: _Run, ending: Done | Failed | None) -> None:
        if ending is None and run.stopped is not None:
            self._release(run.lease)
            return
        ending = ending or Failed("The handler cancelled itself.")
        if isinstance(ending, Failed):
            _tell(run.context, ending)
        self._end(run.lease, ending)

    def _end(self, lease: LeaseKey, ending: Done | Failed) -> None:
        self.stream.session.end(lease, frame_of(lease, ending))
        self.stream.wake()

    def _release(self, lease: LeaseKey) -> None:
        self.stream.session.end(lease, Release(leases=[lease.wire()]))
        self.stream.wake()


async def perform(handler: Handler, context: Job[Any] | SyncJob[Any]) -> Done | Failed:
    """Run a handler on its context, whose input is read here first; Canceled and CancelledError pass through."""
    try:
        context.input = handler.read_input(context.input)
        if handler.secrets and (missing := await _missing(handler, context)) is not None:
            return missing
        result = await _result(handler, context)
        if context.forgotten is not None:
            return Failed(context.forgotten, retry=False)
        return of_result(result, context.redaction, context.advanced_to)
    except (asyncio.CancelledError, Canceled, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001 - whatever a handler raises fails its attempt, SystemExit too
        shown = str if context.redaction is None else context.redaction.text
        return of_error(error, now(), context.forgotten, shown)


async def _missing(handler: Handler, context: Job[Any] | SyncJob[Any]) -> Failed | None:
    """Fetch what the handler declared. A failure leaves the job its attempts: somebody may set the secret meanwhile."""
    try:
        await context.fetch_secrets(handler.secrets)
    except ApiError as error:
        return Failed(error.message)
    return None


async def _result(handler: Handler, context: Job[Any] | SyncJob[Any]) -> Any:
    if handler.in_thread:
        return await in_thread(lambda: handler.function(context))
    return await handler.function(context)


async def in_thread(work: Callable[[], Any]) -> Any:
    """The result of a function in a daemon thread of its own: one that hangs keeps neither others nor the exit waiting."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[tuple[Any, BaseException | None]] = loop.create_future()

    def settle(result: Any, error: BaseException | None) -> None:
        if not future.done():
            future.set_result((result, error))

    def body() -> None:
        try:
            result, error = work(), None
        except BaseException as raised:  # noqa: BLE001 - it is raised again where the result is awaited
            result, error = None, raised
        # A closed loop waits for no result.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, result, error)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(body,), daemon=True, name="tickwire-handler").start()
    result, error = await future
    if error is not None:
        raise error
    return result


def frame_of(lease: LeaseKey, ending: Done | Failed) -> Complete | Fail:
    """The frame that says how an attempt ended."""
    if isinstance(ending, Done):
        return Complete(
            job=lease.job,
            fence=lease.fence,
            outcome=ending.outcome,
            result=ending.data,
            watermark=ending.watermark,
        )
    return Fail(
        job=lease.job,
        fence=lease.fence,
        message=ending.message,
        detail=ending.detail,
        retry=ending.retry,
        retry_at=ending.retry_at,
    )


def _tell(context: Job[Any] | SyncJob[Any], failed: Failed) -> None:
    """Say where the handler runs what the server is told: a crash with its traceback, a verdict in one line."""
    attempt = f"attempt {context.attempt} of {context.raw.max_attempts}"
    about = f"{context.name} ({context.id}), {attempt}, failed{'' if failed.retry else ' for good'}"
    if failed.detail is None:
        log.warning("%s: %s", about, " ".join(failed.message.split()))
    else:
        log.error("%s:\n%s", about, failed.detail.rstrip())

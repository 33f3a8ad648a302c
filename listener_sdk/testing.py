"""Run a job handler without a server: for the tests of listeners."""

import asyncio
import mimetypes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

from ._channel import Source, plain_input
from ._endings import Done, Failed
from .client import Client
from .errors import ApiError, Canceled, TickwireError
from .handlers import choose
from .job import Job, SyncJob
from .listener import Listener
from .parts import PartData, PartsResult, RawJobs, result_of
from .protocol.events import Event, EventCreate
from .protocol.job_types import RunMode
from .protocol.jobs import File, JobCreate, JsonObject, LogLine
from .protocol.jobs import Job as RawJob
from .protocol.lifecycle import Status, is_final
from .protocol.outcomes import Outcome
from .protocol.progress import Progress
from .worker import perform

_THEN: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that the handler attached."""

    file: File
    """Its facts."""
    content: bytes
    """Its bytes."""


@dataclass(slots=True)
class JobRun:
    """What a handler did."""

    outcome: Outcome | None = None
    """What a person would be told."""
    result: JsonObject | None = None
    """The data for programs."""
    ticks: list[Progress] = field(default_factory=list)
    """Every tick (``percent``, ``done``, ``total``, ``text``, ``eta_ms``), merged with those before it: what the server would see."""
    log: list[LogLine] = field(default_factory=list)
    """The lines of ``job.log``."""
    attachments: list[Attachment] = field(default_factory=list)
    """The files of ``job.attach``, in their order."""
    published: list[EventCreate] = field(default_factory=list)
    """The events of ``job.publish``."""
    started: list[JobCreate] = field(default_factory=list)
    """The child jobs that were started."""
    parts: list["JobRun"] = field(default_factory=list)
    """What the parts did that the handler split its job into and waited for, in their order."""
    watermark: str | None = None
    """What ``job.watermark.advance`` was told last; None when the run did not end well."""
    failure: str | None = None
    """Why a part failed: its message. The failure of the job itself is raised, as JobFailed."""

    def attachment(self, name: str) -> bytes:
        """The bytes of the attached file of this name; KeyError when there is none."""
        for one in self.attachments:
            if one.file.name == name:
                return one.content
        raise KeyError(f"{name!r} was not attached: {[one.file.name for one in self.attachments]}")


class JobFailed(TickwireError):  # noqa: N818 - says what happened
    """The attempt failed: ``message`` as a person sees it, ``detail`` the traceback, ``retry`` whether another would follow."""

    def __init__(self, failed: Failed, run: JobRun) -> None:
        super().__init__(f"{failed.message}\n{failed.detail}" if failed.detail else failed.message)
        self.message = failed.message
        self.detail = failed.detail
        self.retry = failed.retry
        self.retry_at = failed.retry_at
        self.run = run


async def run_job(
    listener: Listener,
    name: str,
    input: Any = None,  # noqa: A002 - the wire's word
    *,
    attempt: int = 1,
    files: Mapping[str, Path | bytes] | None = None,
    secrets: Mapping[str, str] | None = None,
    run_mode: RunMode = "full",
    since: str | None = None,
    stop_after_ticks: int | None = None,
    client: Client | None = None,
    **fields: Any,
) -> JobRun:
    """Run the handler of a job once, in this process and without a server, and see what it did.

    - ``name``: the job's name; the listener's own rules choose the handler
    - ``input``: a dict or a pydantic model
    - ``attempt``: which attempt the handler is told it is
    - ``files``: what ``job.fetch`` gives, by file id: paths or bytes
    - ``secrets``: values by name; the handler has those that it declared
    - ``run_mode``: ``full`` or ``delta``
    - ``since``: from where on the run reads, ``job.watermark.since``
    - ``stop_after_ticks``: ask the handler to stop once it has ticked so often
    - ``client``: the handler's ``job.client``
    - ``fields``: more of the job: ``file_id``, ``metadata``, ``source`` ...

    Where the handler waits for its parts, or for the end of a job that it started, the listener's handlers run them here, once each.

    JobFailed when the handler fails, Canceled when it was stopped, LookupError when the listener has no such handler.
    """
    own = {"run_mode": run_mode, "watermark": {"since": since, "version": 0}}
    raw = _raw_job(name, plain_input(input), attempt, {**own, **fields})
    world = _World(listener, dict(files or {}), dict(secrets or {}), client)
    ending, run = await world.run(raw, stop_after_ticks)
    if isinstance(ending, Failed):
        raise JobFailed(ending, run)
    return run


def _raw_job(name: str, given: JsonObject | None, attempt: int, fields: dict[str, Any]) -> RawJob:
    kind, _, operation = name.partition(":")
    base: dict[str, Any] = {
        "id": "us_jb_0000000001",
        "type": kind,
        "operation": operation,
        "job": name,
        "status": "executing",
        "source": "us_sp_default",
        "trigger": "immediate",
        "created_at": _THEN,
        "updated_at": _THEN,
        "started_at": _THEN,
        "input": given,
        "attempt": attempt,
        "fence": attempt,
    }
    return RawJob(**{**base, **fields})


@dataclass(slots=True)
class _World:
    """What one run shares with the jobs that it makes."""

    listener: Listener
    files: dict[str, Path | bytes]
    secrets: dict[str, str] = field(repr=False)
    client: Client | None
    job_number: Callable[[], int] = field(default_factory=lambda: count(2).__next__)
    file_number: Callable[[], int] = field(default_factory=lambda: count(1).__next__)

    async def run(self, raw: RawJob, stop_after_ticks: int | None = None) -> tuple[Done | Failed, JobRun]:
        handler = choose(self.listener.handlers, raw)
        if handler is None:
            known = ", ".join(sorted(one.name for one in self.listener.handlers)) or "none"
            raise LookupError(f"the listener has no handler that takes {raw.job}; it has: {known}")
        recorder = _Recorder(raw, self, stop_after_ticks)
        kind = SyncJob if handler.in_thread else Job
        extra = {"loop": asyncio.get_running_loop()} if handler.in_thread else {}
        recorder.context = kind(raw, raw.input, recorder, self.client, **extra)
        ending = await perform(handler, recorder.context)
        if isinstance(ending, Done):
            recorder.run.outcome, recorder.run.result = ending.outcome, ending.data
            recorder.run.watermark = ending.watermark
        else:
            recorder.run.failure = ending.message
        return ending, recorder.run

    async def ended(self, raw: RawJob) -> tuple[RawJob, JobRun]:
        """The job once its handler has run, however it ended."""
        try:
            ending, run = await self.run(raw)
        except Canceled:
            return raw.model_copy(update={"status": Status.CANCELED, "finished_at": _THEN}), JobRun()
        facts: dict[str, Any] = {"status": Status.FAILED, "info": run.failure}
        if isinstance(ending, Done):
            outcome = ending.outcome.to_wire() if ending.outcome is not None else None
            facts = {"status": Status.COMPLETE, "progress": 100, "outcome": outcome, "result": ending.data}
        return raw.model_copy(update={**facts, "finished_at": _THEN}), run


class _Recorder:
    """A channel that keeps what it is told."""

    def __init__(self, raw: RawJob, world: _World, stop_after_ticks: int | None) -> None:
        self.run = JobRun()
        self.context: Job[Any] | SyncJob[Any] | None = None
        self._raw = raw
        self._world = world
        self._stop_after = stop_after_ticks
        self._split: tuple[int | PartData, bool] | None = None
        self._parts: RawJobs = []
        self._children: dict[str, RawJob] = {}

    def tick(self, progress: Progress) -> None:
        ticks = self.run.ticks
        ticks.append(ticks[-1].merged(progress) if ticks else progress)
        if self._stop_after is not None and len(ticks) >= self._stop_after and self.context is not None:
            self.context.ask_to_stop()

    def log(self, line: LogLine) -> None:
        self.run.log.append(line)

    async def create(self, job: JobCreate) -> RawJob:
        self.run.started.append(job)
        facts = {"id": self._new_id(), "parent_id": job.parent_id, "status": "ready"}
        made = _raw_job(job.name, job.input, 0, facts)
        self._children[made.id] = made
        return made

    async def publish(self, event: EventCreate) -> Event:
        self.run.published.append(event)
        facts = event.model_dump(mode="json", by_alias=True, exclude_none=True)
        number = len(self.run.published)
        return Event.model_validate({**facts, "id": f"us_ev_{number:010}", "createdAt": _THEN})

    def _new_id(self) -> str:
        return f"us_jb_{self._world.job_number():010}"

    # ---- parts, and the end of other jobs

    async def split(self, parts: int | PartData, *, parallel: bool) -> RawJob:
        if self._split is None:
            self._split = (parts, parallel)
            every = [{"part": number} for number in range(parts)] if isinstance(parts, int) else parts
            self._parts = [self._part(number, data, parallel=parallel) for number, data in enumerate(every)]
        if self._split != (parts, parallel):
            raise ApiError.of_code("already_split", "The job is split already, in another way.")
        return self._raw.model_copy(update={"parts": len(self._parts)})

    def _part(self, number: int, data: JsonObject, *, parallel: bool) -> RawJob:
        return self._raw.model_copy(
            update={
                "id": self._new_id(),
                "parent_id": self._raw.id,
                "status": "ready" if parallel or number == 0 else "waiting",
                "part": number,
                "parts": None,
                "part_data": data,
                "part_execution": "parallel" if parallel else "sequential",
                "attempt": 1,
                "fence": 1,
            }
        )

    async def parts(self) -> RawJobs:
        return [*self._parts]

    async def parts_ended(self) -> PartsResult:
        if not self.run.parts and self._split is not None:
            ended = await self._run_parts(parallel=self._split[1])
            self._parts = [job for job, _ in ended]
            self.run.parts = [run for _, run in ended]
        return result_of(self._parts, len(self._parts))

    async def _run_parts(self, *, parallel: bool) -> list[tuple[RawJob, JobRun]]:
        if parallel:
            return await asyncio.gather(*(self._world.ended(part) for part in self._parts))
        return [await self._world.ended(part) for part in self._parts]

    async def ended(self, job_id: str) -> RawJob:
        if job_id not in self._children:
            raise LookupError(f"run_job knows no job {job_id!r}: only those that the handler started")
        if not is_final(self._children[job_id].status):
            self._children[job_id], _ = await self._world.ended(self._children[job_id])
        return self._children[job_id]

    async def secrets(self, names: Sequence[str]) -> dict[str, str]:
        given = self._world.secrets
        for name in names:
            if name not in given:
                raise ApiError.of_code(
                    "not_found", f"There is no secret {name}: pass secrets={{{name!r}: value}} to run_job."
                )
        return {name: given[name] for name in names}

    # ---- files

    async def upload(self, source: Source, name: str | None, content_type: str | None) -> File:
        content = await _content(source)
        title = name or (Path(source).name if isinstance(source, str | Path) else None)
        if title is None:
            raise ValueError("bytes and chunks need a name: attach(data, name='report.csv')")
        file = File(
            id=f"us_fl_{self._world.file_number():010}",
            name=title,
            size=len(content),
            content_type=content_type or mimetypes.guess_type(title)[0] or "application/octet-stream",
            created_at=_THEN,
            job_id=self._raw.id,
        )
        self._world.files[file.id] = content
        self.run.attachments.append(Attachment(file, content))
        return file

    async def download(self, file_id: str, to: Path) -> Path:
        files = self._world.files
        if file_id not in files:
            raise LookupError(f"run_job was given no file {file_id!r}: pass files={{{file_id!r}: path}}")
        given = files[file_id]
        own_name = given.name if isinstance(given, Path) else file_id
        path = to / own_name if await asyncio.to_thread(to.is_dir) else to
        await asyncio.to_thread(path.write_bytes, await _content(given))
        return path


async def _content(source: Source) -> bytes:
    if isinstance(source, bytes):
        return source
    if isinstance(source, str | Path):
        return await asyncio.to_thread(Path(source).read_bytes)
    return b"".join([chunk async for chunk in source])


__all__ = ["Attachment", "Canceled", "JobFailed", "JobRun", "run_job"]

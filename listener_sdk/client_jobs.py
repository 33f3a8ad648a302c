"""``client.jobs``: create, read, steer, split and end jobs over REST, and wait for them."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from . import _bulk
from ._channel import plain_input
from ._creates import Creates
from ._given import body, check_names, names_of
from ._http import Http
from ._waits import ENDS, PARTS, Waits
from .handle import JobHandle
from .outcome import Outcome
from .pages import Page, each, page_of
from .parts import PartsResult, RawJobs, newest, parts_body, result_of
from .protocol import outcomes as wire
from .protocol.bulk import BulkDone, JobsFilter
from .protocol.jobs import (
    Attempt,
    Job,
    JobAck,
    JobCancel,
    JobCreate,
    JobEnd,
    JobSplit,
    JobUpdate,
    LogLine,
    ProgressPoint,
)
from .protocol.lifecycle import FINAL, Status, is_final
from .protocol.model import WireModel
from .subscription import Subscription
from .watermark import watermark_text

_FILTERS: Final = names_of(JobsFilter) | {
    "workbook_id", "space_id", "environment_id", "sort_direction", "page_size", "page_number", "cursor",
}  # fmt: skip
_OPEN: Final = tuple(status for status in Status if status not in FINAL)


# Inside the class the word list is a method.
LogLines = list[LogLine]
Attempts = list[Attempt]
ProgressPoints = list[ProgressPoint]


class Jobs:
    """Calls of ``/v1/jobs``; every one raises ApiError when refused and ConnectionFailed without a server.

    What no server would take is refused before it is sent: InvalidError, an ApiError and ValueError whose ``errors`` name each
    field. TypeError for a misspelt name of a field or filter. Times are datetimes with a zone, such as ``datetime.now(UTC)``.
    """

    def __init__(
        self,
        http: Http,
        waits: Waits,
        creates: Creates | None = None,
        subscribe: Callable[..., Subscription] | None = None,
    ) -> None:
        self._http = http
        self._waits = waits
        self._creates = creates
        self._subscribe = subscribe

    async def create(
        self,
        name: str,
        input: Any = None,  # noqa: A002 - the wire's word
        *,
        idempotency_key: str | None = None,
        **fields: Any,
    ) -> Job:
        """Create a job. It is stored when this returns, and ready at once unless ``fields`` say otherwise.

        - ``name``: ``type:operation``, such as ``workbook:export``
        - ``input``: a dict or a pydantic model
        - ``idempotency_key``: with one the call can be repeated safely for a day
        - ``fields``: more of the job, as in `JobCreate`: ``trigger="manual"`` waits for `execute`, ``scheduled_at`` for a time;
          ``predecessor_ids`` for other jobs to complete; ``max_attempts`` (5), ``priority`` (the highest goes first),
          ``unique_key``, ``file_id``, ``metadata``, ``tags=["acme"]`` ...
        """
        kind, _, operation = name.partition(":")
        fields.setdefault("trigger", "immediate")
        check_names("create", fields, names_of(JobCreate, "type", "operation", "input"))
        own = {"type": kind, "operation": operation, "input": plain_input(input)}
        made = body(JobCreate, {**fields, **own})
        if self._creates is not None:
            return await self._creates.create(made, idempotency_key)
        return await self._job("POST", "", made, idempotency_key)

    async def start(
        self,
        name: str,
        input: Any = None,  # noqa: A002 - the wire's word
        **fields: Any,
    ) -> JobHandle:
        """Create a job, with the arguments of `create`, and hold it: ``result()`` waits for its end, ``events()`` tells all of it."""
        position = (await self._http.get("/v1/whoami"))["data"]["position"]
        made = await self.create(name, input, **fields)
        return self._handle(made.id, position)

    def handle(self, job: Job | str) -> JobHandle:
        """Hold a job, given as such or by its id, that was created before."""
        return self._handle(job if isinstance(job, str) else job.id, None)

    def _handle(self, job_id: str, position: str | None) -> JobHandle:
        if self._subscribe is None:
            raise RuntimeError("handles are made by client.jobs")
        return JobHandle(job_id, self, self._subscribe, position)

    async def create_many(
        self,
        jobs: Iterable[JobCreate | Mapping[str, Any]],
        *,
        partial: bool = False,
        idempotency_key: str | None = None,
    ) -> _bulk.BulkMembers:
        """Create up to 1,000 jobs in one transaction; for each of them its ``id`` and ``status``, in order. They are ready at once.

        - ``jobs``: dicts of what `create` takes, ``{"name": "workbook:export", "input": {"rows": 3}, "priority": 5}``, or `JobCreate`;
          ``predecessor_ids`` may name another of these jobs: ``"#0"`` is the first
        - ``partial``: store the good ones where some are bad, and say for each bad one its ``error``
        - ``idempotency_key``: with one the call can be repeated safely for a day

        Without ``partial`` all are refused where one is bad: ApiError, whose ``errors`` name every bad one. ValueError, before anything
        is sent, for more than 1,000, which would not be stored together, and for what is no job: without name, with a field that jobs
        do not have, with what JSON cannot hold or with a time without zone.
        """
        return await _bulk.create(self._http, jobs, partial=partial, idempotency_key=idempotency_key)

    async def cancel_many(
        self,
        ids: Iterable[str] | None = None,
        *,
        all: bool = False,  # noqa: A002 - the wire's word
        limit: int | None = None,
        dry_run: bool = False,
        info: str | None = None,
        **filters: Any,
    ) -> BulkDone:
        """Cancel many unfinished jobs, oldest first: how many matched, how many were ``done``, and which were ``skipped``, and why.

        - ``ids``: these jobs; else those that the filters let through, ``all=True`` for every job of the space
        - ``limit``: at most so many
        - ``dry_run``: only count
        - ``info``: why, for people
        - ``filters``: ``status`` (one or several), ``job`` (a name or glob), ``definition``, ``tag``, ``type``, ``operation``, ``source``, ``file_id``,
          ``parent_id``, ``exclude_child_jobs``, ``created_after`` and ``created_before`` (times)

        They are canceled by the thousand, each thousand in one transaction. What runs is asked to stop, as by `cancel`.
        """
        told = {"all": all, "dry_run": dry_run, "info": info}
        return await _bulk.act(self._http, "cancel", ids=ids, filters=filters, limit=limit, **told)

    async def retry_many(
        self,
        ids: Iterable[str] | None = None,
        *,
        all: bool = False,  # noqa: A002 - the wire's word
        limit: int | None = None,
        dry_run: bool = False,
        **filters: Any,
    ) -> BulkDone:
        """Run many ended jobs again, oldest first, each as a new job: ``await client.jobs.retry_many(status="failed")``.

        Arguments and answer as for `cancel_many`. Filters leave out jobs that were run again already: their last rerun stands for
        them. Jobs that wait for each other do so again; parts of a job that is run again are left out, for it makes its own. ApiError ``queue_full`` when there is no room for more; what was done until then stays done.
        """
        told = {"all": all, "dry_run": dry_run}
        return await _bulk.act(self._http, "retry", ids=ids, filters=filters, limit=limit, **told)

    async def acknowledge_many(
        self,
        ids: Iterable[str] | None = None,
        *,
        all: bool = False,  # noqa: A002 - the wire's word
        limit: int | None = None,
        dry_run: bool = False,
        **filters: Any,
    ) -> BulkDone:
        """Note of many ended jobs that a person has seen their outcomes. Arguments and answer as for `cancel_many`."""
        told = {"all": all, "dry_run": dry_run}
        return await _bulk.act(self._http, "acknowledge", ids=ids, filters=filters, limit=limit, **told)

    async def get(self, job_id: str) -> Job:
        """One job; ApiError ``not_found`` when there is none."""
        return await self._job("GET", _path(job_id))

    async def list(self, **filters: Any) -> Page[Job]:
        """One page, newest first.

        - ``filters``: ``status`` (one or several), ``job`` (a name or glob), ``definition``, ``tag``, ``type``, ``operation``, ``source``, ``file_id``,
          ``parent_id``, ``exclude_child_jobs``, ``created_after`` and ``created_before`` (times), ``sort_direction`` (``desc`` or
          ``asc``), ``page_size`` (20; at most 1,000), ``page_number`` or ``cursor``
        """
        check_names("list", filters, _FILTERS)
        return page_of(Job, await self._http.get("/v1/jobs", filters))

    def iterate(self, **filters: Any) -> AsyncGenerator[Job, None]:
        """All jobs that the filters of `list` let through, page by page."""
        return each(self.list, **filters)

    async def children(self, job_id: str, **filters: Any) -> AsyncGenerator[Job, None]:
        """The jobs whose ``parent_id`` is this job's id, oldest first: its parts (``part`` is their number) and others that it started.

        - ``filters``: as in `list`
        """
        async for job in self.iterate(
            **{"sort_direction": "asc", "page_size": 100, **filters, "parent_id": job_id}
        ):
            yield job

    async def split(self, job_id: str, parts: int | Iterable[Any], *, parallel: bool = True) -> Job:
        """Split an unfinished job into parts, children of the same name and input; the job itself, whose ``parts`` says how many.

        - ``parts``: a number, 1 to 1,000, which gives part ``n`` the data ``{"part": n}``, from 0; or what each part shall work on,
          dicts or pydantic models
        - ``parallel``: all parts may run at once; else one after the other, each when the one before it has ended

        A job is split once: the same split again changes nothing, another one is refused (ApiError ``already_split``). Once the
        last part has ended, in whatever way, the event ``job:parts-completed`` tells how many completed, failed and were
        canceled; the job itself is still to be completed.
        """
        split = JobSplit(parts=parts_body(parts), run_in_parallel=parallel)
        return await self._job("POST", f"{_path(job_id)}/split", split)

    async def parts(self, job_id: str) -> RawJobs:
        """The parts of a job as they stand, in their order; of those that were run again the newest."""
        return newest([child async for child in self.children(job_id)])

    async def wait_for_parts(self, job_id: str) -> PartsResult:
        """Wait until all parts of a job have ended, each in whatever way; what became of them.

        Nothing is asked of the server meanwhile, and a restart of it is waited out. It takes as long as it takes: bound it by
        ``asyncio.timeout``. A job that is not split yet has no parts, which is said at once: ``total`` is 0. ApiError when there is no
        such job.
        """

        async def look() -> PartsResult | None:
            job = await self.get(job_id)
            # A part that is run again after the end of its job counts for nobody.
            if not is_final(job.status):
                async for child in self.children(job_id, status=_OPEN, page_size=10):
                    if child.part is not None:
                        return None
            return result_of(await self.parts(job_id), job.parts)

        return await self._waits.until(PARTS, job_id, look)

    async def wait(self, job_id: str) -> Job:
        """Wait until a job has ended; the job as it is then.

        It takes as long as it takes: bound it by ``asyncio.timeout``. A restart of the server is waited out. ApiError
        ``not_found`` when there is no such job, or when it is deleted.
        """

        async def look() -> Job | None:
            job = await self.get(job_id)
            return job if is_final(job.status) else None

        return await self._waits.until(ENDS, job_id, look)

    async def update(self, job_id: str, **fields: Any) -> Job:
        """Change what is given; ``fields`` as in `JobUpdate`. A ``status`` is the life-cycle move of that name."""
        check_names("update", fields, names_of(JobUpdate))
        return await self._job("PATCH", _path(job_id), body(JobUpdate, fields))

    async def delete(self, job_id: str) -> None:
        """Remove a job; an unfinished one is canceled first."""
        await self._http.call("DELETE", f"/v1/jobs{_path(job_id)}")

    async def execute(self, job_id: str) -> None:
        """Start a job that waits for a person (``trigger="manual"``): it still waits for its predecessors and for its start time.

        A job that waits for these already is ready at once, past its predecessors and before its time or turn.
        """
        await self._http.call("POST", f"/v1/jobs{_path(job_id)}/execute")

    async def ack(self, job_id: str, **fields: Any) -> Job:
        """Begin a ready job, or report its progress; ``fields`` as in `JobAck`.

        For programs without a `Listener`: the lease is the key's, and only the run time-out ends it.
        """
        check_names("ack", fields, names_of(JobAck))
        return await self._job("POST", f"{_path(job_id)}/ack", body(JobAck, fields))

    async def complete(
        self,
        job_id: str,
        outcome: Outcome | wire.Outcome | str | None = None,
        *,
        info: str | None = None,
        result: dict[str, Any] | None = None,
        fence: int | None = None,
        watermark: str | datetime | int | None = None,
    ) -> Job:
        """End a job well.

        - ``outcome``: an `Outcome`, or its message
        - ``info``: the last word of its progress
        - ``result``: data for programs; else the outcome's
        - ``fence``: refuse unless the job's fence is still this
        - ``watermark``: how far the run of a definition has come, as ``job.watermark.advance`` says it
        """
        end = _end(outcome, info, result, fence)
        end.watermark = None if watermark is None else watermark_text(watermark)
        return await self._job("POST", f"{_path(job_id)}/complete", end)

    async def fail(
        self,
        job_id: str,
        outcome: Outcome | wire.Outcome | str | None = None,
        *,
        info: str | None = None,
        result: dict[str, Any] | None = None,
        fence: int | None = None,
    ) -> Job:
        """End a job without success; no attempt follows. Arguments as `complete`, without ``watermark``."""
        return await self._job("POST", f"{_path(job_id)}/fail", _end(outcome, info, result, fence))

    async def cancel(self, job_id: str, info: str | None = None) -> Job:
        """Cancel a job; ``info`` says why. A running handler is asked to stop first: ``cancel_requested_at`` is set, ``status`` stays."""
        return await self._job("POST", f"{_path(job_id)}/cancel", body(JobCancel, {"info": info}))

    async def retry(self, job_id: str) -> Job:
        """Run an ended job again: a new job, linked by ``rerun_of``. ApiError ``already_retried`` while an earlier rerun goes on.

        It waits for those predecessors (or their reruns) that have not ended, and for none that ended without success. The rerun of a
        part is that part; once its job has ended it counts for nobody, so that the job stays as it ended.
        """
        return await self._job("POST", f"{_path(job_id)}/retry")

    async def ack_outcome(self, job_id: str) -> Job:
        """Say that a person has seen the outcome."""
        return await self._job("POST", f"{_path(job_id)}/outcome/ack")

    async def log(self, job_id: str) -> LogLines:
        """All lines of the job's log, oldest first."""
        return [line async for line in self.iterate_log(job_id)]

    async def iterate_log(self, job_id: str, after: str | None = None) -> AsyncGenerator[LogLine, None]:
        """The lines of the job's log, oldest first, page by page, all or ``after`` a cursor."""
        while True:
            answer = await self._http.get(f"/v1/jobs{_path(job_id)}/log", {"after": after})
            for line in answer["data"]:
                yield LogLine.model_validate(line)
            after = answer.get("cursor")
            if after is None:
                return

    async def attempts(self, job_id: str) -> Attempts:
        """The attempts that ended without an outcome, and why."""
        answer = await self._http.get(f"/v1/jobs{_path(job_id)}/attempts")
        return [Attempt.model_validate(one) for one in answer["data"]]

    async def progress(self, job_id: str) -> ProgressPoints:
        """The job's thinned progress curve."""
        answer = await self._http.get(f"/v1/jobs{_path(job_id)}/progress")
        return [ProgressPoint.model_validate(one) for one in answer["data"]["points"]]

    async def _job(
        self,
        method: str,
        path: str,
        told: WireModel | None = None,
        idempotency_key: str | None = None,
    ) -> Job:
        sent = _sent(told) if told is not None else None
        return await self._http.record(Job, method, f"/v1/jobs{path}", sent, idempotency_key=idempotency_key)


def _path(job_id: str) -> str:
    return f"/{quote(job_id, safe='')}"


def _end(
    outcome: Outcome | wire.Outcome | str | None,
    info: str | None,
    result: dict[str, Any] | None,
    fence: int | None,
) -> JobEnd:
    if isinstance(outcome, Outcome) and result is None:
        result = outcome.data
    found = Outcome(outcome) if isinstance(outcome, str) else outcome
    told = found.wire if isinstance(found, Outcome) else found
    return body(JobEnd, {"outcome": told, "info": info, "result": result, "fence": fence})


def _sent(told: WireModel) -> bytes:
    # An update sends what was named, null included; elsewhere null says nothing.
    update = isinstance(told, JobUpdate)
    return told.model_dump_json(exclude_unset=update, exclude_none=not update).encode()

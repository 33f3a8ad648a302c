"""``client.jobs``: create, read, steer and end jobs over REST."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from ._channel import plain_input
from ._http import Http
from .outcome import Outcome
from .protocol import outcomes as wire
from .protocol.jobs import Attempt, Job, JobAck, JobCancel, JobCreate, JobEnd, JobUpdate, LogLine
from .protocol.model import WireModel
from .protocol.times import Time

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some of a list."""

    items: list[Item]
    """What was asked for."""
    pagination: dict[str, Any] | None = None
    """``currentPage``, ``pageCount`` and ``totalCount``, where the list counts them."""
    as_of: str | None = None
    """The log's position that the list shows: a subscription after it misses nothing."""
    cursor: str | None = None
    """Leads to the next page; None after the last."""


class ProgressPoint(WireModel):
    """A point of a job's thinned progress curve."""

    at: Time
    percent: float | None = None
    done: float | None = None


# Inside the class the word list is a method.
LogLines = list[LogLine]
Attempts = list[Attempt]
ProgressPoints = list[ProgressPoint]


class Jobs:
    """Calls of ``/v1/jobs``; every one raises ApiError when refused and ConnectionFailed without a server."""

    def __init__(self, http: Http) -> None:
        self._http = http

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
          ``max_attempts`` (5), ``priority``, ``unique_key``, ``file_id``, ``metadata`` ...
        """
        kind, _, operation = name.partition(":")
        fields.setdefault("trigger", "immediate")
        body = JobCreate(type=kind, operation=operation, input=plain_input(input), **fields)
        return await self._job("POST", "", body, idempotency_key)

    async def get(self, job_id: str) -> Job:
        """One job; ApiError ``not_found`` when there is none."""
        return await self._job("GET", _path(job_id))

    async def list(self, **filters: Any) -> Page[Job]:
        """One page, newest first.

        - ``filters``: ``status`` (one or several), ``job`` (a name or glob), ``type``, ``operation``, ``source``, ``file_id``,
          ``parent_id``, ``exclude_child_jobs``, ``created_after`` and ``created_before`` (times), ``sort_direction`` (``desc`` or
          ``asc``), ``page_size`` (20; at most 1,000), ``page_number`` or ``cursor``
        """
        answer = await self._http.get("/v1/jobs", filters)
        jobs = [Job.model_validate(one) for one in answer["data"]]
        return Page(jobs, answer.get("pagination"), answer.get("asOf"), answer.get("cursor"))

    async def iterate(self, **filters: Any) -> AsyncGenerator[Job, None]:
        """All jobs that the filters of `list` let through, page by page."""
        cursor: str | None = None
        while True:
            page = await self.list(**{**filters, "cursor": cursor} if cursor else filters)
            for job in page.items:
                yield job
            cursor = page.cursor
            if cursor is None:
                return

    async def update(self, job_id: str, **fields: Any) -> Job:
        """Change what is given; ``fields`` as in `JobUpdate`. A ``status`` is the life-cycle move of that name."""
        return await self._job("PATCH", _path(job_id), JobUpdate(**fields))

    async def delete(self, job_id: str) -> None:
        """Remove a job; an unfinished one is canceled first."""
        await self._http.call("DELETE", f"/v1/jobs{_path(job_id)}")

    async def execute(self, job_id: str) -> None:
        """Make a job ready now that waits for a person (``trigger="manual"``) or for its time."""
        await self._http.call("POST", f"/v1/jobs{_path(job_id)}/execute")

    async def ack(self, job_id: str, **fields: Any) -> Job:
        """Begin a ready job, or report its progress; ``fields`` as in `JobAck`.

        For programs without a `Listener`: the lease is the key's, and only the run time-out ends it.
        """
        return await self._job("POST", f"{_path(job_id)}/ack", JobAck(**fields))

    async def complete(
        self,
        job_id: str,
        outcome: Outcome | wire.Outcome | str | None = None,
        *,
        info: str | None = None,
        result: dict[str, Any] | None = None,
        fence: int | None = None,
    ) -> Job:
        """End a job well.

        - ``outcome``: an `Outcome`, or its message
        - ``info``: the last word of its progress
        - ``result``: data for programs; else the outcome's
        - ``fence``: refuse unless the job's fence is still this
        """
        return await self._job("POST", f"{_path(job_id)}/complete", _end(outcome, info, result, fence))

    async def fail(
        self,
        job_id: str,
        outcome: Outcome | wire.Outcome | str | None = None,
        *,
        info: str | None = None,
        result: dict[str, Any] | None = None,
        fence: int | None = None,
    ) -> Job:
        """End a job without success; no attempt follows. Arguments as `complete`."""
        return await self._job("POST", f"{_path(job_id)}/fail", _end(outcome, info, result, fence))

    async def cancel(self, job_id: str, info: str | None = None) -> Job:
        """Cancel a job; ``info`` says why. A running handler is asked to stop first: ``cancel_requested_at`` is set, ``status`` stays."""
        return await self._job("POST", f"{_path(job_id)}/cancel", JobCancel(info=info))

    async def retry(self, job_id: str) -> Job:
        """Run an ended job again: a new job, linked by ``rerun_of``."""
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
        self, method: str, path: str, body: WireModel | None = None, idempotency_key: str | None = None
    ) -> Job:
        sent = _body(body) if body is not None else None
        answer = await self._http.call(method, f"/v1/jobs{path}", sent, idempotency_key=idempotency_key)
        return Job.model_validate(answer["data"])


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
    return JobEnd(outcome=told, info=info, result=result, fence=fence)


def _body(body: WireModel) -> bytes:
    # An update sends what was named, null included; elsewhere null says nothing.
    update = isinstance(body, JobUpdate)
    return body.model_dump_json(exclude_unset=update, exclude_none=not update).encode()

"""A job in the hands of who started it: its events, and its result once it has ended."""

from collections.abc import AsyncGenerator, Callable
from typing import Any, Final, Protocol

from .errors import JobFailed
from .protocol.events import TERMINAL_TOPICS, Event
from .protocol.jobs import Job
from .protocol.lifecycle import Status, is_final
from .subscription import LiveTick, Subscription

LAST: Final = TERMINAL_TOPICS | {"job:deleted"}
"""After these a job has no more events that concern its result."""


class Calls(Protocol):
    """What a handle needs of `Jobs`."""

    async def get(self, job_id: str) -> Job: ...
    async def wait(self, job_id: str) -> Job: ...
    async def cancel(self, job_id: str, info: str | None = None) -> Job: ...


class JobHandle:
    """A job, by its ``id``; made by `Jobs.start` and `Jobs.handle`."""

    def __init__(
        self, job_id: str, jobs: Calls, subscribe: Callable[..., Subscription], position: str | None = None
    ) -> None:
        self.id = job_id
        self._jobs = jobs
        self._subscribe = subscribe
        self._position = position

    async def job(self) -> Job:
        """The job as it is now."""
        return await self._jobs.get(self.id)

    async def cancel(self, info: str | None = None) -> Job:
        """Cancel it; ``info`` says why."""
        return await self._jobs.cancel(self.id, info)

    async def result(self) -> dict[str, Any]:
        """Wait until the job has ended; its ``result``, empty where it has none.

        JobFailed, whose ``job`` tells more, when it failed or was canceled. It takes as long as it takes: bound it by ``asyncio.timeout``.
        """
        job = await self._jobs.wait(self.id)
        if job.status != Status.COMPLETE:
            raise JobFailed(job)
        return job.result or {}

    async def events(self, *, progress: bool = False) -> AsyncGenerator[Event | LiveTick, None]:
        """The job's events in their order, from its first where the handle is of `Jobs.start`, else from now on, up to its end.

        - ``progress``: let its live ticks come between, as `LiveTick`

        However often the connection breaks, each comes once. CursorError when the log does not reach back to the first.
        """
        after, where = self._position or "now", {"jobId": self.id}
        async with self._subscribe("job:*", where=where, after=after, progress=progress) as found:
            if self._position is None and is_final((await self.job()).status):
                return
            async for one in found:
                yield one
                if isinstance(one, Event) and one.topic in LAST:
                    return

"""One run of a listener: its workers, and its watch over events."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Sequence
from typing import Any

from ._declaring import declarations
from ._durable import DurableWatch
from .client import Client
from .errors import CursorError
from .handlers import Function, Handler
from .matching import Branch, WatchedEvent, dispatch
from .protocol.job_types import JobTypeDeclare
from .worker import Worker, in_thread

log = logging.getLogger("tickwire")


class Service:
    """Serves what is registered in a branch.

    Handlers share ``concurrency`` slots of one session; a handler with its own concurrency has a session of its own, so that the server
    itself keeps to its bound.
    """

    def __init__(self, branch: Branch, client: Client, concurrency: int) -> None:
        handlers = [*branch.all_handlers()]
        # All at once: handlers that share a job must not declare it one against the other.
        types = declarations((handler.place, handler.declares) for handler in handlers)
        shared = [handler for handler in handlers if handler.concurrency is None]
        apart = [([one], one.concurrency) for one in handlers if one.concurrency is not None]
        self._workers = [
            Worker(client, those, slots, _own(types, those))
            for those, slots in ([(shared, concurrency)] if shared else []) + apart
        ]
        self._watches: list[Watch | DurableWatch] = [
            Watch(branch, client),
            *(DurableWatch(watcher, passes, client, call) for watcher, passes in branch.all_durables()),
        ]

    async def until(self, stop: asyncio.Event, grace_s: float) -> None:
        """Run until ``stop``, then let handlers finish within ``grace_s``; an error of one part, or a cancel, ends all at once."""
        watches = [watch.run() for watch in self._watches]
        parts = [*(worker.run() for worker in self._workers), *watches, stop.wait()]
        tasks = [asyncio.ensure_future(part) for part in parts]
        drained = False
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            await asyncio.gather(*(part.drain(grace_s) for part in (*self._watches, *self._workers)))
            drained = True
        finally:
            if not drained:
                await asyncio.gather(*(worker.abandon() for worker in self._workers))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _own(types: list[JobTypeDeclare], handlers: Sequence[Handler]) -> list[JobTypeDeclare]:
    """The types of these handlers' jobs."""
    names = {handler.name for handler in handlers}
    return [one for one in types if one.name in names]


class Watch:
    """Hands events to the callbacks of a branch, one at a time, in log order."""

    def __init__(self, branch: Branch, client: Client) -> None:
        self._branch = branch
        self._client = client
        self._idle = asyncio.Event()
        self._idle.set()
        self._draining = asyncio.Event()

    async def run(self) -> None:
        """Watch until drained or cancelled; ApiError when the server refuses the subscription for good."""
        after = "now"
        while self._branch.topics():
            try:
                await self._follow(after)
            except CursorError as lost:
                log.warning("events were missed: %s Going on with the oldest that exist.", lost.message)
                after = "oldest"
        await self._draining.wait()

    async def drain(self, grace_s: float) -> None:
        """Start no further event; the present one's callbacks may finish within ``grace_s``."""
        self._draining.set()
        try:
            async with asyncio.timeout(grace_s):
                await self._idle.wait()
        except TimeoutError:
            log.warning("a callback did not finish within %g s", grace_s)

    async def _follow(self, after: str) -> None:
        async with self._client.subscribe(*self._branch.topics(), after=after) as events:
            while True:
                raw = await events.raw()
                if self._draining.is_set() or not isinstance(raw, dict):
                    continue
                self._idle.clear()
                try:
                    await dispatch(self._branch, raw, call)
                finally:
                    self._idle.set()


async def call(function: Function, event: WatchedEvent) -> Any:
    """Call a callback: a coroutine function on the loop, a plain one in a thread."""
    if inspect.iscoroutinefunction(function):
        return await function(event)
    result = await in_thread(lambda: function(event))
    return await result if isinstance(result, Awaitable) else result

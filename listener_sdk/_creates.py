"""Creating jobs over a stream: one connection, on which what is created at the same time travels together."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from ._later import later
from .errors import ConnectionFailed
from .protocol.jobs import Job, JobCreate
from .settings import Connection

if TYPE_CHECKING:
    from . import _session, _stream
else:
    _stream = later("._stream", __package__)


class Creates:
    """See the module. The connection is made for the first job, and stays until ``close``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._open: tuple[_stream.Stream, asyncio.Task[None]] | None = None

    async def create(self, job: JobCreate, idempotency_key: str | None) -> Job:
        """As `Stream.create`; what ended the stream is raised where a job waits for it, and the next job opens another."""
        stream, task = self._opened()
        try:
            return await stream.create(job, idempotency_key)
        except ConnectionFailed:
            if task.done() and not task.cancelled():
                task.result()
            raise

    async def close(self) -> None:
        """End the connection; jobs that are not stored yet raise ConnectionFailed."""
        if self._open is not None:
            _, task = self._open
            self._open = None
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def _opened(self) -> "tuple[_stream.Stream, asyncio.Task[None]]":
        if self._open is None or self._open[1].done():
            stream = _stream.Stream(self._connection, _ignore)
            task = asyncio.create_task(stream.run(), name="tickwire creates")
            # An error while nobody waits is told to nobody: the next job meets it anew.
            task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
            self._open = stream, task
        return self._open


def _ignore(call: "_session.Call") -> None:
    """Nothing is asked for that would be told here."""

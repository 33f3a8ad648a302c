"""Follows one job to its end: its progress goes to a view, its log lines too if they are wanted."""

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing, suppress
from typing import Final, Self

from ..client import Client
from ..errors import ApiError, ConnectionFailed
from ..protocol.events import TERMINAL_TOPICS, Event
from ..protocol.jobs import Job, LogLine
from ..protocol.lifecycle import Status
from .output import short, spelled
from .progress import Seen
from .views import View

LOG_EVERY_S: Final = 1.0
LONGEST_FIELD: Final = 2_000
UNTAKEN_S: Final = 3.0
"""A job that has been ready for so long waits for a listener that does not come by itself."""


async def follow(client: Client, job: Job, after: str, view: View, *, logs: bool = False) -> Job:
    """Show a job until it has ended; the ended job as the server has it.

    ``after`` is a position of the log from before the job was created, so that no event of it is missed.
    """
    printer = asyncio.create_task(_print_log(client, job.id, view)) if logs else None
    try:
        await _until_ended(client, job, after, view)
    finally:
        if printer is not None:
            printer.cancel()
            with suppress(asyncio.CancelledError):
                await printer
    return await client.jobs.get(job.id)


async def _until_ended(client: Client, job: Job, after: str, view: View) -> None:
    seen = Seen.of(job)
    view.show(seen)
    stream = client.subscribe("job:*", where={"jobId": job.id}, after=after, progress=True)
    async with aclosing(stream) as items:
        with Patience(view.note) as patience:
            patience.see(seen.status)
            async for item in items:
                seen = seen.updated(item.payload) if isinstance(item, Event) else seen.ticked(item)
                view.show(seen)
                patience.see(seen.status)
                if isinstance(item, Event) and item.topic in TERMINAL_TOPICS:
                    return


class Patience:
    """Says once that nobody takes the job, when it has been ready for a while."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._timer: asyncio.TimerHandle | None = None
        self._said = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.see("")

    def see(self, status: str) -> None:
        """Take the newest status."""
        if status != Status.READY and self._timer is not None:
            self._timer.cancel()
            self._timer = None
        elif status == Status.READY and self._timer is None and not self._said:
            self._timer = asyncio.get_running_loop().call_later(UNTAKEN_S, self._say)

    def _say(self) -> None:
        self._said = True
        self._note(untaken())


def untaken() -> str:
    """Why a job may stay ready, and what to do."""
    return f"No listener has taken it yet. Start one: {spelled('listen SCRIPT')}, or check the name."


async def _print_log(client: Client, job_id: str, view: View) -> None:
    printed = 0
    try:
        while True:
            started = time.monotonic()
            printed = await _print_new(client, job_id, view, printed)
            # The whole log is read each time: a long one is read less often.
            await asyncio.sleep(max(LOG_EVERY_S, 10 * (time.monotonic() - started)))
    except asyncio.CancelledError:
        await _print_new(client, job_id, view, printed)
        raise


async def _print_new(client: Client, job_id: str, view: View, printed: int) -> int:
    """Print what is new; a server that is away for a moment is asked again, and never spoils the job's own end."""
    try:
        lines = await client.jobs.log(job_id)
    except ConnectionFailed:
        return printed
    except ApiError as refused:
        if refused.may_retry:
            return printed
        raise
    for line in lines[printed:]:
        view.note(log_text(line))
    return len(lines)


def log_text(line: LogLine) -> str:
    """A log line as text: of one line unless its message has more."""
    fields = "".join(f" {name}={short(value, LONGEST_FIELD)}" for name, value in (line.fields or {}).items())
    return f"{line.level:<7} {line.message.rstrip()}{fields}"

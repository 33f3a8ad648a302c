"""Follows one job to its end: its progress goes to a view, its log lines too if they are wanted."""

import asyncio
import time
from contextlib import aclosing, suppress
from typing import Final

from ..client import Client
from ..protocol.events import TERMINAL_TOPICS, Event
from ..protocol.jobs import Job, LogLine
from .progress import Seen, View

LOG_EVERY_S: Final = 1.0


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
        async for item in items:
            seen = seen.updated(item.payload) if isinstance(item, Event) else seen.ticked(item)
            view.show(seen)
            if isinstance(item, Event) and item.topic in TERMINAL_TOPICS:
                return


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
    lines = await client.jobs.log(job_id)
    for line in lines[printed:]:
        view.note(log_text(line))
    return len(lines)


def log_text(line: LogLine) -> str:
    """A log line in one line of text."""
    fields = "".join(f" {name}={value}" for name, value in (line.fields or {}).items())
    return f"{line.level:<7} {line.message}{fields}"

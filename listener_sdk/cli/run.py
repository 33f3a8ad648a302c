"""``tickwire run JOB``: creates a job, shows its progress, then its outcome.

Exit codes: 0 complete (in part too, unless ``--strict``), 1 failed, 2 canceled, timed out or wrongly called, 130 detached by Ctrl-C.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import click

from ..client import Client
from ..errors import ApiError, ConnectionFailed
from ..protocol.jobs import Job
from ..protocol.lifecycle import Status
from . import outcomes
from .connection import call, connection_options, json_option
from .creation import create, creation_options, fields_of
from .failures import Failure
from .follow import follow, untaken
from .output import emit, say, short, spelled, tell, wire
from .progress import Seen, percent
from .views import view

EXIT_CODES: Final = {"complete": 0, "failed": 1, "canceled": 2}
NOT_ENDED: Final = 2
LONGEST_REASON: Final = 300


class NotEnded(Failure):
    """The job has not ended in the time that was given."""

    exit_code = NOT_ENDED


@click.command("run")
@creation_options
@click.option(
    "--timeout", "timeout_s", type=click.FloatRange(min=0, min_open=True), help="Seconds to wait for the end."
)
@click.option("--logs", is_flag=True, help="Show the job's log lines as they come.")
@click.option("--strict", is_flag=True, help="Exit with 1 when the job is complete only in part.")
@connection_options
@json_option
def command(
    job: str,
    path: Path | None,
    timeout_s: float | None,
    logs: bool,
    strict: bool,
    url: str | None,
    key: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Create JOB (such as workbook:export), watch it and show its outcome.

    Exit codes: 0 complete (in part too, unless --strict), 1 failed, 2 canceled or timed out, 130 detached by Ctrl-C (the job goes
    on).
    """
    fields = fields_of(job, **given)
    if given["manual"]:
        waiting = call(url, key, lambda client: create(client, job, path, fields))
        told = f"{waiting.id} waits to be started: {spelled(f'jobs execute {waiting.id}')}"
        emit(wire(waiting)) if as_json else say(told)
        return

    async def session(client: Client) -> tuple[Job, bool]:
        after = (await client.whoami()).position
        created = await create(client, job, path, fields)
        ended = await watch(client, created, after, timeout_s=timeout_s, logs=logs)
        return ended, not logs and await outcomes.has_log(client, ended)

    ended, has_log = call(url, key, session)
    finish(ended, has_log=has_log, as_json=as_json, strict=strict)


async def watch(client: Client, job: Job, after: str, *, timeout_s: float | None, logs: bool) -> Job:
    """Follow a job in the terminal; Failure (exit code 2) after the time-out, and Ctrl-C only detaches."""
    shown = view(job.job)
    try:
        async with asyncio.timeout(timeout_s):
            with shown:
                return await follow(client, job, after, shown, logs=logs)
    except TimeoutError as error:
        stands = f"{_stands(shown.seen)}{await _last_failure(client, job)}"
        raise NotEnded(f"{job.id} has not ended after {timeout_s:g} s{stands} {_goes_on(job)}") from error
    except asyncio.CancelledError:
        tell(f"detached from {job.id}. {_goes_on(job)}")
        raise


def _stands(seen: Seen) -> str:
    """How far it is, and why it may not have begun."""
    where = ", ".join(part for part in (seen.status, percent(seen)) if part)
    return f" ({where}).{f' {untaken()}' if seen.status == Status.READY else ''}"


async def _last_failure(client: Client, job: Job) -> str:
    """Why the newest attempt failed, if one did and the server answers."""
    with suppress(ApiError, ConnectionFailed):
        for one in (await client.jobs.attempts(job.id))[-1:]:
            why = short((one.message or one.reason).split("\n")[0], LONGEST_REASON)
            return f" Attempt {one.attempt} of {job.max_attempts} failed: {why.rstrip('.')}."
    return ""


def _goes_on(job: Job) -> str:
    return f"It goes on: cancel it with '{spelled(f'jobs cancel {job.id}')}'."


def run_made(
    url: str | None,
    key: str | None,
    make: Callable[[Client], Awaitable[Job]],
    *,
    timeout_s: float | None,
    detach: bool,
    as_json: bool,
) -> None:
    """Let ``make`` make a job, watch it and print how it ended; with ``detach`` print its id, or the job as JSON, at once."""

    async def session(client: Client) -> tuple[Job, bool]:
        after = (await client.whoami()).position
        made = await make(client)
        if detach:
            return made, False
        ended = await watch(client, made, after, timeout_s=timeout_s, logs=False)
        return ended, await outcomes.has_log(client, ended)

    job, has_log = call(url, key, session)
    if not detach:
        finish(job, has_log=has_log, as_json=as_json)
    elif as_json:
        emit(wire(job))
    else:
        click.echo(job.id)


def finish(job: Job, *, has_log: bool, as_json: bool, strict: bool = False) -> None:
    """Print how a job ended, and exit with the code of its status unless it is 0."""
    if as_json:
        emit(wire(job))
    else:
        outcomes.show(job, has_log=has_log)
    in_part = strict and (job.outcome or {}).get("result") == "partial"
    code = EXIT_CODES["failed"] if in_part else EXIT_CODES.get(job.status, NOT_ENDED)
    if code:
        click.get_current_context().exit(code)

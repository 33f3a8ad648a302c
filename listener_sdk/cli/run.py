"""``tickwire run JOB``: creates a job, shows its progress, then its outcome.

Exit codes: 0 complete (in part too), 1 failed, 2 canceled, timed out or wrongly called, 130 detached by Ctrl-C.
"""

import asyncio
import re
from pathlib import Path
from typing import Any, Final

import click
from pydantic import ValidationError

from ..client import Client
from ..protocol.jobs import Job, JobCreate
from ..protocol.lifecycle import Status
from . import outcomes
from .connection import call, connection_options, json_option
from .failures import Failure, Misuse
from .follow import follow, untaken
from .output import emit, spelled, tell
from .pairs import as_object, json_object
from .progress import Seen, percent
from .views import view

EXIT_CODES: Final = {"complete": 0, "failed": 1, "canceled": 2}
NOT_ENDED: Final = 2


class NotEnded(Failure):
    """The job has not ended in the time that was given."""

    exit_code = NOT_ENDED


@click.command("run")
@click.argument("job")
@click.option(
    "--input",
    "-i",
    "inputs",
    multiple=True,
    metavar="NAME=VALUE",
    help="A field of the input; JSON values are understood.",
)
@click.option("--input-json", metavar="TEXT|@FILE", help="The whole input as a JSON object.")
@click.option(
    "--file",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Upload a file for the job.",
)
@click.option("--metadata", "-m", multiple=True, metavar="NAME=VALUE", help="A field of the job's metadata.")
@click.option(
    "--timeout", "timeout_s", type=click.FloatRange(min=0, min_open=True), help="Seconds to wait for the end."
)
@click.option("--logs", is_flag=True, help="Show the job's log lines as they come.")
@connection_options
@json_option
def command(
    job: str,
    inputs: tuple[str, ...],
    input_json: str | None,
    path: Path | None,
    metadata: tuple[str, ...],
    timeout_s: float | None,
    logs: bool,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Create JOB (such as workbook:export), watch it and show its outcome.

    Exit codes: 0 complete, 1 failed, 2 canceled or timed out, 130 detached by Ctrl-C (the job goes on).
    """
    check_name(job)
    fields: dict[str, Any] = {"input": input_of(inputs, input_json)}
    if metadata:
        fields["metadata"] = as_object(metadata, "--metadata")

    async def session(client: Client) -> tuple[Job, bool]:
        after = (await client.whoami()).position
        if path is not None:
            fields["file_id"] = (await client.files.upload(path, name=path.name)).id
        created = await client.jobs.create(job, trigger="immediate", **fields)
        ended = await watch(client, created, after, timeout_s=timeout_s, logs=logs)
        return ended, not logs and await outcomes.has_log(client, ended)

    ended, has_log = call(url, key, session)
    finish(ended, has_log=has_log, as_json=as_json)


def check_name(name: str) -> None:
    """Misuse, with what a job's name looks like, unless this is one."""
    kind, colon, operation = name.partition(":")
    if _is_name(kind, operation):
        return
    near = f"{re.sub('[^a-z0-9]+', '-', kind.lower()).strip('-')}:{operation.strip()}"
    meant = f" Did you mean {near}?" if colon and _is_name(*near.split(":", 1)) else ""
    raise Misuse(
        f"{name[:200]!r} is not the name of a job. Write type:operation, such as workbook:export: the type in small letters, digits "
        f"and hyphens (a letter first, at most 63), the operation of at most 128 printable characters.{meant}"
    )


def _is_name(kind: str, operation: str) -> bool:
    try:
        JobCreate(type=kind, operation=operation)
    except ValidationError:
        return False
    return True


def input_of(pairs: tuple[str, ...], text: str | None) -> dict[str, Any]:
    """The input that ``--input-json`` and ``--input`` describe; the pairs win."""
    whole = json_object(text, "--input-json") if text is not None else {}
    return {**whole, **as_object(pairs, "--input")}


async def watch(client: Client, job: Job, after: str, *, timeout_s: float | None, logs: bool) -> Job:
    """Follow a job in the terminal; Failure (exit code 2) after the time-out, and Ctrl-C only detaches."""
    shown = view(job.job)
    try:
        async with asyncio.timeout(timeout_s):
            with shown:
                return await follow(client, job, after, shown, logs=logs)
    except TimeoutError as error:
        raise NotEnded(
            f"{job.id} has not ended after {timeout_s:g} s{_stands(shown.seen)} {_goes_on(job)}"
        ) from error
    except asyncio.CancelledError:
        tell(f"detached from {job.id}. {_goes_on(job)}")
        raise


def _stands(seen: Seen) -> str:
    """How far it is, and why it may not have begun."""
    where = ", ".join(part for part in (seen.status, percent(seen)) if part)
    return f" ({where}).{f' {untaken()}' if seen.status == Status.READY else ''}"


def _goes_on(job: Job) -> str:
    return f"It goes on: cancel it with '{spelled(f'jobs cancel {job.id}')}'."


def finish(job: Job, *, has_log: bool, as_json: bool) -> None:
    """Print how a job ended, and exit with the code of its status unless it is 0."""
    if as_json:
        emit(job.model_dump(mode="json", exclude_none=True))
    else:
        outcomes.show(job, has_log=has_log)
    code = EXIT_CODES.get(job.status, NOT_ENDED)
    if code:
        click.get_current_context().exit(code)

"""What a job is created with on the command line: for ``tickwire run`` and ``tickwire jobs create``."""

import re
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from ..client import Client
from ..protocol.jobs import Job, JobCreate
from .connection import Command
from .failures import Misuse
from .moments import ahead
from .pairs import as_object, json_object
from .progress import wall_clock


def creation_options(command: Command) -> Command:
    """Add ``JOB`` and all that it can be created with."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.argument("job"),
    click.option(
        "--input",
        "-i",
        "inputs",
        multiple=True,
        metavar="NAME=VALUE",
        help="A field of the input; JSON values are understood.",
    ),
    click.option("--input-json", metavar="TEXT|@FILE", help="The whole input as a JSON object."),
    click.option(
        "--file",
        "path",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Upload a file for the job.",
    ),
    click.option(
        "--metadata", "-m", multiple=True, metavar="NAME=VALUE", help="A field of the job's metadata."
    ),
    click.option(
        "--tag", "tags", multiple=True, metavar="TAG", help="A word to sort jobs by; may be repeated."
    ),
    click.option(
        "--after",
        "predecessors",
        multiple=True,
        metavar="JOB_ID",
        help="Wait until this job has completed; may be repeated.",
    ),
    click.option(
        "--priority",
        type=click.IntRange(-1000, 1000),
        help="Ready jobs of a higher priority go first; 0 if it is left out.",
    ),
    click.option(
        "--at",
        metavar="SPAN|TIME",
        help="Start in 30s, 10m, 2h or 1d, or at an ISO time such as 2030-01-31T08:00.",
    ),
    click.option(
        "--manual",
        is_flag=True,
        help="Let it wait until 'tickwire jobs execute' starts it; nobody watches it.",
    ),
)


def fields_of(
    job: str,
    inputs: tuple[str, ...],
    input_json: str | None,
    metadata: tuple[str, ...],
    tags: tuple[str, ...],
    predecessors: tuple[str, ...],
    priority: int | None,
    at: str | None,
    manual: bool,
) -> dict[str, Any]:
    """The fields of the job that the options describe; Misuse when they are not understood."""
    check_name(job)
    found = {
        "input": input_of(inputs, input_json),
        "metadata": as_object(metadata, "--metadata") or None,
        "tags": [*tags] or None,
        "predecessor_ids": [*predecessors] or None,
        "priority": priority,
        "scheduled_at": ahead(at, "--at", wall_clock()) if at else None,
        "trigger": "manual" if manual else "immediate",
    }
    return {name: value for name, value in found.items() if value is not None}


async def uploaded(client: Client, path: Path | None) -> dict[str, str]:
    """The field ``file_id`` of a file that was uploaded for the job, if there is one."""
    return {} if path is None else {"file_id": (await client.files.upload(path, name=path.name)).id}


async def create(client: Client, job: str, path: Path | None, fields: dict[str, Any]) -> Job:
    """Create the job, after its file was uploaded."""
    file = await uploaded(client, path)
    return await client.jobs.create(job, **fields, **file)


def input_of(pairs: tuple[str, ...], text: str | None) -> dict[str, Any]:
    """The input that ``--input-json`` and ``--input`` describe; the pairs win."""
    whole = json_object(text, "--input-json") if text is not None else {}
    return {**whole, **as_object(pairs, "--input")}


def check_name(name: str) -> None:
    """Misuse, with what a job's name looks like, unless this is one."""
    kind, colon, operation = name.partition(":")
    if _is_name(kind, operation):
        return
    near = f"{re.sub('[^a-z0-9]+', '-', kind.lower()).strip('-')}:{operation.strip()}"
    meant = f" Did you mean {near}?" if colon and _is_name(*near.split(":", 1)) else ""
    raise Misuse(
        f"{name[:200]!r} is not the name of a job. Write type:operation, such as workbook:export: the type in small letters, digits "
        f"and hyphens (a letter first, at most 63), the operation of at most 128 printable characters but * and ?.{meant}"
    )


def _is_name(kind: str, operation: str) -> bool:
    try:
        JobCreate(type=kind, operation=operation)
    except ValidationError:
        return False
    return True

"""Long lists as files: the options of the commands that write them, and the writing."""

import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import click

from ..client import Client
from .connection import Command, call
from .failures import Failure
from .output import tell

STANDARD_OUTPUT = "-"
Save = Callable[[Client], Awaitable[Path]]
Chunks = Callable[[Client], Awaitable[AsyncGenerator[bytes, None]]]


def export_options(command: Command) -> Command:
    """Add ``--format`` and ``--out``."""
    for option in (
        click.option(
            "--out", required=True, metavar="FILE|-", help="Where to write it; - is standard output."
        ),
        click.option(
            "--format", "form", type=click.Choice(["csv", "jsonl"]), required=True, help="Of the file."
        ),
    ):
        command = option(command)
    return command


def write(url: str | None, key: str | None, out: str, save: Save, chunks: Chunks) -> None:
    """Let ``save`` write the file, and say where it is; or print what ``chunks`` gives."""

    async def to_file(client: Client) -> Path:
        try:
            return await save(client)
        except OSError as error:
            raise Failure(f"{out} cannot be written: {error.strerror or error}.") from error

    async def to_output(client: Client) -> None:
        async with aclosing(await chunks(client)) as found:
            async for chunk in found:
                sys.stdout.buffer.write(chunk)
                sys.stdout.buffer.flush()

    if out == STANDARD_OUTPUT:
        call(url, key, to_output)
    else:
        tell(f"wrote {call(url, key, to_file)}")

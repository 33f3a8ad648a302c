"""How commands reach the server: the options --url and --key, and the client made of them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import click

from ..client import Client
from .narration import narrated

Command = TypeVar("Command", bound=Callable[..., Any])
Result = TypeVar("Result")


def connection_options(command: Command) -> Command:
    """Add ``--url`` and ``--key``; both default to the environment."""
    key = click.option(
        "--key", help="API key; better given as TICKWIRE_API_KEY. On loopback admin.key is read."
    )
    url = click.option("--url", help="Address of the server (TICKWIRE_URL, else http://127.0.0.1:8420).")
    return url(key(command))


def json_option(command: Command) -> Command:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")(command)


def call(url: str | None, key: str | None, use: Callable[[Client], Awaitable[Result]]) -> Result:
    """Run ``use(client)`` on a client of its own; its errors pass through."""

    async def session() -> Result:
        async with Client(url, key) as client:
            return await use(client)

    with narrated():
        return asyncio.run(session())

"""How commands reach the server: the options --url and --key, and the client made of them."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import click

from ..client import Client
from .narration import narrated
from .output import KEPT, KEY_GIVEN

Command = TypeVar("Command", bound=Callable[..., Any])
Result = TypeVar("Result")


def connection_options(command: Command) -> Command:
    """Add ``--url``, ``--key`` and ``--space``; all default to the environment."""
    space = click.option(
        "--space",
        "chosen_space",
        metavar="CODE",
        expose_value=False,
        callback=_chosen,
        help="Space in which a key of the whole store acts (TICKWIRE_SPACE).",
    )
    key = click.option(
        "--key",
        callback=_named,
        help="API key; better given as TICKWIRE_API_KEY. On loopback admin.key is read.",
    )
    url = click.option(
        "--url",
        callback=_kept,
        help="Address of the server (TICKWIRE_URL, else http://127.0.0.1:8420).",
    )
    return url(key(space(command)))


def _chosen(context: click.Context, option: click.Parameter, space: str | None) -> None:
    """What the command and its child processes read: every client is made of the environment."""
    _kept(context, option, space)
    if space is not None:
        os.environ["TICKWIRE_SPACE"] = space


def _kept(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Commands that are advised name it too."""
    if value is not None:
        context.meta.setdefault(KEPT, {})[option.opts[0]] = value
    return value


def _named(context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """That there is one, not which: advice says where the key came from."""
    context.meta[KEY_GIVEN] = value is not None
    return value


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

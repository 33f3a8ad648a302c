"""The open descriptions over HTTP, each made when it is first asked for; and printed, without a server, for ``tickwire export``."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

import orjson
from aiohttp import web

from listener_sdk._version import __version__

from ..describe import asyncapi as of_messages
from ..describe import openapi as of_calls
from ..describe.page import POLICY
from ..describe.page import page as page_of
from .answers import json_answer
from .call import Call
from .links import base_url
from .parameters import TAKEN

_WRITTEN: Final = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
_PAGE: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@cache
def _calls() -> dict[str, Any]:
    # The table names this module too.
    from .routes import ROUTES  # noqa: PLC0415 - see above

    return of_calls.openapi(ROUTES, TAKEN, __version__)


def openapi_text(address: str = of_calls.HERE) -> bytes:
    """Every route, of a server of this address."""
    return orjson.dumps({**_calls(), "servers": of_calls.servers(address)}, option=_WRITTEN)


@cache
def _messages() -> dict[str, Any]:
    return of_messages.asyncapi(__version__)


def asyncapi_text(address: str = of_messages.ADDRESS) -> bytes:
    """Every frame, server-sent event and topic, of a server of this address."""
    return orjson.dumps({**_messages(), "servers": of_messages.servers(address)}, option=_WRITTEN)


@cache
def page_text() -> bytes:
    """Both, for people."""
    return page_of(orjson.loads(openapi_text()), orjson.loads(asyncapi_text())).encode()


TEXTS: Final[dict[str, Callable[[], bytes]]] = {"openapi": openapi_text, "asyncapi": asyncapi_text}


async def openapi(call: Call) -> web.Response:
    """The description of every route, with the public address, if one is set."""
    return json_answer(await asyncio.to_thread(openapi_text, call.node.settings.public_url or of_calls.HERE))


async def asyncapi(call: Call) -> web.Response:
    """That of every message, with the address at which the caller reaches the server."""
    return json_answer(await asyncio.to_thread(asyncapi_text, base_url(call.node, call.request)))


async def page(call: Call) -> web.Response:
    """The page."""
    return web.Response(body=await asyncio.to_thread(page_text), headers=_PAGE)


def main(argv: Sequence[str]) -> None:
    """Print the description of this name."""
    sys.stdout.buffer.write(TEXTS[argv[0]]())


if __name__ == "__main__":
    main(sys.argv[1:])

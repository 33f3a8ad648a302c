"""The browser client: modules and their types, for pages of every origin. They hold no secret, and change only with the server."""

import asyncio
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from aiohttp import web

from .call import Call
from .downloads import Stored, download

FOLDER: Final = Path(__file__).resolve().parents[1] / "client"
HEADERS: Final = {
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    # Whoever loads it: what a page may then ask of the server is another question.
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


async def script(call: Call) -> web.Response:
    """The module."""
    return await _file(call, "tickwire.js", "text/javascript; charset=utf-8")


async def types(call: Call) -> web.Response:
    """What it promises, in TypeScript."""
    return await _file(call, "tickwire.d.ts", "text/plain; charset=utf-8")


async def job_script(call: Call) -> web.Response:
    """The module with one job as a card, which brings the other."""
    return await _file(call, "job.js", "text/javascript; charset=utf-8")


async def job_types(call: Call) -> web.Response:
    """What that promises."""
    return await _file(call, "job.d.ts", "text/plain; charset=utf-8")


async def _file(call: Call, name: str, content_type: str) -> web.Response:
    stored = await asyncio.to_thread(_stored, name)
    return download(call.request, stored, {"Content-Type": content_type, **HEADERS})


@cache
def _stored(name: str) -> Stored:
    path = FOLDER / name
    facts = path.stat()
    return Stored(path, facts.st_size, sha256(path.read_bytes()).hexdigest()[:32], int(facts.st_mtime))

"""The console: its files, and its one page for every other address below ``/console/``. None of them holds a secret."""

import asyncio
import gzip
import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from aiohttp import ETag, web

from .call import Call

FOLDER: Final = Path(__file__).resolve().parents[1] / "console"
PAGE: Final = "index.html"
TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS: Final = {
    # What a browser has it asks for again by its tag, so that a new server brings a whole new console.
    "Cache-Control": "no-cache",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}
_FILE: Final = re.compile(r"(?:[\w-]+/)*[\w-]+(\.[a-z]+)", re.ASCII)
"""Names of files. No part begins with a dot: nothing outside of the folder is named."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the console, also packed."""

    body: bytes
    packed: bytes
    tag: str
    content_type: str


async def file(call: Call) -> web.Response:
    """A file by its name; the page by every other name, since addresses of views are its own matter."""
    name = call.request.match_info["path"]
    found = _FILE.fullmatch(name)
    if found is None or found[1] not in TYPES:
        name = PAGE
    asset = await asyncio.to_thread(_asset, name)
    if asset is None:
        raise web.HTTPNotFound
    return _answer(call.request, asset)


async def enter(call: Call) -> web.Response:
    """Send on to the console, from the server's own address only whom it is made for: browsers."""
    if call.request.path == "/" and "text/html" not in call.request.headers.get("Accept", ""):
        raise web.HTTPNotFound
    return web.Response(status=302, headers={"Location": "/console/", "Vary": "Accept"})


def _answer(request: web.Request, asset: Asset) -> web.Response:
    packed = "gzip" in request.headers.get("Accept-Encoding", "").lower()
    tag = f"{asset.tag}-gzip" if packed else asset.tag
    told = {**HEADERS, "ETag": f'"{tag}"'}
    if any(one.value in {tag, "*"} for one in _known(request)):
        return web.Response(status=304, headers=told)
    told["Content-Type"] = asset.content_type
    if packed:
        told["Content-Encoding"] = "gzip"
    return web.Response(body=asset.packed if packed else asset.body, headers=told)


def _known(request: web.Request) -> tuple[ETag, ...]:
    return request.if_none_match or ()


def _asset(name: str) -> Asset | None:
    """The file as it is now: who changes the console sees it by loading the page again."""
    path = FOLDER / name
    try:
        facts = path.stat()
    except OSError:
        return None
    return _read(path, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=256)
def _read(path: Path, changed_ns: int, size: int) -> Asset:
    body = path.read_bytes()
    tag = sha256(body).hexdigest()[:32]
    return Asset(body, gzip.compress(body, 9, mtime=0), tag, TYPES[path.suffix])

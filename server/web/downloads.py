"""Downloads: the bytes of a stored file, whole or one range of them, under the conditions that a call may set (RFC 9110)."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import IO, Final

import structlog
from aiohttp import ETag, web

from listener_sdk.protocol.codes import Refusal

CHUNK: Final = 256 * 1024
ANY: Final = "*"
_log = structlog.get_logger("tickwire.files")
_RANGE: Final = re.compile(r"(\d{0,18})-(\d{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes on disk, which never change under their ``tag``; ``made_at`` is in seconds since 1970."""

    path: Path
    size: int
    tag: str
    made_at: int


def download(request: web.Request, stored: Stored, headers: Mapping[str, str]) -> web.Response:
    """The answer to a call for a file.

    Refusal ``precondition_failed`` when it is not the file that the call means, ``bad_range`` when it has no such bytes.
    Units other than bytes, and several ranges at once, are passed over: the answer is the whole file.
    """
    told = {"ETag": f'"{stored.tag}"', "Last-Modified": _date(stored), "Accept-Ranges": "bytes", **headers}
    _check_conditions(request, stored)
    if _is_known(request, stored):
        return web.Response(status=304, headers=told)
    part = _part(request, stored)
    if part is None:
        part, status = range(stored.size), 200
    else:
        told["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{stored.size}"
        status = 206
    told["Content-Length"] = str(len(part))
    return web.Response(body=_bytes(stored.path, part), status=status, headers=told)


def _check_conditions(request: web.Request, stored: Stored) -> None:
    tags, since = request.if_match, request.if_unmodified_since
    if tags is not None:
        failed = not _names(tags, stored, weak=False)
    else:
        failed = since is not None and stored.made_at > since.timestamp()
    if failed:
        header = "If-Match" if tags is not None else "If-Unmodified-Since"
        raise Refusal("precondition_failed", f"The file is not the one that {header} names.", key=header)


def _is_known(request: web.Request, stored: Stored) -> bool:
    """Whether the client has these bytes already."""
    tags, since = request.if_none_match, request.if_modified_since
    if tags is not None:
        return _names(tags, stored, weak=True)
    return since is not None and stored.made_at <= since.timestamp()


def _names(tags: tuple[ETag, ...], stored: Stored, *, weak: bool) -> bool:
    return any(tag.value == ANY or (tag.value == stored.tag and (weak or not tag.is_weak)) for tag in tags)


def _part(request: web.Request, stored: Stored) -> range | None:
    """The bytes that are asked for; None for all of them."""
    unit, _, wanted = request.headers.get("Range", "").partition("=")
    valid_for = request.headers.get("If-Range")
    other = valid_for is not None and valid_for not in {f'"{stored.tag}"', _date(stored)}
    if unit.strip().lower() != "bytes" or "," in wanted or request.method != "GET" or other:
        return None
    found = _RANGE.fullmatch(wanted.strip())
    part = _range(found[1], found[2], stored.size) if found else range(0)
    if not part:
        raise Refusal(
            "bad_range",
            f"Range takes bytes=first-last, bytes=first- or bytes=-count; the file has {stored.size} bytes.",
            key="Range",
            size=stored.size,
        )
    return part


def _range(first: str, last: str, size: int) -> range:
    """Empty when there are no such bytes."""
    if first:
        return range(int(first), min(int(last) + 1, size) if last else size)
    return range(max(0, size - int(last)), size) if last else range(0)


def _date(stored: Stored) -> str:
    return formatdate(stored.made_at, usegmt=True)


async def _bytes(path: Path, part: range) -> AsyncIterator[bytes]:
    """The bytes of a file; ConnectionError, which ends the answer short, when they go while it is sent."""
    try:
        file = await asyncio.to_thread(_opened, path, part.start)
        try:
            left = len(part)
            while left:
                chunk = await asyncio.to_thread(file.read, min(CHUNK, left))
                if not chunk:
                    raise EOFError(f"{left} bytes are missing")
                left -= len(chunk)
                yield chunk
        finally:
            await asyncio.to_thread(file.close)
    except (OSError, EOFError) as error:
        _log.warning("download_broken", blob=path.name, error=str(error))
        raise ConnectionAbortedError("The bytes went while they were sent.") from error


def _opened(path: Path, start: int) -> IO[bytes]:
    file = path.open("rb")
    file.seek(start)
    return file

"""Bodies of calls: read within their limits, and made into models."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from typing import Final, TypeVar

from aiohttp import HttpVersion11, web
from pydantic import ValidationError

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.model import WireModel
from listener_sdk.protocol.unknown_fields import told

from ..core.json_door import JsonLimits, read_json
from ..core.refusals import Refusals
from ..settings import Settings

CONTINUE: Final = "100-continue"
M = TypeVar("M", bound=WireModel)


def refuse_compressed(request: web.Request) -> None:
    """Refusal ``unsupported_encoding``: a small compressed body can cost much memory and time."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"", "identity"}:
        raise Refusal(
            "unsupported_encoding",
            "Compressed request bodies are not taken: send it as it is.",
            key="Content-Encoding",
        )


async def check_expected(request: web.Request) -> None:
    """Of an Expect header: HTTPExpectationFailed unless it asks for what ``invite`` gives."""
    if _expects(request) and request.headers["Expect"].lower() != CONTINUE:
        raise web.HTTPExpectationFailed(text=f"Expect takes {CONTINUE}.")


async def invite(request: web.Request) -> None:
    """Tell a client that waits for a word to send its body. Only then: a call that is refused need not send it."""
    if _expects(request) and request.body_exists:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        # The answer has not begun by this.
        request.writer.output_size = 0


def _expects(request: web.Request) -> bool:
    return "Expect" in request.headers and request.version >= HttpVersion11


async def read_body(
    request: web.Request, settings: Settings, limit: int | None = None, timeout_s: float | None = None
) -> bytes:
    """The whole body, empty when there is none; ``limit`` is its largest size and ``timeout_s`` its time, where those are not the usual ones.

    Refusal ``too_large``, or ``bad_request`` when it does not come in time.
    """
    refuse_compressed(request)
    if not request.body_exists:
        return b""
    limit = limit or settings.max_body_bytes
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    if request.content.is_eof():
        # It came with the head, as small ones do: there is nothing to wait for.
        body = request.content.read_nowait()
        if len(body) > limit:
            raise _too_large(limit)
        return body
    await invite(request)
    async with timely(settings.body_timeout_s if timeout_s is None else timeout_s):
        return await _gather(request, limit)


async def _gather(request: web.Request, limit: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    async for piece in request.content.iter_any():
        size += len(piece)
        if size > limit:
            raise _too_large(limit)
        pieces.append(piece)
    return b"".join(pieces)


@contextlib.asynccontextmanager
async def timely(timeout_s: float) -> AsyncIterator[None]:
    """Refusal ``bad_request`` when what is read of a body inside does not come in time."""
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except TimeoutError:
        raise Refusal("bad_request", f"The body did not come within {timeout_s:g} s.", key="body") from None


async def in_time(chunks: AsyncIterator[bytes], timeout_s: float) -> AsyncIterator[bytes]:
    """The same chunks; Refusal ``bad_request`` when the next one does not come in time."""
    while True:
        async with timely(timeout_s):
            chunk = await anext(chunks, b"")
        if not chunk:
            return
        yield chunk


def parse(model: type[M], raw: bytes, settings: Settings, limits: JsonLimits | None = None) -> M:
    """The body as model, an empty one as if it were ``{}``. Refusal ``bad_json`` or ``invalid``, naming the fields."""
    value = read_json(raw, limits or JsonLimits(size=settings.max_body_bytes)) if raw else {}
    if not isinstance(value, dict):
        raise Refusal("bad_request", "The body must be a JSON object.")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Refusals(told(model, error, value)) from None


def body_hash(*parts: bytes) -> str:
    """What tells one body from another."""
    return hashlib.sha256(b"\n".join(parts)).hexdigest()


def _too_large(limit: int) -> Refusal:
    return Refusal(
        "too_large", f"The body takes at most {limit} bytes: put large data into a file.", key="body"
    )

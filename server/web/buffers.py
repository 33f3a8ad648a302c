"""How much may wait for a reader: in the server's own memory, and in the kernel's."""

import socket
from functools import lru_cache
from typing import Final

from aiohttp import web

from ..engine.outbox import Bounds
from ..settings import Settings

SEND_BUFFER: Final = 256 * 1024


def bounds_of(settings: Settings) -> Bounds:
    """The bounds of an outbox."""
    return _bounds(settings.send_queue_frames, settings.send_queue_bytes, settings.slow_reader_s)


# The same for all connections of a server.
@lru_cache(maxsize=8)
def _bounds(frames: int, size: int, longest_s: float) -> Bounds:
    return frames, size, longest_s


def bound_buffer(request: web.Request) -> None:
    """Keep the kernel from hiding megabytes of a stuck reader."""
    raw = request.transport.get_extra_info("socket") if request.transport else None
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)


def notice_silence(request: web.Request, after_s: float) -> None:
    """Let the kernel end the connection when the other side has not taken what was sent for so long. Not every system can."""
    raw = request.transport.get_extra_info("socket") if request.transport else None
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if raw is not None and option is not None:
        raw.setsockopt(socket.IPPROTO_TCP, option, int(after_s * 1000))

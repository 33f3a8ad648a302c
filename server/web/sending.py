"""One writer for all connections of the stream: a few of them a turn of the loop, a message for many encoded once."""

import asyncio
import struct
from collections import deque
from typing import Final, Protocol

from aiohttp import web

from ..engine.outbox import message

AT_ONCE: Final = 20
"""Connections a turn. What is committed while the others wait for theirs joins the message that they get."""
_TEXT: Final = 0x81


class Sender(Protocol):
    """A connection that has something to send."""

    def send(self) -> None: ...


class Sending:
    """Calls those that asked for a turn, in their order, and leaves the loop to others between."""

    def __init__(self) -> None:
        self._urgent: deque[Sender] = deque()
        self._others: deque[Sender] = deque()
        self._due = False
        self._frames: list[str] = []
        self._encoded = b""

    def want(self, sender: Sender, *, urgent: bool) -> None:
        """Call ``send`` soon."""
        (self._urgent if urgent else self._others).append(sender)
        self._plan()

    def encode(self, frames: list[str]) -> bytes:
        """The bytes of a message on the socket; a fan-out asks for the same again and again."""
        if frames != self._frames:
            self._frames, self._encoded = frames, text_message(message(frames).encode())
        return self._encoded

    def _turn(self) -> None:
        self._due = False
        try:
            for waiting in (self._urgent, self._others):
                for _ in range(min(AT_ONCE, len(waiting))):
                    waiting.popleft().send()
        finally:
            self._plan()

    def _plan(self) -> None:
        if (self._urgent or self._others) and not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._turn)


def text_message(payload: bytes) -> bytes:
    """A text message on the socket: one frame, as servers send it."""
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", _TEXT, size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", _TEXT, 126, size)
    else:
        head = struct.pack("!BBQ", _TEXT, 127, size)
    return head + payload


SENDING: Final = web.AppKey("sending", Sending)

"""What a durable subscription has sent and not heard of: bounded, so that who deals with events slowly is sent them slowly."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from listener_sdk.protocol.frames import Acked
from listener_sdk.protocol.subscriptions import WINDOW_BYTES, WINDOW_EVENTS

from .log import Entry

if TYPE_CHECKING:
    from .subscriptions import Subscription

ROOM: Final = 4
"""A reader of history goes on once a quarter of the window is free: by less it would read a page for each ack."""


class Window:
    """``acked`` is the last event up to which all were acked."""

    def __init__(self, acked: int) -> None:
        self.acked = acked
        self._sent: deque[tuple[int, int]] = deque()
        self._bytes = 0
        self._free = asyncio.Event()
        self._free.set()

    def take(self, frame: Acked, subscription: "Subscription") -> None:
        """The client acks a position. Refusal for one that was not sent on its subscription."""
        raise NotImplementedError

    def moved(self) -> None:
        """More was acked."""

    def left(self) -> None:
        """The subscription has ended."""

    @property
    def room(self) -> int:
        """How many events may be sent. The last of them may pass the bytes."""
        return WINDOW_EVENTS - len(self._sent) if self._bytes < WINDOW_BYTES else 0

    def is_free(self) -> bool:
        """Whether a reader of history may be given another page."""
        return self._free.is_set()

    async def until_room(self) -> None:
        """Wait until a reader of history may be given another page."""
        await self._free.wait()

    def sent(self, entries: Sequence[Entry]) -> None:
        """These are on their way."""
        for entry in entries:
            self._sent.append((entry.seq, len(entry.text)))
            self._bytes += len(entry.text)
        self._look()

    def ack(self, seq: int) -> None:
        """All up to this event is dealt with. What was acked before stays so."""
        while self._sent and self._sent[0][0] <= seq:
            self._bytes -= self._sent.popleft()[1]
        self._look()
        if seq > self.acked:
            self.acked = seq
            self.moved()

    def idle(self, seq: int) -> None:
        """Nothing has matched up to this event."""
        if not self._sent:
            self.ack(seq)

    def _look(self) -> None:
        most = ROOM - 1
        events, size = len(self._sent) * ROOM, self._bytes * ROOM
        if events <= WINDOW_EVENTS * most and size <= WINDOW_BYTES * most:
            self._free.set()
        else:
            self._free.clear()

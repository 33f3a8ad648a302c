"""The newest part of the event log, in memory: what live subscriptions read."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from listener_sdk.protocol.events import Position

from ..core.views import event_text
from ..store.log import Head, Stored

RING: Final = 10_000
RING_BYTES: Final = 64 * 1024 * 1024


@dataclass(slots=True)
class Entry:
    """One event as every subscriber gets it: its JSON text, read back only when a filter asks."""

    seq: int
    space_id: int
    topic: str
    text: str
    _data: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def data(self) -> dict[str, Any]:
        """The event as JSON object."""
        if self._data is None:
            self._data = orjson.loads(self.text)
        return self._data


class Log:
    """The tail of the log on this node. Sequence numbers are dense, so a place in the ring follows from the number."""

    def __init__(self, head: Head) -> None:
        self.epoch = head.epoch
        self.seq = head.seq
        self.oldest_seq = head.oldest
        self._ring: deque[Entry] = deque()
        self._bytes = 0

    @property
    def head(self) -> Position:
        """The newest event's position."""
        return Position(self.epoch, self.seq)

    @property
    def oldest(self) -> Position:
        """The position before the oldest event that is kept: subscribing after it misses nothing that there is."""
        return Position(self.epoch, self.oldest_seq - 1)

    def entry(self, stored: Stored) -> Entry:
        """A stored event as subscribers get it."""
        text = event_text(self.epoch, stored.seq, stored.at, stored.body)
        return Entry(stored.seq, stored.space_id, stored.topic, text)

    def take(self, events: list[Stored]) -> list[Entry]:
        """Put committed events, in order, at the end of the ring."""
        entries = [self.entry(stored) for stored in events]
        for entry in entries:
            self._ring.append(entry)
            self._bytes += len(entry.text)
        self.seq = entries[-1].seq
        while len(self._ring) > RING or self._bytes > RING_BYTES:
            gone = self._ring.popleft()
            gone._data = None  # noqa: SLF001 - its own class's field
            self._bytes -= len(gone.text)
        return entries

    def after(self, seq: int, count: int) -> list[Entry] | None:
        """The first ``count`` entries after a number; None when the ring does not reach back so far."""
        if seq >= self.seq:
            return []
        if not self._ring or self._ring[0].seq > seq + 1:
            return None
        start = seq + 1 - self._ring[0].seq
        return [self._ring[i] for i in range(start, min(start + count, len(self._ring)))]

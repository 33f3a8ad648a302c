"""The newest part of the event log, in memory: what live subscriptions read."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.events import Position

from ..core.views import event_text
from ..store.log import Head, Stored

RING: Final = 6_000
RING_BYTES: Final = 64 * 1024 * 1024


_HEAD: Final = 90
"""Characters of an event's text beside its body, about."""


@dataclass(slots=True)
class Entry:
    """One event as every subscriber gets it: its JSON text, made when the first asks, and read back only when a filter does."""

    seq: int
    space_id: int
    topic: str
    job_id: int | None
    size: int
    at: int
    _epoch: str | None
    """None once the text is whole."""
    _text: str = field(repr=False)
    """The event's body as it is stored, until the first asks: ten thousand entries must not hold both."""
    _data: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def text(self) -> str:
        """The event as JSON text."""
        if self._epoch is not None:
            self._text = event_text(self._epoch, self.seq, self.at, self._text)
            self._epoch = None
        return self._text

    @property
    def data(self) -> dict[str, Any]:
        """The event as JSON object."""
        if self._data is None:
            self._data = orjson.loads(self.text)
        return self._data

    def mentions(self, text: str) -> bool:
        """Whether these characters stand in the event: much faster than to read it."""
        return text in self._text

    def forget_data(self) -> None:
        """Those who were told have looked at it. It takes four times the memory of the text, and the ring is long."""
        self._data = None


class Log:
    """The tail of the log on this node. Sequence numbers are dense, so a place in the ring follows from the number."""

    def __init__(self, head: Head) -> None:
        self.epoch = head.epoch
        self.seq = head.seq
        self.oldest_seq = head.oldest
        self._ring: deque[Entry] = deque()
        self._bytes = 0

    @property
    def ends(self) -> Head:
        """Both ends, as this node knows them."""
        return Head(self.epoch, self.seq, self.oldest_seq)

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
        size = len(stored.body) + _HEAD
        return Entry(
            stored.seq, stored.space_id, stored.topic, stored.job_id, size, stored.at, self.epoch, stored.body
        )

    def take(self, events: list[Stored]) -> list[Entry]:
        """Put committed events, in order, at the end of the ring."""
        entries = [self.entry(stored) for stored in events]
        for entry in entries:
            self._ring.append(entry)
            self._bytes += entry.size
        self.seq = entries[-1].seq
        while len(self._ring) > RING or self._bytes > RING_BYTES:
            self._bytes -= self._ring.popleft().size
        return entries

    def replace(self, head: Head) -> None:
        """The log is another one now, or the ring cannot be continued."""
        self.epoch, self.seq, self.oldest_seq = head.epoch, head.seq, head.oldest
        self._ring.clear()
        self._bytes = 0

    def forget(self, oldest: int) -> None:
        """Events before this one are kept no longer. The ring may still hold some: what follows live misses none."""
        self.oldest_seq = max(self.oldest_seq, oldest)

    def after(self, seq: int, count: int) -> list[Entry] | None:
        """The first ``count`` entries after a number; None when the ring does not reach back so far."""
        if seq >= self.seq:
            return []
        if not self._ring or self._ring[0].seq > seq + 1:
            return None
        start = seq + 1 - self._ring[0].seq
        return [self._ring[i] for i in range(start, min(start + count, len(self._ring)))]


def place(after: str, head: Head) -> int:
    """The sequence number that a cursor names; Refusal ``bad_cursor``, or one that says why it cannot be continued."""
    if after == "now":
        return head.seq
    if after == "oldest":
        return head.oldest - 1
    position = Position.parse(after)
    if position.epoch != head.epoch:
        raise _refusal(
            "epoch_changed", "The log was replaced since this position: start again from oldest or now.", head
        )
    if position.seq > head.seq:
        raise _refusal(
            "cursor_ahead", "The position lies after the log's end: start again from oldest or now.", head
        )
    if position.seq < head.oldest - 1:
        raise too_old(head)
    return position.seq


def too_old(head: Head) -> Refusal:
    """The answer to a cursor behind which events have been removed."""
    return _refusal(
        "cursor_too_old", "Events after this position have been removed: start again from oldest.", head
    )


def _refusal(code: str, message: str, head: Head) -> Refusal:
    newest, oldest = Position(head.epoch, head.seq), Position(head.epoch, head.oldest - 1)
    return Refusal(code, message, key="after", head=str(newest), oldest=str(oldest))

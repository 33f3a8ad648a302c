"""The subscriptions of a session: where each stands in the log, and when it must be asked for again. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ._leases import Again
from .protocol.codes import ERRORS
from .protocol.frames import (
    Acked,
    ClientFrame,
    Error,
    Events,
    LiveProgress,
    PositionFrame,
    Subscribe,
    Subscribed,
    Unsubscribe,
)


@dataclass(frozen=True, slots=True)
class Opened:
    """The subscription stands: everything after ``position`` will come."""

    sub: str
    position: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """Events in log order, none skipped, none twice."""

    sub: str
    events: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Ticked:
    """Live progress of running jobs; outside the promise."""

    sub: str
    jobs: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Cut:
    """The subscription was refused, or cannot go on where it stood."""

    sub: str
    error: Error


CursorCall = Opened | Delivered | Ticked | Cut | Again


@dataclass(slots=True)
class _Cursor:
    request: Subscribe
    position: str
    asked: int | None = None
    """The request that awaits ``subscribed``; until then frames of an older subscription are dropped."""
    acked: str | None = None
    """Of a durable one: up to where its events are dealt with."""
    told: str | None = None
    """What of that was said on this connection."""
    confirming: int | None = None
    """The ack that awaits its answer."""


class Cursors:
    """See the module. ``next_id`` gives the ids of requests."""

    def __init__(self, next_id: Callable[[], int]) -> None:
        self._next_id = next_id
        self._by_name: dict[str, _Cursor] = {}

    def position(self, sub: str) -> str:
        """The last position seen, or what was asked for (``now``, ``oldest``) before the first."""
        return self._by_name[sub].position

    def open(self, request: Subscribe) -> list[ClientFrame]:
        self._by_name[request.sub] = _Cursor(request, request.after)
        return self.ask(request.sub)

    def close(self, sub: str) -> list[ClientFrame]:
        """End a subscription; frames of it that are on their way are dropped."""
        known = self._by_name.pop(sub, None)
        return [Unsubscribe(sub=sub)] if known is not None else []

    def ack(self, sub: str, position: str) -> None:
        """The events of a durable subscription are dealt with up to here: said with what is sent next, the newest of several."""
        if sub in self._by_name:
            self._by_name[sub].acked = position

    def confirm(self, sub: str) -> int:
        """Say again what was acked last; the request that is answered once it is stored."""
        cursor = self._by_name[sub]
        cursor.confirming, cursor.told = self._next_id(), None
        return cursor.confirming

    @property
    def acks_wait(self) -> bool:
        """Whether `acks` has something."""
        return any(True for _ in self._unsaid())

    def acks(self) -> list[ClientFrame]:
        """What was acked since; each is said once on a connection, after its subscription stands."""
        found: list[ClientFrame] = []
        for sub, cursor in self._unsaid():
            cursor.told = cursor.acked
            found.append(Acked(id=cursor.confirming, sub=sub, position=cursor.acked or ""))
        return found

    def _unsaid(self) -> Iterator[tuple[str, _Cursor]]:
        for sub, cursor in self._by_name.items():
            if cursor.asked is None and cursor.acked != cursor.told:
                yield sub, cursor

    def confirmed(self, request: int) -> bool:
        """Whether this answers an ack."""
        for cursor in self._by_name.values():
            if cursor.confirming == request:
                cursor.confirming = None
                return True
        return False

    def ask(self, sub: str) -> list[ClientFrame]:
        """Subscribe, once more if need be, after the last position seen."""
        cursor = self._by_name.get(sub)
        if cursor is None:
            return []
        cursor.asked = self._next_id()
        return [cursor.request.model_copy(update={"id": cursor.asked, "after": cursor.position})]

    def resumed(self) -> list[ClientFrame]:
        """All subscriptions, after welcome."""
        return [frame for sub in self._by_name for frame in self.ask(sub)]

    def subscribed(self, frame: Subscribed) -> list[CursorCall]:
        cursor = self._by_name.get(frame.sub)
        if cursor is None or cursor.asked != frame.id:
            return []
        cursor.asked, cursor.position, cursor.told = None, frame.from_, None
        return [Opened(frame.sub, frame.from_)]

    def events(self, frame: Events) -> tuple[list[CursorCall], list[ClientFrame]]:
        cursor = self._current(frame.sub)
        if cursor is None or not frame.events:
            return [], []
        if cursor.position != frame.prev:
            return [], self.ask(frame.sub)
        cursor.position = str(frame.events[-1].get("position"))
        return [Delivered(frame.sub, frame.events)], []

    def moved(self, frame: PositionFrame) -> list[ClientFrame]:
        cursor = self._current(frame.sub)
        if cursor is None:
            return []
        if cursor.position != frame.prev:
            return self.ask(frame.sub)
        cursor.position = frame.position
        return []

    def progress(self, frame: LiveProgress) -> list[CursorCall]:
        return [Ticked(frame.sub, frame.jobs)] if self._current(frame.sub) else []

    def refused(self, error: Error) -> list[CursorCall] | None:
        """What a refusal means for its subscription; None when it is about none."""
        cursor = self._by_name.get(error.sub) if error.sub is not None else self._asking(error.id)
        if cursor is None:
            return None
        known = ERRORS.get(error.code)
        if known is not None and known.retry:
            return [Again(cursor.request.sub)]
        del self._by_name[cursor.request.sub]
        return [Cut(cursor.request.sub, error)]

    def _current(self, sub: str) -> _Cursor | None:
        cursor = self._by_name.get(sub)
        return cursor if cursor is not None and cursor.asked is None else None

    def _asking(self, request: int | None) -> _Cursor | None:
        if request is None:
            return None
        return next((cursor for cursor in self._by_name.values() if cursor.asked == request), None)

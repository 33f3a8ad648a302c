"""How a subscription tells what it has: as frames of the stream, or as server-sent events.

What all of a group are told alike is worded once (``body``); the rest is put around it for each.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import orjson

from .log import Entry

Ends = dict[str, str]
"""Where a subscription starts (``from``), and the ends of the log (``head``, ``oldest``)."""


class Wording(Protocol):
    """Texts for an outbox. Subscriptions of one key share one wording. ``prev`` is the position told before."""

    def begun(self, sub: str, request: int | None, ends: Ends) -> str: ...
    def body(self, epoch: str, part: Sequence[Entry]) -> str: ...
    def events(self, sub: str, prev: str, body: str) -> str: ...
    def moved(self, sub: str, prev: str, position: str) -> str: ...
    def ticks(self, sub: str, jobs: Sequence[dict[str, Any]]) -> str: ...
    def refused(self, sub: str, refusal: dict[str, Any]) -> str: ...


class Frames:
    """The websocket's: see ``protocol/frames.py``."""

    def begun(self, sub: str, request: int | None, ends: Ends) -> str:
        """The subscription stands."""
        found = {"type": "subscribed", "sub": sub, **ends}
        return _json(found if request is None else {**found, "id": request})

    def body(self, epoch: str, part: Sequence[Entry]) -> str:
        """Events, as all of a group get them."""
        return ",".join(entry.text for entry in part)

    def events(self, sub: str, prev: str, body: str) -> str:
        """Events for one."""
        return f'{{"type":"events","sub":{_json(sub)},"prev":"{prev}","events":[{body}]}}'

    def moved(self, sub: str, prev: str, position: str) -> str:
        """Nothing has matched up to here."""
        return _json({"type": "position", "sub": sub, "prev": prev, "position": position})

    def ticks(self, sub: str, jobs: Sequence[dict[str, Any]]) -> str:
        """Live progress."""
        return _json({"type": "progress", "sub": sub, "jobs": jobs})

    def refused(self, sub: str, refusal: dict[str, Any]) -> str:
        """It cannot go on."""
        return _json({"type": "error", "sub": sub, **refusal})


class Messages:
    """Server-sent events. Each that moves the cursor has it as its id, so that a browser resumes behind the last that it has.

    Events of the log have no name, which makes them the ``message`` of an ``EventSource``.
    """

    AGAIN_MS = 1_000
    """After how long a browser connects again."""

    def begun(self, sub: str, request: int | None, ends: Ends) -> str:
        """Where it starts, so that who is cut before the first event resumes there."""
        told = {"position": ends["from"], "head": ends["head"], "oldest": ends["oldest"]}
        return f"retry: {self.AGAIN_MS}\n{_message(_json(told), 'position', ends['from'])}"

    def body(self, epoch: str, part: Sequence[Entry]) -> str:
        """Events, one message each."""
        return "".join(f"id: {epoch}:{entry.seq}\ndata: {entry.text}\n\n" for entry in part)

    def events(self, sub: str, prev: str, body: str) -> str:
        """The same for all: what is sent on one answer comes whole and in order, or the answer ends."""
        return body

    def moved(self, sub: str, prev: str, position: str) -> str:
        """Nothing has matched up to here."""
        return _message(_json({"prev": prev, "position": position}), "position", position)

    def ticks(self, sub: str, jobs: Sequence[dict[str, Any]]) -> str:
        """Live progress, which has no place in the log."""
        return _message(_json({"jobs": jobs}), "progress")

    def refused(self, sub: str, refusal: dict[str, Any]) -> str:
        """It cannot go on. Not named ``error``, by which browsers say that a connection broke."""
        return _message(_json(refusal), "refused")


FRAMES = Frames()
MESSAGES = Messages()


def _message(data: str, name: str, position: str | None = None) -> str:
    at = "" if position is None else f"id: {position}\n"
    return f"event: {name}\n{at}data: {data}\n\n"


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()

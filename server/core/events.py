"""A stored event as a list shows it."""

from typing import NamedTuple

import orjson

from listener_sdk.protocol.times import to_wire

from .views import event_text


class ReadEvent(NamedTuple):
    """An event of the log, and who has acknowledged it. ``body`` is its JSON text without id, position and time."""

    epoch: str
    seq: int
    topic: str
    at: int
    body: str
    acknowledged_at: int | None
    acknowledged_by: str | None


def event_wire_text(event: ReadEvent) -> str:
    """The event's JSON text."""
    text = event_text(event.epoch, event.seq, event.at, event.body)
    if event.acknowledged_at is None:
        return text
    facts = {"acknowledgedAt": to_wire(event.acknowledged_at), "acknowledgedBy": event.acknowledged_by}
    return f"{text[:-1]},{orjson.dumps(facts).decode()[1:]}"

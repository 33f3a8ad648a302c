"""A delivery to an endpoint inside the server: its row, its attempts, what is posted, and what readers see. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.times import to_wire, to_wire_or_none

from .endpoints import KIND as ENDPOINT
from .endpoints import TEST

KIND: Final = "msg"
PENDING: Final = "pending"
DELIVERED: Final = "delivered"
FAILED: Final = "failed"
DISABLED: Final = "disabled"
STATUSES: Final = (PENDING, DELIVERED, FAILED, DISABLED)
MOST_ATTEMPTS: Final = 100
"""Of one delivery, replays included: each is kept."""


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One row of table ``endpoint_message``, its fields in the table's order; times are milliseconds.

    - ``seq``: the event's place in the log, None for a test
    - ``attempts``: how often it was posted: who ends an attempt must name it; ``tries``: those of the present timetable
    - ``due_at``: when the next attempt begins, or the lease of one that is under way (``taken``) ends
    """

    id: int
    space_id: int
    endpoint_id: int
    seq: int | None
    topic: str
    status: str
    attempts: int
    tries: int
    due_at: int | None
    taken: int
    created_at: int
    ended_at: int | None
    body: str

    @property
    def public_id(self) -> str:
        """The id by which its recipient knows it again."""
        return encode(KIND, self.id)


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One row of table ``endpoint_attempt``, its fields in the table's order."""

    message_id: int
    number: int
    at: int
    duration_ms: int
    delivered: int
    status: int | None
    message: str | None
    answer: str | None


def posted(topic: str, at: int, event: str) -> str:
    """What is posted of an event, which is JSON text."""
    return f'{{"type":"{topic}","timestamp":"{to_wire(at)}","data":{event}}}'


def test_body(now: int, delivery_id: str, endpoint_id: int, context: Mapping[str, Any]) -> str:
    """What is posted to try an endpoint: an event as others are, but for its place in the log, where it does not stand."""
    payload = {"endpointId": encode(ENDPOINT, endpoint_id), "message": "This is a test."}
    event = {"id": delivery_id, "topic": TEST, "domain": "endpoint", "createdAt": to_wire(now)}
    return posted(TEST, now, orjson.dumps({**event, "context": context, "payload": payload}).decode())


def replayable(row: DeliveryRow) -> None:
    """Refusal ``conflict`` or ``limit`` unless the delivery can be made once more."""
    if row.seq is None:
        raise Refusal("conflict", "A test is not replayed: make another one.", key="id")
    if row.taken:
        raise Refusal("conflict", "The delivery is under way just now.", key="id")
    if row.attempts >= MOST_ATTEMPTS:
        raise Refusal("limit", f"A delivery has at most {MOST_ATTEMPTS} attempts.", key="id")


def delivery_wire(row: DeliveryRow, epoch: str, last: AttemptRow | None) -> dict[str, Any]:
    """The delivery as JSON object, in a list."""
    due_at = None if row.taken else row.due_at
    found = {
        "id": row.public_id,
        "endpointId": encode(ENDPOINT, row.endpoint_id),
        "topic": row.topic,
        "position": None if row.seq is None else f"{epoch}:{row.seq}",
        "status": row.status,
        "attempt": row.attempts,
        "createdAt": to_wire(row.created_at),
        "nextAttemptAt": to_wire_or_none(due_at),
        "endedAt": to_wire_or_none(row.ended_at),
        "last": None if last is None else attempt_wire(last),
    }
    return {name: value for name, value in found.items() if value is not None}


def whole_delivery_wire(row: DeliveryRow, epoch: str, attempts: Sequence[AttemptRow]) -> dict[str, Any]:
    """The same with what is posted, and all attempts."""
    last = attempts[-1] if attempts else None
    return {
        **delivery_wire(row, epoch, last),
        "body": orjson.loads(row.body),
        "attempts": [attempt_wire(one) for one in attempts],
    }


def attempt_wire(row: AttemptRow) -> dict[str, Any]:
    """An attempt as JSON object."""
    found = {
        "number": row.number,
        "at": to_wire(row.at),
        "durationMs": row.duration_ms,
        "delivered": bool(row.delivered),
        "status": row.status,
        "message": row.message,
        "answer": row.answer,
    }
    return {name: value for name, value in found.items() if value is not None}

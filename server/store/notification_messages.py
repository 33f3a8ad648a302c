"""SQL of messages on their way: what is told, and to whom it must still go. Both are kept until that is done or was given up."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from ..core.delivery_turns import MAILS_OF_A_SPACE, POSTS_TO_ONE, Waiting
from ..core.notification_retries import LONGEST_NEW_MS, LONGEST_WAIT_MS
from .database import Connection, Reader

_MESSAGE: Final = ("id", "space_id", "created_at", "body")
_DELIVERY: Final = (
    "id", "space_id", "message_id", "channel", "recipient", "signed", "attempts", "due_at", "created_at",
)  # fmt: skip
_SELECT: Final = f"SELECT {', '.join(_DELIVERY)} FROM notification_delivery"  # noqa: S608 - names of our own columns
_DUE: Final = "(due_at <= :now OR due_at > :far OR (attempts = 0 AND due_at > :soon))"
"""Also what was put off before the clock was set back."""
MOST_LOOKED_AT: Final = 200
"""Deliveries among which is chosen: more than those that may wait for addresses whose share is under way."""


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One row of table ``notification_delivery``, its fields in the table's order; times are milliseconds.

    ``recipient`` is an address, the id of a member or a URL, as the rule has it; ``signed`` is the secret that signs, as it is written.
    ``attempts`` is how often it was begun: who ends one must name it.
    """

    id: int
    space_id: int
    message_id: int
    channel: str
    recipient: str
    signed: str | None
    attempts: int
    due_at: int
    created_at: int


def insert(
    connection: Connection,
    space_id: int,
    message_id: int,
    at: int,
    told: dict[str, Any],
    rows: Iterable[DeliveryRow],
) -> None:
    """A new message, and to whom it goes."""
    body = orjson.dumps(told).decode()
    connection.insert_many("notification_message", _MESSAGE, [(message_id, space_id, at, body)])
    values = [tuple(getattr(row, name) for name in _DELIVERY) for row in rows]
    connection.insert_many("notification_delivery", _DELIVERY, values)


def are_due(reader: Reader, now: int) -> bool:
    """Whether some delivery is due."""
    return bool(reader.rows(f"SELECT 1 FROM notification_delivery WHERE {_DUE} LIMIT 1", **_due(now)))  # noqa: S608 - conditions of our own


def waiting(reader: Reader, now: int, *, mail: bool, but: Collection[int]) -> list[Waiting]:
    """Deliveries that are due, mails or posts, but those of some spaces: of each space, or address of one, as many as it has a share of.

    So a space or an address for which much waits does not hide the others.
    """
    share, most = ("", MAILS_OF_A_SPACE) if mail else (", recipient", POSTS_TO_ONE)
    channel = f"channel {'=' if mail else '<>'} 'email'"
    others = " AND NOT space_id IN LIST(:but)" if but else ""
    rows = reader.rows(
        "SELECT id, space_id, channel, recipient FROM (SELECT id, space_id, channel, recipient, due_at, "  # noqa: S608 - conditions of our own
        f"ROW_NUMBER() OVER (PARTITION BY space_id{share} ORDER BY due_at, id) AS turn FROM notification_delivery "
        f"WHERE {_DUE} AND {channel}{others}) AS due WHERE turn <= :most ORDER BY turn, due_at, id LIMIT :count",
        **_due(now),
        **({"but": sorted(but)} if but else {}),
        most=most,
        count=MOST_LOOKED_AT,
    )
    return [Waiting(*row) for row in rows]


def _due(now: int) -> dict[str, int]:
    return {"now": now, "far": now + LONGEST_WAIT_MS, "soon": now + LONGEST_NEW_MS}


def claim(connection: Connection, ids: Iterable[int], now: int, until: int) -> list[DeliveryRow]:
    """Those of these whose time has come, begun once more; until the end of the lease no other server sees them."""
    rows = connection.rows(
        f"{_SELECT} WHERE id IN LIST(:ids) AND {_DUE} ORDER BY id FOR_CLAIM", ids=sorted(ids), **_due(now)
    )
    found = [
        replace(row, attempts=row.attempts + 1, due_at=until) for row in (DeliveryRow(*row) for row in rows)
    ]
    connection.update_many(
        "notification_delivery", ("attempts", "due_at"), [(row.attempts, row.due_at, row.id) for row in found]
    )
    return found


def messages(reader: Reader, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Messages by number."""
    rows = reader.rows(
        "SELECT id, body FROM notification_message WHERE id IN LIST(:ids)", ids=sorted(set(ids))
    )
    return {row[0]: orjson.loads(row[1]) for row in rows}


def keep(connection: Connection, delivery_id: int, attempts: int) -> DeliveryRow | None:
    """The delivery as long as nobody has begun it once more; no other server does before the end of this transaction."""
    rows = connection.rows(
        f"{_SELECT} WHERE id = :id AND attempts = :attempts FOR_CHANGE", id=delivery_id, attempts=attempts
    )
    return DeliveryRow(*rows[0]) if rows else None


def put_off(connection: Connection, delivery_id: int, due_at: int) -> None:
    """Try it another time."""
    connection.run(
        "UPDATE notification_delivery SET due_at = :due WHERE id = :id", due=due_at, id=delivery_id
    )


def remove(connection: Connection, row: DeliveryRow) -> None:
    """It is there, or was given up; with the last one its message goes."""
    connection.run("DELETE FROM notification_delivery WHERE id = :id", id=row.id)
    connection.run(
        "DELETE FROM notification_message WHERE id = :id AND NOT EXISTS "
        "(SELECT 1 FROM notification_delivery d WHERE d.message_id = notification_message.id)",
        id=row.message_id,
    )

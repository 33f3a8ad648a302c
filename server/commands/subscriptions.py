"""Durable subscriptions: who follows one begins with a new fence, moves its cursor by it, and leaves it."""

from dataclasses import dataclass
from typing import Any, Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.events import Position
from listener_sdk.protocol.subscriptions import MOST_SUBSCRIPTIONS

from ..core.actors import SYSTEM, Actor, Space
from ..core.subscriptions import HELD_MS, KIND, Start, SubscriptionRow, subscription_wire, taken
from ..store import log
from ..store import subscriptions as sql
from ..store.command import Command, always
from ..store.database import Reader
from ..store.transaction import NewEvent, Transaction
from .changes import context_of, tell
from .standing import by

DELETED: Final = "subscription:deleted"
TAKEN: Final = "subscription:taken-over"
ENDING: Final = frozenset({DELETED, TAKEN})
"""Topics that tell who follows a subscription that this is over."""


@dataclass(frozen=True, slots=True)
class Follow:
    """Begin to follow a subscription; the first of its name makes it. ``topics`` and ``filter`` are JSON, the newest count."""

    actor: Actor
    name: str
    topics: str
    filter: str | None
    holder: str
    start: Start


@dataclass(frozen=True, slots=True)
class Move:
    """All events up to ``cursor`` were acked, and somebody follows it still; with ``leave`` nobody does from now on."""

    id: int
    fence: int
    cursor: int
    leave: bool = False


@dataclass(frozen=True, slots=True)
class Ack:
    """The same, said beside the connection on which the events came."""

    actor: Actor
    name: str
    position: Position


@dataclass(frozen=True, slots=True)
class Delete:
    actor: Actor
    name: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Somebody has looked at how far a subscription is behind."""

    id: int
    late: bool


def follow(tx: Transaction, item: Follow) -> SubscriptionRow:
    """The subscription, with the fence of the new follower. Refusal ``limit``; ``forbidden`` for a restricted key, of what another made."""
    found = sql.keep(tx.connection, item.actor.space.id, item.name)
    if found is None:
        return _make(tx, item)
    check_owner(item.actor, found)
    row = taken(found, item.topics, item.filter, item.holder, item.start, tx.now)
    sql.update(tx.connection, row)
    if found.holder not in {None, item.holder}:
        _say(tx, TAKEN, item.actor.space, item.actor.key_id, {"name": row.name, "fence": row.fence})
    return row


def check_owner(actor: Actor, row: SubscriptionRow) -> None:
    """Refusal ``forbidden`` where a restricted key would pass over, for others, what it cannot see."""
    if actor.reach is not None and row.owner != actor.key_id:
        raise Refusal(
            "forbidden",
            f"Another key made the subscription {row.name!r}, and this one is restricted: choose another name.",
            key="durable",
        )


def _make(tx: Transaction, item: Follow) -> SubscriptionRow:
    actor = item.actor
    if sql.count(tx.connection, actor.space.id) >= MOST_SUBSCRIPTIONS:
        raise Refusal(
            "limit",
            f"A space has at most {MOST_SUBSCRIPTIONS:,} durable subscriptions: remove one that nobody follows any more.",
            key="durable",
        )
    row = SubscriptionRow(
        id=tx.next_id(KIND),
        space_id=actor.space.id,
        name=item.name,
        owner=actor.key_id,
        topics=item.topics,
        filter=item.filter,
        epoch=item.start.epoch,
        cursor=item.start.seq,
        fence=1,
        holder=item.holder,
        created_at=tx.now,
        updated_at=tx.now,
        held_until=tx.now + HELD_MS,
    )
    sql.insert(tx.connection, row)
    shown = _shown(row)
    tell(tx, actor, "subscription:created", row.name, shown, after=shown)
    return row


def move(tx: Transaction, item: Move) -> int | None:
    """Where the cursor stands then; None where the fence is not the newest any more, and nothing was moved."""
    cursor = sql.move(tx.connection, item.id, item.fence, item.cursor, tx.now, HELD_MS)
    if cursor is not None and item.leave:
        sql.leave(tx.connection, item.id, item.fence)
    return cursor


def ack(tx: Transaction, item: Ack) -> int:
    """Move the cursor forward, for the key that follows, or any where nobody does; the event that was acked.

    Refusals ``not_found``, ``forbidden``, ``subscription_taken``; ``epoch_changed`` and ``cursor_ahead`` for what is no place in the log.
    """
    row = sql.keep(tx.connection, item.actor.space.id, item.name)
    if row is None:
        raise unknown(item.name)
    check_owner(item.actor, row)
    if row.is_held(tx.now) and not row.is_held_by(item.actor.key_id):
        raise taken_over(row.name)
    head = log.head(tx.connection)
    if item.position.epoch != head.epoch or row.epoch != head.epoch:
        raise Refusal("epoch_changed", "The log was replaced: follow the subscription anew.", key="position")
    if item.position.seq > head.seq:
        raise unsent()
    sql.ack(tx.connection, row.id, item.position.seq, tx.now)
    return item.position.seq


def delete(tx: Transaction, item: Delete) -> None:
    """Remove a subscription; whoever follows it is told. Refusals ``not_found``, ``forbidden``."""
    row = sql.keep(tx.connection, item.actor.space.id, item.name)
    if row is None:
        raise unknown(item.name)
    check_owner(item.actor, row)
    sql.delete(tx.connection, row.id)
    tell(tx, item.actor, DELETED, row.name, {"name": row.name, "fence": row.fence + 1}, before=_shown(row))


def mark(tx: Transaction, item: Mark) -> None:
    """Tell, once, that a subscription is late, or that it is not any more."""
    row = sql.mark(tx.connection, item.id, tx.now if item.late else None)
    if row is None:
        return
    head = log.head(tx.connection)
    wire = subscription_wire(row, head.epoch, head.seq, head.oldest, tx.now)
    told = {name: wire[name] for name in ("name", "position", "behind")}
    topic = "subscription:behind" if item.late else "subscription:recovered"
    _say(tx, topic, tx.space(row.space_id), SYSTEM, told)


def find(reader: Reader, actor: Actor, name: str) -> SubscriptionRow:
    """The subscription, within reach; Refusal ``not_found``."""
    row = sql.load(reader, actor.space.id, name)
    if row is None or (actor.reach is not None and row.owner != actor.key_id):
        raise unknown(name)
    return row


def unknown(name: str) -> Refusal:
    """The refusal of a name that no subscription of the space has."""
    shown = name[:64].encode("ascii", "backslashreplace").decode()
    return Refusal("not_found", f"There is no durable subscription {shown!r} in this space.", key="name")


def unsent() -> Refusal:
    """The refusal of an ack of what was not sent."""
    return Refusal("cursor_ahead", "Only what was sent on this subscription can be acked.", key="position")


def taken_over(name: str) -> Refusal:
    """What is told to who follows no longer."""
    return Refusal("subscription_taken", f"Another session follows the subscription {name!r} now.")


def _shown(row: SubscriptionRow) -> dict[str, Any]:
    wire = subscription_wire(row, row.epoch, row.cursor, 0, 0)
    return {name: wire[name] for name in ("name", "topics", "filter", "position") if wire[name] is not None}


def _say(tx: Transaction, topic: str, space: Space, actor: str, payload: dict[str, Any]) -> None:
    body = {
        "topic": topic,
        "domain": "subscription",
        "context": context_of(tx, space, actor),
        "payload": payload,
    }
    tx.append(NewEvent(space.id, topic, None, terminal=False, body=body))


FOLLOW: Final[Command[Follow, SubscriptionRow]] = Command("follow_subscription", follow, guard=by("work"))
MOVE: Final[Command[Move, int | None]] = Command("move_subscription", move, lazy=True)
ACK: Final[Command[Ack, int]] = Command("ack_subscription", ack, lazy=True, guard=by("work"))
DELETE: Final[Command[Delete, None]] = Command("delete_subscription", delete, guard=by("work"), turn=always)
MARK: Final[Command[Mark, None]] = Command("mark_subscription", mark)

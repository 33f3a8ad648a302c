"""Events that clients publish and acknowledge."""

from dataclasses import dataclass
from typing import Any, Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.events import EventCreate, check_topic
from listener_sdk.protocol.ids import encode, space_code, space_id

from ..core.actors import Actor, Space
from ..core.refusals import missing
from ..core.sizes import bounded
from ..core.spaces import check_active
from ..store.command import Command
from ..store.transaction import NewEvent, Transaction
from .changes import by_hand, context_of, note


@dataclass(frozen=True, slots=True)
class PublishEvent:
    actor: Actor
    body: EventCreate


@dataclass(frozen=True, slots=True)
class AckEvent:
    actor: Actor
    seq: int


def publish(tx: Transaction, item: PublishEvent) -> NewEvent:
    """Put a client's event into the log. The event's place is filled in by the commit: see ``NewEvent.seq``."""
    body = item.body
    check_topic(body.topic)
    check_active(tx.space(item.actor.space.id))
    if item.actor.reach is not None:
        item.actor.reach.check_topic(body.topic)
    given = body.model_dump(mode="json", by_alias=True, exclude_none=True)
    bounded({"event": given})
    space = item.actor.space
    _refuse_other_space(given.get("context", {}), space)
    own = context_of(tx, space, item.actor.key_id)
    event: dict[str, Any] = {
        **given,
        "domain": body.topic.split(":", 1)[0],
        "context": {**given.get("context", {}), **own},
    }
    return tx.append(NewEvent(space.id, body.topic, None, terminal=False, body=event))


def _refuse_other_space(context: dict[str, Any], space: Space) -> None:
    for key in ("environmentId", "spaceId"):
        named = context.get(key)
        if isinstance(named, str) and space_code(named) != space.code:
            raise Refusal(
                "not_found",
                f"An event is published in the space of its key, {space_id(space.code)}: leave context.{key} out, or name that.",
                key=f"context.{key}",
                named=space_id(space_code(named)),
            )


def acknowledge(tx: Transaction, item: AckEvent) -> None:
    """Take an event off the list of those that wait for an acknowledgement; a second time changes nothing."""
    tx.flush()
    found = tx.rows(
        "SELECT a.seq FROM event e LEFT JOIN event_ack a ON a.seq = e.seq WHERE e.seq = :seq AND e.space_id = :space",
        seq=item.seq,
        space=item.actor.space.id,
    )
    if not found:
        raise missing("event", encode("ev", item.seq))
    if found[0][0] is None:
        tx.insert("event_ack", ("seq", "at", "actor"), (item.seq, tx.now, item.actor.key_id))
        if by_hand(item.actor):
            note(tx, item.actor, "event:acknowledged", encode("ev", item.seq))


PUBLISH: Final[Command[PublishEvent, NewEvent]] = Command("publish", publish, placed=True)
ACK_EVENT: Final[Command[AckEvent, None]] = Command("ack_event", acknowledge)

"""Inboxes: their notifications are read by the members whose they are."""

from dataclasses import dataclass, replace
from typing import Final

from listener_sdk.protocol.ids import LARGEST, encode

from ..core.actors import Actor
from ..core.members import KIND as MEMBER
from ..core.notifications import KIND, NotificationRow
from ..core.refusals import missing
from ..store import notifications as sql
from ..store.command import Command
from ..store.transaction import Transaction
from .notification_messages import say


@dataclass(frozen=True, slots=True)
class ReadOne:
    actor: Actor
    number: int


@dataclass(frozen=True, slots=True)
class ReadMany:
    """All of a member that are there, or up to and with one."""

    actor: Actor
    member_id: int
    upto: int = LARGEST


def read_one(tx: Transaction, item: ReadOne) -> NotificationRow:
    """It is read; Refusal ``not_found``."""
    row = sql.load(tx.connection, item.actor.space.id, item.number)
    if row is None:
        raise missing("notification", encode(KIND, item.number))
    if row.read_at is None and sql.read(tx.connection, [row.id], tx.now):
        _say(tx, item.actor, row.member_id, notificationId=row.public_id)
        return replace(row, read_at=tx.now)
    return row


def read_many(tx: Transaction, item: ReadMany) -> int:
    """They are read; how many were not before."""
    count = sql.read_upto(tx.connection, item.member_id, item.upto, tx.now)
    if count:
        upto = {} if item.upto == LARGEST else {"upTo": encode(KIND, item.upto)}
        _say(tx, item.actor, item.member_id, count=count, **upto)
    return count


def _say(tx: Transaction, actor: Actor, member_id: int, **about: object) -> None:
    payload = {"memberId": encode(MEMBER, member_id), **about}
    say(tx, actor.space, "notification:read", payload, None)


READ_NOTIFICATION: Final[Command[ReadOne, NotificationRow]] = Command(
    "read_notification", read_one, needs_no_room=True
)
READ_NOTIFICATIONS: Final[Command[ReadMany, int]] = Command(
    "read_notifications", read_many, needs_no_room=True
)

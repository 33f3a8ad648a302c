"""API keys: made and revoked. Secrets never come here, only their hashes."""

from dataclasses import dataclass
from typing import Any, Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.times import to_wire

from ..core.actors import Actor
from ..core.keys import KeyRow
from ..core.roles import check
from ..core.spaces import FIRST
from ..store import keys as sql
from ..store.command import Command
from ..store.transaction import Transaction
from .changes import tell

MOST_KEYS: Final = 1_000


@dataclass(frozen=True, slots=True)
class CreateKey:
    actor: Actor
    name: str
    role: str
    secret_hash: str
    expires_at: int | None = None
    every_space: bool = False


@dataclass(frozen=True, slots=True)
class RevokeKey:
    actor: Actor
    key_id: str


def create(tx: Transaction, item: CreateKey) -> KeyRow:
    """Store a key of the actor's space, or of the whole store."""
    space = item.actor.space
    if item.every_space:
        check(item.actor, "own")
    if item.expires_at is not None and item.expires_at <= tx.now:
        raise Refusal("invalid", "expiresAt must lie in the future.", key="expiresAt")
    if sql.count_valid(tx.connection, space.id, None, tx.now) >= MOST_KEYS:
        raise Refusal("limit", f"A space has at most {MOST_KEYS} keys: revoke one first.")
    row = KeyRow(
        id=encode("key", tx.next_id("key")),
        space_id=FIRST if item.every_space else space.id,
        name=item.name,
        role=item.role,
        secret_hash=item.secret_hash,
        created_at=tx.now,
        created_by=item.actor.key_id,
        expires_at=item.expires_at,
        every_space=int(item.every_space),
    )
    sql.insert(tx.connection, row)
    _say(tx, "key:created", row, item.actor)
    return row


def revoke(tx: Transaction, item: RevokeKey) -> None:
    """The key opens nothing any more; a second time changes nothing."""
    row = _found(tx, item)
    if row.revoked_at is not None:
        return
    _keep_the_last(tx, row, item.actor)
    sql.revoke(tx.connection, row.id, tx.now)
    _say(tx, "key:revoked", row, item.actor)


def _found(tx: Transaction, item: RevokeKey) -> KeyRow:
    row = sql.load(tx.connection, item.key_id)
    if row is None or not _is_of(row, item.actor):
        raise Refusal("not_found", f"There is no key {item.key_id[:64]} in this space.", key="id")
    return row


def _is_of(row: KeyRow, actor: Actor) -> bool:
    """Keys of the whole store are seen by their like alone, from wherever they act."""
    return actor.every_space if row.every_space else row.space_id == actor.space.id


def _keep_the_last(tx: Transaction, row: KeyRow, actor: Actor) -> None:
    own = row.id == actor.key_id and row.role == "admin"
    whole = bool(row.every_space)
    if own and sql.count_valid(tx.connection, row.space_id, "admin", tx.now, every_space=whole) <= 1:
        raise Refusal(
            "conflict",
            "This is the last administrator's key: make another first, else nobody could make or revoke keys.",
            key="id",
        )


def _say(tx: Transaction, topic: str, row: KeyRow, actor: Actor) -> None:
    payload: dict[str, Any] = {"keyId": row.id, "name": row.name, "role": row.role}
    if row.every_space:
        payload["everySpace"] = True
    if row.expires_at is not None:
        payload["expiresAt"] = to_wire(row.expires_at)
    revoked = topic == "key:revoked"
    tell(
        tx,
        actor,
        topic,
        row.id,
        payload,
        before=payload if revoked else None,
        after=None if revoked else payload,
    )


CREATE_KEY: Final[Command[CreateKey, KeyRow]] = Command("create_key", create)
REVOKE_KEY: Final[Command[RevokeKey, None]] = Command("revoke_key", revoke, needs_no_room=True)

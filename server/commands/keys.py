"""API keys: made, changed, given new secrets, revoked. Secrets never come here, only their hashes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.filters import MAX_GLOBS_SIZE, compile_job_name, compile_topics
from listener_sdk.protocol.globs import glob_size
from listener_sdk.protocol.ids import decode, encode
from listener_sdk.protocol.times import to_wire, to_wire_or_none

from ..core.actors import Actor
from ..core.audit import differing
from ..core.keys import KeyRow, patterns
from ..core.refusals import missing
from ..core.roles import check, may
from ..core.spaces import FIRST
from ..store import globs
from ..store import keys as sql
from ..store.command import Command
from ..store.transaction import Transaction
from .changes import tell
from .standing import by

MOST_KEYS: Final = 1_000
LIMITS: Final = ("jobs", "topics")
"""Fields that restrict a key; stored as JSON lists."""
Patterns = tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class CreateKey:
    actor: Actor
    name: str
    role: str
    secret_hash: str
    expires_at: int | None = None
    every_space: bool = False
    jobs: Patterns = None
    topics: Patterns = None


@dataclass(frozen=True, slots=True)
class RevokeKey:
    actor: Actor
    key_id: str


@dataclass(frozen=True, slots=True)
class UpdateKey:
    """``changes`` are fields of `KeyRow`, restrictions as globs."""

    actor: Actor
    key_id: str
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RotateKey:
    """A new secret; the old one opens the key for ``overlap_ms`` more."""

    actor: Actor
    key_id: str
    secret_hash: str
    overlap_ms: int


@dataclass(frozen=True, slots=True)
class UsedKey:
    key_id: str
    at: int


def create(tx: Transaction, item: CreateKey) -> KeyRow:
    """Store a key of the actor's space, or of the whole store."""
    space = item.actor.space
    if item.every_space:
        check(item.actor, "own")
    _check_end(tx, item.expires_at)
    _check_limits(item.role, item.jobs, item.topics)
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
        jobs=_stored(item.jobs),
        topics=_stored(item.topics),
    )
    sql.insert(tx.connection, row)
    _say(tx, "key:created", row, item.actor)
    return row


def revoke(tx: Transaction, item: RevokeKey) -> None:
    """The key opens nothing any more; a second time changes nothing."""
    row = _found(tx, item.actor, item.key_id)
    if row.revoked_at is not None:
        return
    _keep_the_last(tx, row, item.actor)
    sql.revoke(tx.connection, row.id, tx.now)
    _say(tx, "key:revoked", row, item.actor)


def update(tx: Transaction, item: UpdateKey) -> KeyRow:
    """Change the name, the end or the restrictions; nothing is said where nothing differs."""
    row = _valid(tx, item.actor, item.key_id)
    changes: dict[str, Any] = {
        name: _stored(value) if name in LIMITS else value for name, value in item.changes.items()
    }
    after = replace(row, **changes)
    if after == row:
        return row
    if after.expires_at != row.expires_at:
        _check_end(tx, after.expires_at)
    if (after.expires_at or math.inf) < (row.expires_at or math.inf):
        _keep_the_last(tx, row, item.actor)
    _check_limits(row.role, patterns(after.jobs), patterns(after.topics))
    sql.update(tx.connection, after)
    was, now = differing(_facts(row), _facts(after))
    payload = {"keyId": row.id, "before": was, "after": now}
    tell(tx, item.actor, "key:updated", row.id, payload, before=was, after=now)
    return after


def rotate(tx: Transaction, item: RotateKey) -> KeyRow:
    """Store the hash of a new secret; the old secret opens the key until the overlap ends."""
    row = _valid(tx, item.actor, item.key_id)
    if item.overlap_ms and row.old_until is not None and row.old_until > tx.now:
        raise Refusal(
            "conflict",
            f"The secret before the last rotation is valid until {to_wire(row.old_until)}: wait for its end, or send "
            "overlapS 0, which ends both old ones at once.",
            key="overlapS",
        )
    until = tx.now + item.overlap_ms
    after = replace(
        row,
        secret_hash=item.secret_hash,
        old_hash=row.secret_hash if item.overlap_ms else None,
        old_until=until if item.overlap_ms else None,
        rotated_at=tx.now,
    )
    if not sql.rotate(tx.connection, after, row.secret_hash):
        raise Refusal("conflict", "This key was rotated at the same time by another call.", key="id")
    payload = {"keyId": row.id, "name": row.name, "oldSecretUntil": to_wire(until)}
    tell(tx, item.actor, "key:rotated", row.id, payload, after={"oldSecretUntil": to_wire(until)})
    return after


def used(tx: Transaction, item: UsedKey) -> None:
    """Note when a key was used."""
    sql.used(tx.connection, item.key_id, item.at)


def _check_end(tx: Transaction, expires_at: int | None) -> None:
    if expires_at is not None and expires_at <= tx.now:
        raise Refusal("invalid", "expiresAt must lie in the future.", key="expiresAt")


def _check_limits(role: str, jobs: Patterns, topics: Patterns) -> None:
    """Restrictions must be such as the stream and the store both understand; who administers would lift its own."""
    for name, given in (("jobs", jobs), ("topics", topics)):
        if given is None:
            continue
        if may(role, "administer"):
            raise Refusal(
                "invalid", f"A key of role {role} makes others, so it cannot be restricted.", key=name
            )
        compile_topics(given) if name == "topics" else _check_size(given)
        for pattern in given:
            compile_job_name(pattern)
            globs.condition("name", pattern, name, {})


def _check_size(jobs: tuple[str, ...]) -> None:
    size = sum(map(glob_size, jobs))
    if size > MAX_GLOBS_SIZE:
        raise Refusal(
            "bad_filter", f"The globs have a size of {size}: {MAX_GLOBS_SIZE} is allowed.", key="jobs"
        )


def _stored(given: Patterns) -> str | None:
    return None if given is None else orjson.dumps(given).decode()


def _facts(row: KeyRow) -> dict[str, Any]:
    """What may change of a key, as people read it."""
    return {
        "name": row.name,
        "expiresAt": to_wire_or_none(row.expires_at),
        "jobs": patterns(row.jobs),
        "topics": patterns(row.topics),
    }


def _found(tx: Transaction, actor: Actor, key_id: str) -> KeyRow:
    row = sql.load(tx.connection, key_id) if decode("key", key_id) is not None else None
    if row is None or not shows(actor, row):
        raise missing("key", key_id[:64])
    return row


def shows(actor: Actor, row: KeyRow) -> bool:
    """Keys of the whole store are seen by their like alone, from wherever they act."""
    return actor.every_space if row.every_space else row.space_id == actor.space.id


def _valid(tx: Transaction, actor: Actor, key_id: str) -> KeyRow:
    row = _found(tx, actor, key_id)
    if not row.is_valid(tx.now):
        state = "expired" if row.revoked_at is None else "was revoked"
        raise Refusal("conflict", f"The key {state}: make another one.", key="id")
    return row


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
    payload |= {name: given for name in LIMITS if (given := patterns(getattr(row, name))) is not None}
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


CREATE_KEY: Final[Command[CreateKey, KeyRow]] = Command("create_key", create, guard=by("administer"))
REVOKE_KEY: Final[Command[RevokeKey, None]] = Command(
    "revoke_key", revoke, needs_no_room=True, guard=by("administer")
)
UPDATE_KEY: Final[Command[UpdateKey, KeyRow]] = Command("update_key", update, guard=by("administer"))
ROTATE_KEY: Final[Command[RotateKey, KeyRow]] = Command("rotate_key", rotate, guard=by("administer"))
USED_KEY: Final[Command[UsedKey, None]] = Command("used_key", used, lazy=True)

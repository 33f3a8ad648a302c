"""Members: made, changed, set aside and removed. Passwords never come here, only their hashes."""

from dataclasses import dataclass, replace
from typing import Any, Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.members import MemberCreate, MemberUpdate

from ..core.actors import Actor
from ..core.members import (
    KIND,
    MemberRow,
    changed_member,
    deleted_member,
    differences,
    email_key,
    member_wire,
    new_member,
)
from ..core.refusals import missing
from ..store import logins
from ..store import members as sql
from ..store.command import Command
from ..store.transaction import Transaction
from . import standing
from .changes import note, tell

MOST_MEMBERS: Final = 10_000


@dataclass(frozen=True, slots=True)
class CreateMember:
    actor: Actor
    body: MemberCreate


@dataclass(frozen=True, slots=True)
class UpdateMember:
    actor: Actor
    member_id: int
    body: MemberUpdate


@dataclass(frozen=True, slots=True)
class DeleteMember:
    actor: Actor
    member_id: int


@dataclass(frozen=True, slots=True)
class SetPassword:
    """``was`` is the hash that the old password was compared with; the session ``login`` goes on, others end."""

    actor: Actor
    member_id: int
    was: str | None
    password_hash: str
    login: int


@dataclass(frozen=True, slots=True)
class EndSessions:
    actor: Actor
    member_id: int


def create(tx: Transaction, item: CreateMember) -> MemberRow:
    """Store a member of the actor's space."""
    space = item.actor.space
    _refuse_taken(tx, space.id, item.body.email)
    if sql.count(tx.connection, space.id) >= MOST_MEMBERS:
        raise Refusal("limit", f"A space has at most {MOST_MEMBERS} members: remove one first.")
    row = new_member(tx.next_id("member"), space.id, item.body, tx.now, item.actor.key_id)
    sql.insert(tx.connection, row)
    _say(tx, "member:created", row, item.actor, after=_kept(row))
    return row


def update(tx: Transaction, item: UpdateMember) -> MemberRow:
    """Change what was sent; nothing is said where nothing differs. Who is set aside has no sessions any more."""
    before = _found(tx, item.actor, item.member_id)
    after = changed_member(before, item.body, tx.now)
    if after is before:
        return before
    if after.email_key is not None and after.email_key != before.email_key:
        _refuse_taken(tx, before.space_id, after.email_key)
    sql.update(tx.connection, after)
    topic = "member:updated"
    if before.active and not after.active:
        topic = "member:deactivated"
        logins.end_all(tx.connection, after.id)
    elif after.active and not before.active:
        topic = "member:activated"
    was, now = differences(before, after)
    _say(tx, topic, after, item.actor, before=was, after=now)
    return after


def delete(tx: Transaction, item: DeleteMember) -> MemberRow:
    """The member is gone; what history needs stays. The address is free again."""
    before = _found(tx, item.actor, item.member_id)
    gone = deleted_member(before, tx.now)
    sql.update(tx.connection, gone)
    logins.end_all(tx.connection, gone.id)
    _say(tx, "member:deleted", gone, item.actor, before=_kept(before))
    return gone


def set_password(tx: Transaction, item: SetPassword) -> MemberRow:
    """A new password ends the member's other sessions, and links that were not used yet."""
    before = _found(tx, item.actor, item.member_id)
    if before.password_hash != item.was:
        raise Refusal("conflict", "The password was changed meanwhile: log in again.", key="old")
    after = replace(before, password_hash=item.password_hash, password_at=tx.now, updated_at=tx.now)
    sql.update(tx.connection, after)
    logins.end_all(tx.connection, after.id, spared=item.login)
    was, now = differences(before, after)
    _say(tx, "member:updated", after, item.actor, before=was, after=now)
    return after


def end_sessions(tx: Transaction, item: EndSessions) -> int:
    """Log a member out everywhere; how many sessions ended."""
    row = _found(tx, item.actor, item.member_id)
    ended = logins.end_all(tx.connection, row.id)
    note(tx, item.actor, "session:ended", row.public_id, before={"sessions": ended})
    return ended


def _may_end(tx: Transaction, item: EndSessions) -> None:
    own = item.actor.key_id == encode(KIND, item.member_id)
    standing.check(tx, item.actor, "read" if own else "administer")


def _found(tx: Transaction, actor: Actor, member_id: int) -> MemberRow:
    row = sql.keep(tx.connection, actor.space.id, member_id)
    if row is None or row.deleted_at is not None:
        raise missing("member", encode(KIND, member_id))
    return row


def _refuse_taken(tx: Transaction, space_id: int, email: str) -> None:
    taken = sql.by_email(tx.connection, space_id, email_key(email))
    if taken is not None:
        raise Refusal("conflict", f"The member {taken.public_id} of this space has this e-mail.", key="email")


def _kept(row: MemberRow) -> dict[str, Any]:
    """What the audit keeps of one who came or went."""
    wire = member_wire(row)
    return {name: wire[name] for name in ("name", "email", "role", "active")}


def _say(
    tx: Transaction,
    topic: str,
    row: MemberRow,
    actor: Actor,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """All who may see events hear this: an e-mail stands in the audit alone."""
    payload: dict[str, Any] = {"memberId": row.public_id, "name": row.name, "role": row.role}
    payload["active"] = bool(row.active)
    if before is not None and after is not None:
        payload["changed"] = sorted(after)
    tell(tx, actor, topic, row.public_id, payload, before=before, after=after)


CREATE_MEMBER: Final[Command[CreateMember, MemberRow]] = Command(
    "create_member", create, guard=standing.by("administer")
)
UPDATE_MEMBER: Final[Command[UpdateMember, MemberRow]] = Command(
    "update_member", update, needs_no_room=True, guard=standing.by("administer")
)
DELETE_MEMBER: Final[Command[DeleteMember, MemberRow]] = Command(
    "delete_member", delete, needs_no_room=True, guard=standing.by("administer")
)
SET_PASSWORD: Final[Command[SetPassword, MemberRow]] = Command(
    "set_password", set_password, guard=standing.by("read")
)
END_SESSIONS: Final[Command[EndSessions, int]] = Command(
    "end_sessions", end_sessions, needs_no_room=True, guard=_may_end
)

"""Sessions of browsers: begun by a link or password, seen, ended; and the tickets by which one opens a stream.

Secrets never come here, only their hashes: who calls has compared them, and the store says whether that still holds.
"""

from dataclasses import dataclass
from typing import Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode

from ..core.actors import Actor
from ..core.logins import LINK_MS, TICKET_MS, LoginRow, Owner, PassRow, Visitor
from ..core.members import KIND
from ..core.refusals import missing
from ..security.passes import LINK
from ..store import logins as sql
from ..store import members
from ..store.command import Command
from ..store.transaction import Transaction
from . import standing
from .changes import note

LOGIN_KIND: Final = "log"
MOST_SESSIONS: Final = 100
"""Of one member or key; with one more the oldest ends."""
MOST_PASSES: Final = 100
"""Links, or tickets, of one member or key that serve at a time."""


@dataclass(frozen=True, slots=True)
class MakePass:
    """``login`` is the session that a ticket is for, if it is one's."""

    actor: Actor
    owner: Owner
    kind: str
    secret_hash: str
    login: int | None = None


@dataclass(frozen=True, slots=True)
class UsePass:
    """A link or ticket whose secret was right a moment ago."""

    number: int


@dataclass(frozen=True, slots=True)
class BeginSession:
    """``link`` is the number of the link that begins it, ``password_hash`` what the password was compared with.

    ``replaces`` is the session that the same browser had until now.
    """

    visitor: Visitor
    role: str
    secret_hash: str
    lifetime_ms: int
    address: str | None
    link: int | None = None
    password_hash: str | None = None
    replaces: int | None = None


@dataclass(frozen=True, slots=True)
class EndSession:
    actor: Actor
    number: int


def make_pass(tx: Transaction, item: MakePass) -> PassRow:
    """Store a link or ticket."""
    owner, link = item.owner, item.kind == LINK
    if owner.member_id is not None:
        row = members.load(tx.connection, owner.space_id, owner.member_id)
        if row is None or row.deleted_at is not None:
            raise missing("member", encode(KIND, owner.member_id), "member")
        if not row.active:
            raise Refusal("conflict", "This member is not active: activate the member first.", key="member")
    if sql.count_passes(tx.connection, owner, item.kind, tx.now) >= MOST_PASSES:
        raise Refusal("limit", f"At most {MOST_PASSES} that were not used may wait: use one, or wait.")
    made = PassRow(
        id=tx.next_id("login"),
        kind=item.kind,
        space_id=owner.space_id,
        member_id=owner.member_id,
        key_id=owner.key_id,
        stamp=owner.stamp,
        login_id=item.login,
        secret_hash=item.secret_hash,
        created_at=tx.now,
        expires_at=tx.now + (LINK_MS if link else TICKET_MS),
    )
    sql.prune(tx.connection, tx.now)
    sql.keep_pass(tx.connection, made)
    if link:
        target = encode(KIND, owner.member_id) if owner.member_id is not None else owner.key_id or ""
        note(tx, item.actor, "login-link:created", target)
    return made


def _may_make(tx: Transaction, item: MakePass) -> None:
    of_another = item.owner.member_id is not None and item.login is None
    standing.check(tx, item.actor, "administer" if of_another else "read")


def use_pass(tx: Transaction, item: UsePass) -> None:
    """The ticket has served; Refusal ``unauthorized`` when another was faster."""
    if not sql.use_pass(tx.connection, item.number):
        raise Refusal("unauthorized", "This was used before, and serves once: ask for another.")


def begin(tx: Transaction, item: BeginSession) -> LoginRow:
    """Log in: the link is used up, the session of before ends, a new one begins."""
    owner = item.visitor.owner
    if owner.member_id is not None:
        row = members.keep(tx.connection, owner.space_id, owner.member_id)
        changed = row is None or (item.link is None and row.password_hash != item.password_hash)
        if row is None or not row.open or changed:
            raise Refusal("unauthorized", "The member was changed just now: log in again.")
    if item.link is not None:
        use_pass(tx, UsePass(item.link))
    sql.prune(tx.connection, tx.now)
    if item.replaces is not None:
        sql.end(tx.connection, item.replaces)
    sql.end_oldest(tx.connection, owner, MOST_SESSIONS - 1)
    made = LoginRow(
        id=tx.next_id("login"),
        space_id=owner.space_id,
        member_id=owner.member_id,
        key_id=owner.key_id,
        stamp=owner.stamp,
        secret_hash=item.secret_hash,
        by_link=int(item.link is not None),
        address=item.address,
        created_at=tx.now,
        seen_at=tx.now,
        expires_at=tx.now + item.lifetime_ms,
    )
    sql.begin(tx.connection, made)
    assert item.visitor.space is not None
    actor = Actor(item.visitor.actor_id, item.role, item.visitor.space, address=item.address)
    how = "link" if made.by_link else "password"
    note(tx, actor, "session:begun", encode(LOGIN_KIND, made.id), after={"by": how})
    return made


def _may_begin(tx: Transaction, item: BeginSession) -> None:
    visitor = item.visitor
    assert visitor.space is not None
    standing.keep_open(tx, visitor.space)
    if visitor.owner.key_id is not None and not standing.opens(tx, visitor.owner):
        raise Refusal("unauthorized", standing.ENDED)


def seen(tx: Transaction, item: int) -> None:
    """A session is used."""
    sql.seen(tx.connection, item, tx.now)


def end(tx: Transaction, item: EndSession) -> None:
    """Log out; a second time changes nothing."""
    if sql.end(tx.connection, item.number):
        note(tx, item.actor, "session:ended", encode(LOGIN_KIND, item.number))


MAKE_PASS: Final[Command[MakePass, PassRow]] = Command("make_pass", make_pass, guard=_may_make)
USE_PASS: Final[Command[UsePass, None]] = Command("use_pass", use_pass, needs_no_room=True)
BEGIN_SESSION: Final[Command[BeginSession, LoginRow]] = Command("begin_session", begin, guard=_may_begin)
SEEN: Final[Command[int, None]] = Command("seen_session", seen, lazy=True, needs_no_room=True)
END_SESSION: Final[Command[EndSession, None]] = Command("end_session", end, needs_no_room=True)

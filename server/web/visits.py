"""Browsers that come with a cookie, a link or a ticket: whom the store lets in for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..core.logins import LoginRow, PassRow, Visitor
from ..engine.node import Node
from ..security.keys import matches
from ..security.passes import SESSION, parse_pass
from ..store import logins as sql
from ..store.database import Reader

RoleOf = Callable[[Visitor, int], str | None]
"""In which role somebody acts now (ms); None for who is let in no more."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who is let in, in this role; ``login`` is the session, ``used`` what serves once."""

    visitor: Visitor
    role: str
    login: LoginRow | None = None
    used: PassRow | None = None

    def until(self, now: int, most_ms: int) -> int:
        """How long this is known to be so."""
        key = self.visitor.key
        ends = (self.login.expires_at if self.login else None, key.expires_at if key else None)
        return min([now + most_ms, *(at for at in ends if at is not None)])


async def by_cookie(node: Node, role_of: RoleOf, text: str) -> Visit | None:
    """The session of a cookie; None when it lets nobody in."""
    parsed = parse_pass(SESSION, text)
    if parsed is None:
        return None
    number, secret = parsed
    visit = await node.read(lambda reader: by_login(reader, number, node, role_of))
    known = visit is not None and visit.login is not None and matches(secret, visit.login.secret_hash)
    return visit if known else None


def by_login(reader: Reader, number: int, node: Node, role_of: RoleOf) -> Visit | None:
    """A session that lets somebody in now."""
    return by_logins(reader, [number], node, role_of).get(number)


def by_logins(reader: Reader, numbers: Sequence[int], node: Node, role_of: RoleOf) -> dict[int, Visit]:
    """Those of these sessions that let somebody in now."""
    now, idle_ms = node.clock(), int(node.settings.session_idle_s * 1000)
    rows = [row for row in sql.load_many(reader, numbers) if row.is_valid(now, idle_ms)]
    visitors = sql.visitors(reader, {row.owner for row in rows})
    roles = {owner: role_of(visitor, now) for owner, visitor in visitors.items()}
    return {
        row.id: Visit(visitors[row.owner], role, row)
        for row in rows
        if (role := roles[row.owner]) is not None
    }


async def by_pass(node: Node, role_of: RoleOf, kind: str, text: str) -> Visit | None:
    """Whom a link or ticket lets in, which is not used by this; None when it was altered, has served or is past its time."""
    parsed = parse_pass(kind, text)
    if parsed is None:
        return None
    number, secret = parsed

    def look(reader: Reader) -> Visit | None:
        row = sql.load_pass(reader, number)
        if row is None or not matches(secret, row.secret_hash) or row.expires_at <= node.clock():
            return None
        if row.kind != kind:
            return None
        if row.login_id is not None:
            found = by_login(reader, row.login_id, node, role_of)
            return None if found is None else Visit(found.visitor, found.role, found.login, row)
        visitor = sql.visitor(reader, row.owner)
        role = role_of(visitor, node.clock())
        return None if role is None else Visit(visitor, role, used=row)

    return await node.read(look)

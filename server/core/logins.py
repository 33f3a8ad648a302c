"""Who is logged in by a cookie, and the texts that serve once: links that log in, and tickets of the stream."""

from dataclasses import dataclass
from typing import Final

from .actors import Space
from .keys import KeyRow
from .members import MemberRow

LINK_MS: Final = 15 * 60_000
TICKET_MS: Final = 60_000
SEEN_EVERY_MS: Final = 60_000
"""How exactly it is known when a session was seen last."""
FRESH_MS: Final = 15 * 60_000
"""So long after a link has begun a session, a password may be set without the old one."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom a session or pass lets in: a member, or a key as long as the secret opens it that has this stamp."""

    space_id: int
    member_id: int | None = None
    key_id: str | None = None
    stamp: str | None = None


@dataclass(frozen=True, slots=True)
class LoginRow:
    """One row of table ``login``, a session of a browser; its fields in the table's order, times are milliseconds."""

    id: int
    space_id: int
    member_id: int | None
    key_id: str | None
    stamp: str | None
    secret_hash: str
    by_link: int
    address: str | None
    created_at: int
    seen_at: int
    expires_at: int

    @property
    def owner(self) -> Owner:
        """Whom it lets in."""
        return Owner(self.space_id, self.member_id, self.key_id, self.stamp)

    def is_valid(self, now: int, idle_ms: int) -> bool:
        """Whether it has neither ended nor been left alone for too long."""
        return now < self.expires_at and now < self.seen_at + idle_ms

    def is_fresh(self, now: int) -> bool:
        """Whether a link has begun it just now."""
        return bool(self.by_link) and now < self.created_at + FRESH_MS


@dataclass(frozen=True, slots=True)
class PassRow:
    """One row of table ``login_pass``: a link (``kind`` l), or a ticket of the stream (t), perhaps of a session."""

    id: int
    kind: str
    space_id: int
    member_id: int | None
    key_id: str | None
    stamp: str | None
    login_id: int | None
    secret_hash: str
    created_at: int
    expires_at: int

    @property
    def owner(self) -> Owner:
        """Whom it lets in."""
        return Owner(self.space_id, self.member_id, self.key_id, self.stamp)


@dataclass(frozen=True, slots=True)
class Visitor:
    """An owner as the store has it now: the member or the key, and its space."""

    owner: Owner
    space: Space | None
    member: MemberRow | None = None
    key: KeyRow | None = None

    @property
    def actor_id(self) -> str:
        """What events and ``createdBy`` name."""
        return self.owner.key_id or (self.member.public_id if self.member else "")

    @property
    def member_role(self) -> str | None:
        """The role in which the member acts now; None when it may not log in, or there is none."""
        if self.member is None or self.space is None:
            return None
        return self.member.role if self.member.open and self.space.open else None

    @property
    def every_space(self) -> bool:
        """Whether it chooses its space by each call; the operator's own administrator has no row."""
        return self.owner.key_id is not None and (self.key is None or bool(self.key.every_space))

"""A member inside the server: one row, how it changes, and what readers see of it."""

import unicodedata
from dataclasses import dataclass, replace
from typing import Any, Final

from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.members import MemberCreate, MemberUpdate
from listener_sdk.protocol.times import to_wire, to_wire_or_none

from .audit import differing

KIND: Final = "mem"


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One row of table ``member``, its fields in the table's order; times are milliseconds.

    ``email_key`` is the e-mail as it is compared. Both are None once the member was deleted, so that the address is free
    again and kept no longer than needed; the row stays, since history names it.
    """

    id: int
    space_id: int
    name: str
    email: str | None
    email_key: str | None
    role: str
    active: int
    created_at: int
    created_by: str
    updated_at: int
    password_hash: str | None = None
    password_at: int | None = None
    deactivated_at: int | None = None
    deleted_at: int | None = None

    @property
    def public_id(self) -> str:
        """The id that events, jobs and the audit name."""
        return encode(KIND, self.id)

    @property
    def open(self) -> bool:
        """Whether the member may log in."""
        return bool(self.active) and self.deleted_at is None


def email_key(email: str) -> str:
    """What two spellings of one e-mail address share."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", email).casefold())


def new_member(number: int, space_id: int, body: MemberCreate, now: int, actor: str) -> MemberRow:
    """The member that a body describes."""
    return MemberRow(
        id=number,
        space_id=space_id,
        name=body.name,
        email=body.email,
        email_key=email_key(body.email),
        role=body.role,
        active=1,
        created_at=now,
        created_by=actor,
        updated_at=now,
    )


def changed_member(row: MemberRow, body: MemberUpdate, now: int) -> MemberRow:
    """The member as it is after a change; the same when nothing changes."""
    sent = body.sent()
    if "email" in sent:
        sent["email_key"] = email_key(sent["email"])
    active = sent.pop("active", bool(row.active))
    deactivated_at = None if active else row.deactivated_at or now
    changed = replace(row, **sent, active=int(active), deactivated_at=deactivated_at)
    return row if changed == row else replace(changed, updated_at=now)


def deleted_member(row: MemberRow, now: int) -> MemberRow:
    """What stays of a member: an id, a name and a role for history."""
    return replace(
        row,
        email=None,
        email_key=None,
        active=0,
        password_hash=None,
        password_at=None,
        deactivated_at=row.deactivated_at or now,
        deleted_at=now,
        updated_at=now,
    )


def member_wire(row: MemberRow) -> dict[str, Any]:
    """The member as JSON object, without its password."""
    return {
        "id": row.public_id,
        "name": row.name,
        "email": row.email,
        "role": row.role,
        "active": bool(row.active),
        "createdAt": to_wire(row.created_at),
        "createdBy": row.created_by,
        "updatedAt": to_wire(row.updated_at),
        "passwordSetAt": to_wire_or_none(row.password_at),
        "deactivatedAt": to_wire_or_none(row.deactivated_at),
        "deletedAt": to_wire_or_none(row.deleted_at),
    }


def differences(before: MemberRow, after: MemberRow) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the audit keeps of a change: the fields that differ, as they were and as they are."""
    return differing(member_wire(before), member_wire(after), but=("updatedAt", "deactivatedAt"))

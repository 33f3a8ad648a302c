"""SQL of members."""

from collections.abc import Sequence
from dataclasses import astuple
from typing import Final

from ..core.members import MemberRow
from .database import Connection, Reader

COLUMNS: Final = tuple(MemberRow.__dataclass_fields__)
MUTABLE: Final = tuple(name for name in COLUMNS if name not in {"id", "space_id", "created_at", "created_by"})
_SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM member"  # noqa: S608 - names of our own fields


def load(reader: Reader, space_id: int, member_id: int) -> MemberRow | None:
    """A member of a space, deleted or not."""
    found = reader.rows(f"{_SELECT} WHERE id = :id AND space_id = :space", id=member_id, space=space_id)
    return MemberRow(*found[0]) if found else None


def load_many(reader: Reader, ids: Sequence[int]) -> list[MemberRow]:
    """Members of whichever space, deleted or not."""
    rows = reader.rows(f"{_SELECT} WHERE id IN LIST(:ids) ORDER BY id", ids=list(ids))
    return [MemberRow(*row) for row in rows]


def keep(connection: Connection, space_id: int, member_id: int) -> MemberRow | None:
    """A member of a space, deleted or not, that no other server changes before the end of this transaction."""
    found = connection.rows(
        f"{_SELECT} WHERE id = :id AND space_id = :space FOR_CHANGE", id=member_id, space=space_id
    )
    return MemberRow(*found[0]) if found else None


def by_email(reader: Reader, space_id: int, email_key: str) -> MemberRow | None:
    """The member of a space who has this e-mail."""
    found = reader.rows(
        f"{_SELECT} WHERE space_id = :space AND email_key = :email", space=space_id, email=email_key
    )
    return MemberRow(*found[0]) if found else None


def page(
    reader: Reader,
    space_id: int,
    after: int,
    count: int,
    *,
    role: str | None = None,
    active: int | None = None,
    email_key: str | None = None,
) -> list[MemberRow]:
    """Members of a space that were not deleted, in the order of their making, after a number."""
    rows = reader.rows(
        f"{_SELECT} WHERE space_id = :space AND id > :after AND deleted_at IS NULL "
        "AND (CAST(:role AS TEXT) IS NULL OR role = :role) "
        "AND (CAST(:active AS BIGINT) IS NULL OR active = :active) "
        "AND (CAST(:email AS TEXT) IS NULL OR email_key = :email) ORDER BY id LIMIT :count",
        space=space_id,
        after=after,
        role=role,
        active=active,
        email=email_key,
        count=count,
    )
    return [MemberRow(*row) for row in rows]


def count(reader: Reader, space_id: int) -> int:
    """How many members a space has, without those that were deleted."""
    found = reader.rows(
        "SELECT COUNT(*) FROM member WHERE space_id = :space AND deleted_at IS NULL", space=space_id
    )
    return int(found[0][0])


def insert(connection: Connection, row: MemberRow) -> None:
    """Store a new member."""
    connection.insert_many("member", COLUMNS, [astuple(row)])


def update(connection: Connection, row: MemberRow) -> None:
    """Write a member that has changed."""
    values = tuple(getattr(row, name) for name in MUTABLE)
    connection.update_many("member", MUTABLE, [(*values, row.id)])

"""SQL of the inboxes of members."""

from collections.abc import Iterable
from typing import Final

from ..core.notifications import NotificationRow
from .database import Connection, Reader
from .pages import Window, fitting

COLUMNS: Final = tuple(NotificationRow.__dataclass_fields__)
MOST_COUNTED: Final = 1_000
"""Unread ones that are counted: nobody reads more."""
_SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM notification"  # noqa: S608 - names of our own fields


def insert(connection: Connection, rows: Iterable[NotificationRow]) -> None:
    """Put notifications into inboxes."""
    values = [tuple(getattr(row, name) for name in COLUMNS) for row in rows]
    connection.insert_many("notification", COLUMNS, values)


def load(reader: Reader, space_id: int, number: int) -> NotificationRow | None:
    """A notification of the space."""
    rows = reader.rows(f"{_SELECT} WHERE id = :id AND space_id = :space", id=number, space=space_id)
    return NotificationRow(*rows[0]) if rows else None


def page(
    reader: Reader, space_id: int, member_id: int, window: Window, *, unread: bool
) -> tuple[list[NotificationRow], bool]:
    """The inbox of a member, the newest first, below ``window.after``; and whether others follow."""
    only = " AND read_at IS NULL" if unread else ""
    below = "" if window.after is None else " AND id < :before"
    sizes = reader.rows(
        f"SELECT id, length(body) FROM notification WHERE member_id = :member AND space_id = :space{only}{below} "  # noqa: S608 - conditions of our own
        "ORDER BY id DESC LIMIT :count",
        member=member_id,
        space=space_id,
        count=window.size + 1,
        **({} if window.after is None else {"before": window.after}),
    )
    ids = fitting([(row[0], row[1]) for row in sizes], window)
    rows = reader.rows(f"{_SELECT} WHERE id IN LIST(:ids) ORDER BY id DESC", ids=ids)
    return [NotificationRow(*row) for row in rows], len(sizes) > len(ids)


def unread(reader: Reader, member_id: int) -> int:
    """How many a member has not read, a thousand at most."""
    rows = reader.rows(
        "SELECT COUNT(*) FROM (SELECT id FROM notification WHERE member_id = :member AND read_at IS NULL LIMIT :most) AS counted",
        member=member_id,
        most=MOST_COUNTED,
    )
    return int(rows[0][0])


def read(connection: Connection, ids: Iterable[int], now: int) -> int:
    """These are read; how many were not before."""
    return connection.run(
        "UPDATE notification SET read_at = :now WHERE id IN LIST(:ids) AND read_at IS NULL",
        now=now,
        ids=list(ids),
    )


def read_upto(connection: Connection, member_id: int, upto: int, now: int) -> int:
    """All of a member up to and with a number are read; how many were not before."""
    return connection.run(
        "UPDATE notification SET read_at = :now WHERE member_id = :member AND id <= :upto AND read_at IS NULL",
        now=now,
        member=member_id,
        upto=upto,
    )

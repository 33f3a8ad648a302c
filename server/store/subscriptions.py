"""SQL of durable subscriptions."""

from collections.abc import Sequence
from dataclasses import astuple
from typing import Final, NamedTuple

from ..core.subscriptions import SubscriptionRow
from .database import Connection, Reader
from .pages import Window

COLUMNS: Final = tuple(SubscriptionRow.__dataclass_fields__)
MUTABLE: Final = ("topics", "filter", "epoch", "cursor", "fence", "holder", "held_until")
_SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM subscription"  # noqa: S608 - names of our own fields
_NAMED: Final = f"{_SELECT} WHERE space_id = :space AND name = :name"


class Standing(NamedTuple):
    """A subscription that is behind: how many events come after its cursor, and when the first of them was made, if it is kept."""

    id: int
    alarmed: bool
    behind: int
    since: int | None


def load(reader: Reader, space_id: int, name: str) -> SubscriptionRow | None:
    """The subscription of this name in a space."""
    rows = reader.rows(_NAMED, space=space_id, name=name)
    return SubscriptionRow(*rows[0]) if rows else None


def keep(connection: Connection, space_id: int, name: str) -> SubscriptionRow | None:
    """The same, and no other server changes it before the end of this transaction."""
    rows = connection.rows(f"{_NAMED} FOR_CHANGE", space=space_id, name=name)
    return SubscriptionRow(*rows[0]) if rows else None


def page(reader: Reader, space_id: int, owner: str | None, window: Window) -> list[SubscriptionRow]:
    """Those of a space, or of one owner in it, in the order of their making; one more than the page has, where there are more."""
    rows = reader.rows(
        f"{_SELECT} WHERE space_id = :space AND id > :after "
        "AND (CAST(:owner AS TEXT) IS NULL OR owner = :owner) ORDER BY id LIMIT :count",
        space=space_id,
        after=window.after or 0,
        owner=owner,
        count=window.size + 1,
    )
    return [SubscriptionRow(*row) for row in rows]


def count(reader: Reader, space_id: int) -> int:
    """How many a space has."""
    return int(reader.rows("SELECT COUNT(*) FROM subscription WHERE space_id = :space", space=space_id)[0][0])


def insert(connection: Connection, row: SubscriptionRow) -> None:
    """Store a new one."""
    connection.insert_many("subscription", COLUMNS, [astuple(row)])


def update(connection: Connection, row: SubscriptionRow) -> None:
    """Write what changes when somebody begins to follow it."""
    connection.update_many("subscription", MUTABLE, [(*(getattr(row, name) for name in MUTABLE), row.id)])


def move(connection: Connection, number: int, fence: int, cursor: int, now: int, held_ms: int) -> int | None:
    """Move the cursor forward for who follows it by this fence, and is believed to for so long.

    Where it stands then, which is further on where others acked more; None where the fence is not the newest any more.
    """
    rows = connection.rows(
        "UPDATE subscription SET cursor = CASE WHEN cursor < :cursor THEN :cursor ELSE cursor END, held_until = :until, "
        "updated_at = CASE WHEN cursor < :cursor THEN :now ELSE updated_at END WHERE id = :id AND fence = :fence RETURNING cursor",
        id=number,
        fence=fence,
        cursor=cursor,
        now=now,
        until=now + held_ms,
    )
    return int(rows[0][0]) if rows else None


def ack(connection: Connection, number: int, cursor: int, now: int) -> None:
    """Move the cursor forward, whoever follows."""
    connection.run(
        "UPDATE subscription SET cursor = :cursor, updated_at = :now WHERE id = :id AND cursor < :cursor",
        id=number,
        cursor=cursor,
        now=now,
    )


def leave(connection: Connection, number: int, fence: int) -> None:
    """Nobody follows it any more, unless somebody else does by now."""
    connection.run(
        "UPDATE subscription SET holder = NULL, held_until = NULL WHERE id = :id AND fence = :fence",
        id=number,
        fence=fence,
    )


def delete(connection: Connection, number: int) -> None:
    """Remove one."""
    connection.run("DELETE FROM subscription WHERE id = :id", id=number)


def standings(reader: Reader, epoch: str, seq: int, after: int, count: int) -> Sequence[Standing]:
    """The next that have not seen all of the log up to ``seq``, or were said to be late."""
    rows = reader.rows(
        "SELECT s.id, s.alarmed_at, s.cursor, e.at FROM subscription s LEFT JOIN event e ON e.seq = s.cursor + 1 "
        "WHERE s.id > :after AND s.epoch = :epoch AND (s.cursor < :seq OR s.alarmed_at IS NOT NULL) "
        "ORDER BY s.id LIMIT :count",
        after=after,
        epoch=epoch,
        seq=seq,
        count=count,
    )
    return [Standing(row[0], row[1] is not None, max(0, seq - row[2]), row[3]) for row in rows]


def mark(connection: Connection, number: int, now: int | None) -> SubscriptionRow | None:
    """Say that one is late since now, or (None) is not any more: the row, if it was otherwise before."""
    was = "IS NULL" if now is not None else "IS NOT NULL"
    changed = connection.run(
        f"UPDATE subscription SET alarmed_at = :now WHERE id = :id AND alarmed_at {was}",  # noqa: S608 - words of our own
        now=now,
        id=number,
    )
    rows = connection.rows(f"{_SELECT} WHERE id = :id", id=number) if changed else []
    return SubscriptionRow(*rows[0]) if rows else None

"""A durable subscription inside the server: one row, where it may go on, and when somebody should look at it. Pure."""

from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from listener_sdk.protocol.times import to_wire, to_wire_or_none

from .retention import Retention

KIND: Final = "sub"
ALARM: Final = 0.8
"""The part of what the log keeps that a subscription may be behind before somebody is told."""

HELD_MS: Final = 45_000
"""How long a follower is believed to be there after it was last said: its server may have been killed."""
RENEW_MS: Final = 15_000
"""How often that is said."""


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """One row of table ``subscription``, its fields in the table's order; times are milliseconds.

    ``topics`` and ``filter`` are JSON. All events up to ``cursor`` were acked. ``holder`` is the session that follows it, None where nobody
    does; ``fence`` rises with each that begins to, and only the newest moves the cursor. ``held_until`` is how long ``holder`` is believed.
    """

    id: int
    space_id: int
    name: str
    owner: str
    topics: str
    filter: str | None
    epoch: str
    cursor: int
    fence: int
    holder: str | None
    created_at: int
    updated_at: int
    alarmed_at: int | None = None
    held_until: int | None = None

    def is_held(self, now: int) -> bool:
        """Whether somebody follows it. A time that lies too far ahead was told by a wrong clock."""
        return self.holder is not None and 0 < (self.held_until or 0) - now <= HELD_MS

    def is_held_by(self, key_id: str) -> bool:
        """Whether the session that follows it, or did so last, is one of this key."""
        return self.holder is not None and self.holder.startswith(f"{key_id}/")


@dataclass(frozen=True, slots=True)
class Start:
    """Where who subscribes would begin; ``chosen`` where it said a position, and neither ``now`` nor ``oldest``."""

    epoch: str
    seq: int
    chosen: bool


def taken(
    row: SubscriptionRow, topics: str, filter_: str | None, holder: str, start: Start, now: int
) -> SubscriptionRow:
    """The row when somebody begins to follow it: it goes on where it stands, or behind what its follower has in hand.

    After the log was replaced only a chosen position leads on: who follows must know that something may be missing.
    """
    epoch, cursor = row.epoch, row.cursor
    if start.chosen and row.epoch != start.epoch:
        epoch, cursor = start.epoch, start.seq
    return replace(
        row,
        topics=topics,
        filter=filter_,
        holder=holder,
        held_until=now + HELD_MS,
        fence=row.fence + 1,
        epoch=epoch,
        cursor=cursor,
    )


def start_of(row: SubscriptionRow, start: Start) -> int:
    """After which event a follower goes on: it may have more in hand than it has acked."""
    return max(row.cursor, start.seq) if start.chosen and row.epoch == start.epoch else row.cursor


def trouble(row: SubscriptionRow, epoch: str, oldest: int) -> str | None:
    """Why the subscription cannot go on where it stands."""
    if row.epoch != epoch:
        return "epoch_changed"
    return "cursor_too_old" if row.cursor < oldest - 1 else None


def is_late(behind: int, since: int | None, now: int, rules: Retention) -> bool:
    """Whether what it has not seen is about to be removed: so many events, the first of them made at ``since``, or (None) gone already."""
    if behind == 0:
        return False
    return since is None or behind >= ALARM * rules.log_events or now - since >= ALARM * rules.log_ms


def subscription_wire(row: SubscriptionRow, epoch: str, seq: int, oldest: int, now: int) -> dict[str, Any]:
    """What readers see, of a log with these ends."""
    return {
        "name": row.name,
        "owner": row.owner,
        "topics": orjson.loads(row.topics),
        "filter": None if row.filter is None else orjson.loads(row.filter),
        "position": f"{row.epoch}:{row.cursor}",
        "behind": max(0, seq - row.cursor) if row.epoch == epoch else None,
        "connected": row.is_held(now),
        "trouble": trouble(row, epoch, oldest),
        "alarmedAt": to_wire_or_none(row.alarmed_at),
        "createdAt": to_wire(row.created_at),
        "updatedAt": to_wire(row.updated_at),
    }

"""Looks at the clock that schedules go by, and what they take back when it had been ahead."""

from dataclasses import dataclass, replace
from typing import Final

from listener_sdk.protocol.times import to_wire_or_none

from ..core.due_times import DealtWith, left_out
from ..core.schedule_clock import Clock, Seen, looked
from ..core.schedules import ScheduleRow
from ..store import schedule_clock as sql
from ..store import schedules as schedules_sql
from ..store.command import Command
from ..store.schedule_clock import LeftOut
from ..store.transaction import Transaction
from .schedule_events import told

CAME_BACK: Final = "The clock of the server had been ahead, and has come back."


@dataclass(frozen=True, slots=True)
class Look:
    """``returned`` where schedules have come back with the clock."""

    returned: bool = False


@dataclass(frozen=True, slots=True)
class ComeBack:
    """So many schedules behind one come back from a leap of the clock."""

    leapt_at: int
    after: int
    count: int


def look(tx: Transaction, item: Look) -> tuple[Clock, Seen]:
    """What the clock shows, and what is known of it by now."""
    before = sql.keep(tx.connection)
    after, seen = looked(before, tx.now)
    if seen is Seen.RETURNED and item.returned:
        after, seen = Clock(tx.now), Seen.ON
    if after != before:
        sql.store(tx.connection, after)
    return after, seen


def come_back(tx: Transaction, item: ComeBack) -> int | None:
    """Aim schedules at what is due next by now, and did not run; the last of them, or None where there are no more."""
    rows = sql.page(tx.connection, item.after, item.count)
    if not rows:
        return None
    by_id = {row.id: row for row in rows}
    for one in sql.left_out(tx.connection, by_id, item.leapt_at, tx.now):
        _take_back(tx, by_id[one.schedule_id], one)
    known = schedules_sql.dealt_with(tx.connection, dict.fromkeys(by_id, tx.now))
    pairs = [(row, _aimed_back(row, tx.now, known.get(row.id, DealtWith()))) for row in rows]
    moved = [(before, after) for before, after in pairs if before != after]
    schedules_sql.update(tx.connection, [after for _, after in moved], schedules_sql.MOVED)
    codes = schedules_sql.codes(tx.connection, {row.definition_id for row, _ in moved if row.definition_id})
    for before, after in moved:
        if before.next_at != after.next_at:
            code = codes.get(after.definition_id or 0)
            at = to_wire_or_none(after.next_at)
            told(tx, "schedule:updated", after, code, changed=["nextAt"], nextAt=at, message=CAME_BACK)
    return rows[-1].id


def _take_back(tx: Transaction, row: ScheduleRow, one: LeftOut) -> None:
    """Due times ahead of the clock come yet, whatever was recorded of them."""
    stays = left_out(row.said.occurrences, one.reason, one.due_at, tx.now)
    if stays:
        until_at = stays[0].until_at if stays[0].times > 1 else None
        sql.shorten(tx.connection, one, until_at, stays[0].times)
    else:
        sql.take_back(tx.connection, one)


def _aimed_back(row: ScheduleRow, now: int, known: DealtWith) -> ScheduleRow:
    next_at = row.next_at
    if next_at is None or next_at > now:
        next_at = next((one.at for one in row.said.occurrences.each(now) if one.at not in known), None)
    queued_at = row.queued_at if row.queued_at is not None and row.queued_at <= now else None
    woken_at = None if row.woken_at is None else min(row.woken_at, now)
    after = replace(row, next_at=next_at, queued_at=queued_at, woken_at=woken_at)
    if row.asleep is not None and woken_at is None:
        return after
    if queued_at is not None or woken_at is not None:
        return replace(after, fires_at=now)
    return replace(after, fires_at=None if next_at is None else after.fires_when(next_at))


LOOK: Final[Command[Look, tuple[Clock, Seen]]] = Command("look_at_clock", look)
COME_BACK: Final[Command[ComeBack, int | None]] = Command("schedules_come_back", come_back)

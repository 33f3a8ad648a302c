"""SQL of the clock as schedules have seen it, and of what they take back when it had been ahead."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from ..core.schedule_clock import Clock
from ..core.schedules import ScheduleRow
from .database import Connection
from .schedules import COLUMNS

_CLOCK: Final = "SELECT seen_at, leapt_from, leapt_at FROM schedule_clock WHERE id = 1 FOR_CHANGE"


class LeftOut(NamedTuple):
    """A record of due times at which nothing ran."""

    schedule_id: int
    due_at: int
    reason: str


def keep(connection: Connection) -> Clock | None:
    """What was seen of the clock; no other server looks before the end of this transaction."""
    rows = connection.rows(_CLOCK)
    return Clock(*rows[0]) if rows else None


def store(connection: Connection, clock: Clock) -> None:
    """This is seen of the clock by now."""
    connection.run(
        "INSERT INTO schedule_clock (id, seen_at, leapt_from, leapt_at) VALUES (1, :seen, :origin, :at) "
        "ON CONFLICT (id) DO UPDATE SET seen_at = :seen, leapt_from = :origin, leapt_at = :at",
        seen=clock.seen_at,
        origin=clock.leapt_from,
        at=clock.leapt_at,
    )


def page(connection: Connection, after: int, count: int) -> list[ScheduleRow]:
    """The next schedules that are enabled, which no other server changes before the end of this transaction."""
    rows = connection.rows(
        f"SELECT {', '.join(COLUMNS)} FROM schedule WHERE id > :after AND enabled = 1 ORDER BY id LIMIT :count FOR_CHANGE",  # noqa: S608 - names of our own fields
        after=after,
        count=count,
    )
    return [ScheduleRow(*row) for row in rows]


def left_out(connection: Connection, ids: Iterable[int], since: int, now: int) -> list[LeftOut]:
    """Records of these schedules, made since a time, that speak of due times that lie ahead."""
    rows = connection.rows(
        "SELECT schedule_id, due_at, reason FROM slot WHERE schedule_id IN LIST(:ids) AND at >= :since "
        "AND result = 'skipped' AND job_id IS NULL AND (due_at > :now OR until_at > :now) ORDER BY schedule_id, due_at",
        ids=list(ids),
        since=since,
        now=now,
    )
    return [LeftOut(*row) for row in rows]


def take_back(connection: Connection, one: LeftOut) -> None:
    """The record is none any more."""
    connection.run(
        "DELETE FROM slot WHERE schedule_id = :schedule AND due_at = :due",
        schedule=one.schedule_id,
        due=one.due_at,
    )


def shorten(connection: Connection, one: LeftOut, until_at: int | None, times: int) -> None:
    """The record speaks of fewer due times."""
    connection.run(
        "UPDATE slot SET until_at = :until, count = :times WHERE schedule_id = :schedule AND due_at = :due",
        until=until_at,
        times=times,
        schedule=one.schedule_id,
        due=one.due_at,
    )

"""What the ends of jobs mean for schedules: failures in a row are counted, and due times that wait for an end are seen to.

For all ends of a batch there are few statements, and jobs of no definition cost nothing.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from listener_sdk.protocol.ids import decode
from listener_sdk.protocol.lifecycle import Status
from listener_sdk.protocol.times import to_wire

from ..core.jobs import JobRow
from ..core.missed import PAUSED
from ..core.schedules import KIND, ScheduleRow, paused
from ..store import runs as runs_sql
from ..store import schedules as sql
from ..store.transaction import Transaction
from .schedule_events import give_up, told

_MARK: Final = '"startedBy":{"kind":"schedule"'
_COUNTED: Final = frozenset({Status.COMPLETE, Status.FAILED})


def ended(tx: Transaction, row: JobRow) -> None:
    """A job of a definition has ended: what follows for schedules is done at the end of the batch."""
    if not tx.runs_ended:
        tx.at_end(lambda: _settle(tx))
    tx.runs_ended.append(row)


def _settle(tx: Transaction) -> None:
    rows, tx.runs_ended = tx.runs_ended, []
    ids = {row.definition_id or 0 for row in rows}
    marks = runs_sql.concerned(tx.connection, ids)
    tx.runs.well |= ids - marks.failing
    if marks.queued:
        sql.look_again(tx.connection, tx.now, marks.queued)
    ends: dict[int, list[bool]] = {}
    for row in rows:
        if row.status in _COUNTED and (schedule_id := _schedule_of(row)) is not None:
            ends.setdefault(schedule_id, []).append(row.status == Status.FAILED)
    well = [schedule_id for schedule_id, failures in ends.items() if not any(failures)]
    if well:
        sql.clear_failures(tx.connection, well)
    if len(well) < len(ends):
        _count(tx, {key: failures for key, failures in ends.items() if any(failures)})


def _schedule_of(row: JobRow) -> int | None:
    """The schedule that started the job, or the job of which it is a rerun."""
    if _MARK not in row.spec:
        return None
    by: dict[str, Any] = row.described().get("startedBy", {})
    return decode(KIND, str(by.get("scheduleId")))


def _count(tx: Transaction, ends: dict[int, list[bool]]) -> None:
    rows = sql.keep_many(tx.connection, ends)
    codes = sql.codes(tx.connection, {row.definition_id for row in rows if row.definition_id is not None})
    after = [_after(tx, row, codes.get(row.definition_id or 0), ends[row.id]) for row in rows]
    sql.update(tx.connection, after, sql.MOVED)


def _after(tx: Transaction, row: ScheduleRow, code: str | None, ends: Iterable[bool]) -> ScheduleRow:
    for is_failure in ends:
        row = after_failure(tx, row, code) if is_failure else replace(row, failures=0)
    return row


def after_failure(tx: Transaction, row: ScheduleRow, code: str | None) -> ScheduleRow:
    """The schedule after one more failure in a row: it pauses where these are enough, and gives up what is due from its ``next_at`` on."""
    after = replace(row, failures=row.failures + 1)
    most: int | None = row.said.facts.get("pauseAfter")
    if most is None or after.failures < most or not row.enabled:
        return after
    many = "A run has" if after.failures == 1 else f"{after.failures} runs in a row have"
    message = f"{many} failed, so the schedule {row.label} is paused. Mend the cause, then: tickwire schedules enable {row.public_id}"
    about: dict[str, Any] = {"failures": after.failures, "message": message, "pausedAt": to_wire(tx.now)}
    told(tx, "schedule:paused", row, code, reason="failures", **about)
    give_up(tx, row, code, PAUSED)
    return paused(after, "failures")

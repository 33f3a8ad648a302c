"""What the log tells of schedules: what people change, and due times for which nothing runs."""

from typing import Any, Final

from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.times import to_wire

from ..core.actions import KIND as ACTION
from ..core.actors import SYSTEM, Actor
from ..core.due_times import Skip, left_out
from ..core.missed import MOST_COUNTED, why
from ..core.schedules import ScheduleRow
from ..store import schedules as sql
from ..store.runs import Ended
from ..store.schedules import Slot
from ..store.transaction import NewEvent, Transaction
from . import health
from .changes import context_of, tell

LONGEST_SAID: Final = 1_000
"""Characters of why there was no job that history keeps."""


def say(
    tx: Transaction,
    actor: Actor,
    topic: str,
    row: ScheduleRow,
    code: str | None,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    **more: Any,
) -> NewEvent:
    """Somebody has changed a schedule: an event, and a line of the audit."""
    return tell(tx, actor, topic, row.public_id, {**about(row, code), **more}, before=before, after=after)


def about(row: ScheduleRow, code: str | None) -> dict[str, Any]:
    """What every event about a schedule tells."""
    found = {
        "schedule": row.public_id,
        "name": row.label,
        "definition": code,
        "actionId": None if row.action_id is None else encode(ACTION, row.action_id),
    }
    return {name: value for name, value in found.items() if value is not None}


def told(
    tx: Transaction,
    topic: str,
    row: ScheduleRow,
    code: str | None,
    *,
    by: str = SYSTEM,
    **payload: Any,
) -> None:
    """Time has changed a schedule, or what keeps it, of which the audit has a line already."""
    context = context_of(tx, tx.space(row.space_id), by)
    body = {
        "topic": topic,
        "domain": "schedule",
        "context": context,
        "payload": {**about(row, code), **payload},
    }
    tx.append(NewEvent(row.space_id, topic, None, terminal=False, body=body))


def skipped(
    tx: Transaction, row: ScheduleRow, code: str | None, skip: Skip, message: str | None = None
) -> None:
    """Nothing runs for these due times: kept for history, and told."""
    _keep(tx, row, skip, "skipped", message)
    told(tx, "schedule:skipped", row, code, **_payload(skip, message))


def give_up(tx: Transaction, row: ScheduleRow, code: str | None, reason: str) -> None:
    """What was due by now and did not run yet never will: to be done before a schedule is aimed anew, paused or removed.

    Where it was asleep, that is why.
    """
    if row.queued_at is not None:
        skipped(tx, row, code, Skip(row.queued_at, row.queued_at, 1, reason))
    if row.next_at is None or row.next_at > tx.now:
        return
    known = sql.dealt_with(tx.connection, {row.id: row.next_at}).get(row.id, ())
    for skip in left_out(row.said.occurrences, row.asleep or reason, row.next_at, tx.now, known):
        skipped(tx, row, code, skip)


def failed(
    tx: Transaction, row: ScheduleRow, code: str | None, skip: Skip, message: str | None = None
) -> None:
    """No job could be made for this due time: kept for history, and told."""
    _keep(tx, row, skip, "failed", message)
    if row.definition_id is not None:
        head = {} if code is None else {"definition": code}
        said = message or why(skip.reason)
        health.turn(tx, Ended(row.definition_id, row.space_id, is_success=False, head=head, message=said))
    told(tx, "schedule:failed", row, code, **_payload(skip, message))


def _keep(tx: Transaction, row: ScheduleRow, skip: Skip, result: str, message: str | None) -> None:
    slot = Slot(
        schedule_id=row.id,
        due_at=skip.due_at,
        space_id=row.space_id,
        definition_id=row.definition_id,
        at=tx.now,
        result=result,
        reason=skip.reason,
        times=skip.times,
        until_at=_until(skip),
        name=row.label,
        said=None if message is None else message[:LONGEST_SAID],
    )
    tx.insert("slot", sql.SLOT, slot)


def _until(skip: Skip) -> int | None:
    return skip.until_at if skip.until_at != skip.due_at else None


def _payload(skip: Skip, message: str | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "dueAt": to_wire(skip.due_at),
        "reason": skip.reason,
        "message": message or why(skip.reason),
        "count": skip.times,
    }
    if _until(skip) is not None:
        found |= {"untilAt": to_wire(skip.until_at), "countIsLeast": skip.times >= MOST_COUNTED}
    return found

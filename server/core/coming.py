"""The due times of a schedule that lie ahead, as a calendar shows them."""

from itertools import islice, takewhile
from typing import Any, Final

from listener_sdk.protocol.times import to_wire

from .occurrences import Occurrence, Occurrences
from .schedules import ScheduleRow

MOST: Final = 100


def coming(row: ScheduleRow, state: str, until: int) -> dict[str, Any]:
    """``due`` and ``dueMore`` of a schedule: what it is due at up to an instant in milliseconds; nothing unless its state is ``active``."""
    if state != "active" or row.next_at is None:
        return {"due": []}
    occurrences = row.said.occurrences
    ahead = takewhile(lambda one: one.at <= until, occurrences.each(row.next_at - 1))
    found = [_shown(one, occurrences) for one in islice(ahead, MOST)]
    more = {"dueMore": True} if next(ahead, None) is not None else {}
    return {"due": found, **more}


def _shown(one: Occurrence, occurrences: Occurrences) -> dict[str, Any]:
    shown: dict[str, Any] = {"utc": to_wire(one.at), "local": occurrences.local(one.at)}
    return shown | ({"note": one.note} if one.note else {}) | ({"skipped": True} if one.skip else {})

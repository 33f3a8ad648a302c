"""What else is due in the minute in which something is, and which minute near it is free."""

from collections import Counter
from collections.abc import Iterable
from itertools import takewhile
from typing import Any, Final

from listener_sdk.protocol.times import to_wire

from .occurrences import Occurrences
from .zones import Zone

MOST_NAMED: Final = 10
LOOKED_AHEAD: Final = 60
"""Minutes among which a free one is sought."""
_MINUTE_MS: Final = 60_000


def crowd(others: Iterable[tuple[str, Occurrences]], at: int, zone: Zone) -> dict[str, Any]:
    """``Neighbours`` of a due time in milliseconds: of the others, by their names, those that run in its minute."""
    minute = at // _MINUTE_MS
    busy: Counter[int] = Counter()
    names = []
    for name, occurrences in others:
        minutes = _minutes(occurrences, minute)
        busy.update(minutes)
        if minute in minutes:
            names.append(name)
    free = (
        next((one for one in range(minute + 1, minute + LOOKED_AHEAD) if not busy[one]), None)
        if names
        else None
    )
    return {"count": len(names), "names": sorted(names)[:MOST_NAMED], "free": _shown(free, zone)}


def _minutes(occurrences: Occurrences, first: int) -> set[int]:
    end = (first + LOOKED_AHEAD) * _MINUTE_MS
    coming = takewhile(lambda one: one.at < end, occurrences.each(first * _MINUTE_MS - 1))
    return {one.at // _MINUTE_MS for one in coming if one.skip is None}


def _shown(minute: int | None, zone: Zone) -> dict[str, str] | None:
    if minute is None:
        return None
    return {"utc": to_wire(minute * _MINUTE_MS), "local": zone.shown(minute * 60)}

"""What else is due in the minute in which something is, and which minute near it is free."""

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
    free = set(range(minute + 1, minute + LOOKED_AHEAD))
    names = []
    for name, occurrences in others:
        busy = _minutes(occurrences, {minute, *free})
        if minute in busy:
            names.append(name)
        free -= busy
    found = min(free, default=None) if names else None
    return {"count": len(names), "names": sorted(names)[:MOST_NAMED], "free": _shown(found, zone)}


def _minutes(occurrences: Occurrences, among: set[int]) -> set[int]:
    """Those of some minutes in which it runs: one look at each, however many due times it has."""
    found: set[int] = set()
    minute, last = min(among), max(among)
    while minute <= last:
        one = occurrences.after(minute * _MINUTE_MS - 1)
        if one is None:
            break
        at = one.at // _MINUTE_MS
        if at in among and (one.skip is None or _runs(occurrences, at)):
            found.add(at)
        minute = next((later for later in sorted(among) if later > at), last + 1)
    return found


def _runs(occurrences: Occurrences, minute: int) -> bool:
    end = (minute + 1) * _MINUTE_MS
    in_time = takewhile(lambda one: one.at < end, occurrences.each(minute * _MINUTE_MS - 1))
    return any(one.skip is None for one in in_time)


def _shown(minute: int | None, zone: Zone) -> dict[str, str] | None:
    if minute is None:
        return None
    return {"utc": to_wire(minute * _MINUTE_MS), "local": zone.shown(minute * 60)}

"""Who of several may do how much at once, of a number that all of them share."""

from collections.abc import Collection, Hashable, Mapping
from heapq import heapify, heappop, heappush
from typing import TypeVar

Who = TypeVar("Who", bound=Hashable)


def shares(limit: int, held: Mapping[Who, int], hungry: Collection[Who]) -> dict[Who, int]:
    """How much each may have, alike for all who are ``hungry``; who is not gets room for one more than it has.

    Who has more than that may have so much less from now on, but what is ``held`` is not taken away: others get theirs as it becomes
    free, so that what is held and what may be had are never more than ``limit`` together. Among equals those who come first in
    ``held`` are served first.
    """
    wanted = {who: limit if who in hungry else count + 1 for who, count in held.items()}
    fair = _dealt(limit, dict.fromkeys(held, 0), wanted)
    low = {who: min(count, fair[who]) for who, count in held.items()}
    free = limit - sum(held.values())
    return _dealt(free, low, {who: low[who] if held[who] > low[who] else fair[who] for who in held})


def _dealt(count: int, have: Mapping[Who, int], most: Mapping[Who, int]) -> dict[Who, int]:
    """What each has when so many are dealt, one by one to who has least, and to nobody more than its most."""
    found = dict(have)
    order = [(had, place, who) for place, (who, had) in enumerate(have.items()) if had < most[who]]
    heapify(order)
    for _ in range(count):
        if not order:
            break
        had, place, who = heappop(order)
        found[who] = had + 1
        if had + 1 < most[who]:
            heappush(order, (had + 1, place, who))
    return found

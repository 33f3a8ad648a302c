"""Who of several may do how much at once, of a number that all of them share."""

from collections.abc import Collection, Hashable, Mapping
from heapq import heapify, heappop, heappush
from typing import TypeVar

Who = TypeVar("Who", bound=Hashable)


def shares(limit: int, held: Mapping[Who, int], hungry: Collection[Who]) -> dict[Who, int]:
    """How much each may have: what it has, and of what is free as much as makes all alike.

    Those who are not ``hungry`` get room for one more, so that they can begin. Among equals those who come first in ``held`` are served
    first. What is given out and what is held are never more than ``limit`` together, unless more is held already.
    """
    found = dict(held)
    order = [(count, place, who) for place, (who, count) in enumerate(held.items())]
    heapify(order)
    for _ in range(limit - sum(held.values())):
        if not order:
            break
        count, place, who = heappop(order)
        found[who] = count + 1
        if who in hungry:
            heappush(order, (count + 1, place, who))
    return found

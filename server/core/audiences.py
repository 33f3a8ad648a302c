"""Who takes jobs of which queue: the fleets, found by names or globs, and the turns of their sessions."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from .fleets import Fleet, Taker, Tests, Wish, tests_for
from .waiting import Key

LARGEST_CACHE: Final = 10_000
"""Queues whose audience is remembered: clients choose the names, so their number has no end."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who takes jobs of a queue, in turn. ``filtered`` is whether some of them look at more than the name."""

    fleets: list[tuple[Fleet, Tests]] = field(default_factory=list)
    turns: deque[tuple[Taker, Fleet, Tests]] = field(default_factory=deque)
    filtered: bool = False


_NOBODY: Final = Audience()


class Audiences:
    """All fleets, and the audience of each queue. A fleet is there while it has members."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._fleets: dict[tuple[int, tuple[Wish, ...]], Fleet] = {}
        self._fleet_of: dict[str, Fleet] = {}
        self._named: dict[Key, dict[int, Fleet]] = {}
        """Those whose names are no globs, by each of them and by number."""
        self._globbed: dict[int, dict[int, Fleet]] = {}
        """The others, by space."""
        self._known: dict[Key, Audience] = {}

    def __iter__(self) -> Iterator[Fleet]:
        return iter(self._fleets.values())

    def fleet(self, taker: Taker) -> Fleet:
        """The fleet of a session that was added."""
        return self._fleet_of[taker.holder]

    def add(self, taker: Taker) -> bool:
        """Another session; whether it makes a new fleet."""
        self._known.clear()
        fleet = self._fleets.get((taker.space_id, taker.wishes))
        new = fleet is None
        if fleet is None:
            fleet = Fleet(next(self._numbers), taker.space_id, taker.wishes)
            self._fleets[taker.space_id, taker.wishes] = fleet
            for where, what in self._places(fleet):
                where.setdefault(what, {})[fleet.number] = fleet
        fleet.members[taker.holder] = taker
        self._fleet_of[taker.holder] = fleet
        return new

    def remove(self, taker: Taker) -> Fleet:
        """A session goes; the fleet that it was of."""
        self._known.clear()
        fleet = self._fleet_of.pop(taker.holder)
        del fleet.members[taker.holder]
        fleet.roomy.discard(taker.holder)
        if not fleet.members:
            self._forget(fleet)
        return fleet

    def of(self, key: Key) -> Audience:
        """The audience of a queue. Its turns go on while nobody comes or goes."""
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= LARGEST_CACHE:
                self._known.clear()
            found = self._known[key] = self._find(key)
        return found

    def _find(self, key: Key) -> Audience:
        candidates = [*self._named.get(key, {}).values(), *self._globbed.get(key[0], {}).values()]
        fleets = [(fleet, tests) for fleet in candidates if (tests := tests_for(fleet.wishes, key[1]))]
        if not fleets:
            return _NOBODY
        turns = ((taker, fleet, tests) for fleet, tests in fleets for taker in fleet.members.values())
        return Audience(fleets, deque(turns), any(None not in tests for _, tests in fleets))

    def _forget(self, fleet: Fleet) -> None:
        del self._fleets[fleet.space_id, fleet.wishes]
        for where, what in self._places(fleet):
            del where[what][fleet.number]
            if not where[what]:
                del where[what]

    def _places(self, fleet: Fleet) -> list[tuple[dict[Any, dict[int, Fleet]], Any]]:
        """Where the fleet is found: in which table, under what."""
        if fleet.names is None:
            return [(self._globbed, fleet.space_id)]
        return [(self._named, (fleet.space_id, name)) for name in fleet.names]

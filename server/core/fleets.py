"""Sessions of one space with the same wishes, and where to look for their next job.

What one of them would take, all of them would: so a waiting queue is matched with their wishes once, and a job that
their filter refuses is not looked at again, however many they are and however often one of them gets room.
"""

from bisect import insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import Any, Final

from listener_sdk.protocol.filters import Filter, any_passes, compile_job_name
from listener_sdk.protocol.globs import Globs, is_glob

from .built_in import is_own
from .waiting import FIRST, Key, Place, before

Tests = tuple[Filter | None, ...]
"""Of the wishes that name a job: it must pass one of them, and passes None."""

MOST_BEHIND: Final = 1_000
"""Places behind a search that are remembered; with more of them it goes back."""
FIRST_PAGE: Final = 16
"""Jobs that a search reads first."""
_SPARE: Final = 64


@dataclass(frozen=True, slots=True)
class Wish:
    """Names that a taker serves (a glob), and the filter that a job's ``job:ready`` must pass.

    ``own`` wishes are those of the server itself: they alone name jobs of its domain, and no others.

    Refusal ``bad_filter`` for a glob with too many wildcards.
    """

    pattern: str
    test: Filter | None = None
    own: bool = False
    names: Globs = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", compile_job_name(self.pattern))

    def takes(self, name: str) -> bool:
        """Whether it names this job."""
        return is_own(name) is self.own and self.names(name)


@dataclass(slots=True)
class Taker:
    """A connected listener session. What it holds counts as leases, whether or not their jobs were acknowledged."""

    holder: str
    connection: int
    space_id: int
    credit: int = 0
    wishes: tuple[Wish, ...] = ()

    def tests_for(self, name: str) -> Tests:
        """The tests of the wishes that name this job; empty when none does."""
        return tests_for(self.wishes, name)


def tests_for(wishes: Iterable[Wish], name: str) -> Tests:
    """The tests of the wishes that name this job; empty when none does."""
    return tuple(wish.test for wish in wishes if wish.takes(name))


def passes(tests: Tests, event: Callable[[], dict[str, Any]]) -> bool:
    """Whether a job that these tests are for passes one. ``event`` makes its ``job:ready``, where one must see it."""
    return None in tests or any_passes((test for test in tests if test is not None), event())


class Search:
    """How far a filter has looked through a queue.

    What waits up to ``place`` does not pass it, but for the places ``behind``, where jobs came to wait since; ``ahead``
    says whether anything may wait after it, ``end`` is the last such place if known. ``page`` is how many jobs to read next.
    """

    __slots__ = ("ahead", "behind", "end", "page", "place", "tests")

    def __init__(self, tests: Tests) -> None:
        self.tests = tests
        self.page = FIRST_PAGE
        self.place = FIRST
        self.ahead = True
        self.end: Place | None = None
        self.behind: list[Place] = []

    @property
    def next(self) -> Place | None:
        """A place before which there is nothing to look at; None when there is nothing at all."""
        if self.behind:
            return self.behind[0]
        return self.place if self.ahead else None

    def notice(self, place: Place) -> None:
        """A job came to wait there."""
        if place > self.place:
            self.ahead = True
            return
        insort(self.behind, place)
        if len(self.behind) > MOST_BEHIND:
            self.place, self.ahead, self.behind = before(self.behind[0]), True, []

    def passed(self, place: Place) -> None:
        """The first place to look at was looked at: its job is taken, does not pass, or waits no more."""
        if self.behind:
            self.behind.remove(place)
        else:
            self.place = place
            self.ahead = place != self.end

    def reads(self, places: list[Place], *, whole: bool) -> None:
        """These places are looked at next; ``whole`` when nothing waits behind them."""
        self.end = places[-1] if whole and places else None
        self.ahead = bool(places)

    def turn_page(self, *, again: bool, largest: int) -> None:
        """Fit the page to what is looked at in one batch: larger when it was too small for this one."""
        self.page = min(2 * self.page, largest) if again else max(self.page // 2, FIRST_PAGE)


class Fleet:
    """Sessions with the same wishes. ``members`` are all of them, ``roomy`` those that could take a job now.

    For each queue in which there is something to look at it knows a place before which there is nothing, and the least
    of these at once. ``coming`` are the names of queues that are still to be matched with the wishes.
    """

    def __init__(self, number: int, space_id: int, wishes: tuple[Wish, ...]) -> None:
        self.number = number
        self.space_id = space_id
        self.wishes = wishes
        self.members: dict[str, Taker] = {}
        self.roomy: set[str] = set()
        self.begin([])

    def begin(self, names: list[str]) -> None:
        """Begin anew: these are the names of the queues."""
        self.coming = names
        self.searches: dict[Key, Search] = {}
        """Of the queues that are filtered."""
        self._places: dict[Key, Place] = {}
        self._heap: list[tuple[Place, Key]] = []

    @property
    def names(self) -> list[str] | None:
        """The names that it serves; None when some of them are globs."""
        names = list(dict.fromkeys(wish.pattern for wish in self.wishes))
        return None if any(map(is_glob, names)) else names

    @property
    def pending(self) -> bool:
        """Whether there is something to look at."""
        return bool(self._places or self.coming)

    @property
    def next(self) -> tuple[Place, Key] | None:
        """The queue to look at next, and its place."""
        while self._heap:
            place, key = self._heap[0]
            if self._places.get(key) == place:
                return place, key
            heappop(self._heap)
        return None

    def notice(self, key: Key, tests: Tests, place: Place) -> None:
        """A job waits there, in a queue that these wishes name."""
        if None not in tests:
            search = self.searches.get(key)
            if search is None:
                self.searches[key] = Search(tests)
            else:
                search.notice(place)
        known = self._places.get(key)
        if known is None or place < known:
            self.move(key, place)

    def move(self, key: Key, place: Place | None) -> None:
        """In this queue there is nothing to look at before this place, or nothing at all."""
        if place is None:
            self._places.pop(key, None)
            return
        self._places[key] = place
        heappush(self._heap, (place, key))
        if len(self._heap) > 2 * len(self._places) + _SPARE:
            self._heap = [(place, key) for key, place in self._places.items()]
            heapify(self._heap)

    def drop(self, key: Key) -> None:
        """Nothing waits in the queue any more."""
        self._places.pop(key, None)
        self.searches.pop(key, None)

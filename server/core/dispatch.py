"""Who gets a ready job: takers with free credit, round robin. In memory, and rebuilt from the leases in the store."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from listener_sdk.protocol.filters import job_name_matches

Key = tuple[int, str]
"""A queue: a space and a job's name."""
Test = Callable[[dict[str, Any]], bool]

LARGEST_CACHE: Final = 10_000
"""Names of jobs that are remembered: clients choose them, so their number has no end."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Names that a taker serves (a glob), and the filter that a job's ``job:ready`` must pass."""

    pattern: str
    test: Test | None = None


@dataclass(slots=True)
class Taker:
    """A connected listener session. ``held`` counts its leases, whether or not their jobs were acknowledged."""

    holder: str
    connection: int
    space_id: int
    credit: int = 0
    wishes: tuple[Wish, ...] = ()
    tests: dict[str, tuple[Test | None, ...]] = field(default_factory=dict)

    def tests_for(self, name: str) -> tuple[Test | None, ...]:
        """The tests of the wishes that name this job; empty when none does."""
        found = self.tests.get(name)
        if found is None:
            found = tuple(wish.test for wish in self.wishes if job_name_matches(wish.pattern, name))
            if len(self.tests) >= LARGEST_CACHE:
                self.tests.clear()
            self.tests[name] = found
        return found


class Dispatch:
    """All takers, how many leases each holder has, and which queues have a backlog that must be looked at."""

    def __init__(self) -> None:
        self.takers: dict[str, Taker] = {}
        self.held: dict[str, int] = {}
        self.backlog: set[Key] = set()
        self.look: set[Key] = set()
        self.anew: set[Key] = set()
        """Queues that somebody got room for since the search through them began."""
        self.silent: set[str] = set()
        """Connected holders that let a lease run out: they get nothing until they say something."""
        self._turns: dict[Key, deque[Taker]] = {}

    def load(self, held: Iterable[tuple[str, int]], backlog: Iterable[Key]) -> None:
        """Begin anew from the store: leases by holder, and the queues in which jobs wait."""
        self.held = dict(held)
        self.backlog = set(backlog)
        self.look = set(self.backlog)
        self.anew = set(self.backlog)

    def join(self, taker: Taker) -> None:
        """A session is there; an older connection of it is forgotten."""
        self.takers[taker.holder] = taker
        self.silent.discard(taker.holder)
        self._turns.clear()
        self._look_for(taker)

    def leave(self, holder: str, connection: int | None) -> None:
        """A connection ended (None: whichever the session had): it gets nothing more, and keeps its leases."""
        taker = self.takers.get(holder)
        if taker is not None and connection in {None, taker.connection}:
            del self.takers[holder]
            self.silent.discard(holder)
            self._turns.clear()

    def free(self, taker: Taker) -> int:
        """How many more leases it takes."""
        if taker.holder in self.silent:
            return 0
        return taker.credit - self.held.get(taker.holder, 0)

    def silence(self, holder: str) -> None:
        """A connected session did not answer for its lease: it may hang, so jobs go to others."""
        if holder in self.takers:
            self.silent.add(holder)

    def heard(self, holder: str) -> None:
        """The session has said something: it gets jobs again."""
        self.silent.discard(holder)
        taker = self.takers.get(holder)
        if taker is not None:
            self._look_for(taker)

    def taken(self, holder: str) -> None:
        """A lease was given."""
        self.held[holder] = self.held.get(holder, 0) + 1

    def given_back(self, holder: str) -> None:
        """A lease ended: there is room for another."""
        left = self.held.get(holder, 0) - 1
        if left > 0:
            self.held[holder] = left
        else:
            self.held.pop(holder, None)
        taker = self.takers.get(holder)
        if taker is not None and self.backlog:
            self._look_for(taker)

    def waits(self, key: Key) -> None:
        """A job waits in this queue that no taker of now could take."""
        self.backlog.add(key)

    def done(self, key: Key, *, empty: bool) -> None:
        """The queue was looked at; with ``empty`` nothing waits there any more."""
        self.look.discard(key)
        self.anew.discard(key)
        if empty:
            self.backlog.discard(key)

    def choose(self, key: Key, event: Callable[[], dict[str, Any]]) -> Taker | None:
        """The next taker in turn with free credit whose filter lets the job pass, or None."""
        turns = self._interested(key)
        for _ in range(len(turns)):
            taker = turns[0]
            turns.rotate(-1)
            if self.free(taker) > 0 and self._passes(taker, key[1], event):
                return taker
        return None

    def room(self, key: Key) -> int:
        """How many jobs of this queue could be taken now, filters aside."""
        return sum(max(0, self.free(taker)) for taker in self._interested(key))

    def filtered(self, key: Key) -> bool:
        """Whether some taker of this queue looks at more than the name."""
        return any(None not in taker.tests_for(key[1]) for taker in self._interested(key))

    def _passes(self, taker: Taker, name: str, event: Callable[[], dict[str, Any]]) -> bool:
        tests = taker.tests_for(name)
        return None in tests or any(test(event()) for test in tests if test is not None)

    def _interested(self, key: Key) -> deque[Taker]:
        turns = self._turns.get(key)
        if turns is None:
            space_id, name = key
            turns = deque(t for t in self.takers.values() if t.space_id == space_id and t.tests_for(name))
            if len(self._turns) >= LARGEST_CACHE:
                self._turns.clear()
            self._turns[key] = turns
        return turns

    def _look_for(self, taker: Taker) -> None:
        if self.free(taker) > 0:
            found = {k for k in self.backlog if k[0] == taker.space_id and taker.tests_for(k[1])}
            self.look |= found
            self.anew |= found

"""Who gets a ready job: takers with free credit, round robin. In memory, and rebuilt from the store.

What an act costs depends on the sessions that it concerns and on what they may take, never on how much else waits: a
queue is matched with the wishes of each fleet once, and each fleet knows where to look for its next job.
"""

from collections.abc import Callable, Iterable
from typing import Any

from .audiences import Audiences
from .fleets import Fleet, Taker, passes, tests_for
from .waiting import FIRST, Key, Place, Queue, Waiting


class Dispatch:
    """All takers, how many leases each holder has, which jobs wait, and which fleets have something to look at."""

    def __init__(self) -> None:
        self.takers: dict[str, Taker] = {}
        self.held: dict[str, int] = {}
        self.waiting = Waiting()
        self.look: dict[int, Fleet] = {}
        """Fleets with room, by number, that have not looked at all that waits for them."""
        self.doubtful: set[Key] = set()
        """Queues of which a job could not be claimed, since another server has it, or may give it back."""
        self.silent: set[str] = set()
        """Connected holders that let a lease run out: they get nothing until they say something."""
        self.drained: set[str] = set()
        """Holders, connected or not, that get nothing because somebody has said so."""
        self._audiences = Audiences()

    def load(
        self,
        held: Iterable[tuple[str, int]],
        queues: Iterable[tuple[Key, Place]],
        drained: Iterable[str] = (),
    ) -> None:
        """Begin anew from the store: leases by holder, the queues as `Waiting` takes them, and who was drained.

        Nobody stays silent, since it is not known who was told of the lease that it lost.
        """
        self.held = dict(held)
        self.waiting.load(queues)
        self.drained = set(drained)
        self.silent.clear()
        self.doubtful.clear()
        self.look.clear()
        for fleet in self._audiences:
            fleet.begin(self._names(fleet))
            fleet.roomy.clear()
        for holder in self.takers:
            self._weigh(holder)

    # ---- who is there

    def join(self, taker: Taker) -> None:
        """A session is there, with these wishes and this credit; an older connection of it is forgotten."""
        self.silent.discard(taker.holder)
        older = self.takers.get(taker.holder)
        if older is not None and (older.space_id, older.wishes) == (taker.space_id, taker.wishes):
            # Its place in the turns stays, and nothing is matched again.
            older.connection, older.credit = taker.connection, taker.credit
        else:
            if older is not None:
                self._remove(older)
            self.takers[taker.holder] = taker
            if self._audiences.add(taker):
                fleet = self._audiences.fleet(taker)
                fleet.begin(self._names(fleet))
        self._weigh(taker.holder)

    def leave(self, holder: str, connection: int | None) -> None:
        """A connection ended (None: whichever the session had): it gets nothing more, and keeps its leases."""
        taker = self.takers.get(holder)
        if taker is not None and connection in {None, taker.connection}:
            self._remove(taker)
            self.silent.discard(holder)

    def silence(self, holder: str) -> None:
        """A connected session did not answer for its lease: it may hang, so jobs go to others."""
        if holder in self.takers:
            self.silent.add(holder)
            self._weigh(holder)

    def heard(self, holder: str) -> None:
        """The session has said something: it gets jobs again."""
        self.silent.discard(holder)
        self._weigh(holder)

    def drain(self, holder: str) -> None:
        """The session gets nothing more, now and when it comes again, until it is resumed."""
        self.drained.add(holder)
        self._weigh(holder)

    def resume(self, holder: str) -> None:
        """It gets jobs again."""
        self.drained.discard(holder)
        self._weigh(holder)

    # ---- leases

    def free(self, taker: Taker) -> int:
        """How many more leases it takes."""
        if taker.holder in self.silent or taker.holder in self.drained:
            return 0
        return taker.credit - self.held.get(taker.holder, 0)

    def taken(self, holder: str) -> None:
        """A lease was given."""
        self.held[holder] = self.held.get(holder, 0) + 1
        self._weigh(holder)

    def given_back(self, holder: str) -> None:
        """A lease ended: there is room for another."""
        left = self.held.get(holder, 0) - 1
        if left > 0:
            self.held[holder] = left
        else:
            self.held.pop(holder, None)
        self._weigh(holder)

    def holds(self, holder: str, count: int) -> None:
        """The session has so many leases, as the store says."""
        self.held.pop(holder, None)
        if count:
            self.held[holder] = count
        self._weigh(holder)

    # ---- jobs

    def enter(self, key: Key, place: Place) -> None:
        """A job waits from now on."""
        self.waiting.enter(key, place)
        self._notice(key, place)

    def find(self, key: Key, place: Place) -> None:
        """Jobs wait in a queue that was not known, none before this place."""
        self.waiting.find(key, place)
        self._notice(key, place)

    def doubt(self, key: Key) -> None:
        """What waits in this queue is to be read anew."""
        queue = self.waiting.queue(key)
        if queue is not None:
            self.waiting.doubt(queue)
        else:
            self.waiting.find(key, FIRST)
        self._notice(key, FIRST)

    def take_doubtful(self) -> set[Key]:
        """The queues to look at again; they are doubtful no more."""
        found, self.doubtful = self.doubtful, set()
        return found

    def _notice(self, key: Key, place: Place) -> None:
        for fleet, tests in self._audiences.of(key).fleets:
            fleet.notice(key, tests, place)
            self._looks(fleet)

    def depart(self, key: Key, place: Place) -> None:
        """A job waits no more."""
        if self.waiting.leave(key, place):
            self._drop(key)

    def _drop(self, key: Key) -> None:
        for fleet, _ in self._audiences.of(key).fleets:
            fleet.drop(key)
            self._looks(fleet)

    def fill(self, queue: Queue, places: list[Place]) -> None:
        """The first places of a queue, from the store: as many as its ``page``, or all there are."""
        if self.waiting.fill(queue, places):
            self._drop(queue.key)

    def filtered(self, key: Key) -> bool:
        """Whether some taker of this queue looks at more than the name."""
        return self._audiences.of(key).filtered

    def choose(self, key: Key, event: Callable[[], dict[str, Any]]) -> Taker | None:
        """The next taker in turn with free credit whose filter lets the job pass, or None."""
        turns = self._audiences.of(key).turns
        for _ in range(len(turns)):
            taker, fleet, tests = turns[0]
            turns.rotate(-1)
            if taker.holder in fleet.roomy and not fleet.coming and passes(tests, event):
                return taker
        return None

    # ---- where to look

    def ready(self, most: int) -> list[Fleet]:
        """The fleets that may look now. Those that have come are matched first, with ``most`` wishes and names at most."""
        for fleet in list(self.look.values()):
            while fleet.coming and most > 0:
                most -= max(1, len(fleet.wishes))
                self._introduce(fleet, (fleet.space_id, fleet.coming.pop()))
            self._looks(fleet)
        return [fleet for fleet in self.look.values() if not fleet.coming]

    def moved(self, fleet: Fleet, key: Key, place: Place | None) -> None:
        """The fleet has looked at this queue: there is nothing for it before this place, or nothing at all."""
        fleet.move(key, place)
        self._looks(fleet)

    def _introduce(self, fleet: Fleet, key: Key) -> None:
        queue = self.waiting.queue(key)
        if queue is not None and (tests := tests_for(fleet.wishes, key[1])):
            fleet.notice(key, tests, queue.first)

    def _names(self, fleet: Fleet) -> list[str]:
        """The names of queues that are to be matched with a fleet."""
        if fleet.names is None:
            return self.waiting.names(fleet.space_id)
        return [name for name in fleet.names if self.waiting.queue((fleet.space_id, name))]

    def _remove(self, taker: Taker) -> None:
        del self.takers[taker.holder]
        self._looks(self._audiences.remove(taker))

    def _weigh(self, holder: str) -> None:
        """The room of a session may have changed."""
        taker = self.takers.get(holder)
        if taker is None:
            return
        roomy = self._audiences.fleet(taker).roomy
        if (self.free(taker) > 0) != (holder in roomy):
            roomy ^= {holder}
            self._looks(self._audiences.fleet(taker))

    def _looks(self, fleet: Fleet) -> None:
        """Whether the fleet has something to look at may have changed."""
        if fleet.roomy and fleet.pending:
            self.look[fleet.number] = fleet
        else:
            self.look.pop(fleet.number, None)

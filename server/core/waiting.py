"""The jobs that wait, by queue: where the first of them stand, and whether there are more. In memory; the store is the truth.

Of a queue only the first places are kept. So memory is bounded by the names that really wait, and to find the next job
of a queue seldom needs the store. Where several servers share a store, a place may be gone when it is claimed, and each
reading sets right what was believed of the queue.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from typing import Final

from listener_sdk.protocol.lifecycle import Status

from .jobs import JobRow

Key = tuple[int, str]
"""A queue: a space and a job's name."""
Place = tuple[int, int]
"""Where a job stands in the order of claiming: (-priority, id), the smallest first."""

FIRST: Final[Place] = (-(2**62), 0)
"""No job stands before this place."""
MOST_HEADS: Final = 512
"""Places of one queue that are kept."""
MOST_PLACES: Final = 100_000
"""Places of all queues that are kept: some 10 MiB."""
_FIRST_PAGE: Final = 8


def place_of(row: JobRow) -> Place:
    """Where the job stands when it waits."""
    return (-row.priority, row.id)


def waits(row: JobRow) -> bool:
    """Whether the job is ready and nobody holds it."""
    return row.holder is None and row.status == Status.READY


def before(place: Place) -> Place:
    """The place just before this one."""
    return (place[0], place[1] - 1)


class Queue:
    """Jobs of one key that wait.

    ``heads`` are the places of the first of them; all others stand behind ``edge``, and are there only while ``more``, which
    says that there may be some.
    """

    __slots__ = ("edge", "heads", "key", "more", "page")

    def __init__(self, key: Key, edge: Place, *, more: bool) -> None:
        self.key = key
        self.edge = edge
        self.more = more
        self.heads: list[Place] = []
        self.page = _FIRST_PAGE
        """How many places to ask the store for: twice as many each time."""

    @property
    def first(self) -> Place:
        """Where the first job stands; without heads, a place that is before it."""
        return self.heads[0] if self.heads else self.edge

    def enter(self, place: Place) -> None:
        if (self.more and place > self.edge) or self.knows(place):
            return
        insort(self.heads, place)
        self.edge = max(self.edge, place)
        if len(self.heads) > MOST_HEADS:
            self.heads.pop()
            self.edge, self.more = self.heads[-1], True

    def leave(self, place: Place) -> None:
        if self.knows(place):
            del self.heads[bisect_left(self.heads, place)]

    def knows(self, place: Place) -> bool:
        """Whether this is one of the heads."""
        at = bisect_left(self.heads, place)
        return at < len(self.heads) and self.heads[at] == place

    def fill(self, places: list[Place]) -> None:
        """Take over the first places from the store: as many as ``page`` asked for, or all there are."""
        self.more = len(places) >= self.page
        self.heads = places
        self.edge = places[-1] if places else self.edge
        self.page = min(2 * self.page, MOST_HEADS)

    def doubt(self) -> None:
        """Whatever was believed may be wrong."""
        self.heads, self.edge, self.more = [], FIRST, True

    def forget(self) -> None:
        """Keep no places."""
        if self.heads:
            self.edge, self.more = before(self.heads[0]), True
        self.heads = []
        self.page = _FIRST_PAGE


class Waiting:
    """All queues in which a job waits."""

    def __init__(self) -> None:
        self._spaces: dict[int, dict[str, Queue]] = {}
        self._kept = 0

    def load(self, queues: Iterable[tuple[Key, Place]]) -> None:
        """Begin anew with queues, each with a place that none of its jobs stands before."""
        self._spaces = {}
        self._kept = 0
        for key, first in queues:
            self.find(key, first)

    def find(self, key: Key, first: Place) -> None:
        """In this queue a job may wait, and none before this place."""
        self._spaces.setdefault(key[0], {})[key[1]] = Queue(key, before(first), more=True)

    def queue(self, key: Key) -> Queue | None:
        """The queue, when a job waits in it."""
        return self._spaces.get(key[0], {}).get(key[1])

    def names(self, space_id: int) -> list[str]:
        """The names of all queues of a space."""
        return list(self._spaces.get(space_id, ()))

    def all_keys(self) -> set[Key]:
        """All queues in which a job may wait."""
        return {queue.key for queues in self._spaces.values() for queue in queues.values()}

    def enter(self, key: Key, place: Place) -> None:
        """A job waits from now on."""
        queues = self._spaces.setdefault(key[0], {})
        queue = queues.get(key[1])
        if queue is None:
            queue = queues[key[1]] = Queue(key, place, more=False)
        kept = len(queue.heads)
        queue.enter(place)
        self._keep(len(queue.heads) - kept)

    def leave(self, key: Key, place: Place) -> bool:
        """A job waits no more; whether no other of its queue can, which is forgotten then."""
        queue = self.queue(key)
        if queue is None:
            return False
        kept = len(queue.heads)
        queue.leave(place)
        self._kept += len(queue.heads) - kept
        return self._ended(queue)

    def fill(self, queue: Queue, places: list[Place]) -> bool:
        """The first places of a queue, from the store: as many as its ``page``, or all; whether there is none, and the queue ended."""
        kept = len(queue.heads)
        queue.fill(places)
        self._keep(len(places) - kept, queue)
        return self._ended(queue)

    def doubt(self, queue: Queue) -> None:
        """Where the jobs of a queue stand is to be read anew."""
        self._kept -= len(queue.heads)
        queue.doubt()

    def _ended(self, queue: Queue) -> bool:
        if queue.heads or queue.more:
            return False
        space_id, name = queue.key
        del self._spaces[space_id][name]
        if not self._spaces[space_id]:
            del self._spaces[space_id]
        return True

    def _keep(self, more: int, wanted: Queue | None = None) -> None:
        self._kept += more
        if self._kept <= MOST_PLACES:
            return
        for queues in self._spaces.values():
            for queue in queues.values():
                if queue is not wanted:
                    queue.forget()
        self._kept = len(wanted.heads) if wanted else 0

"""The jobs that wait, by queue: how many, and where the first of them stand. In memory, and in step with the store.

All of a queue is counted; only its first places are kept. So memory is bounded by the names that really wait, and
to find the next job of a queue seldom needs the store.
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

    ``heads`` are the places of the first of them; all others stand behind ``edge``.
    """

    __slots__ = ("count", "edge", "heads", "key", "page")

    def __init__(self, key: Key, count: int, edge: Place) -> None:
        self.key = key
        self.count = count
        self.edge = edge
        self.heads: list[Place] = []
        self.page = _FIRST_PAGE
        """How many places to ask the store for: twice as many each time."""

    @property
    def first(self) -> Place:
        """Where the first job stands; without heads, a place that is before it."""
        return self.heads[0] if self.heads else self.edge

    def enter(self, place: Place) -> None:
        whole = len(self.heads) == self.count
        self.count += 1
        if whole or place <= self.edge:
            insort(self.heads, place)
            self.edge = max(self.edge, place)
            if len(self.heads) > MOST_HEADS:
                self.heads.pop()
                self.edge = self.heads[-1]

    def leave(self, place: Place) -> None:
        self.count -= 1
        at = bisect_left(self.heads, place)
        if at < len(self.heads) and self.heads[at] == place:
            del self.heads[at]

    def fill(self, places: list[Place]) -> None:
        """Take over the first places from the store: as many as ``page`` asked for, or all there are."""
        self.heads = places
        self.edge = places[-1] if places else self.edge
        self.page = min(2 * self.page, MOST_HEADS)

    def forget(self) -> None:
        """Keep no places."""
        if self.heads:
            self.edge = before(self.heads[0])
        self.heads = []
        self.page = _FIRST_PAGE


class Waiting:
    """All queues in which a job waits."""

    def __init__(self) -> None:
        self._spaces: dict[int, dict[str, Queue]] = {}
        self._kept = 0

    def load(self, queues: Iterable[tuple[int, str, int, Place]]) -> None:
        """Begin anew with queues as (space, name, how many wait, a place that none of them stands before)."""
        self._spaces = {}
        self._kept = 0
        for space_id, name, count, first in queues:
            self._spaces.setdefault(space_id, {})[name] = Queue((space_id, name), count, before(first))

    def queue(self, key: Key) -> Queue | None:
        """The queue, when a job waits in it."""
        return self._spaces.get(key[0], {}).get(key[1])

    def names(self, space_id: int) -> list[str]:
        """The names of all queues of a space."""
        return list(self._spaces.get(space_id, ()))

    def counts(self) -> dict[Key, int]:
        """How many jobs wait, by queue."""
        return {q.key: q.count for queues in self._spaces.values() for q in queues.values()}

    def enter(self, key: Key, place: Place) -> None:
        """A job waits from now on."""
        queues = self._spaces.setdefault(key[0], {})
        queue = queues.get(key[1])
        if queue is None:
            queue = queues[key[1]] = Queue(key, 0, place)
        kept = len(queue.heads)
        queue.enter(place)
        self._keep(len(queue.heads) - kept)

    def leave(self, key: Key, place: Place) -> bool:
        """A job waits no more; whether it was the last of its queue, which is forgotten then."""
        queues = self._spaces[key[0]]
        queue = queues[key[1]]
        kept = len(queue.heads)
        queue.leave(place)
        self._kept += len(queue.heads) - kept
        if queue.count:
            return False
        del queues[key[1]]
        if not queues:
            del self._spaces[key[0]]
        return True

    def fill(self, queue: Queue, places: list[Place]) -> None:
        """The first places of a queue, from the store: as many as its ``page``, or all."""
        kept = len(queue.heads)
        queue.fill(places)
        self._keep(len(places) - kept, queue)

    def _keep(self, more: int, wanted: Queue | None = None) -> None:
        self._kept += more
        if self._kept <= MOST_PLACES:
            return
        for queues in self._spaces.values():
            for queue in queues.values():
                if queue is not wanted:
                    queue.forget()
        self._kept = len(wanted.heads) if wanted else 0

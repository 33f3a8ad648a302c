"""How many jobs may wait in a space, without counting them at every create.

After a count of c the bound cannot be passed before ``largest - c`` more creates, so the next count is due only then. A
count costs the more, the more jobs wait: one that finds less than a hundredth of the queue free is the last for a second.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from listener_sdk.protocol.codes import Refusal

RECOUNT_MS: Final = 1_000
SMALL_SHARE: Final = 100


@dataclass(slots=True)
class QueueBound:
    """The bound of every space, and what is known of each: creates that are surely free, and when it was counted."""

    largest: int = 1_000_000
    _room: dict[int, int] = field(default_factory=dict)
    _counted: dict[int, tuple[int, int]] = field(default_factory=dict)
    """When it was counted last, and how long not again."""
    _fresh: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Jobs admitted in one instant: those of a batch are not stored, and so not counted, before its end."""

    def admit(self, space_id: int, now: int, count: Callable[[], int], jobs: int = 1) -> None:
        """Take room for so many jobs together; Refusal ``queue_full`` when there is too little. ``count`` counts those that wait."""
        room = self._room_for(space_id, now, count, jobs)
        if room < jobs:
            raise self.full(max(0, room))
        self._take(space_id, now, room, jobs)

    def admit_some(self, space_id: int, now: int, count: Callable[[], int], jobs: int) -> int:
        """Take room for as many of these jobs as there is room for: how many."""
        room = self._room_for(space_id, now, count, jobs)
        taken = max(0, min(room, jobs))
        self._take(space_id, now, room, taken)
        return taken

    def full(self, room: int = 0) -> Refusal:
        """The refusal of jobs for which there is no room."""
        waiting = f"{self.largest - room} jobs wait in this space already"
        fit = f", and no more than {room} fit beside them" if room else ""
        return Refusal("queue_full", f"{waiting}{fit}: try again when some are done.")

    def _room_for(self, space_id: int, now: int, count: Callable[[], int], jobs: int) -> int:
        room = self._room.get(space_id, 0)
        if room < jobs and self._may_count(space_id, now):
            room = self.largest - count() - self._in_this_instant(space_id, now)
            pause = 1 if room * SMALL_SHARE > self.largest else RECOUNT_MS
            self._counted[space_id] = (now, pause)
            self._room[space_id] = room
        return room

    def _take(self, space_id: int, now: int, room: int, jobs: int) -> None:
        self._room[space_id] = room - jobs
        self._fresh[space_id] = (now, self._in_this_instant(space_id, now) + jobs)

    def _in_this_instant(self, space_id: int, now: int) -> int:
        instant, fresh = self._fresh.get(space_id, (now, 0))
        return fresh if instant == now else 0

    def _may_count(self, space_id: int, now: int) -> bool:
        at, pause = self._counted.get(space_id, (now - RECOUNT_MS, RECOUNT_MS))
        return abs(now - at) >= pause

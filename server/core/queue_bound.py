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

    def admit(self, space_id: int, now: int, count: Callable[[], int]) -> None:
        """Take room for one job; Refusal ``queue_full`` when there is none. ``count`` counts those that wait."""
        room = self._room.get(space_id, 0)
        instant, fresh = self._fresh.get(space_id, (now, 0))
        fresh = fresh if instant == now else 0
        if room <= 0 and self._may_count(space_id, now):
            room = self.largest - count() - fresh
            pause = 1 if room * SMALL_SHARE > self.largest else RECOUNT_MS
            self._counted[space_id] = (now, pause)
        if room <= 0:
            raise Refusal(
                "queue_full",
                f"{self.largest} jobs wait in this space already: try again when some are done.",
            )
        self._room[space_id] = room - 1
        self._fresh[space_id] = (now, fresh + 1)

    def _may_count(self, space_id: int, now: int) -> bool:
        at, pause = self._counted.get(space_id, (now - RECOUNT_MS, RECOUNT_MS))
        return abs(now - at) >= pause

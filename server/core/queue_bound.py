"""How many jobs may wait in a space, without counting them at every create.

After a count of c the bound cannot be passed before ``largest - c`` more creates, so the next count is due only then;
a full queue is counted again at most once a second.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from listener_sdk.protocol.codes import Refusal

RECOUNT_MS: Final = 1_000


@dataclass(slots=True)
class QueueBound:
    """The bound of every space, and what is known of each: creates that are surely free, and when it was counted."""

    largest: int = 1_000_000
    _room: dict[int, int] = field(default_factory=dict)
    _counted_at: dict[int, int] = field(default_factory=dict)

    def admit(self, space_id: int, now: int, count: Callable[[], int]) -> None:
        """Take room for one job; Refusal ``queue_full`` when there is none. ``count`` counts those that wait."""
        room = self._room.get(space_id, 0)
        if room <= 0:
            if now - self._counted_at.get(space_id, -RECOUNT_MS) >= RECOUNT_MS:
                room = self.largest - count()
                self._counted_at[space_id] = now
            if room <= 0:
                raise Refusal(
                    "queue_full",
                    f"{self.largest} jobs wait in this space already: try again when some are done.",
                )
        self._room[space_id] = room - 1

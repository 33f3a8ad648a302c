"""When a running job counts as stalled: no progress for much longer than its longest pause so far."""

from dataclasses import dataclass
from typing import Final

from .curve import Point

LEAST_MS: Final = 10_000
"""No pause is a stall before it has lasted so long."""
TIMES: Final = 4
"""A pause may be so many times as long as the longest before it."""


@dataclass(slots=True)
class Movement:
    """The pauses of a run. ``moved_at`` is when its percent last rose; until it first does, nothing is a stall."""

    moved_at: int
    percent: float = 0.0
    longest_ms: int = 0

    @property
    def patience_ms(self) -> int:
        """How long a pause may last."""
        return max(LEAST_MS, TIMES * self.longest_ms)

    def see(self, at: int, percent: float) -> bool:
        """Take a value; whether the run has moved.

        A pause that was a stall counts only as far as it was none: else one long stall would hide the next.
        """
        if percent <= self.percent:
            return False
        pause = at - self.moved_at
        if pause > self.longest_ms:
            self.longest_ms = min(pause, self.patience_ms) if self.percent else pause
        self.moved_at, self.percent = max(at, self.moved_at), percent
        return True

    def stalls_at(self, given_at: int | None = None) -> int | None:
        """When the run stalls if nothing moves. The handler's own estimate counts: until that has passed, it does not."""
        if self.percent <= 0:
            return None
        return max(self.moved_at, given_at or 0) + self.patience_ms


def movement(started_at: int, points: list[Point]) -> Movement:
    """The pauses of a run of which this is the curve."""
    found = Movement(started_at)
    for at, percent in points:
        found.see(at, percent)
    return found

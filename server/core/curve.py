"""The curve of a run's progress: at most 200 points, thinned as the run grows longer."""

from dataclasses import dataclass, field
from typing import Final

LARGEST: Final = 200
FIRST_STEP_MS: Final = 250

Point = tuple[int, float]
"""A time (ms) and a percent."""


@dataclass(slots=True)
class Curve:
    """Points in order of time, at least ``step_ms`` apart; the newest value is always known.

    A clock that goes back is taken to stand still.
    """

    points: list[Point] = field(default_factory=list)
    step_ms: int = FIRST_STEP_MS
    newest: Point | None = None

    def add(self, at: int, percent: float) -> None:
        """Take a value; it is kept as a point when the last kept one is a step ago."""
        if self.newest is not None:
            at = max(at, self.newest[0])
        self.newest = (at, percent)
        if not self.points or at - self.points[-1][0] >= self.step_ms:
            self.points.append((at, percent))
        if len(self.points) > LARGEST:
            self.points = self.points[::2]
            self.step_ms *= 2

    def all(self) -> list[Point]:
        """The kept points, and the newest value when it is not among them."""
        if self.newest is None or (self.points and self.points[-1] == self.newest):
            return self.points
        return [*self.points, self.newest]


def joined(older: list[Point], newer: list[Point]) -> Curve:
    """One curve of two that follow each other; points that are not newer than the last are left out."""
    curve = Curve()
    points = [*older, *newer]
    # The step of so long a run: were it to begin small again at each join, its first half would be thinned each time.
    while points and points[-1][0] - points[0][0] >= LARGEST * curve.step_ms:
        curve.step_ms *= 2
    for at, percent in points:
        if curve.newest is None or at > curve.newest[0]:
            curve.add(at, percent)
    return curve

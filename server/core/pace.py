"""How past runs of the same work went on: how long each took, and when it had reached which percent."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .curve import Point

STEPS: Final = 20
"""A run is remembered by the moments of every fifth percent."""
KEPT: Final = 8
SHORTEST_MS: Final = 2_000
"""A run that is over so soon teaches nothing."""


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run that ended well. ``gone[n]`` is the share of its time that was gone when n twentieths were done."""

    duration_ms: int
    gone: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Pace:
    """What the past runs have in common: their usual length, and when they had reached every fifth percent."""

    duration_ms: float
    gone: tuple[float, ...]

    def at(self, percent: float) -> float:
        """The share of a run's time that is gone at this percent."""
        step = min(STEPS - 1, int(percent * STEPS / 100))
        low, high = self.gone[step], self.gone[step + 1]
        return low + (high - low) * (percent * STEPS / 100 - step)


def past_run(started_at: int, ended_at: int, points: list[Point]) -> PastRun | None:
    """The run as it is remembered, or None when it was too short or told no progress."""
    duration = ended_at - started_at
    told = [point for point in points if started_at <= point[0] <= ended_at]
    if duration < SHORTEST_MS or not told or told[-1][1] <= 0:
        return None
    path = [(0.0, 0.0), *((percent, (at - started_at) / duration) for at, percent in told)]
    if told[-1][1] < 100:
        path.append((100.0, 1.0))
    percents = [percent for percent, _ in path]
    return PastRun(duration, tuple(_reached(path, percents, 100 * n / STEPS) for n in range(STEPS + 1)))


def _reached(path: list[tuple[float, float]], percents: list[float], percent: float) -> float:
    """When a percent was first reached, between the points around it."""
    place = bisect_left(percents, percent)
    after, gone = path[place]
    if place and after > percent:
        before, earlier = path[place - 1]
        gone = earlier + (gone - earlier) * (percent - before) / (after - before)
    return round(gone, 4)


def pace_of(runs: list[PastRun]) -> Pace | None:
    """What the runs have in common: of each moment the median, so that a strange run among them counts for little."""
    if not runs:
        return None
    gone = zip(*(run.gone for run in runs), strict=True)
    return Pace(_middle([run.duration_ms for run in runs]), tuple(map(_middle, gone)))


def _middle(values: Sequence[float]) -> float:
    """The median; that of `statistics` takes four times as long for so few."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def remembered(runs: list[PastRun], newest: PastRun) -> list[PastRun]:
    """The runs with the newest among them; the oldest is forgotten when there are too many."""
    return [*runs, newest][-KEPT:]

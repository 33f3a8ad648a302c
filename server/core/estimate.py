"""The estimated completion of a running job, from the rate of its ticks."""

from typing import Final

from .curve import Point

RECENT: Final = 0.3
"""The share of the run so far that counts as recent."""
LEAST_MS: Final = 300
"""Nothing is promised before the run is this old."""
LONGEST_MS: Final = 30 * 86_400_000
"""An estimate further away than this says nothing."""


def completion_at(started_at: int, points: list[Point]) -> int | None:
    """When the run will reach 100 percent (ms), or None when its ticks do not tell.

    The rate is the mean of the whole run's and of its most recent 30 percent, so that a run that slows down is
    noticed while a single late tick is not taken for a trend. ``points`` are in order of time; the last is the newest.
    """
    if not points:
        return None
    at, percent = points[-1]
    elapsed = at - started_at
    if percent >= 100:
        return at
    if percent <= 0 or elapsed < LEAST_MS:
        return None
    whole = percent / elapsed
    since, before = _at_or_before(points, at - int(elapsed * RECENT), started_at)
    recent = max(0.0, percent - before) / (at - since) if at > since else whole
    rate = (whole + recent) / 2
    if 100 - percent > rate * LONGEST_MS:  # a rate may be too small to divide by
        return None
    return at + int((100 - percent) / rate)


def _at_or_before(points: list[Point], moment: int, started_at: int) -> Point:
    for at, percent in reversed(points):
        if at <= moment:
            return at, percent
    return started_at, 0.0

"""The estimated completion of a running job, from the rate of its ticks and from past runs of the same work.

Three views of the time left are joined as a geometric mean: what the newest 30 percent of the run say (their rate goes
on), what its trend says (time grows as a power of progress: a run that slows down slows down further), and, where past
runs are known, how they went on from here. The past counts the more, the better it has told this run's way so far.
"""

from bisect import bisect_right
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Final

from .curve import Point
from .pace import Pace

RECENT: Final = 0.3
"""The share of the run so far that counts as recent."""
LEAST_MS: Final = 300
"""Nothing is promised before the run is this old."""
LONGEST_MS: Final = 30 * 86_400_000
"""An estimate further away than this says nothing."""
SLOWEST: Final = 0.05
"""The least that the recent rate counts for, as a share of the whole run's: a pause is not the end of all progress."""
MOVE: Final = 0.25
"""An estimate moves by this share of the time left at most, while the rate stays as it is."""

_TREND_POINTS: Final = 16
_TREND_FROM: Final = 0.3
_FLATTEST, _STEEPEST = 0.4, 2.0
_MARKS: Final = (0.4, 0.6, 0.8)
"""Shares of the time so far from which it is asked how well past runs would have told the way to here."""
_DOUBT: Final = 0.05
"""An error (as logarithm) below which it does not matter who was right."""
_TRUST: Final = 4.0
"""How much more past runs are trusted than the run itself, while both have told it equally well."""
_LEAST_PERCENT, _LEAST_GONE = 0.01, 0.0001
"""What is less says nothing of the way to come, nor can it be divided by."""
_LARGEST_LOG: Final = 600.0
"""A float holds no more than e to the power of about 700."""
_USUAL: Final = 0.03
"""The usual length counts as much as so great a share of the run that has been seen."""


@dataclass(frozen=True, slots=True)
class Told:
    """An estimate as it was told: when, the completion (ms, None for none), and the recent rate (percent a ms) of then."""

    at: int
    ends_at: int | None
    rate: float | None = None


def completion_at(started_at: int, points: list[Point], pace: Pace | None = None) -> int | None:
    """When the run will be over (ms), or None when its ticks do not tell. ``points`` are in order of time."""
    if not points:
        return None
    at, percent = points[-1]
    elapsed = at - started_at
    if percent <= 0 or (elapsed < LEAST_MS and percent < 100):
        return None
    left = _left(started_at, elapsed, points)
    if pace is not None and elapsed > 0:
        left = _with_past(left, started_at, elapsed, points, pace)
    return None if left > LONGEST_MS else at + round(left)


def told(previous: Told | None, started_at: int, points: list[Point], pace: Pace | None = None) -> Told:
    """The next estimate to tell after ``previous``, which it leaves by no more than ``MOVE`` of the time left then.

    Only a change of the rate moves it further, by as great a share; and what time has overtaken is told anew.
    """
    if not points:
        return previous or Told(started_at, None)
    at = points[-1][0]
    now = Told(at, completion_at(started_at, points, pace), rate(started_at, points))
    if previous is None or previous.ends_at is None or now.ends_at is None or previous.ends_at <= at:
        return now
    far = farthest_move(previous, now.rate)
    ends_at = min(max(now.ends_at, previous.ends_at - far), previous.ends_at + far)
    return Told(at, max(at, ends_at), now.rate)


def farthest_move(previous: Told, newer_rate: float | None) -> int:
    """How far (ms) the next estimate may be from the previous one, given the rate of now.

    At a steady pace the time left is as the inverse of the rate: by that share of it the rate has changed it.
    """
    if previous.ends_at is None:
        return LONGEST_MS
    share = MOVE
    if previous.rate and newer_rate:
        share = max(MOVE, abs(previous.rate / newer_rate - 1))
    return int(min(LONGEST_MS, share * (previous.ends_at - previous.at)))


def rate(started_at: int, points: list[Point]) -> float:
    """Percent a millisecond of the newest 30 percent of the run, however little has happened in them."""
    at, percent = points[-1]
    elapsed = max(1, at - started_at)
    recent = (percent - _percent_at(points, at - elapsed * RECENT, started_at)) / (elapsed * RECENT)
    return max(recent, SLOWEST * percent / elapsed)


def _left(started_at: int, elapsed: int, points: list[Point]) -> float:
    percent = points[-1][1]
    if percent >= 100:
        return 0.0
    by_rate = _bounded((100 - percent) / max(rate(started_at, points), 1e-300))
    by_trend = _bounded(
        elapsed * (exp(min(_LARGEST_LOG, log(100 / percent) * _trend(started_at, points))) - 1)
    )
    return sqrt(by_rate * by_trend)


def _bounded(left: float) -> float:
    return min(max(left, 1.0), 1e18)


def _trend(started_at: int, points: list[Point]) -> float:
    """The power of progress with which time has grown: 1 on a steady run, more on one that slows down."""
    least = points[-1][1] * _TREND_FROM
    first = bisect_right(points, least, key=lambda point: point[1])
    some = points[first :: max(1, (len(points) - first) // _TREND_POINTS)]
    steps = [(log(percent), log(at - started_at)) for at, percent in some if at > started_at and percent > 0]
    if len(steps) < 3:
        return 1.0
    x, y = sum(step[0] for step in steps) / len(steps), sum(step[1] for step in steps) / len(steps)
    width = sum((step[0] - x) ** 2 for step in steps)
    if width < 1e-6:
        return 1.0
    slope = sum((step[0] - x) * (step[1] - y) for step in steps) / width
    return min(_STEEPEST, max(_FLATTEST, slope))


def _with_past(left: float, started_at: int, elapsed: int, points: list[Point], pace: Pace) -> float:
    gone = pace.at(points[-1][1])
    if gone < _LEAST_GONE:
        return left
    length = elapsed + (1 - gone) / (_pace_rate(started_at, elapsed, points, pace) or 1)
    usual = exp((gone * log(length) + _USUAL * log(pace.duration_ms)) / (gone + _USUAL))
    weight = _weight(started_at, elapsed, points, pace)
    joined = exp(weight * log(max(usual, 1.0)) + (1 - weight) * log(elapsed + left))
    return max(joined - elapsed, 0.0)


def _pace_rate(started_at: int, elapsed: int, points: list[Point], pace: Pace) -> float:
    """The share of a usual run that goes by in a millisecond of this one: of the whole and of what is recent."""
    gone = pace.at(points[-1][1])
    whole = gone / elapsed
    since = pace.at(_percent_at(points, points[-1][0] - elapsed * RECENT, started_at))
    return sqrt(whole * max((gone - since) / (elapsed * RECENT), whole * SLOWEST))


def _weight(started_at: int, elapsed: int, points: list[Point], pace: Pace) -> float:
    """How far past runs are to be believed (0 to 1), by how well they would have told the way to here."""
    percent = points[-1][1]
    gone = pace.at(percent)
    errors = []
    for mark in _MARKS:
        then = _percent_at(points, started_at + elapsed * mark, started_at)
        if then > _LEAST_PERCENT and pace.at(then) > _LEAST_GONE:
            errors.append((abs(log(mark * gone / pace.at(then))), abs(log(mark * percent / then))))
    count = max(1, len(errors))
    past, itself = (sum(error[n] for error in errors) / count for n in (0, 1))
    doubt = _DOUBT**2
    return (itself**2 + _TRUST * doubt) / (itself**2 + past**2 + (_TRUST + 1) * doubt)


def _percent_at(points: list[Point], moment: float, started_at: int) -> float:
    """The percent at a moment of the run, between the points around it."""
    place = bisect_right(points, moment, key=lambda point: point[0])
    if place == len(points):
        return points[-1][1]
    before, low = points[place - 1] if place else (started_at, 0.0)
    after, high = points[place]
    if after <= before:
        return high
    return low + (high - low) * max(0.0, moment - before) / (after - before)

"""When a timing is due: its local times, put on the time line through the clock changes of its zone.

A zone is a row of spans in which clocks go evenly, so that a local time is an instant by one subtraction. Fixed times look at the seams:
where clocks go forward, those left out are due once, at the seam, or skipped; where they go back, the local times that have been are
passed over, or come again. What follows elapsed time takes each span as it is.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final, Protocol, TypeVar

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.times import from_datetime
from listener_sdk.protocol.timings import Dialect, Repeat, Timing

from .clock_notes import left_out, twice
from .cron import DAY_S, HORIZON_YEARS, Cron
from .cron_dialects import read_cron
from .refusals import Refusals
from .repeats import Grid
from .zones import Span, Zone, zone

Made = TypeVar("Made")

LONGEST_GAP_S: Final = 3 * 3600
"""Times that a longer gap leaves out are skipped in any case."""
MOST_KEPT: Final = 4_096
"""Timings whose meaning is kept."""
_FAR_S: Final = 40 * DAY_S
"""Spans in which nothing is due are passed over where they are many."""
_LAST_SECOND: Final = 10_413_792_000
"""The year 2300: no timing is followed beyond."""
_UNIT_S: Final = {"minutes": 60, "hours": 3600}
_MOST_EVERY: Final = {"days": HORIZON_YEARS * 365, "weeks": HORIZON_YEARS * 52, "months": HORIZON_YEARS * 12}


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A due time, in milliseconds. ``skip`` is ``gap`` where nothing is to run, since clocks leave it out; ``note`` says what they do."""

    at: int
    skip: str | None = None
    note: str | None = None


class Times(Protocol):
    """Local times: seconds since 1970 as clocks show them."""

    def next(self, local: int, /) -> int | None:
        """The first of them from this one on; None when there is none for eight years."""


@dataclass(frozen=True, slots=True)
class Occurrences:
    """The due times of a timing. ``first`` and ``last`` are the bounds that it has, in seconds, both within."""

    zone: Zone
    times: Times | None
    """None where ``step`` seconds of elapsed time lie between its due times, from ``first`` on."""
    first: int
    last: int
    dialect: Dialect | None = None
    cron: Cron | None = None
    step: int = 0
    elapsed: bool = False
    skips_gaps: bool = False
    runs_twice: bool = False

    def after(self, at: int) -> Occurrence | None:
        """The first due time, run or skipped, strictly after an instant in milliseconds; None when there is none for eight years."""
        return next(self.each(at), None)

    def runs_after(self, at: int) -> Occurrence | None:
        """The same without those that are skipped; None when nothing runs for eight years."""
        for one in self.each(at):
            if one.skip is None:
                return one
            if one.at > at + HORIZON_YEARS * 366 * DAY_S * 1000:
                break
        return None

    def each(self, at: int) -> Iterator[Occurrence]:
        """All due times after an instant in milliseconds, up to the first between which and the next lie eight years."""
        earliest = max(at // 1000 + 1, self.first)
        if earliest > self.last:
            return
        for one in self._stepping(earliest) if self.times is None else self._local(self.times, earliest):
            if one.at > self.last * 1000:
                return
            yield one

    def instant(self, text: str) -> int:
        """A moment in milliseconds: of the zone, unless it has an offset; a date alone is its first second."""
        return _instant(self.zone, text) * 1000

    def local(self, at: int) -> str:
        """An instant in milliseconds as the clocks of the zone show it, with their offset."""
        return self.zone.shown(at // 1000)

    def _stepping(self, earliest: int) -> Iterator[Occurrence]:
        second = earliest + (self.first - earliest) % self.step
        while True:
            yield Occurrence(second * 1000)
            second += self.step

    def _local(self, times: Times, earliest: int) -> Iterator[Occurrence]:
        passed, seen = 0, earliest
        spans = self.zone.spans(earliest - 2 * DAY_S)
        while (span := next(spans)).start <= self.last:
            begin = max(earliest, span.start) + span.offset
            if not self.elapsed:
                begin = begin if self.runs_twice else max(begin, passed)
                if span.start >= earliest and (seam := self._seam(times, span)):
                    yield seam
                    begin = max(begin, span.start + span.offset + 1)
            passed = max(passed, span.end + span.offset)
            local = times.next(begin)
            while local is not None and local < span.end + span.offset:
                seen = local - span.offset
                yield Occurrence(seen * 1000, None, self._twice(span, local))
                local = times.next(local + 1)
            if span.end < seen + 2 * DAY_S or span.after < span.offset:
                continue  # clocks may go back, and show again what has been
            if local is None:
                return
            if local - passed > _FAR_S:
                spans = self.zone.spans(local - span.offset - 3 * DAY_S)

    def _seam(self, times: Times, span: Span) -> Occurrence | None:
        """What is due where clocks go forward, if they leave out any of its times there."""
        begin, end = span.start + span.before, span.start + span.offset
        missing = _between(times, begin, end)
        if not missing:
            return None
        skips = self.skips_gaps or end - begin > LONGEST_GAP_S
        note = left_out(missing[0], missing[-1], begin, end, skipped=skips)
        # One that clocks do show there takes its place.
        runs = not skips or times.next(end) == end
        return Occurrence(span.start * 1000, None if runs else "gap", note)

    def _twice(self, span: Span, local: int) -> str | None:
        """What is said of a local time that comes twice."""
        once = not (self.elapsed or self.runs_twice)
        if span.after < span.offset and local >= span.end + span.after:
            return twice(local, span.end + span.offset, span.end + span.after, once=once, second=False)
        if span.before > span.offset and local < span.start + span.before:
            return twice(local, span.start + span.before, span.start + span.offset, once=once, second=True)
        return None


@lru_cache(maxsize=MOST_KEPT)
def occurrences(timing: Timing) -> Occurrences:
    """The due times of a timing. Refusals ``bad_timing`` that name all that is wrong with it; that it is never due is one of them."""
    problems: list[Refusal] = []
    found = _tried(problems, lambda: zone(timing.time_zone))
    cron = _tried(problems, lambda: None if timing.cron is None else read_cron(timing.cron, timing.dialect))
    if problems or found is None:
        raise Refusals(problems)
    return _checked(_made(timing, found, cron))


@dataclass(frozen=True, slots=True)
class _Once:
    local: int

    def next(self, local: int, /) -> int | None:
        return self.local if local <= self.local else None


@dataclass(frozen=True, slots=True)
class _Daily:
    """A time of day on the days of a grid."""

    grid: Grid
    second: int
    last: int | None

    def next(self, local: int, /) -> int | None:
        day, second = divmod(local, DAY_S)
        found = self.grid.next(day if second <= self.second else day + 1)
        return (
            None
            if found is None or (self.last is not None and found > self.last)
            else found * DAY_S + self.second
        )


def _made(timing: Timing, place: Zone, cron: Cron | None) -> Occurrences:
    first = 0 if timing.start is None else _instant(place, timing.start)
    last = _LAST_SECOND if timing.end is None else _instant(place, timing.end, end=True)
    if first > last:
        raise _never("end", "it ends before it begins")
    made = Occurrences(
        place, cron, first, last, skips_gaps=timing.gap == "skip", runs_twice=timing.fold == "both"
    )
    if cron is not None:
        return replace(made, dialect=cron.dialect, cron=cron, elapsed=cron.elapsed)
    if timing.repeat is not None:
        return _repeated(timing.repeat, made)
    assert timing.once is not None
    at = _instant(place, timing.once)
    if at < first:
        raise _never("start", f"{timing.once} lies before its start. Write an earlier start, or none")
    if at > last:
        raise _never("end", f"{timing.once} lies after its end. Write a later end, or none")
    if datetime.fromisoformat(timing.once).tzinfo is not None:
        return replace(made, times=None, step=1, first=max(first, at), last=min(last, at))
    return replace(made, times=_Once(_local(place, timing.once)), first=max(first, at), runs_twice=False)


def _repeated(repeat: Repeat, made: Occurrences) -> Occurrences:
    place, first, last = made.zone, made.first, made.last
    _check_step(repeat)
    begin = _instant(place, repeat.start)
    if begin > last:
        raise _never("end", "it ends before repeat.start")
    if repeat.until is not None:
        last = min(last, _instant(place, repeat.until, end=True))
        if begin > last:
            raise _never("repeat.until", "it ends before it begins")
    if step := repeat.every * _UNIT_S.get(repeat.unit, 0):
        if repeat.count is not None:
            last = min(last, begin + (repeat.count - 1) * step)
        first = max(begin, first + (begin - first) % step)
        return replace(made, first=first, last=last, step=step)
    day, second = divmod(_local(place, repeat.start), DAY_S)
    grid = Grid(repeat, day)
    times = _Daily(grid, second, None if repeat.count is None else grid.last(repeat.count))
    return replace(made, times=times, first=max(first, begin), last=last)


def _check_step(repeat: Repeat) -> None:
    most = _MOST_EVERY.get(repeat.unit, repeat.every)
    if repeat.every > most and repeat.count != 1:
        raise Refusal(
            "bad_timing",
            f"repeat.every: {repeat.every:,} {repeat.unit} lie between its times: at most {most:,} may ({HORIZON_YEARS} years). For one time alone "
            "write once.",
            key="repeat.every",
        )


def _local(place: Zone, text: str) -> int:
    moment = datetime.fromisoformat(text)
    seconds = from_datetime(moment) // 1000
    return seconds if moment.tzinfo is None else seconds + place.offset(seconds)


def _instant(place: Zone, text: str, *, end: bool = False) -> int:
    """A moment as an instant; a date alone is its first second, or as an ``end`` its last."""
    moment = datetime.fromisoformat(text)
    seconds = from_datetime(moment) // 1000
    if moment.tzinfo is not None:
        return seconds
    if "T" not in text and end:
        seconds += DAY_S - 1
    found = place.instants(seconds)
    return found[-1 if end else 0] if found else place.next_instant(seconds)


def _never(key: str, why: str) -> Refusal:
    return Refusal("bad_timing", f"{key}: it is never due, since {why}.", key=key)


def _checked(made: Occurrences) -> Occurrences:
    bounded = made.cron is None or made.first > 0
    if bounded and made.after(made.first * 1000 - 1) is None:
        raise Refusal(
            "bad_timing",
            f"It is never due within {HORIZON_YEARS} years of its start, and before its end.",
            key="start",
        )
    return made


def _between(times: Times, begin: int, end: int) -> list[int]:
    found = []
    local = times.next(begin)
    while local is not None and local < end:
        found.append(local)
        local = times.next(local + 1)
    return found


def _tried(problems: list[Refusal], make: Callable[[], Made]) -> Made | None:
    try:
        return make()
    except Refusals as refused:
        problems += refused.all
    except Refusal as refusal:
        problems.append(refusal)
    return None

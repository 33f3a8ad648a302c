"""What becomes of the due times of a schedule that have come: which run, which are left out and why, and which is next. Pure."""

from collections import deque
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, NamedTuple

from .missed import CLOCK_CHANGE, LATE, MOST_COUNTED
from .occurrences import Occurrence, Occurrences

ON_TIME_MS: Final = 60_000
"""What is not later than this is on time."""
MOST_LATE: Final = 100
LATE_MS: Final = 86_400_000
"""Of late due times as many run, and only those that are no older."""


class Skip(NamedTuple):
    """Due times from one to another that are left out for one reason, and how many they are."""

    due_at: int
    until_at: int
    times: int
    reason: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What the due times of a schedule are dealt with by. ``asleep`` is why those up to ``woken_at`` do not run."""

    schedule_id: int
    late: str
    jitter_s: int = 0
    asleep: str | None = None
    woken_at: int | None = None

    def fires_at(self, occurrences: Occurrences, due_at: int) -> int:
        """When a due time is seen to: always the same, and before the next is due."""
        if not self.jitter_s:
            return due_at
        most = self.jitter_s * 1000
        following = occurrences.after(due_at)
        if following is not None:
            most = min(most, following.at - due_at - 1)
        digest = blake2b(f"{self.schedule_id} {due_at}".encode(), digest_size=8).digest()
        return due_at + int.from_bytes(digest) % (most + 1)


@dataclass(slots=True)
class DealtWith:
    """Due times of a schedule that became a job or a record, alone or as a span."""

    times: set[int] = field(default_factory=set)
    spans: list[tuple[int, int]] = field(default_factory=list)

    def add(self, due_at: int, until_at: int | None) -> None:
        """One more record, of one due time or of all up to another."""
        self.times.add(due_at)
        if until_at is not None:
            self.spans.append((due_at, until_at))

    def __contains__(self, at: object) -> bool:
        return at in self.times or (
            isinstance(at, int) and any(first <= at <= last for first, last in self.spans)
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """``due`` run now, the oldest first; ``next_at`` is None where none follows."""

    due: tuple[int, ...]
    skips: tuple[Skip, ...]
    next_at: int | None


@dataclass(slots=True)
class _Span:
    """Due times that are left out together."""

    reason: str
    first: int = 0
    last: int = 0
    count: int = 0

    def add(self, at: int) -> None:
        self.first, self.last = self.first if self.count else at, at
        self.count = min(self.count + 1, MOST_COUNTED)

    def told(self) -> list[Skip]:
        return [Skip(self.first, self.last, self.count, self.reason)] if self.count else []


@dataclass(slots=True)
class _Sorting:
    rules: Rules
    now: int
    on_time: list[int] = field(default_factory=list)
    gaps: list[Skip] = field(default_factory=list)
    late: deque[int] = field(default_factory=deque)
    dropped: _Span = field(default_factory=lambda: _Span(LATE))
    asleep: _Span = field(default_factory=lambda: _Span(LATE))

    def put(self, one: Occurrence, fires_at: int) -> None:
        rules, at = self.rules, one.at
        if rules.asleep is not None and at <= (rules.woken_at or 0):
            self.asleep.add(at)
        elif one.skip:
            # However late it is: it would not have run in time either.
            self.gaps.append(Skip(at, at, 1, CLOCK_CHANGE))
        elif self.now - fires_at <= ON_TIME_MS:
            self.on_time.append(at)
        elif rules.late == "none":
            self.dropped.add(at)
        else:
            self.late.append(at)
            most, oldest = (MOST_LATE, self.now - LATE_MS) if rules.late == "all" else (1, 0)
            while len(self.late) > most or (self.late and self.late[0] < oldest):
                self.dropped.add(self.late.popleft())

    def plan(self, next_at: int | None) -> Plan:
        late = [*self.late]
        if self.rules.late == "latest" and self.on_time:
            for at in late:
                self.dropped.add(at)
            late = []
        self.asleep.reason = self.rules.asleep or LATE
        skips = (*self.asleep.told(), *self.dropped.told(), *self.gaps)
        return Plan((*late, *self.on_time), skips, next_at)


def planned(
    occurrences: Occurrences, rules: Rules, next_at: int, now: int, dealt_with: Container[int] = ()
) -> Plan:
    """Deal with all due times from ``next_at`` on that are to be seen to by ``now``, without those that were ``dealt_with``."""
    sorting = _Sorting(rules, now)
    for one in _coming(occurrences, rules, next_at, now):
        fires_at = rules.fires_at(occurrences, one.at)
        if fires_at > now:
            return sorting.plan(one.at)
        if one.at not in dealt_with:
            sorting.put(one, fires_at)
    return sorting.plan(None)


def left_out(
    occurrences: Occurrences, reason: str, first: int, now: int, dealt_with: Container[int] = ()
) -> tuple[Skip, ...]:
    """All due times from ``first`` to ``now``, for one reason."""
    return planned(occurrences, Rules(0, "none", asleep=reason, woken_at=now), first, now, dealt_with).skips


def _coming(occurrences: Occurrences, rules: Rules, next_at: int, now: int) -> Iterator[Occurrence]:
    """From ``next_at`` on; when there are very many, the newest behind the first of them."""
    counted = 0
    for place, one in enumerate(occurrences.each(next_at - 1)):
        if place == 0 and one.at != next_at:
            # It was reckoned when the rules of its zone were others.
            yield Occurrence(next_at)
        yield one
        counted += one.skip is None
        if counted == MOST_COUNTED:
            break
    else:
        return
    latest = _latest_run(occurrences, rules, one.at, now)
    if latest is not None:
        oldest = now - LATE_MS - 1 if rules.late == "all" else latest - 1
        yield from occurrences.each(max(one.at, min(oldest, latest - 1)))
    else:
        yield from occurrences.each(one.at)


def _latest_run(occurrences: Occurrences, rules: Rules, low: int, now: int) -> int | None:
    """The last due time behind ``low`` that may run by now: clocks may leave out the very last, and its jitter may not have passed."""
    at = latest_of(occurrences, low, now)
    while at is not None and not _may_run(occurrences, rules, at, now):
        at = latest_of(occurrences, low, at - 1)
    return at


def _may_run(occurrences: Occurrences, rules: Rules, at: int, now: int) -> bool:
    found = occurrences.after(at - 1)
    return found is not None and found.skip is None and rules.fires_at(occurrences, at) <= now


def latest_of(occurrences: Occurrences, low: int, high: int) -> int | None:
    """The last due time behind ``low`` and not behind ``high``."""

    def follows(at: int) -> bool:
        found = occurrences.after(at)
        return found is not None and found.at <= high

    if not follows(low):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if follows(middle) else (low, middle)
    return high

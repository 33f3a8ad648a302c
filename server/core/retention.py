"""What is old enough to be removed, and how much of it at once. Pure.

Times are milliseconds. What has been kept for its whole time goes: at the last millisecond it is still there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

DAY_MS: Final = 86_400_000
RULE_MS: Final = DAY_MS
"""How long it is known when a rule of notifications told something last: its minute is over long before."""
TARGET_S: Final = 0.0015
"""How long a page should keep the writer before its commit, which takes two or three times as long."""
SMALLEST_PAGE: Final = 1
LARGEST_PAGE: Final = 5_000
BYTES_PER_COST: Final = 16_384
PARTS_PER_COST: Final = 20


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept; the log and what came to hooks also only up to a number, and runs up to a number of each definition."""

    log_ms: int = 7 * DAY_MS
    log_events: int = 10_000_000
    job_ms: int = 90 * DAY_MS
    file_ms: int = 30 * DAY_MS
    audit_ms: int = 400 * DAY_MS
    notification_ms: int = 90 * DAY_MS
    delivery_ms: int = 30 * DAY_MS
    deliveries: int = 1_000_000
    definition_runs: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Spans:
    """How long things of one kind are kept: as long as the server keeps them, but in spaces that have a span of their ``own``."""

    server_ms: int
    own: Mapping[int, int] = field(default_factory=dict)

    def of(self, space_id: int) -> int:
        """How long things of the space are kept."""
        return self.own.get(space_id, self.server_ms)

    @property
    def shortest(self) -> int:
        """What was made later than this is young in every space."""
        return min((self.server_ms, *self.own.values()))


class Aged(NamedTuple):
    """A job in the order of making: ``finished_at`` is None while it has not ended, ``cost`` what its removal costs.

    A file is one that ended when it was stored.
    """

    id: int
    space_id: int
    created_at: int
    finished_at: int | None
    cost: int


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a walk over jobs found: the old ones, whether it met the young end, and when something more may be old."""

    old: list[Aged]
    at_end: bool
    next_at: int


def is_young(at: int, now: int, keep_ms: int) -> bool:
    """Whether something is to be kept. A time that lies ahead was told by a wrong clock, and says nothing."""
    return now - keep_ms < at <= now


def old_prefix(times: Sequence[int], now: int, keep_ms: int) -> int:
    """How many of the first go, of things in the order of making: up to the last old one before the first young one."""
    last = 0
    for count, at in enumerate(times, 1):
        if is_young(at, now, keep_ms):
            break
        if at <= now:
            last = count
    return last


def sweep(jobs: Iterable[Aged], now: int, spans: Spans) -> Sweep:
    """The ended jobs that are old, among jobs in the order of making.

    Jobs behind one that was made lately are young too: later than the shortest span of all spaces.
    """
    old: list[Aged] = []
    shortest = spans.shortest
    next_at = now + shortest
    for job in jobs:
        if is_young(job.created_at, now, shortest):
            return Sweep(old, at_end=True, next_at=min(next_at, job.created_at + shortest))
        if job.finished_at is None:
            continue
        keep_ms = spans.of(job.space_id)
        if job.finished_at <= now - keep_ms:
            old.append(job)
        else:
            next_at = min(next_at, job.finished_at + keep_ms)
    return Sweep(old, at_end=False, next_at=next_at)


def placed_files(rows: Sequence[tuple[int, int, int]], now: int) -> list[Aged]:
    """Files in the order of storing, from (id, space, time). One whose time lies ahead is as old as what was stored after it."""
    found: list[Aged] = []
    later = now
    for file_id, space_id, at in reversed(rows):
        later = at if at <= now else later
        found.append(Aged(file_id, space_id, later, later, 1))
    return found[::-1]


def job_cost(size: int, parts: int) -> int:
    """What it costs to remove a job, in plain jobs: large texts and many parts to look at take longer."""
    return 1 + size // BYTES_PER_COST + parts // PARTS_PER_COST


def page_of(jobs: Sequence[Aged], size: int) -> int:
    """How many of the first jobs make a page of this cost; at least one."""
    cost = 0
    for count, job in enumerate(jobs):
        cost += job.cost
        if cost > size and count:
            return count
    return len(jobs)


def may_go(jobs: Sequence[tuple[int, int | None]], needed: set[int], parents: set[int]) -> list[int]:
    """Which of these old jobs go.

    - ``jobs``: in the order of making, each with its parent where it is a part of it
    - ``needed``: those that others refer to
    - ``parents``: the parents that are still there: a part goes with its parent or after it
    """
    gone: set[int] = set()
    for job_id, parent in jobs:
        if job_id not in needed and (parent is None or parent not in parents or parent in gone):
            gone.add(job_id)
    return sorted(gone)


def next_size(size: int, done: int, taken_s: float) -> int:
    """The size of the next page, after one that took so long for what it did.

    It grows at most to the double and shrinks at most to the quarter; a page that was far from full tells only when it was slow.
    """
    if done < size / 2 and taken_s <= TARGET_S:
        return size
    fitting = done * TARGET_S / max(taken_s, TARGET_S / 100)
    return int(min(max(fitting, size / 4, SMALLEST_PAGE), size * 2, LARGEST_PAGE))

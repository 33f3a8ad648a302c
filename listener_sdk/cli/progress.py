"""What is known of a running job's progress, and the words for it: percent, counts, rate, ETA."""

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Self

from ..protocol.jobs import Job
from ..protocol.lifecycle import Status
from ..protocol.times import from_wire, to_datetime
from ..subscription import LiveTick
from .output import span

WINDOW_S: Final = 10.0
"""The rate is that of the last ten seconds."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a job's progress; ``ends_at`` is the estimated completion, which a job that stalls does not have."""

    status: str = ""
    percent: float | None = None
    done: float | None = None
    total: float | None = None
    text: str | None = None
    ends_at: datetime | None = None
    stalled_since: datetime | None = None
    part_counts: Mapping[str, int] | None = None

    @classmethod
    def of(cls, job: Job) -> Self:
        """The progress that stands in the job itself."""
        percent = float(job.progress) if job.progress is not None else None
        ends_at, stalled = job.estimated_completion_at, job.stalled_since
        return cls(job.status, percent, job.done, job.total, job.info, ends_at, stalled, job.part_counts)

    def updated(self, facts: Mapping[str, Any]) -> Self:
        """This progress and what the payload of an event about the job adds; a new attempt begins anew."""
        if facts.get("status") == Status.EXECUTING and "attempt" in facts and "reason" not in facts:
            return type(self)(Status.EXECUTING.value)
        named = {
            "status": "status",
            "percent": "progress",
            "done": "done",
            "total": "total",
            "text": "info",
            "part_counts": "partCounts",
        }
        news = {field: facts[name] for field, name in named.items() if facts.get(name) is not None}
        if facts.get("estimatedCompletionAt"):
            news["ends_at"] = to_datetime(from_wire(facts["estimatedCompletionAt"]))
        if facts.get("stalledSince"):
            news |= {"ends_at": None, "stalled_since": to_datetime(from_wire(facts["stalledSince"]))}
        elif "progress" in facts:
            news["stalled_since"] = None
        return replace(self, **news)

    def ticked(self, tick: LiveTick) -> Self:
        """This progress and what a live tick adds."""
        named: dict[str, Any] = {
            "percent": tick.percent,
            "done": tick.done,
            "total": tick.total,
            "text": tick.text,
            "ends_at": tick.estimated_completion_at,
        }
        known = {field: value for field, value in named.items() if value is not None}
        if tick.stalled_since is not None:
            known["ends_at"] = None
        return replace(self, status=Status.EXECUTING.value, **known, stalled_since=tick.stalled_since)

    def fraction(self) -> float | None:
        """Percent as exactly as it is known: from the counts, or the percent that was reported, where that is further.

        So it is where parts are counted once they have ended, and the percent grows with those that run.
        """
        if self.done is not None and self.total:
            return min(100.0, max(100.0 * self.done / self.total, self.percent or 0.0))
        return self.percent


class Rate:
    """Items (or, where nothing is counted, percent) a second over the last seconds."""

    def __init__(self) -> None:
        self._points: deque[tuple[float, float]] = deque()
        self._counted: bool | None = None

    def add(self, seen: Seen, at_s: float) -> None:
        """Take one observation; a change from percent to counts starts anew."""
        counted = seen.done is not None
        if counted != self._counted:
            self._points.clear()
            self._counted = counted
        value = seen.done if counted else seen.percent
        if value is not None and (not self._points or value != self._points[-1][1]):
            self._points.append((at_s, value))
        while len(self._points) > 2 and at_s - self._points[0][0] > WINDOW_S:
            self._points.popleft()

    def text(self) -> str:
        """``3,120/s``, ``4.2 %/s``, or nothing while it is unknown."""
        if len(self._points) < 2:
            return ""
        (start, first), (end, last) = self._points[0], self._points[-1]
        rate = (last - first) / max(end - start, 0.001)
        if rate <= 0:
            return ""
        amount = f"{rate:,.0f}" if rate >= 100 else f"{rate:.1f}"
        return f"{amount}/s" if self._counted else f"{amount} %/s"


def counts(seen: Seen) -> str:
    """``12,340 of 28,298``, or nothing; of parts also how many ended badly."""
    if seen.done is None:
        return ""
    known = f"{_amount(seen.done)} of {_amount(seen.total)}" if seen.total else _amount(seen.done)
    return ", ".join([known, *ended_badly(seen.part_counts)])


def _amount(number: float) -> str:
    """Small amounts with a tenth, where they have one: ``1.5 of 2``."""
    return f"{number:,.0f}" if round(number, 1) == round(number) or number >= 100 else f"{number:.1f}"


def ended_badly(part_counts: Mapping[str, int] | None) -> list[str]:
    """``1 failed`` and ``2 canceled``, as far as there are such parts."""
    found = part_counts or {}
    return [f"{found[name]:,} {name}" for name in ("failed", "canceled") if found.get(name)]


def percent(seen: Seen) -> str:
    """``43 %``, or nothing; 100 only when all is done."""
    known = seen.fraction()
    return "" if known is None else f"{int(known)} %"


def eta(seen: Seen, now: datetime, *, at: bool = True) -> str:
    """``5 s left (16:02:11)`` from the server's estimate, ``estimating`` before there is one, ``stalled for 40 s`` instead of one;
    ``at`` gives the time of day.
    """
    if seen.status not in {Status.EXECUTING, ""}:
        return seen.status
    if seen.stalled_since is not None:
        return f"stalled for {span((now - seen.stalled_since).total_seconds())}"
    if seen.ends_at is None:
        return "estimating"
    left = f"{span((seen.ends_at - now).total_seconds())} left"
    return f"{left} ({seen.ends_at.astimezone():%H:%M:%S})" if at else left


def wall_clock() -> datetime:
    """The present time."""
    return datetime.fromtimestamp(time.time(), UTC)


def line(name: str, seen: Seen, rate: str, now: datetime) -> str:
    """The progress in one line of text."""
    parts = [name, percent(seen), counts(seen), rate, eta(seen, now), seen.text or ""]
    return "  ".join(part for part in parts if part)

"""A running job in the terminal: a live bar with percent, rate and ETA, or plain lines where there is no terminal."""

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol, Self

from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.table import Column
from rich.text import Text

from ..protocol.jobs import Job
from ..protocol.lifecycle import Status
from ..protocol.times import from_wire, to_datetime
from ..subscription import LiveTick
from .output import console, plain, span

WINDOW_S: Final = 10.0
"""The rate is that of the last ten seconds."""
LINES_APART_S: Final = 2.0
LINES_APART_PERCENT: Final = 10.0
SILENT_AT_MOST_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a job's progress; ``ends_at`` is the estimated completion."""

    status: str = ""
    percent: float | None = None
    done: float | None = None
    total: float | None = None
    text: str | None = None
    ends_at: datetime | None = None

    @classmethod
    def of(cls, job: Job) -> Self:
        """The progress that stands in the job itself."""
        percent = float(job.progress) if job.progress is not None else None
        return cls(job.status, percent, job.done, job.total, job.info, job.estimated_completion_at)

    def updated(self, facts: Mapping[str, Any]) -> Self:
        """This progress and what the payload of an event about the job adds."""
        named = {"status": "status", "percent": "progress", "done": "done", "total": "total", "text": "info"}
        news = {field: facts[name] for field, name in named.items() if facts.get(name) is not None}
        if facts.get("estimatedCompletionAt"):
            news["ends_at"] = to_datetime(from_wire(facts["estimatedCompletionAt"]))
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
        return replace(self, status=Status.EXECUTING.value, **known)

    def fraction(self) -> float | None:
        """Percent as exactly as it is known: from the counts, or else the percent that was reported."""
        if self.done is not None and self.total:
            return min(100.0, 100.0 * self.done / self.total)
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
    """``12,340 of 28,298``, or nothing."""
    if seen.done is None:
        return ""
    return f"{seen.done:,.0f} of {seen.total:,.0f}" if seen.total else f"{seen.done:,.0f}"


def eta(seen: Seen, now: datetime) -> str:
    """``5 s left (16:02:11)`` from the server's estimate, ``estimating`` before there is one."""
    if seen.status not in {Status.EXECUTING, ""}:
        return seen.status
    if seen.ends_at is None:
        return "estimating"
    return f"{span((seen.ends_at - now).total_seconds())} left ({seen.ends_at.astimezone():%H:%M:%S})"


def wall_clock() -> datetime:
    """The present time."""
    return datetime.fromtimestamp(time.time(), UTC)


class View(Protocol):
    """Shows a job's progress between enter and exit."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    def show(self, seen: Seen) -> None:
        """Take the newest state."""

    def note(self, line: str) -> None:
        """Print a line that stays, above the bar."""


class _Eta(ProgressColumn):
    """Counts down between ticks, which is why it is made at each refresh."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        return Text(eta(task.fields["seen"], wall_clock()), style="cyan")


class LiveBar:
    """The bar of a terminal, on standard error."""

    def __init__(self, name: str) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}", style="bold", markup=False),
            BarColumn(24, table_column=Column(min_width=12)),
            TextColumn("{task.fields[percent]:>4}", markup=False),
            TextColumn("{task.fields[counts]}", markup=False),
            TextColumn("{task.fields[rate]}", style="green", markup=False),
            _Eta(Column(no_wrap=True)),
            # On a narrow terminal the text gives way first.
            TextColumn(
                "{task.fields[text]}", style="dim", markup=False, table_column=Column(no_wrap=True, ratio=1)
            ),
            console=console(stderr=True),
        )
        self._rate = Rate()
        self._task = self._progress.add_task(plain(name), total=None, **_fields(Seen(), self._rate))

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, seen: Seen) -> None:
        self._rate.add(seen, time.monotonic())
        known = seen.fraction()
        # Without a percent the bar pulses: that is what no total means to it.
        total = None if known is None else 100.0
        self._progress.update(self._task, completed=known or 0, total=total, **_fields(seen, self._rate))

    def note(self, line: str) -> None:
        self._progress.console.print(Text(plain(line)))


class PlainLines:
    """One line now and then, on standard error: at least 2 s apart, and 10 percent or 30 s further."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._rate = Rate()
        self._said_at = -SILENT_AT_MOST_S
        self._said = Seen()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left to clean."""

    def show(self, seen: Seen) -> None:
        now_s = time.monotonic()
        self._rate.add(seen, now_s)
        if _worth_a_line(self._said, seen, now_s - self._said_at):
            self._said, self._said_at = seen, now_s
            self.note(line(self._name, seen, self._rate.text(), wall_clock()))

    def note(self, line: str) -> None:
        console(stderr=True).print(Text(plain(line)))


def view(name: str) -> View:
    """The view that suits standard error."""
    return LiveBar(name) if console(stderr=True).is_terminal else PlainLines(name)


def line(name: str, seen: Seen, rate: str, now: datetime) -> str:
    """The progress in one line of text."""
    parts = [name, _percent(seen), counts(seen), rate, eta(seen, now), seen.text or ""]
    return "  ".join(part for part in parts if part)


def _worth_a_line(said: Seen, seen: Seen, silent_s: float) -> bool:
    if seen == said or silent_s < LINES_APART_S:
        return False
    further = (seen.fraction() or 0.0) - (said.fraction() or 0.0)
    return further >= LINES_APART_PERCENT or silent_s >= SILENT_AT_MOST_S or seen.status != said.status


def _percent(seen: Seen) -> str:
    known = seen.fraction()
    return "" if known is None else f"{int(known)} %"


def _fields(seen: Seen, rate: Rate) -> dict[str, Any]:
    texts = {"percent": _percent(seen), "counts": counts(seen), "rate": rate.text(), "text": seen.text or ""}
    return {"seen": seen, **{name: plain(text) for name, text in texts.items()}}

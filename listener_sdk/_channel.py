"""How a handler's words travel: the seam to the lease, the job's log, and the hop from a handler's thread to the loop."""

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import AsyncIterable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from ._text import check_json, clean, loose_fields
from .protocol.events import Event, EventCreate
from .protocol.jobs import File, JobCreate, Level, LogLine
from .protocol.jobs import Job as RawJob
from .protocol.progress import Progress
from .protocol.times import from_datetime

if TYPE_CHECKING:
    from .parts import PartData, PartsResult, RawJobs

Source = Path | str | bytes | AsyncIterable[bytes]
_INF: Final = math.inf


class Channel(Protocol):
    """Where a handler's words go: the lease on the stream, or a recorder in tests."""

    def tick(self, progress: Progress) -> None: ...

    def log(self, line: LogLine) -> None: ...

    async def create(self, job: JobCreate) -> RawJob: ...

    async def publish(self, event: EventCreate) -> Event: ...

    async def upload(self, source: Source, name: str | None, content_type: str | None) -> File: ...

    async def download(self, file_id: str, to: Path) -> Path: ...

    async def split(self, parts: "int | PartData", *, parallel: bool) -> RawJob: ...

    async def parts(self) -> "RawJobs": ...

    async def parts_ended(self) -> "PartsResult": ...

    async def ended(self, job_id: str) -> RawJob: ...

    async def secrets(self, names: Sequence[str]) -> dict[str, str]: ...


class JobLog:
    """Lines for the job's own log, which people read beside its progress; ``fields`` are facts for programs.

    Lines travel in batches, and each is stored once, however often the connection or the server breaks: those before the end
    arrive with the outcome. The newest are left out, and counted, once 20,000 wait to be stored.
    """

    def __init__(self, write: Callable[[LogLine], None], attempt: int) -> None:
        self._write = write
        self._attempt = attempt
        self._shown: Callable[[str], str] = str

    def _redact(self, shown: Callable[[str], str]) -> None:
        """Write texts as this shows them from now on."""
        self._shown = shown

    def debug(self, message: str, **fields: Any) -> None:
        self._line("debug", message, fields)

    def info(self, message: str, **fields: Any) -> None:
        self._line("info", message, fields)

    def warning(self, message: str, **fields: Any) -> None:
        self._line("warning", message, fields)

    def error(self, message: str, **fields: Any) -> None:
        self._line("error", message, fields)

    def _line(self, level: Level, message: str, fields: dict[str, Any]) -> None:
        self._write(
            LogLine(
                level=level,
                message=clean(self._shown(str(message)), 65536),
                at=_now(),
                attempt=self._attempt,
                fields=loose_fields(fields, self._shown) if fields else None,
            )
        )


class Words:
    """Carries ticks and lines from a handler's thread to the loop: merged, with one hop for all that waits."""

    def __init__(self, channel: Channel, loop: asyncio.AbstractEventLoop) -> None:
        self._channel = channel
        self._loop = loop
        self._lock = threading.Lock()
        self._progress: Progress | None = None
        self._lines: deque[LogLine] = deque()
        self._called = False

    def tick(self, newer: Progress) -> None:
        with self._lock:
            if self._progress is None:
                self._progress = newer
            else:
                self._progress.overtake(newer)
            self._call()

    def log(self, line: LogLine) -> None:
        with self._lock:
            self._lines.append(line)
            self._call()

    def _call(self) -> None:
        if not self._called:
            self._called = True
            self._loop.call_soon_threadsafe(self._hand_over)

    def _hand_over(self) -> None:
        with self._lock:
            newest, self._progress = self._progress, None
            lines, self._lines = self._lines, deque()
            self._called = False
        for line in lines:
            self._channel.log(line)
        if newest is not None:
            self._channel.tick(newest)


def progress(
    percent: float | None,
    text: str | None,
    done: float | None,
    total: float | None,
    eta: datetime | timedelta | None,
) -> Progress:
    """A tick of what a handler says; ValueError for numbers that are none or negative."""
    if percent is not None:
        if not -_INF < percent < _INF:
            raise _no_number("percent", percent)
        percent = min(100.0, max(0.0, float(percent)))
    if done is not None:
        if not 0 <= done < _INF:
            raise _no_number("done", done)
        done = float(done)
    if total is not None:
        if not 0 <= total < _INF:
            raise _no_number("total", total)
        total = float(total)
    if text is not None:
        text = clean(text, 4096)
    ends_ms = None
    if eta is not None:
        if isinstance(eta, datetime) and eta.tzinfo is None:
            raise ValueError(
                "eta must be a timedelta, or a time with a zone: moment.astimezone() adds that of this machine"
            )
        ends_ms = from_datetime(_now() + eta if isinstance(eta, timedelta) else eta)
    return Progress(percent, done, total, text, ends_ms)


def _no_number(name: str, value: float) -> ValueError:
    return ValueError(f"{name} must be a number that is not negative, not {value}")


def plain_input(value: Any) -> dict[str, Any] | None:
    """An input as JSON: a dict as it is, a pydantic model dumped; ValueError for others."""
    found = value.model_dump(mode="json", by_alias=True) if hasattr(value, "model_dump") else value
    if found is not None and not isinstance(found, dict):
        raise ValueError(f"an input is a dict or a pydantic model, not a {type(value).__name__}")
    check_json(found, "input")
    return found


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)

"""Where a running job is shown: as a live bar on a terminal, else as plain lines now and then."""

import time
from typing import Final, Protocol, Self

from rich.text import Text

from .bar import LiveBar
from .output import console, plain
from .progress import Rate, Seen, line, wall_clock

LINES_APART_S: Final = 2.0
LINES_APART_PERCENT: Final = 10.0
SILENT_AT_MOST_S: Final = 30.0


class View(Protocol):
    """Shows a job's progress between enter and exit."""

    seen: Seen
    """The newest state that it was given."""

    def __enter__(self) -> Self: ...
    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None: ...
    def show(self, seen: Seen) -> None:
        """Take the newest state."""

    def note(self, line: str) -> None:
        """Print lines that stay, above the bar."""


class PlainLines:
    """One line now and then, on standard error: at least 2 s apart, and 10 percent or 30 s further."""

    def __init__(self, name: str) -> None:
        self.seen = Seen()
        self._name = name
        self._rate = Rate()
        self._said_at = -SILENT_AT_MOST_S
        self._said = Seen()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Nothing is left to clean."""

    def show(self, seen: Seen) -> None:
        now_s = time.monotonic()
        self.seen = seen
        self._rate.add(seen, now_s)
        if _worth_a_line(self._said, seen, now_s - self._said_at):
            self._said, self._said_at = seen, now_s
            self.note(plain(line(self._name, seen, self._rate.text(), wall_clock())))

    def note(self, line: str) -> None:
        for part in line.split("\n"):
            console(stderr=True).print(Text(plain(part)))


def view(name: str) -> View:
    """The view that suits standard error."""
    return LiveBar(name) if console(stderr=True).is_terminal else PlainLines(name)


def _worth_a_line(said: Seen, seen: Seen, silent_s: float) -> bool:
    if seen == said or silent_s < LINES_APART_S:
        return False
    further = (seen.fraction() or 0.0) - (said.fraction() or 0.0)
    turned = (seen.status, seen.stalled_since) != (said.status, said.stalled_since)
    return further >= LINES_APART_PERCENT or silent_s >= SILENT_AT_MOST_S or turned

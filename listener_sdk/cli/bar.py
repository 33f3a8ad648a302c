"""The live bar of a terminal: one line, which gives up its parts in order as the terminal gets narrower, the percent never."""

import time
from dataclasses import dataclass, replace
from typing import Final, Self

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from .output import console, plain
from .progress import Rate, Seen, counts, eta, percent, wall_clock

FRAMES_A_SECOND: Final = 8
LONG_BAR: Final = 24
SHORT_BAR: Final = 8
SHORTEST_TEXT: Final = 10
"""Of a text that has no room for so many letters nothing is shown."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What stands in the line, from left to right; an empty part takes no room."""

    name: str
    bar: int
    percent: str
    counts: str
    rate: str
    eta: str
    text: str

    def width(self) -> int:
        """Letters that the line takes, with the gaps, and the spinner before it."""
        texts = (self.name, self.percent, self.counts, self.rate, self.eta, self.text)
        widths = [1, self.bar, *(cell_len(text) for text in texts)]
        return sum(width + 1 for width in widths if width) - 1


def fitted(parts: Parts, short_eta: str, room: int) -> Parts:
    """The parts as they fit into the room: the text gives way first, then bar, rate, time of day, counts, ETA and name."""
    shown = replace(parts, text="")
    for smaller in (
        {},
        {"bar": SHORT_BAR},
        {"rate": ""},
        {"eta": short_eta},
        {"counts": ""},
        {"bar": 0},
        {"eta": ""},
    ):
        shown = replace(shown, **smaller)
        if shown.width() <= room:
            return replace(shown, text=_cut(parts.text, room - shown.width() - 1, SHORTEST_TEXT))
    return replace(shown, name=_cut(parts.name, room - shown.width() + cell_len(parts.name), 1))


def _cut(text: str, room: int, shortest: int) -> str:
    if cell_len(text) <= room:
        return text
    return f"{set_cell_size(text, room - 1).rstrip()}…" if room >= shortest else ""


class LiveBar:
    """Shows a job on standard error; when an error or Ctrl-C ends it, the line is removed."""

    def __init__(self, name: str) -> None:
        self.seen = Seen()
        self._name = plain(name)
        self._rate = Rate()
        self._spinner = Spinner("dots")
        self._live = Live(
            get_renderable=lambda: self, console=console(stderr=True), refresh_per_second=FRAMES_A_SECOND
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._live.transient = kind is not None
        self._live.stop()

    def show(self, seen: Seen) -> None:
        self._rate.add(seen, time.monotonic())
        self.seen = seen

    def note(self, line: str) -> None:
        for part in line.split("\n"):
            self._live.console.print(Text(plain(part)))

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        # A letter less than the terminal has: some wrap when the last place of a line is taken.
        parts = fitted(self._parts(), eta(self.seen, wall_clock(), at=False), options.max_width - 1)
        line = Table.grid(padding=(0, 1), pad_edge=False)
        line.add_row(*self._cells(parts))
        yield line

    def _parts(self) -> Parts:
        seen = self.seen
        return Parts(
            name=self._name,
            bar=LONG_BAR,
            percent=percent(seen).rjust(5) if percent(seen) else "",
            counts=counts(seen),
            rate=self._rate.text(),
            eta=eta(seen, wall_clock()),
            text=plain(seen.text or ""),
        )

    def _cells(self, parts: Parts) -> list[Text | ProgressBar | Spinner]:
        known = self.seen.fraction()
        # Without a percent the bar pulses: that is what no total means to it.
        bar = ProgressBar(None if known is None else 100.0, known or 0.0, width=parts.bar)
        texts = [
            Text(parts.name, "bold"),
            bar if parts.bar else Text(),
            Text(parts.percent),
            Text(parts.counts),
            Text(parts.rate, "green"),
            Text(parts.eta, "cyan"),
            Text(parts.text, "dim"),
        ]
        return [self._spinner, *(cell for cell in texts if not isinstance(cell, Text) or cell.plain)]

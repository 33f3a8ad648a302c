"""Figures, each with what was wanted of it, and the table of them."""

import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

HEAD = ("what", "wanted", "measured", "mark")


@dataclass(frozen=True)
class Figure:
    """What was measured, once or several times. The worst of it must be ``most`` at the most, or ``least`` at the least."""

    what: str
    values: tuple[float, ...]
    unit: str = ""
    most: float | None = None
    least: float | None = None

    @property
    def wanted(self) -> str:
        if self.most is not None:
            return f"≤ {number(self.most)}{self.unit}"
        return "" if self.least is None else f"≥ {number(self.least)}{self.unit}"

    @property
    def measured(self) -> str:
        """The median, with the least and the most of several."""
        middle = f"{number(statistics.median(self.values))}{self.unit}"
        if len(self.values) == 1:
            return middle
        return f"{middle} ({number(min(self.values))} to {number(max(self.values))})"

    @property
    def mark(self) -> str:
        """Whether it is as wanted, as far as it is shown."""
        if self.most is None and self.least is None:
            return ""
        high = self.most is None or shown(max(self.values)) <= self.most
        low = self.least is None or shown(min(self.values)) >= self.least
        return "met" if high and low else "**not met**"


def shown(value: float) -> float:
    return float(number(value).replace(",", ""))


def number(value: float) -> str:
    """Three digits of it, or all before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(figures: Iterable[Figure]) -> str:
    lines = [HEAD, ["---"] * len(HEAD), *_rows(figures)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _rows(figures: Iterable[Figure]) -> Iterator[tuple[str, ...]]:
    for one in figures:
        yield one.what, one.wanted, one.measured, one.mark

"""The lines of a run by system: every figure as the median of its rounds, with minimum and maximum."""

import statistics
from collections import defaultdict
from dataclasses import dataclass

FACTS = frozenset({
    "step", "round", "kind", "name", "version", "broker", "durability", "poll", "python", "loop", "backlog", "life_way", "n",
    "lat_n", "error", "skipped",
})  # fmt: skip
OURS = "tickwire"


@dataclass(frozen=True)
class Figure:
    values: tuple[float, ...]

    @property
    def median(self):
        return statistics.median(self.values)

    def __str__(self):
        if len(self.values) == 1:
            return number(self.median)
        return f"{number(self.median)} ({number(min(self.values))}–{number(max(self.values))})"


def number(value):
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


@dataclass(frozen=True)
class System:
    """One system in one kind of measurement, at one backlog."""

    kind: str
    name: str
    backlog: int | None
    facts: dict
    figures: dict

    @property
    def is_ours(self):
        return self.name.startswith(OURS)

    def get(self, *names):
        """The first of these figures that was measured, or None."""
        return next((self.figures[name] for name in names if name in self.figures), None)


class Figures:
    def __init__(self, runs):
        self.problems = {
            run["step"] + (f", {run['backlog']:,} waiting" if "backlog" in run else ""): run.get("skipped")
            or run["error"]
            for run in runs
            if "skipped" in run or "error" in run
        }
        grouped = defaultdict(list)
        for run in runs:
            if "name" in run:
                grouped[run["kind"], label(run), run.get("backlog")].append(run)
        self.systems = [System(*key, rows[0], figures_of(rows)) for key, rows in grouped.items()]
        self.cal_ms = Figure(tuple(ms for run in runs for ms in run.get("cal_ms", ())) or (0.0,))

    def of_kind(self, kind, backlog=None):
        return [one for one in self.systems if (one.kind, one.backlog) == (kind, backlog) and one.figures]

    def find(self, kind, name, backlog=None):
        return next((one for one in self.of_kind(kind, backlog) if one.name.startswith(name)), None)

    def figure(self, kind, name, *figures, backlog=None):
        found = self.find(kind, name, backlog)
        return found.get(*figures) if found else None

    def backlogs(self):
        return sorted({one.backlog for one in self.systems if one.backlog is not None})


def label(run):
    return run["name"] + (f", {run['loop']}" if run.get("loop") == "asyncio" else "")


def figures_of(rows):
    found = defaultdict(list)
    for row in rows:
        for name, values in flat(row):
            found[name] += [value for value in values if value is not None]
    return {name: Figure(tuple(values)) for name, values in found.items() if values}


def flat(row):
    """Figures as (name, values): a list holds several of one run, an object those of one moment."""
    for name, value in row.items():
        if name in FACTS:
            continue
        if isinstance(value, dict):
            yield from ((f"{name}_{part}", [inner]) for part, inner in value.items())
        else:
            yield name, value if isinstance(value, list) else [value]

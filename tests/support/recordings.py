"""Recorded and made-up curves, and what the estimator tells of them while they run."""

import json
import random
from dataclasses import dataclass
from itertools import accumulate
from math import exp, log
from pathlib import Path
from statistics import median

from server.core.curve import Curve, Point
from server.core.estimate import Told, told
from server.core.pace import Pace, pace_of, past_run

FOLDER = Path(__file__).parents[1] / "data" / "curves"
START_MS = 1_767_225_600_000
BEAT_MS = 250
"""Ticks are merged: an estimate is made at most four times a second."""


@dataclass(frozen=True)
class Run:
    """One run: its length, and what it told when, in milliseconds since the epoch."""

    name: str
    kind: str
    held_out: bool
    total_ms: int
    points: list[Point]

    @property
    def ended_at(self) -> int:
        return START_MS + self.total_ms


def recorded() -> list[list[Run]]:
    """All recordings: the runs of each work together."""
    found = []
    for path in sorted(FOLDER.glob("*.json")):
        facts = json.loads(path.read_text(encoding="utf-8"))
        found.append(
            [
                Run(
                    facts["name"],
                    facts["kind"],
                    facts["held_out"],
                    run["total_ms"],
                    [(START_MS + at, percent) for at, percent in run["points"]],
                )
                for run in facts["runs"]
            ]
        )
    return found


def curve_of(run: Run) -> list[Point]:
    """The run as the server keeps it."""
    curve = Curve()
    for at, percent in run.points:
        curve.add(at, percent)
    return curve.all()


def beats(run: Run) -> list[tuple[int, list[Point]]]:
    """What is known at each beat of the server that has something new to say: the time, and the curve so far."""
    found = []
    curve = Curve()
    beat = START_MS + BEAT_MS
    for at, percent in run.points:
        while at > beat:
            if curve.newest is not None and curve.newest[0] > beat - BEAT_MS:
                found.append((beat, list(curve.all())))
            beat += BEAT_MS
        curve.add(at, percent)
    return found


def tellings(run: Run, pace: Pace | None = None) -> list[Told]:
    """What is told at each of these beats, one after the other."""
    found: list[Told] = []
    for _, points in beats(run):
        found.append(told(found[-1] if found else None, START_MS, points, pace))
    return found


def pace_without(runs: list[Run], run: Run) -> Pace | None:
    """What the other runs of the same work have in common, as the server would remember them."""
    past = [past_run(START_MS, other.ended_at, curve_of(other)) for other in runs if other is not run]
    return pace_of([one for one in past if one is not None])


@dataclass(frozen=True)
class Errors:
    """How wrong the estimates of one run were after its first quarter: the median over what was told from then on.

    What was told last before counts too, as it stood when a quarter was over. ``of_run`` is the error as a share of the
    whole run, ``of_rest`` as a share of what was left of it. No estimate counts as one that is a whole run wrong.
    """

    run: Run
    of_run: float
    of_rest: float


def errors(run: Run, pace: Pace | None = None) -> Errors:
    """How wrong the estimates of the run were."""
    quarter = START_MS + run.total_ms // 4
    every = [one for one in tellings(run, pace) if one.at < run.ended_at]
    standing = [one for one in every if one.at < quarter][-1:] or [Told(quarter, None)]
    found = []
    for one in [*standing, *(one for one in every if one.at >= quarter)]:
        wrong = run.total_ms if one.ends_at is None else abs(one.ends_at - run.ended_at)
        found.append((wrong / run.total_ms, wrong / (run.ended_at - max(one.at, quarter))))
    of_run, of_rest = zip(*found, strict=True)
    return Errors(run, median(of_run), median(of_rest))


# ---- made-up curves

STEPS = 300
KINDS = ("linear", "slowing", "bursty", "two-phase", "stalled")


def made_up(kind: str, seed: int) -> list[Run]:
    """Three runs of the same work, of different lengths and with different noise."""
    return [_made(kind, seed, number) for number in range(3)]


def _made(kind: str, seed: int, number: int) -> Run:
    work, noise = random.Random(f"{kind} {seed}"), random.Random(f"{kind} {seed} {number}")
    total_ms = work.uniform(10_000, 300_000) * noise.uniform(0.7, 1.4)
    costs = [cost * wobble for cost, wobble in zip(_costs(kind, work, noise), _wobble(noise), strict=True)]
    scale = total_ms / sum(costs)
    if kind == "stalled":
        costs[work.randint(STEPS // 3, STEPS // 2)] += work.uniform(60_000, 600_000) / scale
    times = [round(cost * scale) for cost in accumulate(costs)]
    points = [(START_MS + at, 100 * (step + 1) / STEPS) for step, at in enumerate(times)]
    return Run(f"{kind} {seed}", kind, held_out=True, total_ms=times[-1], points=points)


def _wobble(noise: random.Random) -> list[float]:
    """A speed that drifts, and jitters from step to step."""
    drift, found = 0.0, []
    for _ in range(STEPS):
        drift = 0.95 * drift + noise.gauss(0, 0.05)
        found.append(exp(drift) * noise.uniform(0.6, 1.4))
    return found


def _costs(kind: str, work: random.Random, noise: random.Random) -> list[float]:
    """What each step takes, noise apart."""
    if kind == "slowing":
        start, grows = work.randint(2, 60), work.choice((lambda n: n, log, lambda n: 40 + n))
        return [float(grows(start + step)) for step in range(STEPS)]
    if kind == "bursty":
        return _bursts(work, noise)
    if kind == "two-phase":
        turn, much = work.randint(60, 240), work.uniform(1.5, 6) ** work.choice((-1, 1))
        return [1 + (much - 1) / (1 + exp((turn - step) / 4)) for step in range(STEPS)]
    return [1.0] * STEPS


def _bursts(work: random.Random, noise: random.Random) -> list[float]:
    """Now fast, now slow, for lengths that nobody knows."""
    slow, found = work.uniform(4, 20), []
    while len(found) < STEPS:
        found += [slow if found and noise.random() < 0.4 else 1.0] * noise.randint(2, 20)
    return found[:STEPS]

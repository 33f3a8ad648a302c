"""Records the curves of real work: ``python tests/data/curves/record.py [name ...]`` writes ``<name>.json`` beside it.

Each is run three times: twice alike, and once with more to do. It takes about six minutes, on one core.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[2])]

import workloads  # noqa: E402 - found by the path that is set above

SIZES = (1.0, 1.0, 1.4)
LARGEST = 200


@dataclass(frozen=True)
class Work:
    """Work to record. ``held_out``: the estimator was not tuned on it."""

    act: Callable[[float], workloads.Percents]
    kind: str
    held_out: bool


WORKS = (
    Work(workloads.json_batches, "linear", held_out=False),
    Work(workloads.gzip_growing, "slowing", held_out=False),
    Work(workloads.sieve_growing, "slowing", held_out=False),
    Work(workloads.zip_files, "bursty", held_out=False),
    Work(workloads.fetch_then_parse, "two-phase", held_out=False),
    Work(workloads.mandelbrot_rows, "uneven", held_out=False),
    Work(workloads.airports_xlsx, "linear", held_out=True),
    Work(workloads.tokens_by_size, "linear", held_out=True),
    Work(workloads.trial_division, "slowing", held_out=True),
    Work(workloads.sorted_inserts, "slowing", held_out=True),
    Work(workloads.sqlite_indexes, "slowing", held_out=True),
    Work(workloads.compile_files, "bursty", held_out=True),
    Work(workloads.bz2_files, "bursty", held_out=True),
    Work(workloads.lzma_blocks, "bursty", held_out=True),
    Work(workloads.sha256_files, "bursty", held_out=True),
    Work(workloads.fetch_in_bursts, "bursty", held_out=True),
    Work(workloads.sort_then_merge, "two-phase", held_out=True),
    Work(workloads.sheet_then_save, "two-phase", held_out=True),
    Work(workloads.git_repack, "two-phase", held_out=True),
    Work(workloads.csv_filtered, "uneven", held_out=True),
    Work(workloads.handlers_at_once, "uneven", held_out=True),
)


def recorded(work: Work, size: float) -> dict[str, object]:
    """One run: its whole length, and what it told when, in milliseconds from its beginning."""
    began = time.monotonic_ns()
    points = [
        (round((time.monotonic_ns() - began) / 1e6), round(min(percent, 100.0), 2))
        for percent in work.act(size)
    ]
    total_ms = round((time.monotonic_ns() - began) / 1e6)
    return {"size": size, "total_ms": total_ms, "points": thinned(points, total_ms)}


def thinned(points: list[tuple[int, float]], total_ms: int) -> list[tuple[int, float]]:
    """At most two hundred, the first and the last among them."""
    step = total_ms / (LARGEST - 2)
    kept = points[:1]
    for point in points[1:-1]:
        if point[0] - kept[-1][0] >= step:
            kept.append(point)
    return [*kept, points[-1]]


def main(names: list[str]) -> None:
    for work in WORKS:
        name = work.act.__name__
        if names and name not in names:
            continue
        runs = [recorded(work, size) for size in SIZES]
        facts = {
            "name": name,
            "what": work.act.__doc__,
            "kind": work.kind,
            "held_out": work.held_out,
            "runs": runs,
        }
        HERE.joinpath(f"{name}.json").write_text(
            json.dumps(facts, separators=(",", ":")) + "\n", encoding="utf-8"
        )
        print(name, [(run["total_ms"], len(run["points"])) for run in runs], flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

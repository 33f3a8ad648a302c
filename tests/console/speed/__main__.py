"""``python tests/console/speed``: measure the console in Chromium, and print the table. Nothing is written.

Each part has a server and a Chromium of its own; for frames that is held on one core where the system can do that. Nothing else should run
meanwhile.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.append(str(ROOT / "tests" / "support"))

import frames  # noqa: E402 - it is found by the line above
import heap  # noqa: E402 - the same
import lists  # noqa: E402 - the same
import paint  # noqa: E402 - the same
from chromium import BINARY  # noqa: E402 - the same
from figures import Figure, table  # noqa: E402 - the same
from place import SHORT, Place, Sizes, place  # noqa: E402 - the same

PARTS: dict[str, Callable[[Place], Iterator[Figure]]] = {
    "paint": paint.figures,
    "frames": frames.figures,
    "lists": lists.figures,
    "heap": heap.figures,
}
ON_ONE_CORE = ("frames",)
MOST_JOBS = 10_000_000
MOST_MINUTES = 1_440.0


def main(argv: list[str] | None = None) -> int:
    """2 where there is no Chromium; what cannot be measured is raised."""
    given = _options().parse_args(argv)
    if BINARY is None:
        print("error: there is no Chromium: apt-get install chromium", file=sys.stderr)
        return 2
    sizes = SHORT if given.short else Sizes()
    chosen = {name: value for name in ("jobs", "minutes") if (value := getattr(given, name)) is not None}
    # Its servers and browsers may still write when it ends.
    with tempfile.TemporaryDirectory(prefix="console-speed-", ignore_cleanup_errors=True) as folder:
        about, found = _measured(Path(folder), replace(sizes, **chosen), given.only or list(PARTS))
    print(f"{about}\n\n{table(found)}")
    if given.short:
        print("\nThis was a trial: its figures say little.")
    return 0


def _measured(folder: Path, sizes: Sizes, parts: list[str]) -> tuple[str, list[Figure]]:
    about, found = "", []
    for name in parts:
        begun = time.monotonic()
        print(f"{name} ...", file=sys.stderr, flush=True)
        with place(folder, sizes, one_core=name in ON_ONE_CORE) as where:
            about = str(where)
            found += PARTS[name](where)
        print(f"    {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    return about, found


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python tests/console/speed", description=__doc__)
    parser.add_argument(
        "--short", action="store_true", help="a trial of under a minute, with less of everything"
    )
    parser.add_argument(
        "--jobs",
        type=_jobs,
        metavar="COUNT",
        help=f"jobs of the long list, 100 to {MOST_JOBS:,}; else {Sizes.jobs:,}",
    )
    parser.add_argument(
        "--minutes",
        type=_minutes,
        metavar="MINUTES",
        help=f"for how long memory is watched; else {Sizes.minutes:g}",
    )
    parser.add_argument(
        "--only", action="append", choices=PARTS, help="measure this; may stand several times"
    )
    return parser


def _jobs(text: str) -> int:
    """Fewer than two pages have no older ones."""
    count = int(text) if text.isdecimal() else 0
    if not 100 <= count <= MOST_JOBS:
        raise argparse.ArgumentTypeError(
            f"takes 100 to {MOST_JOBS:,} jobs, not {text!r}: write --jobs 1000000"
        )
    return count


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not 0.01 <= minutes <= MOST_MINUTES:
        raise argparse.ArgumentTypeError(
            f"takes 0.01 to {MOST_MINUTES:,.0f} minutes, not {text!r}: write --minutes 10"
        )
    return minutes


if __name__ == "__main__":
    sys.exit(main())

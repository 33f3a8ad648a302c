"""``python -m server.virtual --seeds 300``: bad days by the hundred, each of another seed; the first that breaks a promise is told."""

import argparse
import logging
import sys
import time

import structlog

from .day import Plan, day
from .world import World, run


def main(arguments: list[str] | None = None) -> int:
    """Run the seeds; 1 when one of them broke a promise."""
    options = _options(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    plan = Plan(options.jobs, options.listeners, options.hours, options.trouble, options.schedules)
    begun, days, bad = time.perf_counter(), 0.0, 0

    async def scenario(world: World) -> tuple[str, float]:
        await day(world, plan)
        return world.trace.hash, world.loop.time() / 86400

    for seed in _seeds(options.seeds):
        try:
            trace, lasted = run(scenario, seed)
        except AssertionError as error:
            bad += 1
            _say(
                f"seed {seed}: {error}\nagain: python -m server.virtual --seeds {seed}-{seed} --jobs {plan.jobs} --hours {plan.hours} "
                f"--listeners {plan.listeners} --trouble {plan.trouble_s} --schedules {plan.schedules}"
            )
        else:
            days += lasted
            if options.traces:
                _say(f"seed {seed}: {trace}")
    _say(f"{days:.1f} virtual days in {time.perf_counter() - begun:.1f} s, {bad} seeds broke a promise")
    return 1 if bad else 0


def _say(text: str) -> None:
    print(text)  # noqa: T201 - it is a command


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m server.virtual", description="Days in virtual time, with faults."
    )
    parser.add_argument("--seeds", default="20", help="how many, or a span such as 100-199")
    parser.add_argument("--jobs", type=int, default=Plan.jobs)
    parser.add_argument("--listeners", type=int, default=Plan.listeners)
    parser.add_argument("--hours", type=float, default=Plan.hours)
    parser.add_argument(
        "--trouble", type=float, default=Plan.trouble_s, help="mean seconds between faults; 0 for none"
    )
    parser.add_argument(
        "--schedules",
        type=int,
        default=Plan.schedules,
        help="how many, of each of which every due time is accounted for",
    )
    parser.add_argument("--traces", action="store_true", help="print the hash of each trace")
    return parser.parse_args(arguments)


def _seeds(text: str) -> range:
    first, dash, last = text.partition("-")
    return range(int(first), int(last) + 1) if dash else range(int(text))


if __name__ == "__main__":
    sys.exit(main())

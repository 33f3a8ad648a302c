"""``python tests/bench``: measure Tickwire and its peers in interleaved rounds, print the table, keep the JSON.

BENCH_ROUNDS (3), BENCH_SCALE (1: the job counts), BENCH_ONLY (patterns of steps, such as ``jobs:*,fan:tickwire*``) and BENCH_SLOW=1
(three more peers that take minutes) narrow or widen it. ``--short`` is a trial of under a minute, ``--docs`` writes
docs/performance.md, ``--from FILE ...`` reports on earlier runs.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

HOME = Path(__file__).resolve().parents[2] / ".bench"
STARTED = time.strftime("%Y%m%d-%H%M%S")
os.environ.setdefault("BENCH_TMP", str(HOME / "tmp" / f"{STARTED}-{os.getpid()}"))

import environments  # noqa: E402 - it reads BENCH_TMP
import performance  # noqa: E402 - the same
import plan  # noqa: E402 - the same
import psutil  # noqa: E402 - sorted among them
import report  # noqa: E402 - the same
import services  # noqa: E402 - the same
import tree  # noqa: E402 - the same
from machine import machine  # noqa: E402 - the same
from marks import WORK, Skipped, child  # noqa: E402 - the same

SERVICES = {plan.POSTGRES: services.postgres, plan.REDIS: services.redis}
SHORT_SCALE = "0.1"


def say(text):
    print(text, file=sys.stderr, flush=True)


class Bench:
    def __init__(self, steps, rounds, *, make):
        self.steps, self.rounds, self.make = steps, rounds, make
        self.runs = []
        self.skipped = {}
        self.variables = {}
        self.whole_rounds = 0

    def run(self):
        """All lines; of a bench that is ended early those of its whole rounds."""
        try:
            self.run_rounds()
        except (KeyboardInterrupt, SystemExit):
            if not self.whole_rounds:
                raise
            say(f"!!! ENDED after {self.whole_rounds} of {self.rounds} rounds")
        return [run for run in self.runs if run["round"] <= self.whole_rounds]

    def run_rounds(self):
        with contextlib.ExitStack() as running:
            for name in dict.fromkeys(need for step in self.steps for need in step.needs):
                self.start(running, name)
            for number in range(1, self.rounds + 1):
                for step in self.steps:
                    if number == 1 or not step.only_first_round:
                        self.step(step, number)
                self.whole_rounds = number

    def start(self, running, name):
        try:
            self.variables |= running.enter_context(SERVICES[name]())
        except Exception as error:
            self.skip(name, error)

    def skip(self, name, error):
        self.skipped[name] = str(error)
        say(f"!!! SKIPPED {name}: {error}")

    def step(self, step, number):
        missing = next((need for need in step.needs if need in self.skipped), None)
        if missing is not None:
            return self.keep(step, number, {"skipped": f"there is no {missing}: {self.skipped[missing]}"})
        try:
            python = environments.python_of(step.environment, make=self.make)
        except Skipped as reason:
            return self.keep(step, number, {"skipped": str(reason)})
        say(f"round {number} of {self.rounds}: {step.name}")
        t = time.monotonic()
        for line in self.output(step, python):
            self.keep(step, number, line)
        say(f"    {time.monotonic() - t:.0f} s")
        return None

    def output(self, step, python):
        folder = Path(__file__).parent
        # A peer's worker finds its own programs first.
        path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
        env = {**os.environ, **self.variables, "PATH": path, **step.variables}
        with (WORK / "errors.log").open("w+") as log:
            process = child(
                [str(python), *step.argv], cwd=folder, env=env, stdout=subprocess.PIPE, stderr=log, text=True
            )
            try:
                text, _ = process.communicate(timeout=step.limit_s)
            except subprocess.TimeoutExpired:
                end_with_children(process)
                text, _ = process.communicate()
                text += json.dumps({"error": f"it took longer than {step.limit_s} s"})
            finally:
                end_with_children(process)
            log.seek(0)
            words = log.read().strip()[-300:]
        lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        return lines or [{"error": f"it printed nothing and ended with {process.returncode}: {words}"}]

    def keep(self, step, number, line):
        found = {"step": step.name, "round": number, **line}
        if "skipped" in found:
            say(f"!!! SKIPPED {step.name}: {found['skipped']}")
        if "error" in found:
            say(f"!!! FAILED {step.name}: {found['error']}")
        self.runs.append(found)


def end_with_children(process):
    """Everything that a step has started, by its ids; nothing once it has ended."""
    if process.poll() is None:
        for one in [*psutil.Process(process.pid).children(recursive=True), process]:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.send_signal(signal.SIGKILL)
        process.wait()


def measured(options):
    tree.check()
    if options.short:
        os.environ.setdefault("BENCH_SCALE", SHORT_SCALE)
    steps = plan.SHORT if options.short else plan.FULL + (plan.SLOW if os.environ.get("BENCH_SLOW") else ())
    steps = plan.chosen(steps, os.environ.get("BENCH_ONLY", ""))
    rounds = int(os.environ.get("BENCH_ROUNDS", "1" if options.short else "3"))
    WORK.mkdir(parents=True, exist_ok=True)
    try:
        bench = Bench(steps, rounds, make=not options.short)
        before = time.monotonic()
        runs = bench.run()
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
    return {
        **machine(STARTED, bench.whole_rounds),
        "short": options.short,
        "took_s": round(time.monotonic() - before),
        "runs": runs,
    }


def main():
    parser = argparse.ArgumentParser(prog="python tests/bench", description=__doc__)
    parser.add_argument(
        "--short", action="store_true", help="a trial of under a minute, at a tenth of the size"
    )
    parser.add_argument("--docs", action="store_true", help="write the figures into docs/performance.md")
    parser.add_argument(
        "--from",
        dest="files",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="report on an earlier run, or on several, each later than the one before",
    )
    options = parser.parse_args()
    # However it is ended, what it has started ends first.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    if options.files is None:
        found = measured(options)
        kept = HOME / "results" / f"{STARTED}.json"
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(found, indent=1) + "\n")
        say(f"the figures are in {kept.relative_to(HOME.parent)}")
    else:
        found = report.joined([json.loads(file.read_text()) for file in options.files])
    print(report.text(found))
    if options.docs:
        performance.write(found)
    return int(any("error" in run for run in found["runs"]))


if __name__ == "__main__":
    sys.exit(main())

"""What every measurement shares: the handler's mark, the noise of the machine, and one line of JSON as the result."""

import ctypes
import json
import mmap
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SLOTS = 1 << 21
WORK = Path(os.environ.get("BENCH_TMP") or tempfile.mkdtemp(prefix="bench-"))
MARKS = Path(os.environ.get("BENCH_MARKS") or WORK / f"marks-{os.getpid()}")
CONC = 100
SCALE = float(os.environ.get("BENCH_SCALE", "1"))

_marks = None


class Skipped(Exception):  # noqa: N818 - it is no error
    """This cannot be measured here; the text says why."""


def open_marks(*, create=False):
    if create:
        with MARKS.open("wb") as file:
            file.truncate(SLOTS * 8)
    with MARKS.open("r+b") as file:
        return memoryview(mmap.mmap(file.fileno(), SLOTS * 8)).cast("q")


def mark(i):
    """What every handler does."""
    global _marks  # noqa: PLW0603 - opened by the first job of a worker, and once
    if _marks is None:
        _marks = open_marks()
    _marks[i] = time.monotonic_ns()


def cal_ms():
    """Time of a fixed piece of Python, to see a noisy machine: about the same number each time."""
    t = time.perf_counter()
    s = 0
    for k in range(1_000_000):
        s += k & 7
    return round((time.perf_counter() - t) * 1e3, 1)


def pct(xs, q):
    xs = sorted(xs)
    return xs[min(len(xs) - 1, int(len(xs) * q))]


def rate(n, seconds):
    return round(n / seconds, 1)


def emit(**fields):
    print(json.dumps(fields), flush=True)


def explained(error):
    return (
        {"skipped": str(error)}
        if isinstance(error, Skipped)
        else {"error": f"{type(error).__name__}: {error}"}
    )


def fresh_dir(name):
    path = WORK / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def pg_uri():
    return os.environ["BENCH_PG_URI"]


def redis_url():
    return os.environ["BENCH_REDIS_URL"]


def child(argv, **options):
    """Start a process that does not outlive this one."""
    before = _die_with_parent if sys.platform == "linux" else None
    return subprocess.Popen(argv, preexec_fn=before, **options)  # noqa: PLW1509 - it only makes a system call


def _die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)

"""Where it is measured: a Chromium, on a core of its own where that is asked for, and how much of everything there is."""

import contextlib
import os
import platform
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chromium import BINARY
from console import browser
from playwright.sync_api import Browser

SETTINGS = {"rate_per_key": 1_000_000, "max_ready_jobs": 10_000_000, "log_level": "warning"}
"""One key makes here what many make elsewhere; nothing else differs from a server as it is installed."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    jobs: int = 100_000
    minutes: float = 10.0
    loads: int = 10
    calls: int = 20
    ticking: int = 200
    watched_s: float = 10.0


SHORT = Sizes(jobs=2_000, minutes=0.1, loads=2, calls=5, ticking=20, watched_s=3.0)


@dataclass(frozen=True)
class Place:
    """A browser, a folder for what servers keep, and the sizes. ``core`` is that of the browser, if it has one for itself."""

    browser: Browser
    folder: Path
    sizes: Sizes
    core: int | None

    def __str__(self) -> str:
        cores = f"{os.cpu_count()} cores ({_processor()}), {platform.system()}"
        return (
            f"{cores}. Python {platform.python_version()}. Chromium {self.browser.version}, without a screen."
        )


@contextlib.contextmanager
def place(folder: Path, sizes: Sizes, *, one_core: bool) -> Iterator[Place]:
    """Chromium starts, held on one core where that is asked for and can be; what is started from here on runs beside it."""
    core = _core() if one_core else None
    with _apart(core), browser(_held(folder, core), "--disable-gpu") as found:
        yield Place(found, folder, sizes, core)


def _core() -> int | None:
    """The core that Chromium gets: the last one; None where nothing can hold it there."""
    if not hasattr(os, "sched_getaffinity") or shutil.which("taskset") is None:
        return None
    return max(os.sched_getaffinity(0))


def _held(folder: Path, core: int | None) -> str | Path | None:
    """What starts Chromium on this core, and its processes with it."""
    if core is None or BINARY is None:
        return BINARY
    script = folder / "chromium"
    script.write_text(f'#!/bin/sh\nexec taskset -c {core} {shlex.quote(BINARY)} "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return script


@contextlib.contextmanager
def _apart(core: int | None) -> Iterator[None]:
    """Keep this process, and those that it starts, off the core while there is another."""
    before = os.sched_getaffinity(0) if core is not None else set()
    others = before - {core}
    if others:
        os.sched_setaffinity(0, others)
    try:
        yield
    finally:
        if others:
            os.sched_setaffinity(0, before)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())

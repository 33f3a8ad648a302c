"""The measuring of the console's speed: that it works, and what it makes of what it was told. How long something takes is no matter here."""

import importlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from console import needs_console
from processes import ROOT

pytestmark = pytest.mark.xdist_group("console-speed")

HERE = ROOT / "tests" / "console" / "speed"
TRIAL = ["--short", "--jobs", "300", "--minutes", "0.05"]
TRIAL_S = 240
NUMBER = r"[\d,.e+-]+"
SEVERAL = rf"{NUMBER} ms \({NUMBER} to {NUMBER}\)"
TICKING = "20 jobs, 4 ticks a second each, 3 s: "
WATCHED = "20 jobs, 0.05 minutes: "
TABLE = {
    "list of jobs, first contentful paint": ("≤ 1,000 ms", SEVERAL),
    "list of jobs, rows are shown": ("≤ 1,000 ms", SEVERAL),
    "script of that view, packed": ("≤ 150 KiB", rf"{NUMBER} KiB"),
    "files of that view": ("", NUMBER),
    f"{TICKING}frames a second": ("≥ 60", NUMBER),
    f"{TICKING}longest frame": ("", rf"{NUMBER} ms"),
    f"{TICKING}frames over 50 ms": ("", NUMBER),
    f"{TICKING}frames drawn, of the trace": ("", NUMBER),
    f"{TICKING}frames dropped, of the trace": ("", NUMBER),
    f"{TICKING}longest task of the main thread": ("", rf"{NUMBER} ms"),
    f"{TICKING}main thread at work": ("", rf"{NUMBER} %"),
    f"{TICKING}main thread on the processor": ("", rf"{NUMBER} %"),
    "300 jobs: the first page": ("≤ 300 ms", SEVERAL),
    "300 jobs: the first look for a status that none has": ("≤ 300 ms", SEVERAL),
    "300 jobs: the first look for a text that none says": ("≤ 300 ms", SEVERAL),
    "300 jobs: older pages, from the newest on": ("≤ 300 ms", SEVERAL),
    "300 jobs: older pages, from the middle on": ("≤ 300 ms", SEVERAL),
    **{
        f"{WATCHED}{what} {when}": (rf"≤ {NUMBER}{unit}" if when == "at the end" else "", rf"{NUMBER}{unit}")
        for what, unit in (("heap of scripts", " MiB"), ("nodes", ""), ("listeners of events", ""))
        for when in ("at the start", "in the middle", "at the end")
    },
}
"""What each figure is called, what is wanted of it, and as what it is told."""


@pytest.fixture
def module(monkeypatch):
    """Import a module of it by its name; it is gone after the test."""
    monkeypatch.syspath_prepend(str(HERE))
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(HERE)):
            del sys.modules[name]


def run(*options, timeout=60):
    command = [sys.executable, str(HERE), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)


@needs_console
@pytest.mark.must_run
@pytest.mark.timeout(TRIAL_S + 10)
def test_a_trial_tells_every_figure(monkeypatch):
    # Chromium makes a socket there, of which the name may not be long.
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("TMPDIR", folder)
        done = run(*TRIAL, timeout=TRIAL_S)
        kept = [one.name for one in Path(folder).iterdir() if one.name.startswith("console-speed")]
    assert kept == []
    assert done.returncode == 0, done.stderr
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    head, _, *body = rows
    assert head == ["what", "wanted", "measured", "mark"]
    for row in body:
        # Where the system can hold Chromium there.
        row[0] = row[0].replace(", on one core", "")
    assert [row[0] for row in body] == list(TABLE)
    for what, wanted, measured, *_ in ([cell.strip() for cell in row] for row in body):
        assert re.fullmatch(TABLE[what][0], wanted), (what, wanted)
        assert re.fullmatch(TABLE[what][1], measured), (what, measured)
    assert "its figures say little" in done.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--jobs", "7"], "takes 100 to 10,000,000 jobs, not '7': write --jobs 1000000"),
        (["--jobs", "many"], "takes 100 to 10,000,000 jobs, not 'many'"),
        (["--minutes", "nan"], "takes 0.01 to 1,440 minutes, not 'nan': write --minutes 10"),
        (["--minutes", "an hour"], "takes 0.01 to 1,440 minutes, not 'an hour'"),
        (["--only", "colours"], "invalid choice: 'colours'"),
    ],
)
def test_what_cannot_be_measured_is_refused(options, said):
    done = run(*options)
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.parametrize(
    ("values", "bounds", "told"),
    [
        ((420.4, 400.0, 980.0), {"most": 1_000}, ("≤ 1,000 ms", "420 ms (400 to 980)", "met")),
        ((420.0, 400.0, 1_001.0), {"most": 1_000}, ("≤ 1,000 ms", "420 ms (400 to 1,001)", "**not met**")),
        ((1_000.4,), {"most": 1_000}, ("≤ 1,000 ms", "1,000 ms", "met")),
        ((60.0,), {"least": 60}, ("≥ 60 ms", "60 ms", "met")),
        ((59.0,), {"least": 60}, ("≥ 60 ms", "59 ms", "**not met**")),
        ((3.14159,), {}, ("", "3.14 ms", "")),
    ],
)
def test_a_figure_is_marked_by_its_worst_value(module, values, bounds, told):
    one = module("figures").Figure("waiting", values, " ms", **bounds)
    assert (one.wanted, one.measured, one.mark) == told


def task(tid, ts_ms, dur_ms, pid=1):
    """It has the processor for half of its time."""
    took = {"ts": ts_ms * 1000, "dur": dur_ms * 1000, "tdur": dur_ms * 500}
    return {"name": "RunTask", "ph": "X", "pid": pid, "tid": tid, **took}


def thread(tid, name, pid=1):
    return {"name": "thread_name", "ph": "M", "pid": pid, "tid": tid, "args": {"name": name}}


def frame(name, tree, pid=1):
    return {"name": name, "ph": "I", "pid": pid, "tid": 9, "ts": 1, "args": {"layerTreeId": tree}}


THREADS = [thread(1, "CrRendererMain"), thread(2, "Compositor"), thread(1, "CrRendererMain", pid=2)]


def test_a_trace_tells_of_the_page_that_does_most(module):
    tasks = [task(1, 0, 30), task(1, 80, 20), task(2, 0, 90), task(1, 0, 10, pid=2)]
    drawn = [frame("DrawFrame", 5)] * 3 + [
        frame("DroppedFrame", 5),
        frame("DroppedFrame", 6),
        frame("DrawFrame", 5, pid=2),
    ]
    found = module("frames").read([*THREADS, *tasks, *drawn])
    assert (found.drawn, found.dropped, found.longest_ms) == (3, 1, 30)
    assert (found.busy, found.computing) == (0.5, 0.25)


@pytest.mark.parametrize(
    "events", [[], [*THREADS, task(1, 0, 30)], [*THREADS, task(2, 0, 30), frame("DrawFrame", 5)]]
)
def test_a_trace_without_tasks_or_frames_is_no_figure_of_zero(module, events):
    with pytest.raises(ValueError, match="no tasks, or of no frames"):
        module("frames").read(events)

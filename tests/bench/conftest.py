"""The bench is a folder of scripts: its modules that measure nothing are imported from there."""

import importlib
import sys
from pathlib import Path

import pytest

HERE = str(Path(__file__).parent)


@pytest.fixture
def module(monkeypatch, tmp_path):
    """Import a module of the bench by its name; it is gone after the test."""
    monkeypatch.setenv("BENCH_TMP", str(tmp_path))
    monkeypatch.syspath_prepend(HERE)
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and sys.modules[name].__file__.startswith(HERE):
            del sys.modules[name]


@pytest.fixture
def jobs_line():
    def make(name, **figures):
        return {
            "kind": "jobs",
            "name": name,
            "version": "1",
            "step": f"jobs:{name}",
            "round": 1,
            "cal_ms": [20.0],
            **figures,
        }

    return make


@pytest.fixture
def run(jobs_line):
    """A run of three rounds, in which one peer was skipped."""
    ours = [
        jobs_line("tickwire (sqlite, REST)", life_best=rate, life_way="batches of 100")
        for rate in (400, 500, 700)
    ]
    peer = jobs_line("pgqueuer", life_best=200, life_way="batches of 100")
    faster = jobs_line("saq", life_best=900, life_way="100 in flight")
    skipped = {"step": "jobs:rq", "round": 1, "skipped": "there is no redis"}
    return {
        "command": "make bench",
        "rounds": 3,
        "started": "20260101-000000",
        "took_s": 60,
        "short": False,
        "machine": {"cpu": "a", "cores": 2, "memory_gib": 8, "system": "b"},
        "versions": {"Python": "3.11"},
        "runs": [*ours, peer, faster, skipped],
    }


@pytest.fixture
def root():
    return Path(HERE).parents[1]

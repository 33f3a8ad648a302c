"""The page about virtual time, and the command that lives through bad days."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from server.virtual.__main__ import main

ROOT = Path(__file__).resolve().parents[3]


def test_the_scenario_of_the_page_runs(tmp_path):
    page = (ROOT / "docs" / "virtual-time.md").read_text("utf-8")
    scenario, _ = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "scenario.py").write_text(scenario, "utf-8")
    command = [sys.executable, str(tmp_path / "scenario.py")]
    done = subprocess.run(
        command, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.stdout.endswith("ten times six hours\n"), done.stderr


def test_the_command_tells_what_it_lived_through(capsys):
    assert main(["--seeds", "2", "--jobs", "10", "--hours", "0.1"]) == 0
    assert re.search(r"virtual days in [0-9.]+ s, 0 seeds broke a promise$", capsys.readouterr().out.strip())


def test_the_command_tells_of_a_seed_that_broke_a_promise_and_how_to_have_it_again(capsys, monkeypatch):
    async def bad(world, plan):
        raise AssertionError("I1: us_jb_0000000001 was lost")

    monkeypatch.setattr("server.virtual.__main__.day", bad)
    assert main(["--seeds", "7-8", "--jobs", "10"]) == 1
    told = capsys.readouterr().out
    assert "seed 7: I1: us_jb_0000000001 was lost" in told
    assert "again: python -m server.virtual --seeds 7-7 --jobs 10" in told
    assert "2 seeds broke a promise" in told


@pytest.fixture(autouse=True)
def _logging_as_before():
    import structlog

    yield
    structlog.reset_defaults()

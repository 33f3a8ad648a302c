"""Figures of another tree are not taken."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parent


def check(*path):
    code = f"import sys; sys.path[:0] = {[str(one) for one in (*path, BENCH)]}; import tree; tree.check()"
    return subprocess.run(
        [sys.executable, "-I", "-c", code], check=False, capture_output=True, text=True, timeout=60
    )


def test_this_tree_is_measured():
    assert check(BENCH.parents[1]).returncode == 0


@pytest.mark.parametrize("other", ["server", "listener_sdk"])
def test_another_one_is_refused_by_its_place(tmp_path, other):
    (tmp_path / other).mkdir()
    (tmp_path / other / "__init__.py").touch()
    done = check(tmp_path, BENCH.parents[1])
    assert done.returncode == 1
    assert f"Tickwire is installed from {tmp_path}, not from {BENCH.parents[1]}" in done.stderr

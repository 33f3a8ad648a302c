"""Whose code is measured: what the interpreter has installed, which must be this tree's."""

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("server", "listener_sdk")


def check():
    """SystemExit where figures of another tree would pass for those of this one."""
    found = {Path(importlib.util.find_spec(name).origin).parents[1] for name in PACKAGES}
    if found != {ROOT}:
        others = ", ".join(sorted(str(one) for one in found - {ROOT}))
        sys.exit(
            f"Tickwire is installed from {others}, not from {ROOT}: run {sys.executable} -m pip install -e ."
        )

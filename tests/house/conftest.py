"""What the house tests look at: the project's files, without environments, caches and builds."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = ("listener_sdk", "server", "examples", "docs", "tests")
NOT_OURS = {".git", ".venv", ".bench", "dist", "build", "node_modules", "__pycache__"}


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def project_files():
    """Every file that belongs to the project: what git would keep, or in an unpacked archive all but caches."""
    names = listed() or walk()
    return sorted(path for name in names if name and (path := ROOT / name).is_file())


def listed():
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if shutil.which("git") is None:
        return []
    asked = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    return asked.stdout.decode().split("\0") if asked.returncode == 0 else []


def walk():
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        if not NOT_OURS.intersection(parts) and not any(part.endswith("_cache") for part in parts):
            yield str(path.relative_to(ROOT))


@pytest.fixture(scope="session")
def python_files(project_files):
    """Its Python files, as (path below the root, path)."""
    found = [(path.relative_to(ROOT), path) for path in project_files if path.suffix == ".py"]
    assert len(found) > 50
    return [(name, path) for name, path in found if name.parts[0] in CODE]

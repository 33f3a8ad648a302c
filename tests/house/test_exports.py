"""The public face: every exported name is there, and nothing heavy is loaded before it is used."""

import subprocess
import sys

import pytest

import listener_sdk

HEAVY = {"aiohttp", "websockets", "click", "rich", "structlog", "asyncio", "sqlite3", "server"}


def loaded_by(statement, root):
    """The names of HEAVY that are loaded in a fresh process after the statement."""
    script = f"import sys\nbefore = set(sys.modules)\n{statement}\nprint(*{HEAVY!r}.intersection(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


def test_exports_are_sorted_and_stand_once():
    names = [name for name in listener_sdk.__all__ if not name.startswith("__")]
    assert names == sorted(set(names))


@pytest.mark.parametrize("name", listener_sdk.__all__)
def test_every_export_is_there_and_documented(name):
    found = getattr(listener_sdk, name)
    assert name in dir(listener_sdk)
    if name != "__version__":
        assert found.__doc__


def test_a_star_import_brings_exactly_the_exports():
    space = {}
    exec("from listener_sdk import *", space)
    assert set(space) - {"__builtins__"} == set(listener_sdk.__all__)


def test_other_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = listener_sdk.no_such_name


@pytest.mark.parametrize("statement", ["import listener_sdk", "from listener_sdk import next_, Outcome"])
def test_the_sdk_loads_what_is_used(statement, root):
    assert loaded_by(statement, root).isdisjoint(HEAVY - {"asyncio"})


def test_the_protocol_loads_nothing_that_does_io(root):
    names = ", ".join(sorted(path.stem for path in (root / "listener_sdk/protocol").glob("[a-z]*.py")))
    loaded = loaded_by(f"from listener_sdk.protocol import {names}", root)
    assert loaded.isdisjoint(HEAVY - {"asyncio"})


def test_the_sdk_never_loads_the_server(root):
    everything = ", ".join(name for name in listener_sdk.__all__ if not name.startswith("__"))
    assert "server" not in loaded_by(f"from listener_sdk import {everything}", root)

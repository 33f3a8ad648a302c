import sys
from pathlib import Path

import pytest

from listener_sdk.cli import _server_command
from listener_sdk.cli._server_command import PACKAGE_ROOT, need_server, server_command
from listener_sdk.cli.failures import Failure


def test_the_command_is_isolated_and_takes_this_packages_server():
    interpreter, flag, _, code, *flags = server_command("--port", "0")
    assert (interpreter, flag, flags) == (sys.executable, "-I", ["--port", "0"])
    assert repr(str(PACKAGE_ROOT)) in code


def test_without_its_libraries_the_extra_is_named(monkeypatch):
    need_server()
    monkeypatch.setattr(_server_command, "find_spec", lambda _name: None)
    with pytest.raises(Failure, match=r"pip install 'tickwire\[server\]'"):
        need_server()


def test_the_package_root_holds_the_package():
    assert (PACKAGE_ROOT / "listener_sdk" / "cli").samefile(Path(_server_command.__file__).parent)

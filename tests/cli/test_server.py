import os
import sys

import pytest

from listener_sdk.cli import _server_process


@pytest.mark.skipif(sys.platform == "win32", reason="there the server is a child process")
def test_the_server_takes_the_place_of_the_command_and_all_its_flags(tickwire, monkeypatch):
    started = []
    monkeypatch.setattr(os, "execv", lambda _path, order: started.append(order))
    tickwire("server", "--port", "0", "--help")
    assert started == [_server_process.server_command("--port", "0", "--help")]


def test_without_its_libraries_the_extra_is_named(tickwire, monkeypatch):
    monkeypatch.setattr(_server_process, "find_spec", lambda _name: None)
    result = tickwire("server")
    assert result.exit_code == 1
    assert result.stderr == "error: the server is not installed. Install it: pip install 'tickwire[server]'\n"

import os
import subprocess
import sys

import pytest

from listener_sdk.cli import _server_command


@pytest.mark.skipif(sys.platform == "win32", reason="there the server is a child process")
def test_the_server_takes_the_place_of_the_command_and_all_its_flags(tickwire, monkeypatch):
    started = []
    monkeypatch.setattr(os, "execv", lambda _path, order: started.append(order))
    tickwire("server", "--port", "0", "--help")
    assert started == [_server_command.server_command("--port", "0", "--help")]


def test_without_its_libraries_the_extra_is_named(tickwire, monkeypatch):
    monkeypatch.setattr(_server_command, "find_spec", lambda _name: None)
    result = tickwire("server")
    assert result.exit_code == 1
    assert result.stderr == "error: the server is not installed. Install it: pip install 'tickwire[server]'\n"


def test_the_command_loads_next_to_nothing_for_the_server_to_wait_for():
    """In a process of its own: here all may be loaded already."""
    code = """
import sys
from listener_sdk.cli import server
print([name for name in ("asyncio", "pydantic", "rich", "aiohttp") if name in sys.modules])
server.need_server()
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=_server_command.PACKAGE_ROOT
    )
    assert done.stdout == "[]\n"

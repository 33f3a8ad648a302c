import psutil
import pytest

from listener_sdk.cli import _server_process
from listener_sdk.cli._server_process import ending, start_server
from listener_sdk.cli.failures import Failure

GOOD = "import time\nprint('tickwire ready http://127.0.0.1:1', flush=True)\nwhile True: time.sleep(3600)"
BAD = "import sys; print('error: the port is taken', file=sys.stderr); sys.exit(2)"
SILENT = (
    "import sys, time; print('still starting', file=sys.stderr, flush=True)\nwhile True: time.sleep(3600)"
)


@pytest.fixture
def serves(monkeypatch):
    return lambda code: monkeypatch.setattr(_server_process, "CODE", code)


async def test_a_server_that_says_ready_is_handed_over_with_its_address(serves, tmp_path):
    serves(GOOD)
    child, url = await start_server({}, tmp_path / "server.log")
    assert url == "http://127.0.0.1:1"
    assert psutil.pid_exists(child.pid)
    await child.stop(30)


async def test_a_server_that_fails_says_why(serves, tmp_path):
    serves(BAD)
    with pytest.raises(Failure, match=r"did not start \(exit code 2\)\.\nerror: the port is taken"):
        await start_server({}, tmp_path / "server.log")


async def test_a_server_that_says_something_else_is_stopped(serves, monkeypatch, tmp_path):
    monkeypatch.setattr(_server_process, "OWN_END_S", 0.01)
    serves(GOOD.replace("tickwire ready", "hello from"))
    children = set(psutil.Process().children())
    with pytest.raises(Failure, match="did not start"):
        await start_server({}, tmp_path / "server.log")
    assert set(psutil.Process().children()) == children


async def test_a_server_that_is_not_ready_in_time_is_stopped(serves, tmp_path):
    serves(SILENT)
    children = set(psutil.Process().children())
    with pytest.raises(Failure, match="was not ready within 0 s"):
        await start_server({}, tmp_path / "server.log", deadline_s=0.01)
    assert set(psutil.Process().children()) == children


def test_the_ending_of_a_log_is_its_last_lines(tmp_path):
    log = tmp_path / "a.log"
    log.write_text("\n".join(map(str, range(100))) + "\n", encoding="utf-8")
    assert ending(log, 2) == "98\n99"

import asyncio
import os
import signal
import subprocess
import sys

import psutil
import pytest

from listener_sdk.cli._child import Child, clean_environment, command_line
from listener_sdk.cli._server_command import PACKAGE_ROOT

FOREVER = "import time\nprint('up', flush=True)\nwhile True: time.sleep(3600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + FOREVER


async def started(code):
    child = await Child.start(["-I"], code, [], stdout=subprocess.PIPE)
    assert await child.line() == "up\n"
    return child


async def test_a_child_stops_when_asked():
    child = await started(FOREVER)
    assert child.exit_code is None
    assert await child.stop(30) == -signal.SIGTERM
    assert not psutil.pid_exists(child.pid)
    assert await child.stop(30) == -signal.SIGTERM


async def test_a_child_that_does_not_stop_is_killed_after_the_grace():
    child = await started(STUBBORN)
    assert await child.stop(0.05) == -signal.SIGKILL


async def test_a_child_is_killed_even_when_its_stop_is_interrupted():
    child = await started(STUBBORN)
    stopping = asyncio.create_task(child.stop(3600))
    await asyncio.sleep(0)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    async with asyncio.timeout(30):
        assert await child.wait() == -signal.SIGKILL


def test_a_child_ends_when_its_parent_is_killed(tmp_path):
    parent = tmp_path / "parent.py"
    parent.write_text(
        "import asyncio\n"
        "from listener_sdk.cli._child import Child\n"
        "async def main():\n"
        f"    child = await Child.start(['-I'], {FOREVER!r}, [])\n"
        "    print(child.pid, flush=True)\n"
        "    await child.wait()\n"
        "asyncio.run(main())\n",
        encoding="utf-8",
    )
    env = {**os.environ, "PYTHONPATH": str(PACKAGE_ROOT)}
    with subprocess.Popen([sys.executable, parent], stdout=subprocess.PIPE, text=True, env=env) as process:
        child = psutil.Process(int(process.stdout.readline()))
        process.kill()
    # Nobody reaps it in a container without init: a zombie has ended, too.
    _gone, alive = psutil.wait_procs([child], timeout=30)
    assert all(process.status() == psutil.STATUS_ZOMBIE for process in alive)


async def test_the_command_line_runs_this_very_package(tmp_path):
    child = await Child.start(*command_line("--version"), stdout=subprocess.PIPE)
    assert (await child.line()).startswith("tickwire, version ")
    assert await child.wait() == 0


def test_a_clean_environment_has_only_the_given_settings(monkeypatch):
    monkeypatch.setenv("TICKWIRE_DATABASE_URL", "sqlite:///elsewhere")
    env = clean_environment(TICKWIRE_PORT="0")
    assert {name: value for name, value in env.items() if name.startswith("TICKWIRE_")} == {
        "TICKWIRE_PORT": "0"
    }
    assert env["PATH"] == os.environ["PATH"]

"""The processes that tests fork: none is waited for in vain, and none is left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import forks
import pytest
from forks import Fork
from processes import until

SUPPORT = Path(forks.__file__).parent
ASKS = """
import os, sys, threading
from pathlib import Path
from forks import Fork
print(Fork("sdk", [sys.argv[1]], dict(os.environ), Path(".")).pid, flush=True)
threading.Event().wait()
"""


@pytest.fixture
def script(tmp_path):
    """A script that does not end by itself."""
    path = tmp_path / "waits.py"
    path.write_text("import signal\nprint('waits', flush=True)\nsignal.pause()\n")
    return path


@pytest.fixture
def broken(monkeypatch):
    """Those who fork cannot begin; whatever has forked before ends, too."""
    forks.stop()
    monkeypatch.setattr(forks, "__file__", os.devnull)
    yield
    forks.stop()


def lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def fork(script, **env):
    return Fork("sdk", [str(script)], {**os.environ, **env}, script.parent)


@pytest.mark.timeout(30)
def test_that_none_can_be_forked_is_noticed(broken, script):
    with pytest.raises((AssertionError, OSError)):
        fork(script)


def test_a_fork_may_be_told_much(script):
    large = "x" * 100_000
    script.write_text("import os\nprint(len(os.environ['LARGE']), flush=True)\n")
    process = fork(script, LARGE=large)
    with process.stdout as written:
        assert written.read() == "100000\n"
    assert process.wait(20) == 0


def test_a_fork_reads_what_is_typed_and_otherwise_nothing(script):
    script.write_text("import sys\nprint(sys.stdin.isatty(), sys.stdin.read(), end='')\n")
    for typed in ("Zoë\n", ""):
        done = forks.run("sdk", [str(script)], dict(os.environ), script.parent, typed=typed)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"False {typed}", "")


def test_the_output_of_one_ends_while_others_live(script):
    first, second = fork(script), fork(script)
    with first.stdout as written, second.stdout as other:
        first.kill()
        assert written.read() in {"", "waits\n"}
        assert first.wait(20) == -signal.SIGKILL
        assert second.poll() is None
        second.kill()
        assert second.wait(20) == -signal.SIGKILL
        other.read()


def test_a_fork_goes_on_without_the_one_who_forked_it(script):
    process = fork(script)
    with process.stdout as written:
        assert written.readline() == "waits\n"
        forks.stop()
        assert process.poll() is None
        process.terminate()
        assert process.wait(20) == -signal.SIGTERM


def test_a_fork_ends_with_the_process_that_asked_for_it(script):
    env = {**os.environ, "PYTHONPATH": str(SUPPORT)}
    with subprocess.Popen(
        [sys.executable, "-c", ASKS, str(script)], env=env, stdout=subprocess.PIPE, text=True
    ) as asking:
        pid = int(asking.stdout.readline())
        assert lives(pid)
        asking.kill()
    until(lambda: not lives(pid), "the fork has ended")


def test_those_who_fork_end_with_the_session(script):
    process = fork(script)
    asking, origin = forks._ORIGINS["sdk"]
    forks.stop()
    assert origin.returncode is not None
    assert asking.fileno() == -1
    process.kill()
    process.wait(20)
    process.stdout.close()

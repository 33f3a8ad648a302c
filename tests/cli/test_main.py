import subprocess
import sys

import pytest

from listener_sdk._version import __version__
from listener_sdk.cli import COMMANDS
from listener_sdk.cli._child import PACKAGE_ROOT


def test_help_names_every_command(tickwire):
    shown = tickwire("--help").output
    for name, meaning in COMMANDS.items():
        assert name in shown
        assert " ".join(meaning.split()[:4]) in shown


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "server"])
def test_every_command_explains_itself(tickwire, name):
    result = tickwire(name, "--help")
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: tickwire {name}")


def test_help_loads_neither_client_nor_terminal_libraries():
    code = (
        "import sys\n"
        "from listener_sdk.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "print([name for name in ('aiohttp', 'websockets', 'pydantic', 'rich') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=PACKAGE_ROOT
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", ["jobs", "runs", "keys"])
def test_a_command_is_imported_without_what_it_may_not_need(name):
    """In a process of its own: here all may be loaded already."""
    code = f"""
import sys
from listener_sdk.cli import main
main(["{name}", "--help"], standalone_mode=False)
later = {{"websockets", "structlog", "listener_sdk._stream", "listener_sdk.protocol.frames", "listener_sdk.listener"}}
assert not later & set(sys.modules), sorted(later & set(sys.modules))
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PACKAGE_ROOT, timeout=60)


def test_a_command_is_imported_without_searches_for_garbage():
    """In a process of its own: here all commands may be loaded already."""
    code = """
import gc
seen = []
gc.callbacks.append(lambda phase, info: seen.append(info["generation"]))
from listener_sdk.cli import main
seen.clear()
main(["jobs", "--help"], standalone_mode=False)
assert 2 not in seen, seen
assert gc.isenabled() and gc.get_freeze_count() > 10_000
stays = gc.get_freeze_count()
main(["jobs", "--help"], standalone_mode=False)
assert gc.get_freeze_count() == stays, "what was loaded already is as it was"
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PACKAGE_ROOT, timeout=60)


def test_the_version_is_the_packages(tickwire):
    assert tickwire("--version").output == f"tickwire, version {__version__}\n"


def test_an_unknown_command_is_refused(tickwire):
    result = tickwire("serve")
    assert result.exit_code == 2
    assert "No such command 'serve'" in result.output


def test_expected_errors_are_one_line_without_traceback(tickwire, monkeypatch):
    monkeypatch.setenv("TICKWIRE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("TICKWIRE_API_KEY", "k" * 32)
    result = tickwire("jobs")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: Cannot reach http://127.0.0.1:9")
    assert len(result.stderr.splitlines()) == 1


def test_interrupts_end_with_the_code_that_shells_expect(tickwire, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("listener_sdk.cli.jobs.call", interrupted)
    assert tickwire("jobs").exit_code == 130


def test_unexpected_errors_keep_their_traceback(tickwire, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("listener_sdk.cli.jobs.call", broken)
    assert isinstance(tickwire("jobs").exception, ZeroDivisionError)


def test_the_command_line_is_a_module_too():
    command = [sys.executable, "-m", "listener_sdk.cli", "--version"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=PACKAGE_ROOT)
    assert done.stdout == f"tickwire, version {__version__}\n"

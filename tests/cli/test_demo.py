import asyncio
import signal
import socket
import subprocess
import sys
import time

import airportsdata
import openpyxl
import psutil
import pytest

from listener_sdk.cli import _child, _server_command, demo
from listener_sdk.cli.failures import Failure

DEADLINE_S = 100
CSV = "name;city\nZoë;Zürich\nAnn;=1+1\nBob;Bern;extra\n"


def test_nothing_is_overwritten(tmp_path):
    wanted = tmp_path / "airports.xlsx"
    assert demo.next_free(wanted) == wanted
    wanted.touch()
    (tmp_path / "airports-2.xlsx").touch()
    assert demo.next_free(wanted) == tmp_path / "airports-3.xlsx"


def test_the_data_is_private_unless_the_folder_is_in_use_already(tmp_path):
    (tmp_path / "empty").mkdir(mode=0o755)
    for folder in (tmp_path / "new" / "deep", tmp_path / "empty"):
        demo.private(folder)
        assert folder.stat().st_mode & 0o777 == 0o700
    used = tmp_path / "used"
    used.mkdir(mode=0o755)
    (used / "mine.txt").touch()
    demo.private(used)
    assert used.stat().st_mode & 0o777 == 0o755


def test_a_taken_port_means_any_other():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert demo.free_port(taken.getsockname()[1]) == 0
    assert demo.free_port(0) == 0


def test_the_listener_is_the_example_in_a_clone_and_in_the_wheel(monkeypatch, tmp_path):
    assert demo.script() == _server_command.PACKAGE_ROOT / "examples" / "export_airports.py"
    monkeypatch.setattr(demo, "PACKAGE_ROOT", tmp_path)
    with pytest.raises(Failure, match="Install tickwire again"):
        demo.script()
    installed = tmp_path / "listener_sdk" / "demo" / "export_airports.py"
    installed.parent.mkdir(parents=True)
    installed.touch()
    assert demo.script() == installed


def test_without_its_libraries_the_extra_is_named(tickwire, monkeypatch):
    monkeypatch.setattr(demo, "find_spec", lambda _name: None)
    result = tickwire("demo", "--exit")
    assert result.exit_code == 1
    assert result.stderr == (
        "error: the demo's libraries are not installed. Install them: pip install 'tickwire[demo]'\n"
    )


@pytest.fixture
def start(tmp_path):
    """Starts ``tickwire demo`` in an empty folder; whatever it leaves behind is ended."""
    started = []

    def run(*arguments):
        flags, code, rest = _child.command_line("demo", "--port", "0", *arguments)
        env = _child.clean_environment(TMPDIR=str(tmp_path), NO_COLOR="1")
        process = subprocess.Popen(
            [sys.executable, *flags, "-c", code, *rest],
            cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def family(process):
    """The children of a demo: its server and its listener."""
    return psutil.Process(process.pid).children(recursive=True)


def until(test, what):
    """The first true value of a test, within a deadline."""
    ends = time.monotonic() + DEADLINE_S
    while not (found := test()):
        assert time.monotonic() < ends, what
        time.sleep(0.02)
    return found


def both(process):
    """Server and listener, once both run."""

    def running():
        assert process.poll() is None, process.communicate()
        return found if len(found := family(process)) == 2 else None

    return until(running, "two children run")


def rows(path):
    book = openpyxl.load_workbook(path, read_only=True)
    found = [list(row) for row in book.active.iter_rows(values_only=True)]
    book.close()
    return found


@pytest.mark.must_run
@pytest.mark.timeout(150)
def test_the_demo_exports_every_airport_and_leaves_nothing_running(start, tmp_path):
    process = start("--exit")
    children = both(process)
    said, progress = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, said + progress
    assert psutil.wait_procs(children, timeout=10)[1] == []
    assert "Export ready" in said
    assert "airports.xlsx has 28,298 rows and 15 columns." in said
    assert "http://" not in said
    assert f"Saved {tmp_path / 'airports.xlsx'} (" in said
    assert "MiB, 28,298 rows)" in said
    lines = [line for line in progress.splitlines() if line.startswith("workbook:export")]
    assert any(" left (" in line and "of 28,298" in line and "/s" in line for line in lines), progress
    header, *found = rows(tmp_path / "airports.xlsx")
    source = list(airportsdata.load().values())
    assert header[:11] == list(source[0])
    assert [row[:11] for row in found] == [
        [None if cell == "" else cell for cell in a.values()] for a in source
    ]
    assert all(row[11] and row[12] >= 0 and row[13] >= 0 and row[14] for row in found)
    assert [path.name for path in tmp_path.iterdir()] == ["airports.xlsx"]


@pytest.mark.must_run
def test_a_file_of_ones_own_is_exported_and_the_data_can_be_kept(start, tmp_path):
    (tmp_path / "people.csv").write_text(CSV, encoding="utf-8")
    (tmp_path / "people.xlsx").touch()
    process = start("--exit", "--file", "people.csv", "--keep", "data")
    said, progress = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, said + progress
    assert rows(tmp_path / "people-2.xlsx") == [["name", "city"], ["Zoë", "Zürich"], ["Ann", "=1+1"]]
    assert (tmp_path / "people.xlsx").stat().st_size == 0
    assert "Left out: 1 row that did not fit under the header." in said
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0
    assert (tmp_path / "data" / "admin.key").stat().st_mode & 0o077 == 0


@pytest.mark.must_run
def test_a_file_that_is_no_table_is_an_error_that_says_why(start, tmp_path):
    (tmp_path / "empty.csv").touch()
    process = start("--exit", "--file", "empty.csv")
    said, progress = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1
    assert "empty.csv is empty. Choose a CSV file" in said
    assert "tickwire jobs" not in said
    assert "error: workbook:export ended as failed" in progress


@pytest.mark.must_run
def test_without_exit_it_stays_up_until_it_is_interrupted(start, tmp_path):
    (tmp_path / "people.csv").write_text(CSV, encoding="utf-8")
    process = start("--file", "people.csv")
    heard = []
    while "Ctrl-C stops both" not in (heard[-1] if heard else ""):
        heard.append(process.stdout.readline())
        assert heard[-1], heard
    assert any("tickwire run workbook:export" in line for line in heard)
    assert any("Download the workbook: http://127.0.0.1:" in line for line in heard)
    children = family(process)
    assert len(children) == 2
    process.send_signal(signal.SIGINT)
    assert process.wait(DEADLINE_S) == 0
    assert psutil.wait_procs(children, timeout=10)[1] == []


@pytest.mark.must_run
def test_an_interrupt_before_the_end_stops_both_and_says_so(start):
    process = start("--exit")
    children = both(process)
    while " of 28,298" not in (line := process.stderr.readline()):
        assert line, "the demo ended before its job began"
    process.send_signal(signal.SIGTERM)
    assert process.wait(DEADLINE_S) == 130
    assert process.stderr.read().splitlines()[-1] == "stopping"
    assert psutil.wait_procs(children, timeout=10)[1] == []


@pytest.mark.must_run
def test_a_server_that_dies_ends_the_demo_with_the_reason(start):
    process = start()
    server = min(both(process), key=lambda child: child.pid)
    server.kill()
    _said, errors = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1
    assert "error: the server has ended unexpectedly" in errors, errors


async def test_children_are_stopped_when_the_work_fails(monkeypatch, tmp_path):
    stopped = []

    class Running:
        def __init__(self, name):
            self.name = name

        async def wait(self):
            await asyncio.Event().wait()

        async def stop(self, _grace_s):
            stopped.append(self.name)

    async def start_server(env, log):
        (tmp_path / "admin.key").write_text("k" * 32, encoding="utf-8")
        return Running("server"), "http://h"

    async def start_listener(*_, **__):
        return Running("listener")

    monkeypatch.setattr(demo, "start_server", start_server)
    monkeypatch.setattr(demo.Child, "start", start_listener)
    with pytest.raises(ZeroDivisionError):
        async with demo.staged(tmp_path, 0):
            raise ZeroDivisionError
    assert stopped == ["listener", "server"]


def test_settings_of_the_person_do_not_reach_the_demos_server(monkeypatch):
    monkeypatch.setenv("TICKWIRE_ADMIN_KEY", "x" * 32)
    assert "TICKWIRE_ADMIN_KEY" not in _child.clean_environment(TICKWIRE_PORT="0")

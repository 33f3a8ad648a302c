"""Runs the README: each fenced block says in a comment before it how, and runs in an empty folder on the installed wheel."""

import os
import re
import socket
import subprocess
import sys
import sysconfig
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"(?:<!-- (?P<how>[^\n]*?) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)```", re.DOTALL)
DEADLINE_S = 60


@dataclass(frozen=True)
class Block:
    how: str
    language: str
    text: str

    @property
    def name(self):
        return self.how.split()[-1]


def blocks():
    text = (ROOT / "README.md").read_text("utf-8")
    return [Block(found["how"] or "", found["language"], found["text"]) for found in BLOCK.finditer(text)]


def test_each_block_says_how_it_is_run_or_why_not():
    for block in blocks():
        assert re.match(r"run: (file \S+\.py|python \S+\.py|shell|start)$|not run here: .{10}", block.how), (
            block
        )


def test_the_quick_start_is_two_commands():
    first = next(block for block in blocks() if block.language == "bash")
    assert [line.split("#")[0].strip() for line in first.text.splitlines()] == ["make demo", "make test"]


def test_the_short_listener_is_short_and_is_the_example():
    listener = next(block for block in blocks() if block.how == "run: file hello.py").text
    assert len([line for line in listener.splitlines() if line.strip()]) == 13
    example = (ROOT / "examples" / "hello.py").read_text("utf-8")
    assert example.endswith(f'"""\n\n{listener}')


def test_links_lead_to_files_that_exist():
    text = (ROOT / "README.md").read_text("utf-8")
    targets = [target for target in re.findall(r"\]\(([^)]+)\)", text) if "://" not in target]
    assert [target for target in targets if not (ROOT / target).exists()] == []


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The bin folder of a fresh environment with this project's wheel; its libraries are those of the present one."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    subprocess.run(build, check=True, capture_output=True)
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    where = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(where, check=True, capture_output=True, text=True).stdout.strip())
    # A plain path: what is installed there in editable form does not come along, so only the wheel holds tickwire.
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    (wheel,) = folder.glob("*.whl")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--no-index",
        "--no-deps",
        "--force-reinstall",
    ]
    subprocess.run([*pip, wheel], check=True, capture_output=True)
    return environment / "bin"


class Reader:
    """One reader of the README in an empty folder: starts what keeps running, runs the rest."""

    def __init__(self, folder, bin_folder, running):
        self._folder = folder
        self._bin = bin_folder
        self._running = running
        self._port = free_port()
        self._started = 0
        self._env = {
            name: value for name, value in os.environ.items() if not name.startswith(("TICKWIRE_", "PYTHON"))
        }
        self._env |= {
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
            "TICKWIRE_PORT": str(self._port),
            "TICKWIRE_URL": f"http://127.0.0.1:{self._port}",
            "VIRTUAL_ENV": str(bin_folder.parent),
        }

    def run(self, block):
        text = block.text.replace("127.0.0.1:8420", f"127.0.0.1:{self._port}")
        if block.how == "run: start":
            return self._start(text)
        if block.how == "run: shell":
            return self._output(["bash", "-euo", "pipefail", "-c", text])
        (self._folder / block.name).write_text(text, encoding="utf-8")
        return (
            self._output([str(self._bin / "python"), block.name])
            if block.how.startswith("run: python")
            else ""
        )

    def _output(self, command):
        done = subprocess.run(
            command,
            cwd=self._folder,
            env=self._env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        return done.stdout

    def _start(self, text):
        self._started += 1
        log = self._folder / f"started-{self._started}.log"
        with log.open("wb") as output:
            command = ["bash", "-c", f"exec {text.strip()}"]
            process = subprocess.Popen(command, cwd=self._folder, env=self._env, stdout=output, stderr=output)
        self._running.callback(stop, process)
        said = "tickwire ready" if "server" in text else "listening at"
        wait_until(lambda: said in log.read_text("utf-8"), process, log)
        return ""


def wait_until(holds, process, log):
    """Wait for a condition with a deadline; the process must go on meanwhile."""
    ends = time.monotonic() + DEADLINE_S
    while not holds():
        assert process.poll() is None, log.read_text("utf-8")
        assert time.monotonic() < ends, log.read_text("utf-8")
        time.sleep(0.02)


def stop(process):
    children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.terminate()
    try:
        process.wait(DEADLINE_S)
    finally:
        process.kill()
    assert psutil.wait_procs(children, timeout=DEADLINE_S)[1] == []


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.must_run
@pytest.mark.timeout(300)
def test_every_snippet_runs_as_it_stands(installed, tmp_path):
    with ExitStack() as running:
        reader = Reader(tmp_path, installed, running)
        said = {}
        for block in blocks():
            if block.how.startswith("run:"):
                said[block.how] = said.get(block.how, "") + reader.run(block)
    outputs = "\n".join(said.values())
    assert re.search(r"Hashed 2 files\.\nDownload: http://127\.0\.0\.1:\d+/v1/files/", outputs)
    assert re.search(r"folder:checksum +complete", outputs)
    assert re.search(r"job:completed +us_jb_", outputs)
    assert "info    Hello, Ada!" in outputs
    assert "Greeted 2 people." in outputs
    assert '"operation":"greet"' in outputs.replace(" ", "")
    assert re.search(r'"status":"started".*"jobStatus":"complete".*"Greeted 1 people\."', outputs)
    assert "job:completed" in said["run: python subscribe.py"]
    assert said["run: python flatfile_client.py"] == "complete\n"


@pytest.mark.must_run
def test_the_wheel_holds_the_demo(installed, tmp_path):
    (tmp_path / "people.csv").write_text("name,city\nAnn,Bern\n", encoding="utf-8")
    reader = Reader(tmp_path, installed, ExitStack())
    shell = Block("run: shell", "bash", "tickwire demo --exit --port 0 --file people.csv")
    assert "people.xlsx has 1 row and 2 columns." in reader.run(shell)
    assert (tmp_path / "people.xlsx").is_file()

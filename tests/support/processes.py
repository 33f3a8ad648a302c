"""Real processes on loopback: a server, and listeners that run a script. Every one started here is ended here, by its id.

Most are forked from one that has imported what they need (`forks`); some tests start a server cold, as one does at home.
"""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from forks import Fork

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_S = 40.0
READY = re.compile(r"tickwire ready (http://\S+)")
SERVE = (
    "import runpy, sys; sys.path.insert(0, {root!r}); "
    "runpy.run_module('server', run_name='__main__', alter_sys=True)"
)


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(test: Callable[[], Any], what: str, deadline_s: float = DEADLINE_S) -> Any:
    """The first true value of a test that is asked again and again; fails with ``what`` after a deadline."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        found = test()
        if found:
            return found
        threading.Event().wait(0.02)
    raise AssertionError(f"not within {deadline_s:g} s: {what}")


class Started:
    """A process whose output is kept: a command, or with a kind (`forks.KINDS`) a fork that has imported what it needs."""

    def __init__(self, command: list[str], env: dict[str, str], cwd: Path, kind: str | None = None) -> None:
        self.output: list[str] = []
        env = {**os.environ, "PYTHONUNBUFFERED": "1", **env}
        self.process: Any = (
            Fork(kind, command, env, cwd)
            if kind is not None
            else subprocess.Popen(
                command, env=env, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.output.append(line)

    @property
    def text(self) -> str:
        """All that it has written."""
        return "".join(self.output)

    def kill(self) -> None:
        """SIGKILL, as a crash."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(DEADLINE_S)
        self._close()

    def pause(self) -> None:
        """Stop the process where it stands."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let a paused process continue."""
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(DEADLINE_S)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait(DEADLINE_S)
            self._close()

    def _close(self) -> None:
        self._reader.join(DEADLINE_S)
        self.process.stdout.close()


class Server:
    """A server on a port and data directory of its own, which survive its crash. A cold one begins as a new Python, as it does at home."""

    def __init__(self, folder: Path, *, cold: bool = False, **settings: object) -> None:
        self.folder = folder
        self._cold = cold
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._settings = {f"TICKWIRE_{name.upper()}": str(value) for name, value in settings.items()}
        self.started: Started | None = None

    @property
    def key(self) -> str:
        """The administrator's key."""
        return (self.folder / "data" / "admin.key").read_text().strip()

    @property
    def environment(self) -> dict[str, str]:
        """What a client of this server needs."""
        return {"TICKWIRE_URL": self.url, "TICKWIRE_API_KEY": self.key}

    def start(self) -> "Server":
        env = {
            "TICKWIRE_PORT": str(self.port),
            "TICKWIRE_DATA_DIR": str(self.folder / "data"),
            **self._settings,
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._cold:
            command = [sys.executable, "-I", "-c", SERVE.format(root=str(ROOT))]
            self.started = Started(command, env, self.folder)
        else:
            self.started = Started(["server"], env, self.folder, "server")
        started = self.started

        def ready() -> bool:
            assert started.process.poll() is None, started.text
            return READY.search(started.text) is not None

        until(ready, "the server is ready")
        return self

    def kill(self) -> None:
        assert self.started is not None
        self.started.kill()

    def stop(self) -> int:
        return self.started.stop() if self.started is not None else 0


@contextlib.contextmanager
def server(folder: Path, *, cold: bool = False, **settings: object) -> Iterator[Server]:
    """A running server; settings by their names, such as ``lease_s=2``."""
    made = Server(folder, cold=cold, **settings)
    try:
        yield made.start()
    finally:
        made.stop()


@contextlib.contextmanager
def listener(script: Path, env: dict[str, str]) -> Iterator[Started]:
    """A process that runs a listener script."""
    made = Started([str(script)], {"PYTHONPATH": str(ROOT), **env}, script.parent, "sdk")
    try:
        yield made
    finally:
        made.stop()

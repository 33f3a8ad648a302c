"""Processes that begin with their imports done: each is forked from one that has them. To import takes nine tenths of a short process's time.

A process of its own is started for each set of imports, by `origin`. It forks whatever is asked for; a watcher, forked too, tells how that ended.
"""

import contextlib
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]


# ---- in the processes that forks begin as


def _server() -> Callable[[list[str]], Any]:
    """Imports the server as its own process does; what then runs it."""
    from server import __main__ as entry

    with entry.hidden("rich"), entry.authorities_later(), entry.unsearched():
        import server.app  # noqa: F401 - what forks then have
    return lambda _: entry.main([])


def _sdk() -> Callable[[list[str]], Any]:
    """Imports what listeners and commands need; what then runs a script, or a command."""
    import aiohttp  # noqa: F401 - what forks then have
    import rich.console
    import rich.live
    import rich.table  # noqa: F401 - the same
    import websockets.asyncio.client  # noqa: F401 - the same

    import listener_sdk
    import listener_sdk.service
    from listener_sdk.cli import main

    for name in listener_sdk.__all__:
        getattr(listener_sdk, name)

    def begin(argv: list[str]) -> None:
        if not argv[0].endswith(".py"):
            main(prog_name="tickwire")
        sys.path.insert(0, str(Path(argv[0]).parent))
        runpy.run_path(argv[0], run_name="__main__")

    return begin


KINDS = {"server": _server, "sdk": _sdk}


def origin(kind: str, asked: socket.socket) -> None:
    """Fork what is asked for, until nobody can ask any more."""
    begin = KINDS[kind]()
    gc.freeze()  # what a fork does not touch it shares
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks ends us
    while True:
        text, fds, _, _ = socket.recv_fds(asked, 2**20, 3)
        if not text:
            return
        if os.fork() == 0:
            asked.close()
            _watched(begin, json.loads(text), *fds)
            return
        for fd in fds:
            os.close(fd)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                """Watchers that have told all."""


def _watched(begin: Callable[[list[str]], Any], order: dict[str, Any], out: int, err: int, told: int) -> None:
    """Run in a process of its own, whose id and exit code are told."""
    child = os.fork()
    if child:
        os.close(out)
        os.close(err)
        os.write(told, b"%d\n" % child)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.write(told, b"%d\n" % code)
        os._exit(0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.close(told)
    os.dup2(out, 1)
    os.dup2(err, 2)
    for fd in {out, err}:
        os.close(fd)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    sys.argv = order["argv"]
    sys.exit(begin(sys.argv))


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT)]
    origin(sys.argv[1], socket.socket(fileno=int(sys.argv[2])))


# ---- in the tests


_ASKING = threading.Lock()
"""One thread asks at a time."""


@cache
def _origin(kind: str) -> tuple[socket.socket, "subprocess.Popen[bytes]"]:
    """The process that forks, which ends with this one, and how it is asked."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-I", "-u", __file__, kind, str(theirs.fileno())],
            pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
        )  # fmt: skip
    return ours, process


class Fork:
    """A process that was forked, as Popen shows one: what it writes is read from ``stdout``, unless files take it."""

    def __init__(
        self, kind: str, argv: list[str], env: dict[str, str], cwd: Path, files: Sequence[IO[bytes]] = ()
    ) -> None:
        self.args = argv
        self.returncode: int | None = None
        self._told, told = os.pipe()
        with contextlib.ExitStack() as ends:
            ends.callback(os.close, told)
            if files:
                out, err = (file.fileno() for file in files)
            else:
                read, out = os.pipe()
                err = out
                ends.callback(os.close, out)
                self.stdout = os.fdopen(read, encoding="utf-8")
            order = json.dumps({"argv": argv, "env": env, "cwd": str(cwd)}).encode()
            with _ASKING:
                socket.send_fds(_origin(kind)[0], [order], [out, err, told])
                self.pid = int(self._line())

    def _line(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            read = os.read(self._told, 1)
            assert read, "the process that forks has died"
            line += read
        return line

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = int(self._line())
            os.close(self._told)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def run(
    kind: str, argv: list[str], env: dict[str, str], cwd: Path, timeout: float = 60
) -> "subprocess.CompletedProcess[str]":
    """Fork, and wait for the end: what was written."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = Fork(kind, argv, env, cwd, (out, err))
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
        texts = [os.pread(file.fileno(), 2**30, 0).decode() for file in (out, err)]
    return subprocess.CompletedProcess(argv, code, *texts)

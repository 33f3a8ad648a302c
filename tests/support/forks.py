"""Processes that begin with their imports done: each is forked from one that has them. To import takes nine tenths of a short process's time.

A process of its own is started for each set of imports, by `origin`. It forks a watcher for whoever asks: on a line between the two, the
watcher is told what to run, and tells how that ended. The line breaks when either dies, and then what runs is ended.
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
        byte, fds, _, _ = socket.recv_fds(asked, 1, 3)
        if not byte:
            return
        if os.fork() == 0:
            asked.close()
            _watched(begin, *fds)
            return
        for fd in fds:
            os.close(fd)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                """Watchers that have told all."""


def _watched(begin: Callable[[list[str]], Any], out: int, err: int, told: int) -> None:
    """Run in a process of its own, whose id and exit code are told."""
    line = socket.socket(fileno=told)
    with line.makefile("rb") as asked:
        order = json.loads(asked.readline())
    child = os.fork()
    if child:
        os.close(out)
        os.close(err)
        threading.Thread(target=_end_alone, args=(line, child), daemon=True).start()
        with contextlib.suppress(BrokenPipeError):
            line.sendall(b"%d\n" % child)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            line.sendall(b"%d\n" % code)
        os._exit(0)
    line.close()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.dup2(out, 1)
    os.dup2(err, 2)
    for fd in {out, err}:
        os.close(fd)
    if order["typed"]:
        with tempfile.TemporaryFile() as typed:
            typed.write(order["typed"].encode())
            typed.seek(0)
            os.dup2(typed.fileno(), 0)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    sys.argv = order["argv"]
    sys.exit(begin(sys.argv))


def _end_alone(line: socket.socket, child: int) -> None:
    """What nobody waits for any more is ended: whoever asked for it was killed."""
    line.recv(1)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT)]
    origin(sys.argv[1], socket.socket(fileno=int(sys.argv[2])))


# ---- in the tests


_ORIGINS: dict[str, tuple[socket.socket, "subprocess.Popen[bytes]"]] = {}
"""The processes that fork, and how they are asked."""
_ASKING = threading.Lock()
"""One thread asks at a time."""


def _ask(kind: str, fds: list[int]) -> None:
    """Have a watcher forked, by a process that is started when first asked and ends with this one."""
    with _ASKING:
        if kind not in _ORIGINS:
            ours, theirs = socket.socketpair()
            with theirs:
                process = subprocess.Popen(
                    [sys.executable, "-I", "-u", __file__, kind, str(theirs.fileno())],
                    pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
                )  # fmt: skip
            _ORIGINS[kind] = ours, process
        socket.send_fds(_ORIGINS[kind][0], [b"!"], fds)


def stop() -> None:
    """End the processes that fork; what they have forked goes on."""
    with _ASKING:
        while _ORIGINS:
            asking, process = _ORIGINS.popitem()[1]
            asking.close()
            process.kill()
            process.wait()


class Fork:
    """A process that was forked, as Popen shows one: what it writes is read from ``stdout``, unless files take it; it reads ``typed``."""

    def __init__(
        self,
        kind: str,
        argv: list[str],
        env: dict[str, str],
        cwd: Path,
        files: Sequence[IO[bytes]] = (),
        typed: str = "",
    ) -> None:
        self.args = argv
        self.returncode: int | None = None
        order = json.dumps({"argv": argv, "env": env, "cwd": str(cwd), "typed": typed}).encode()
        self._watcher, theirs = socket.socketpair()
        with contextlib.ExitStack() as kept:
            kept.enter_context(self._watcher)
            with contextlib.ExitStack() as ends:
                ends.enter_context(theirs)
                if files:
                    out, err = (file.fileno() for file in files)
                else:
                    read, out = os.pipe()
                    err = out
                    ends.callback(os.close, out)
                    self.stdout = kept.enter_context(os.fdopen(read, encoding="utf-8"))
                _ask(kind, [out, err, theirs.fileno()])
            # Now that their end is closed here, too, their death breaks the line.
            self._watcher.sendall(order + b"\n")
            self.pid = int(self._line())
            kept.pop_all()

    def _line(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            read = self._watcher.recv(1)
            assert read, "the process that forks, or watches, has died"
            line += read
        return line

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._watcher], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = int(self._line())
            self._watcher.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def run(
    kind: str, argv: list[str], env: dict[str, str], cwd: Path, timeout: float = 60, typed: str = ""
) -> "subprocess.CompletedProcess[str]":
    """Fork, and wait for the end: what was written."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = Fork(kind, argv, env, cwd, (out, err), typed)
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
            process.wait()
        texts = [os.pread(file.fileno(), 2**30, 0).decode() for file in (out, err)]
    return subprocess.CompletedProcess(argv, code, *texts)

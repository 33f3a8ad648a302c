"""Child processes of commands: each ends with its parent, whatever ends the parent."""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from contextlib import suppress
from subprocess import PIPE
from typing import IO, Final

from ._server_command import PACKAGE_ROOT

# The parent holds the other end of standard input and never writes: its end means that the parent is gone.
_WITH_PARENT: Final = """
import os, signal, threading
def with_parent():
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=with_parent, daemon=True).start()
"""


class Child:
    """A running child process; `stop` ends it and waits until it has ended."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    async def start(
        cls,
        python_flags: list[str],
        code: str,
        arguments: list[str],
        *,
        env: dict[str, str] | None = None,
        stdout: int | IO[bytes] | None = None,
        stderr: int | IO[bytes] | None = None,
    ) -> "Child":
        """Run Python code in a process apart from the terminal's Ctrl-C, which the parent passes on by `stop`."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, *python_flags, "-c", _WITH_PARENT + code, *arguments,
            stdin=PIPE, stdout=stdout, stderr=stderr, env=env, start_new_session=True,
        )  # fmt: skip
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Its exit code, once it has ended."""
        return await self._process.wait()

    async def line(self) -> str:
        """The next line of its standard output, which must be a pipe; empty at its end."""
        assert self._process.stdout is not None
        return (await self._process.stdout.readline()).decode(errors="replace")

    def ask_to_stop(self) -> None:
        """Send the signal that means: finish what you do."""
        if self.exit_code is None:
            with suppress(ProcessLookupError):
                self._process.terminate()

    async def stop(self, grace_s: float) -> int:
        """Ask it to stop, wait for at most the grace, then kill it; its exit code."""
        self.ask_to_stop()
        try:
            async with asyncio.timeout(grace_s):
                return await self.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            return await self.wait()
        finally:
            if self._process.returncode is None:
                with suppress(ProcessLookupError):
                    self._process.kill()


def command_line(*arguments: str) -> tuple[list[str], str, list[str]]:
    """What `Child.start` needs to run ``tickwire <arguments>`` with this very package."""
    root = repr(str(PACKAGE_ROOT))
    code = (
        f"import sys; {root} in sys.path or sys.path.insert(0, {root}); "
        "from listener_sdk.cli import main; main(prog_name='tickwire')"
    )
    return ["-P"], code, list(arguments)


def clean_environment(**settings: str) -> dict[str, str]:
    """This process's environment without its TICKWIRE settings, and with these instead."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TICKWIRE_")}
    return {**kept, **settings}

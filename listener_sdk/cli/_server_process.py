"""The server as a process of its own, in isolated mode: a user's ``server.py`` never stands in its way."""

import asyncio
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from ._child import PACKAGE_ROOT, Child
from .failures import Failure


def _code(module: str) -> str:
    """What runs a module of the server."""
    return (
        f"import sys; sys.path.insert(0, {str(PACKAGE_ROOT)!r}); "
        f"import runpy; runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    )


_CODE: Final = _code("server")
_FLAGS: Final = ["-I"]
READY: Final = "tickwire ready "
STOP_GRACE_S: Final = 30.0
OWN_END_S: Final = 3.0


def need_server() -> None:
    """Failure that names the extra unless the server's libraries are installed."""
    if find_spec("croniter") is None or find_spec("cryptography") is None:
        raise Failure("the server is not installed. Install it: pip install 'tickwire[server]'")


def server_command(*flags: str) -> list[str]:
    """The command line that starts the server."""
    return [sys.executable, *_FLAGS, "-c", _CODE, *flags]


def describing_command(what: str) -> list[str]:
    """The command line that prints a description of the server: ``openapi`` or ``asyncapi``."""
    return [sys.executable, *_FLAGS, "-c", _code("server.web.descriptions"), what]


async def start_server(env: dict[str, str], log: Path, deadline_s: float = 30.0) -> tuple[Child, str]:
    """Start a server and wait until it is ready: its process and its address.

    Its standard error goes to the file ``log``; Failure with the end of that file when it does not become ready.
    """
    with log.open("wb") as errors:
        child = await Child.start(_FLAGS, _CODE, [], env=env, stdout=asyncio.subprocess.PIPE, stderr=errors)
    try:
        async with asyncio.timeout(deadline_s):
            first = await child.line()
    except BaseException as error:
        await child.stop(STOP_GRACE_S)
        if isinstance(error, TimeoutError):
            raise Failure(f"the server was not ready within {deadline_s:.0f} s.\n{ending(log)}") from error
        raise
    if not first.startswith(READY):
        # A signal to a process that ends just now may cost its exit code: it gets a moment to end by itself.
        with suppress(TimeoutError):
            async with asyncio.timeout(OWN_END_S):
                await child.wait()
        code = await child.stop(STOP_GRACE_S)
        raise Failure(f"the server did not start (exit code {code}).\n{ending(log)}")
    return child, first.removeprefix(READY).strip()


def ending(log: Path, lines: int = 15) -> str:
    """The last lines of a log file, which say why its process ended."""
    text = log.read_text(encoding="utf-8", errors="replace").rstrip()
    return "\n".join(text.splitlines()[-lines:])

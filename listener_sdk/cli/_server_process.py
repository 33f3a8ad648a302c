"""The server as a process of its own, which ends with its parent."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Final

from ._child import Child
from ._server_command import CODE, FLAGS
from .failures import Failure

READY: Final = "tickwire ready "
STOP_GRACE_S: Final = 30.0
OWN_END_S: Final = 3.0


async def start_server(env: dict[str, str], log: Path, deadline_s: float = 30.0) -> tuple[Child, str]:
    """Start a server and wait until it is ready: its process and its address.

    Its standard error goes to the file ``log``; Failure with the end of that file when it does not become ready.
    """
    with log.open("wb") as errors:
        child = await Child.start(FLAGS, CODE, [], env=env, stdout=asyncio.subprocess.PIPE, stderr=errors)
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

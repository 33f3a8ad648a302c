"""Node, in which the browser client runs without a browser."""

import asyncio
import contextlib
import json
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from processes import ROOT

NODE = shutil.which("node")
SCRIPTS = ROOT / "tests" / "browser"
DEADLINE_S = 40.0

needs_node = pytest.mark.skipif(
    NODE is None, reason="there is no node: install Node.js 20 or newer to try the browser client"
)


def client_in(folder: Path) -> dict[str, str]:
    """The environment in which scripts find the client: a copy, since Node goes by the end of a module's name."""
    copy = folder / "tickwire.mjs"
    shutil.copy(ROOT / "server" / "client" / "tickwire.js", copy)
    return {**os.environ, "TICKWIRE_CLIENT": copy.as_uri()}


class Follower:
    """A script that follows the log or a job, and all that it has heard."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.heard: list[tuple[str, Any]] = []

    def all(self, kind: str) -> list[Any]:
        """What was heard of one kind: ``event``, ``job``, ``state``, ``refusal``, ``progress``."""
        return [what for one, what in self.heard if one == kind]

    async def until(self, kind: str, test: Any = lambda _: True) -> Any:
        """The next of a kind that passes a test, from here on."""
        assert self._process.stdout is not None
        async with asyncio.timeout(DEADLINE_S):
            while line := await self._process.stdout.readline():
                found = json.loads(line)
                self.heard.append((found[0], found[1]))
                if found[0] == kind and test(found[1]):
                    return found[1]
        raise AssertionError(
            f"the script has ended: {await self._process.stderr.read()!r}, {self.heard[-5:]}"
        )


@contextlib.asynccontextmanager
async def following(
    folder: Path, url: str, token: str, job: str | None = None, **wanted: Any
) -> AsyncIterator[Follower]:
    """A client that follows ``wanted``, or watches a job."""
    assert NODE is not None
    told = json.dumps({"url": url, "token": token, "job": job, "wanted": wanted})
    process = await asyncio.create_subprocess_exec(
        NODE,
        str(SCRIPTS / "follow.mjs"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**client_in(folder), "TICKWIRE_WANTED": told},
        limit=16 * 1024 * 1024,
    )
    try:
        yield Follower(process)
    finally:
        if process.returncode is None:
            process.kill()
        # What it still says is read, so that its pipes close.
        await process.communicate()

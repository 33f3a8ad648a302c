"""``listen --reload``: a parent that starts a child anew when a Python file changes, while old children drain."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Final

from ._child import Child
from ._signals import Stop

POLL_S: Final = 0.25
GRACE_S: Final = 25.0
HOW_TO_HURRY: Final = "A second Ctrl-C gives them back at once."
AT_ONCE_S: Final = 5.0
"""After the second signal a listener gives its jobs back at once."""
LARGEST_WATCH: Final = 5_000
"""Files beyond these are not watched: a folder that large is no folder of scripts."""
_SKIPPED: Final = frozenset({"__pycache__", "node_modules", "site-packages"})

Stamps = dict[str, tuple[int, int]]
"""Path to (modification time, size)."""


def stamps(folder: Path) -> Stamps:
    """The Python files below a folder and their stamps; hidden folders and environments are passed over."""
    found: Stamps = {}
    for path in _python_files(folder):
        try:
            state = os.stat(path)  # noqa: PTH116 - thousands of files four times a second
        except FileNotFoundError:
            continue
        found[path] = (state.st_mtime_ns, state.st_size)
        if len(found) >= LARGEST_WATCH:
            break
    return found


def _python_files(folder: Path) -> Iterator[str]:
    for root, folders, files in os.walk(folder):
        if "pyvenv.cfg" in files:
            folders.clear()
            continue
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _SKIPPED]
        yield from (f"{root}{os.sep}{name}" for name in files if name.endswith(".py"))


class Reloader:
    """Keeps one child on the newest code; children of older code finish their jobs meanwhile."""

    def __init__(
        self,
        folder: Path,
        start: Callable[[], Coroutine[Any, Any, Child]],
        say: Callable[[str], None],
    ) -> None:
        self._folder = folder
        self._start = start
        self._say = say
        self._children: list[Child] = []
        """The last is the current one; those before it drain, for as long as their jobs take."""

    async def run(self, stop: Stop) -> None:
        """Serve until a stop is asked for; then running jobs get the grace, unless there is a hurry. No child is left."""
        try:
            while not stop.asked.is_set():
                before = await asyncio.to_thread(stamps, self._folder)
                current = await self._start()
                self._children = [old for old in self._children if old.exit_code is None] + [current]
                if await self._changed(before, current, stop):
                    self._say("changed: loading the new code; running jobs finish on the old")
                # Asked once only: the second time would end the jobs that it still runs.
                current.ask_to_stop()
            if any(child.exit_code is None for child in self._children):
                self._say(f"stopping: running jobs may finish within {GRACE_S:g} s. {HOW_TO_HURRY}")
            await self._drained(stop)
        finally:
            await asyncio.gather(*(child.stop(AT_ONCE_S) for child in self._children))

    async def _changed(self, before: Stamps, child: Child, stop: Stop) -> bool:
        """Wait for a change (True) or the stop (False); a child that ends by itself is reported once."""
        reported = False
        while not await _set_within(stop.asked, POLL_S):
            if child.exit_code is not None and not reported:
                self._say(f"the listener has ended; waiting for a change in {self._folder}")
                reported = True
            if await asyncio.to_thread(stamps, self._folder) != before:
                return True
        return False

    async def _drained(self, stop: Stop) -> None:
        """Wait until all children have ended, or for the grace, or until there is a hurry."""
        ended = asyncio.create_task(self._ended())
        hurry = asyncio.create_task(stop.hurry.wait())
        await asyncio.wait({ended, hurry}, timeout=GRACE_S, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        hurry.cancel()
        await asyncio.gather(ended, hurry, return_exceptions=True)

    async def _ended(self) -> bool:
        return bool(await asyncio.gather(*(child.wait() for child in self._children)))


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False

"""Looks that would find nothing are left out: a loop that looks five times a second rests until something may be due.

Nothing else is different: it looks at the instants at which it would have looked.
"""

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress

from .loop import VirtualLoop


class Rests:
    """``earliest`` says when something is due next, in seconds of the loop; None when nothing is."""

    def __init__(self, loop: VirtualLoop, earliest: Callable[[], float | None]) -> None:
        self._loop = loop
        self._earliest = earliest
        self._due: float | None = None
        self._owed = False
        """Whether the next look is due whatever the store says."""
        self._wake = asyncio.Event()

    def committed(self) -> None:
        """The store has changed: something may be due earlier."""
        due = self._earliest()
        if due != self._due:
            self._due = due
            self._wake.set()

    def wake(self) -> None:
        """The wall clock was set: look."""
        self._owed = True
        self._wake.set()

    async def rest(self, every_s: float) -> None:
        """Rest as many times ``every_s`` as nothing is due."""
        begun = self._loop.time()
        self._due = self._earliest()
        while True:
            self._wake.clear()
            times = self._times(begun, every_s)
            left = math.inf if times is None else begun + times * every_s - self._loop.time()
            if left <= 0:
                self._owed = False
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(None if times is None else left):
                    await self._wake.wait()
                continue
            self._owed = False
            return

    def _times(self, begun: float, every_s: float) -> int | None:
        """How many rests end at the first look at which something is due, and which is yet to come."""
        due = 0.0 if self._owed else self._due
        if due is None:
            return None
        latest = max(due, self._loop.time())
        return max(1, math.ceil((latest - begun) / every_s - 1e-9))

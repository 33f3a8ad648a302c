"""One time for all servers on a store: each sets its own clock right by the store's."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from ..store.database import StoreError

EVERY_S: Final = 5.0
SLACK_MS: Final = 100
"""Clocks that differ by less are taken for equal: no deadline of ours is so short."""
TOLD_MS: Final = 1_000
"""Of a greater difference the operator hears."""
_log = structlog.get_logger("tickwire.clock")


class StoreClock:
    """Milliseconds since 1970 by the store's clock, as far as it is known; ``clock`` is the machine's."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self.ahead_ms = 0
        """How far the store's clock is ahead of the machine's."""

    def __call__(self) -> int:
        return self._clock() + self.ahead_ms

    def compare(self, ask: Callable[[], int]) -> None:
        """Ask the store, and set this clock right. What it was told is as old as half the way there and back. Raises StoreError."""
        before = self._clock()
        told = ask()
        after = self._clock()
        ahead = told - (before + after) // 2
        if abs(ahead - self.ahead_ms) <= max(SLACK_MS, after - before):
            return
        if abs(ahead - self.ahead_ms) >= TOLD_MS:
            _log.warning("clocks_differ", store_ahead_ms=ahead, effect="deadlines follow the store's clock")
        self.ahead_ms = ahead

    async def run(
        self, ask: Callable[[], int], off_loop: Callable[[Callable[[], None]], Awaitable[None]]
    ) -> None:
        """Compare again and again, until cancelled; while the store does not answer, the last difference counts."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await off_loop(lambda: self.compare(ask))
            except StoreError as error:
                _log.debug("store_clock_unknown", error=str(error))

"""So much at a time: what is large waits for its turn, in the order of coming."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Turns:
    """``most`` is what may be inside together; what is larger alone goes in alone."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.inside = 0
        self._order = asyncio.Lock()
        self._left = asyncio.Event()

    @contextlib.asynccontextmanager
    async def taking(self, size: int) -> AsyncIterator[None]:
        """Wait until there is room for this, and have it until the end of the block."""
        async with self._order:
            while self.inside and self.inside + size > self.most:
                self._left.clear()
                await self._left.wait()
            self.inside += size
        try:
            yield
        finally:
            self.inside -= size
            self._left.set()

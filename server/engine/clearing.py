"""The loop that removes what deleted spaces and hooks had: in the background, a page at a time, with a rest after each.

Every server may do it: rows that another has removed are not there any more, and a start goes on where an end cut it short.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final

import structlog

from ..commands import clearing as commands
from ..core.actors import Space
from ..store import clearing as sql
from ..store import hook_deliveries, spaces
from .calm import calmly

EVERY_S: Final = 60.0
PAGE: Final = 200
"""Rows that the writer removes at once."""
WALK: Final = 2_000
"""Rows that are looked at by one query."""
REST: Final = 4
"""The rest after a page, in times of what it took."""
_log = structlog.get_logger("tickwire.clearing")

Walk = Callable[..., sql.Walked]


class ClearingLoop:
    """``submit`` and ``read`` are the node's; ``remove_bytes`` gets the name of the bytes of a file whose row has gone.

    Other servers may put jobs and events into a space until they have heard of its end: within ``linger_s``, after which all
    is looked through once more.
    """

    def __init__(
        self,
        submit: Callable[..., Any],
        read: Callable[..., Any],
        remove_bytes: Callable[[str], Awaitable[None]],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        linger_s: float = 0,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._submit = submit
        self._read = read
        self._remove_bytes = remove_bytes
        self._sleep = sleep
        self._linger_s = linger_s
        self._timer = timer
        self._wake = asyncio.Event()
        self.every_s = EVERY_S

    def wake(self) -> None:
        """A space or a hook was deleted."""
        self._wake.set()

    async def run(self) -> None:
        """Look once a minute, or when woken, until cancelled."""
        while True:
            self._wake.clear()
            await calmly(self.look, "clearing_failed", _log)
            with suppress(TimeoutError):
                async with asyncio.timeout(self.every_s):
                    await self._wake.wait()

    async def look(self) -> int:
        """Remove all that deleted spaces have, and the spaces, and then what came to hooks that are gone; how many spaces went."""
        gone: list[Space] = await self._read(spaces.deleting)
        for space in gone:
            await self._clear(space)
        if gone and self._linger_s:
            await self._sleep(self._linger_s)
            for space in gone:
                await self._clear(space)
        removed = sum([await self._remove(space) for space in gone])
        for hook_id in await self._read(hook_deliveries.left_behind):
            await self._came_to(hook_id)
        return removed

    async def _remove(self, space: Space) -> bool:
        """The space itself, unless something came meanwhile, which the next look removes."""
        removed: bool = await self._submit(commands.REMOVE_SPACE, commands.Remains(space.id))
        _log.info("space_removed" if removed else "space_not_empty", space=space.code)
        return removed

    async def _came_to(self, hook_id: int) -> None:
        more = True
        while more:
            begun = self._timer()
            more = await self._submit(commands.REMOVE_OF_HOOK, hook_id)
            await self._sleep(REST * (self._timer() - begun))

    async def _clear(self, space: Space) -> None:
        await self._each(sql.jobs, space, self._end)
        await self._each(sql.jobs, space, self._jobs)
        await self._each(sql.files, space, self._files)
        await self._each(sql.deliveries, space, self._deliveries)
        await self._each(sql.events, space, self._events)

    async def _each(self, walk: Walk, space: Space, act: Callable[[commands.Rows], Awaitable[None]]) -> None:
        after: int | None = 0
        while after is not None:
            found: sql.Walked = await self._read(partial(walk, space_id=space.id, after=after, count=WALK))
            for first in range(0, len(found.ids), PAGE):
                begun = self._timer()
                await act(commands.Rows(tuple(found.ids[first : first + PAGE])))
                await self._sleep(REST * (self._timer() - begun))
            after = found.last

    async def _end(self, rows: commands.Rows) -> None:
        await self._submit(commands.END_JOBS, rows)

    async def _jobs(self, rows: commands.Rows) -> None:
        while await self._submit(commands.REMOVE_JOBS, rows):
            await self._sleep(0)

    async def _files(self, rows: commands.Rows) -> None:
        for blob in await self._submit(commands.REMOVE_FILES, rows):
            try:
                await self._remove_bytes(blob)
            except OSError as error:
                # Nothing names them any more: the next start sweeps them away.
                _log.warning("bytes_stay", blob=blob, error=str(error))

    async def _deliveries(self, rows: commands.Rows) -> None:
        await self._submit(commands.REMOVE_DELIVERIES, rows)

    async def _events(self, rows: commands.Rows) -> None:
        await self._submit(commands.ERASE_EVENTS, rows)

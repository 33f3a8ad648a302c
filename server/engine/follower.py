"""Following the log in order: the next events, and what the loops have in common that do so."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar, Final

import structlog

from ..store.database import StoreError
from ..store.log import Stored
from .calm import calmly
from .log import Entry, Log

PAGE: Final = 500
WRITE_EVERY_MS: Final = 10_000
LOOK_EVERY_S: Final = 1.0
AFTER_ERROR_S: Final = 1.0

ReadPage = Callable[[int, int, int], Awaitable[tuple[int, list[Stored]]]]
"""The oldest event's place, and events of the store."""


async def following(log: Log, read_page: ReadPage, seq: int) -> list[Entry] | int:
    """The events after a place, a page of them at most; where some before them were removed, the oldest that is kept. Raises StoreError."""
    entries = log.after(seq, PAGE)
    if entries is not None:
        return entries
    oldest, stored = await read_page(seq, log.seq, PAGE)
    if stored and stored[0].seq == seq + 1:
        return [log.entry(one) for one in stored]
    if seq >= oldest - 1:
        raise StoreError("The log cannot be read on just now.")
    return oldest


class Follower(ABC):
    """A loop that looks at each event once, in the order of the log, with a cursor in the store that outlives the server.

    Events at which nobody looks cost a look at their topic, and do not wake it. Every server runs it: what it does with an event moves
    the cursor in the same transaction, so that it is done once.
    """

    name: ClassVar[str]
    """As its log tells of failures: ``<name>_failed``."""
    gathered_s: ClassVar[float] = 0.0
    """What comes within so long is looked at together."""

    def __init__(
        self,
        log: Log,
        submit: Callable[..., Any],
        read: Callable[..., Any],
        read_page: ReadPage,
        clock: Callable[[], int],
    ) -> None:
        self._log = log
        self._submit = submit
        self._read = read
        self._read_page = read_page
        self._clock = clock
        self._seq = 0
        """All up to and with this event is looked at, and dealt with."""
        self._written = 0
        """What the store knows of that."""
        self._written_at = 0
        self._loaded = False
        self._idle = False
        """Whether all that was published is looked at."""
        self._wake = asyncio.Event()
        self._told = structlog.get_logger(f"tickwire.{self.name}")
        self.longest_s: Callable[[], float] = lambda: LOOK_EVERY_S
        """How long it rests where nobody wakes it."""

    # ---- what others say

    def publish(self, entries: Sequence[Entry]) -> None:
        """Events that follow on those before."""
        if self._idle:
            self._idle = not any(map(self._watches, entries))
        if self._idle:
            self._seq = entries[-1].seq
        else:
            self._wake.set()

    def wake(self) -> None:
        """Look now."""
        self._wake.set()

    def begin_anew(self) -> None:
        """The log is not the one that it was."""
        self._loaded = self._idle = False
        self._wake.set()

    # ---- the loop

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            self._wake.clear()
            if await calmly(self.look, f"{self.name}_failed", self._told):
                await self._rest()
            else:
                await asyncio.sleep(AFTER_ERROR_S)

    async def _rest(self) -> None:
        if self.gathered_s:
            await asyncio.sleep(self.gathered_s)
        if self._wake.is_set():
            return
        try:
            async with asyncio.timeout(self.longest_s() if self._is_asked() else None):
                await self._wake.wait()
        except TimeoutError:
            return

    async def look(self) -> int:
        """Deal with all events that there are by now: how much was made of them. Raises StoreError."""
        if not self._loaded:
            await self._begin()
        made = 0
        while self._loaded and self._seq < self._log.seq:
            made += await self._page()
        made += await self._besides()
        await self._write_down()
        self._idle = self._loaded and self._seq >= self._log.seq
        return made

    async def _begin(self) -> None:
        self._seq, self._written = await self._load()
        self._written_at = self._clock()
        self._loaded = True

    async def _page(self) -> int:
        entries = await following(self._log, self._read_page, self._seq)
        if isinstance(entries, int):
            await self._skip(entries)
            self._seq = entries - 1
            return 0
        made = await self._take(entries)
        if self._loaded:
            self._seq = entries[-1].seq
        return made

    def _wrote(self, upto: int) -> None:
        """The cursor in the store was moved with what was done."""
        self._written, self._written_at = max(self._written, upto), self._clock()

    async def _write_down(self) -> None:
        """Note now and then how far the log was looked through, where nothing came of it."""
        is_old = self._seq > self._written and self._clock() - self._written_at >= WRITE_EVERY_MS
        if is_old and self._is_asked():
            seq = self._seq
            await self._move(seq)
            self._wrote(seq)

    # ---- what each does

    def _is_asked(self) -> bool:
        """Whether there is anything that events may be for; until then it waits for one that makes it so, and notes nothing."""
        return True

    @abstractmethod
    def _watches(self, entry: Entry) -> bool:
        """Whether anything may come of the event."""

    @abstractmethod
    async def _load(self) -> tuple[int, int]:
        """Learn what it needs: up to which event all is dealt with, and what the store's cursor says."""

    @abstractmethod
    async def _take(self, entries: Sequence[Entry]) -> int:
        """Deal with a page of events: how much was made of them."""

    @abstractmethod
    async def _skip(self, oldest: int) -> None:
        """Events before this one were removed before they were looked at."""

    @abstractmethod
    async def _move(self, seq: int) -> None:
        """Write the cursor down: nothing came of the events up to and with this one."""

    async def _besides(self) -> int:
        """What else is to be done at each look: how much was made."""
        return 0

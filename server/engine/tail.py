"""The end of the log as this server tells it: what its own commits append and, on a shared store, what other servers do."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import structlog

from ..store import log as sql
from ..store.database import Reader, StoreError
from ..store.log import Head, Stored
from .log import Entry, Log

EVERY_S: Final = 0.25
PAGE: Final = 500
ANSWERS_S: Final = 5.0
"""A store that has not said for so long where its log ends does not answer."""
_log = structlog.get_logger("tickwire.tail")

Read = Callable[[Callable[[Reader], Any]], Awaitable[Any]]


class Tail:
    """Tells committed events in log order, whoever committed them.

    - ``read``: runs a query off the loop
    - ``publish``: gets events that follow on those before
    - ``others``: gets those of them that another server has committed
    - ``replaced``: is called when the log is not the one that it was, or has a gap that cannot be read any more
    """

    def __init__(
        self,
        log: Log,
        read: Read,
        publish: Callable[[Sequence[Entry]], None],
        others: Callable[[list[Stored]], None],
        replaced: Callable[[Head], None],
    ) -> None:
        self._log = log
        self._read = read
        self._publish = publish
        self._others = others
        self._replaced = replaced
        self._own: set[int] = set()
        """Of this server's events those that are not told yet."""
        self._end = 0
        self._reading: asyncio.Task[None] | None = None
        self._failed: str | None = None
        self._asked_at: float | None = None

    @property
    def trouble(self) -> str | None:
        """Why the log cannot be read just now; None while it can, and on a store that nobody else writes to."""
        if self._failed is None and self._asked_at is not None:
            waited = asyncio.get_running_loop().time() - self._asked_at
            return f"The store has not answered for {waited:.0f} s." if waited > ANSWERS_S else None
        return self._failed

    def offer(self, events: list[Stored]) -> None:
        """Events that this server has committed: told at once, unless some of another server come before them."""
        first, last = events[0].seq, events[-1].seq
        follows = first == self._log.seq + 1 and last - first + 1 == len(events)
        if follows and self._reading is None:
            self._publish(self._log.take(events))
            return
        self._own.update(event.seq for event in events)
        self._read_to(last)

    async def run(self) -> None:
        """Ask again and again for what other servers have appended, until cancelled."""
        while True:
            self._asked_at = asyncio.get_running_loop().time()
            try:
                await self.poll()
                self._failed = None
            except StoreError as error:
                if self._failed is None:
                    _log.warning("log_unreachable", error=str(error))
                self._failed = str(error)
            self._asked_at = None
            await asyncio.sleep(EVERY_S * random.uniform(0.8, 1.2))  # noqa: S311 - so that servers do not ask in step

    async def poll(self) -> None:
        """Tell all that is in the log by now. Raises StoreError."""
        head: Head = await self._read(sql.head)
        self._asked_at = None
        if head.epoch != self._log.epoch:
            self._begin_anew(head)
            return
        self._log.forget(head.oldest)
        self._read_to(head.seq)
        if self._reading is not None:
            await asyncio.shield(self._reading)

    def stop(self) -> None:
        """Read no more."""
        if self._reading is not None:
            self._reading.cancel()

    def _read_to(self, seq: int) -> None:
        self._end = max(self._end, seq)
        if self._reading is None and self._log.seq < self._end:
            self._reading = asyncio.create_task(self._follow())
            self._reading.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._reading = None
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, StoreError):
            _log.error("tail_failed", error=repr(error))

    async def _follow(self) -> None:
        while self._log.seq < self._end:
            page = await self._page(self._log.seq, self._end)
            if not page or page[0].seq != self._log.seq + 1:
                self._begin_anew(await self._read(sql.head))
                return
            self._tell(page)

    async def _page(self, after: int, upto: int) -> list[Stored]:
        page: list[Stored] = await self._read(lambda reader: sql.page(reader, after, upto, PAGE))
        return page

    def _tell(self, page: list[Stored]) -> None:
        others = [event for event in page if event.seq not in self._own]
        self._own.difference_update(event.seq for event in page)
        self._publish(self._log.take(page))
        if others:
            self._others(others)

    def _begin_anew(self, head: Head) -> None:
        _log.warning(
            "log_replaced", epoch=head.epoch, seq=head.seq, before=f"{self._log.epoch}:{self._log.seq}"
        )
        self._own.clear()
        self._end = head.seq
        self._log.replace(head)
        self._replaced(head)

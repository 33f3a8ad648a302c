"""The next events for a loop that follows the log in order."""

from collections.abc import Awaitable, Callable
from typing import Final

from ..store.database import StoreError
from ..store.log import Stored
from .log import Entry, Log

PAGE: Final = 500

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

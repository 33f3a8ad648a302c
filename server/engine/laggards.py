"""The loop that looks for durable subscriptions which are so far behind that the log is about to lose what they have not seen."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import structlog

from ..core.later import later
from ..core.retention import Retention
from ..store import log
from ..store.database import Reader
from .calm import calmly

if TYPE_CHECKING:
    from ..commands import subscriptions as commands
    from ..core import subscriptions as core
    from ..store import subscriptions as sql
else:
    commands = later("..commands.subscriptions", __package__)
    core = later("..core.subscriptions", __package__)
    sql = later("..store.subscriptions", __package__)

EVERY_S: Final = 600.0
PAGE: Final = 200
_log = structlog.get_logger("tickwire.subscriptions")


class Laggards:
    """``submit``, ``read`` and ``clock`` are the node's; ``rules`` say how long the log is kept."""

    def __init__(
        self,
        rules: Retention,
        submit: Callable[..., Any],
        read: Callable[..., Any],
        clock: Callable[[], int],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rules = rules
        self._submit = submit
        self._read = read
        self._clock = clock
        self._sleep = sleep

    async def run(self) -> None:
        """Look every ten minutes, until cancelled."""
        while True:
            await self._sleep(EVERY_S)
            await calmly(self.look, "laggards_unseen", _log)

    async def look(self) -> int:
        """Tell of those that became late, or are not any more: how many."""
        if not await self._read(_any):
            return 0
        after, told = 0, 0
        while found := await self._read(partial(_page, after=after)):
            for one in found:
                late = core.is_late(one.behind, one.since, self._clock(), self._rules)
                if late != one.alarmed:
                    await self._submit(commands.MARK, commands.Mark(one.id, late))
                    told += 1
            after = found[-1].id
        return told


def _any(reader: Reader) -> bool:
    return bool(reader.rows("SELECT 1 FROM subscription LIMIT 1"))


def _page(reader: Reader, after: int) -> Any:
    head = log.head(reader)
    return sql.standings(reader, head.epoch, head.seq, after, PAGE)

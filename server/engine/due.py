"""The loop that does what time demands: start times, lost leases, time-outs."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

import structlog

from ..commands.due import DUE, DueJob
from ..core.deadlines import Limits
from ..machine import monotonic_ms
from ..store import jobs
from ..store.database import StoreError
from ..store.transaction import Facts

EVERY_S: Final = 0.2
PAGE: Final = 500
JUMP_MS: Final = 5_000
"""A wall clock that moves by more than this against the monotonic one has been set."""

_log = structlog.get_logger("tickwire.due")


class DueLoop:
    """``submit`` and ``read`` are the node's; ``monotonic_ms`` finds jumps of the wall clock."""

    def __init__(
        self,
        facts: Facts,
        submit: Callable[..., Any],
        read: Callable[..., Any],
        clock: Callable[[], int],
        monotonic_ms: Callable[[], int] = monotonic_ms,
    ) -> None:
        self._facts = facts
        self._submit = submit
        self._read = read
        self._clock = clock
        self._monotonic_ms = monotonic_ms
        self._sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
        self._offset = clock() - monotonic_ms()
        self._failing = False
        self.spare()

    def spare(self) -> None:
        """Take no lease away for one full lease time: its holder could not renew while the server was away."""
        limits: Limits = self._facts.limits
        self._facts.limits = replace(limits, reap_after=self._clock() + limits.lease_ms)

    def rest_by(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Rest between two looks in another way than ``asyncio.sleep``."""
        self._sleep = sleep

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await self._survive()
            await self._sleep(EVERY_S)

    async def _survive(self) -> None:
        try:
            await self.look()
        except StoreError as error:
            # An outage is told once: this comes back five times a second.
            if not self._failing:
                _log.warning("store_unreachable", error=str(error))
            self._failing = True
            self.spare()
        except Exception:  # noqa: BLE001 - one job that cannot be dealt with must not keep time from all others
            _log.exception("look_failed")
        else:
            self._failing = False

    async def look(self) -> int:
        """Do all that is due now; how many jobs were looked at. Raises what one job raised, when the others are done."""
        self._notice_jump()
        now = self._clock()
        seen = 0
        while ids := await self._read(lambda reader: jobs.due(reader, now, PAGE)):
            looks = (self._submit(DUE, DueJob(job_id)) for job_id in ids)
            for end in await asyncio.gather(*looks, return_exceptions=True):
                if isinstance(end, BaseException):
                    raise end
            seen += len(ids)
        return seen

    def _notice_jump(self) -> None:
        offset = self._clock() - self._monotonic_ms()
        if abs(offset - self._offset) > JUMP_MS:
            _log.warning("clock_jump", by_ms=offset - self._offset)
            self.spare()
        self._offset = offset

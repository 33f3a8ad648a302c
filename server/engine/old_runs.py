"""Runs that are old, or more than a definition keeps: what removes them in the background, a part of the loop of retention."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ..core.retention import DAY_MS, Aged, Spans
from ..store import run_retention as sql
from ..store.run_retention import OldMissed, Seen

LEAST_MS: Final = DAY_MS
"""Due times are kept at least so long: a clock that goes back must find them dealt with."""
JUST_ENDED_MS: Final = 3_600_000
"""What has ended just now goes by no number: somebody may wait for its end, and read it then."""
AT_ONCE: Final = 1_000
REST: Final = 50
"""The time between two counts, in times of what one took to read."""


@dataclass(slots=True)
class OldRuns:
    """``remove_missed`` removes due times, the next page of these, and says whether there may be more and how many went."""

    most: int
    read: Callable[..., Any]
    remove_jobs: Callable[[list[Aged]], Awaitable[int]]
    remove_missed: Callable[[OldMissed], Awaitable[int]]
    now: Callable[[], int]
    monotonic_ms: Callable[[], int]
    timer: Callable[[], float]
    _count_at_ms: int = 0
    _spent_s: float = 0.0

    async def old(self, spans: Spans) -> int:
        """Remove due times without a job that are old, as jobs of their space would be; how many."""
        went = 0
        for old in await self.read(partial(sql.old_missed, spans=spans, now=self.now(), least_ms=LEAST_MS)):
            went += await self.remove_missed(old)
        return went

    async def too_many(self) -> tuple[int, int]:
        """Remove what definitions have beyond the runs that they keep: how many jobs and due times, unless it was looked lately."""
        if self.monotonic_ms() < self._count_at_ms:
            return 0, 0
        self._spent_s = 0.0
        jobs = missed = 0
        if await self._timed(sql.may_be_too_many, most=self.most):
            for definition_id in await self._timed(sql.definitions_with_jobs):
                jobs += await self._jobs(definition_id)
        for definition_id in await self._timed(sql.definitions_with_missed):
            missed += await self._missed(definition_id)
        self._count_at_ms = self.monotonic_ms() + int(REST * self._spent_s * 1000)
        return jobs, missed

    async def _jobs(self, definition_id: int) -> int:
        went, seen, before = 0, Seen(), self.now() - JUST_ENDED_MS
        while True:
            # Counted anew each time: other servers may remove some of the same.
            surplus = await self._timed(sql.surplus, definition_id=definition_id, most=self.most)
            if not surplus:
                return went
            found, last = await self._timed(
                sql.oldest_ended,
                definition_id=definition_id,
                seen=seen,
                count=min(surplus, AT_ONCE),
                before=before,
            )
            if last is None:
                return went
            # What others need stays, and younger ones go.
            seen = last
            went += await self.remove_jobs(found)

    async def _missed(self, definition_id: int) -> int:
        before = self.now() - LEAST_MS
        found = await self._timed(
            sql.too_many_missed, definition_id=definition_id, most=self.most, before=before
        )
        return sum([await self.remove_missed(old) for old in found])

    async def _timed(self, find: Callable[..., Any], **given: Any) -> Any:
        begun = self.timer()
        found = await self.read(partial(find, **given))
        self._spent_s += self.timer() - begun
        return found

"""The loop that sees to due times: it sleeps until the least of them, and does what has come by pages.

Every server runs the loop. It looks once a second too, since others change schedules, and jobs end for which due times wait.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import structlog

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.times import to_wire

from ..core.later import later
from ..core.schedule_clock import Clock, Seen
from ..store import due_times
from ..store.database import StoreError
from ..store.transaction import Facts
from .calm import calmly
from .log import Entry

if TYPE_CHECKING:
    from ..commands import schedule_clock
    from ..commands import schedule_decisions as decisions
    from ..commands import schedule_starts as starts
    from ..commands.schedule_decisions import Batch, Decision
    from ..commands.schedule_starts import Report
else:
    schedule_clock = later("..commands.schedule_clock", __package__)
    decisions = later("..commands.schedule_decisions", __package__)
    starts = later("..commands.schedule_starts", __package__)

PAGE: Final = 200
"""Schedules of one transaction."""
LOOK_EVERY_S: Final = 1.0
AFTER_ERROR_S: Final = 1.0
PAUSE_S: Final = 0.05
AFTER_RACE_S: Final = 0.05
"""Another server deals with the same schedules."""
_WAKING: Final = ("schedule:", "definition:", "space:")
_OF_ZONES: Final = "space:updated"
CLOCK_EVERY_MS: Final = 60_000
"""So often is looked at what schedules go by, and what need not be known any more removed."""
CLEANED: Final = 2_000
"""Slots that are removed at once."""
_log = structlog.get_logger("tickwire.schedules")


class ScheduleLoop:
    """``submit`` and ``read`` are the node's."""

    def __init__(
        self,
        facts: Facts,
        submit: Callable[..., Any],
        read: Callable[..., Any],
        clock: Callable[[], int],
    ) -> None:
        self._facts = facts
        self._submit = submit
        self._read = read
        self._clock = clock
        self.look_every_s = LOOK_EVERY_S
        self._wake = asyncio.Event()
        self._is_reckoned = False
        """Whether all due times are reckoned by the rules of zones, and in the zones of spaces, as they are."""
        self._clock_at = 0
        self._is_behind = False
        """Whether the clock was set back, and has not caught up."""

    def wake(self) -> None:
        """Look now."""
        self._wake.set()

    def publish(self, entries: Sequence[Entry]) -> None:
        """Events, some of which may tell of schedules that are due sooner."""
        for entry in entries:
            if entry.topic.startswith(_WAKING):
                self._wake.set()
                self._is_reckoned = self._is_reckoned and entry.topic != _OF_ZONES

    async def run(self) -> None:
        """See to due times until cancelled."""
        while True:
            self._wake.clear()
            if await calmly(self.look, "schedules_failed", _log):
                await self._rest()
            else:
                await asyncio.sleep(AFTER_ERROR_S)

    async def _rest(self) -> None:
        try:
            least: int | None = await self._read(due_times.least)
        except StoreError:
            least = None
        ahead_s = self.look_every_s if least is None else (least - self._clock()) / 1000
        try:
            async with asyncio.timeout(min(max(ahead_s, 0), self.look_every_s)):
                await self._wake.wait()
        except TimeoutError:
            return

    async def look(self) -> int:
        """See to all that is due by now: how many jobs were made. Raises StoreError."""
        if not await self._read(due_times.are_any):
            return 0
        if not self._is_reckoned:
            await self._reckon()
        if abs(self._clock() - self._clock_at) < CLOCK_EVERY_MS:
            return await self._see_to_all()
        clock = await self._look_at_clock()
        made = await self._see_to_all()
        await self._clean(clock)
        return made

    async def _look_at_clock(self) -> Clock:
        self._clock_at = self._clock()
        clock, seen = await self._submit(schedule_clock.LOOK, schedule_clock.Look())
        if seen is Seen.RETURNED:
            _log.warning("clock_came_back", ahead_until=to_wire(clock.seen_at))
            after: int | None = 0
            while after is not None:
                item = schedule_clock.ComeBack(clock.leapt_at, after, PAGE)
                after = await self._submit(schedule_clock.COME_BACK, item)
            clock, seen = await self._submit(schedule_clock.LOOK, schedule_clock.Look(returned=True))
        if seen is Seen.BEHIND and not self._is_behind:
            _log.warning("clock_set_back", schedules_wait_until=to_wire(clock.seen_at))
        self._is_behind = seen is Seen.BEHIND
        known: Clock = clock
        return known

    async def _reckon(self) -> None:
        self._is_reckoned = True
        after = 0
        while rows := await self._read(
            partial(
                decisions.reckoned_anew, spaces=self._facts.spaces, after=after, count=PAGE, now=self._clock()
            )
        ):
            await self._submit(starts.RECKON_ANEW, rows)
            after = rows[-1][0].id

    async def _clean(self, clock: Clock) -> None:
        before = clock.forgets(self._clock())
        removed = CLEANED
        while removed == CLEANED:
            removed = await self._submit(starts.FORGET_SLOTS, (before, CLEANED))
            await asyncio.sleep(PAUSE_S if removed == CLEANED else 0)

    async def _see_to_all(self) -> int:
        made = 0
        while True:
            batch: Batch = await self._read(
                partial(decisions.decide, now=self._clock(), count=PAGE, spaces=self._facts.spaces)
            )
            if not batch.decisions:
                return made
            report = await self._do(batch)
            made += report.started
            if not report.done:
                await asyncio.sleep(AFTER_RACE_S)

    async def _do(self, batch: "Batch") -> "Report":
        """Do what was decided; where one of them brings the store or the server to a fault, all others, and tell of that one."""
        try:
            return _told(await self._submit(starts.START_SCHEDULED, batch))
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - only the guilty schedule may fail
            _log.exception("schedules_failed", schedules=len(batch.decisions))
        if len(batch.decisions) == 1:
            faulty = _faulty(batch.decisions[0])
            return starts.Report() if faulty is None else await self._do(batch.one(faulty))
        whole = starts.Report()
        for decision in batch.decisions:
            report = await self._do(batch.one(decision))
            whole.done += report.done
            whole.started += report.started
        return whole


def _faulty(decision: "Decision") -> "Decision | None":
    """The same with failures in the place of jobs, then put off; None where no more can be done about it."""
    if any(not isinstance(one, Refusal) for one in decision.starts):
        why = Refusal("internal", "The server failed; the reason stands in its log.")
        return replace(decision, starts=tuple(why for _ in decision.starts))
    return None if decision.plan is None else replace(decision, plan=None)


def _told(report: "Report") -> "Report":
    if report.skipped or report.failed or report.postponed:
        _log.info(
            "due_times_without_job",
            skipped=report.skipped,
            failed=report.failed,
            postponed=report.postponed,
        )
    return report

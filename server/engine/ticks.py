"""Ticks of running jobs, merged in memory: the store gets one a second, live readers four, the last one never late.

A job that makes no progress for too long is told to be stalled, without a tick: all are looked at when the first of them may be.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

from listener_sdk.protocol.progress import Progress

from ..commands.leases import TICK, Held, TickLease
from ..commands.recall import RECALL, Past, RecallLease
from ..commands.stalls import STALL, StallLease
from ..core.actors import Space
from ..core.curve import Point
from ..core.jobs import JobRow
from ..core.stalls import Movement
from ..store.database import StoreError
from ..store.writer import Writer
from .running import Running, begun, live_tick

PULSE_S: Final = 0.05
"""How long ticks are gathered, so that all running jobs come in one frame."""
STORED_EVERY_MS: Final = 1_000
STALLS_EVERY_S: Final = 1.0
"""The least time between two looks for stalls."""

OnLive = Callable[[Iterable[tuple[int, dict[str, Any], dict[str, Any]]]], None]
"""Draws the ticks when somebody wants them."""


class Ticks:
    """The running leases of this node's sessions. ``live`` gets the changed progress of a job four times a second on average."""

    def __init__(self, writer: Writer, clock: Callable[[], int], live: OnLive) -> None:
        self._writer = writer
        self._clock = clock
        self._live = live
        self._running: dict[int, Running] = {}
        self._pulse: asyncio.TimerHandle | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._stopped = False

    def begin(self, lease: Held, row: JobRow, space: Space) -> None:
        """A lease was given, or is held again after a reconnect: then its progress goes on from the stored one."""
        known = self._running.get(lease.job_id)
        if known is None or known.lease != lease:
            running = begun(lease, row, space, self._clock())
            self._running[lease.job_id] = running
            if running.begun and row.progress is not None:
                self._recall(running)

    def lease(self, job_id: int) -> Held | None:
        """The lease that a session of this node has of a job."""
        running = self._running.get(job_id)
        return None if running is None else running.lease

    def started(self, lease: Held) -> None:
        """The handler begins: its rate counts from here."""
        running = self._running.get(lease.job_id)
        if running is None or running.lease != lease:
            return
        running.begun = True
        if not running.curve.points:
            running.started_at = self._clock()
            running.movement = Movement(running.started_at)

    def take(self, lease: Held, newer: Progress) -> bool:
        """Merge a tick; False for a lease that is not known here, of which the store must say whether it is lost.

        A tick that changes nothing is dropped, unless it is what begins the attempt.
        """
        running = self._running.get(lease.job_id)
        if running is None or running.lease != lease:
            return False
        if running.merge(newer) or not running.begun:
            running.begun = True
            self._changed(running)
        return True

    def _changed(self, running: Running) -> None:
        percent = running.progress.value()
        if percent is not None:
            running.draw(self._clock(), percent)
            self._watch_over(running)
        running.changed, running.shown = True, False
        self._arm()

    def flush(self, lease: Held) -> None:
        """Hand the last tick to the writer, before the outcome that follows in the same batch."""
        running = self._running.get(lease.job_id)
        if running is not None and running.lease == lease and running.changed:
            self._store(running)

    def divide(self, holder: str, job_id: int, fence: int) -> None:
        """The job was split: its handler's ticks say no more than a text."""
        running = self._running.get(job_id)
        if running is not None and (running.lease.holder, running.lease.fence) == (holder, fence):
            running.divide()

    def drop(self, holder: str, job_id: int, fence: int) -> None:
        """The lease is over."""
        running = self._running.get(job_id)
        if running is not None and (running.lease.holder, running.lease.fence) == (holder, fence):
            del self._running[job_id]

    def stop(self) -> None:
        """Hand everything to the writer, and wait for no more: the server stops."""
        self._stopped = True
        if self._pulse is not None:
            self._pulse.cancel()
            self._pulse = None
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        for running in self._running.values():
            if running.changed:
                self._store(running)

    def _arm(self) -> None:
        if self._pulse is None and not self._stopped:
            self._pulse = asyncio.get_running_loop().call_later(PULSE_S, self._beat)

    def _beat(self) -> None:
        self._pulse = None
        now = self._clock()
        fresh = [
            running for running in self._running.values() if not running.shown and running.takes_turn(now)
        ]
        for running in fresh:
            # What is told next follows on it, whether or not somebody looks on.
            running.estimate()
        if fresh:
            self._live(live_tick(running) for running in fresh)
        for running in list(self._running.values()):
            if running.changed and now - running.stored_at >= STORED_EVERY_MS:
                if not running.recalled:
                    self._recall(running)
                self._store(running)
        if any(running.changed or not running.shown for running in self._running.values()):
            self._arm()

    def _watch_over(self, running: Running) -> None:
        """Look when this job may stall, if no look comes earlier; soon where that is not known yet."""
        stalls_at = running.stalls_at()
        if stalls_at is not None:
            self._arm_watch((stalls_at - self._clock()) / 1000)
        elif running.movement is None and not running.recalled:
            self._arm_watch(0)

    def _arm_watch(self, within_s: float) -> None:
        if self._stopped:
            return
        loop = asyncio.get_running_loop()
        at = loop.time() + max(within_s, STALLS_EVERY_S)
        if self._watch is not None:
            if self._watch.when() <= at:
                return
            self._watch.cancel()
        self._watch = loop.call_at(at, self._look)

    def _look(self) -> None:
        """Say which jobs have stalled, and look again when any other may."""
        self._watch = None
        now = self._clock()
        for running in list(self._running.values()):
            if running.movement is None and not running.recalled:
                self._recall(running)
            stalls_at = running.stalls_at()
            if stalls_at is not None and stalls_at <= now:
                self._stall(running)
            else:
                self._watch_over(running)

    def _stall(self, running: Running) -> None:
        if running.movement is None:
            return
        since = running.movement.moved_at
        running.stalled_at = since
        item = StallLease(running.lease, since)
        self._writer.post(STALL, item, lambda result, error: self._stalled(running, since, result, error))

    def _stalled(self, running: Running, since: int, result: bool | None, error: Exception | None) -> None:
        """The log has it: now those who look on are told, unless the job moves again."""
        if running.stalled_at != since:
            return
        if isinstance(error, StoreError):
            running.stalled_at = None
            self._watch_over(running)
        elif result is False:
            running.whole, running.stalled_at = False, None
        elif result:
            running.shown = False
            self._arm()

    def _recall(self, running: Running) -> None:
        running.recalled = True
        item = RecallLease(running.lease)
        self._writer.post(RECALL, item, lambda past, error: self._recalled(running, past, error))

    def _recalled(self, running: Running, past: Past | None, error: Exception | None) -> None:
        if isinstance(error, StoreError):
            running.recalled = False
        elif past is not None:
            running.recall(past, self._clock())
        self._watch_over(running)

    def _store(self, running: Running) -> None:
        running.changed = False
        running.stored_at = self._clock()
        points = running.curve.all()
        sent = running.sent
        new = tuple(point for point in points if point[0] > sent)
        if points:
            running.sent = points[-1][0]
        progress = replace(running.progress, eta_ms=running.estimate())
        item = TickLease(running.lease, progress, eta_given=running.given, points=new)
        self._writer.post(TICK, item, lambda result, error: self._stored(running, sent, result, error))

    def _stored(
        self,
        running: Running,
        sent: int,
        result: tuple[Progress, list[Point], list[str]] | None,
        error: Exception | None,
    ) -> None:
        if isinstance(error, StoreError):
            running.changed, running.sent = True, sent
            self._arm()
        elif result is not None:
            running.go_on(*result)

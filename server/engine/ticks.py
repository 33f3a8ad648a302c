"""Ticks of running jobs, merged in memory: the store gets one a second, live readers four, the last one never late."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from listener_sdk.protocol.ids import encode, environment_id, space_id
from listener_sdk.protocol.progress import Progress, whole
from listener_sdk.protocol.times import to_wire

from ..commands.leases import TICK, Held, TickLease
from ..core.actors import Space
from ..core.curve import Curve, Point, joined
from ..core.estimate import completion_at
from ..core.jobs import JobRow
from ..store.database import StoreError
from ..store.writer import Writer

PULSE_S: Final = 0.25
STORED_EVERY_MS: Final = 1_000

OnLive = Callable[[list[tuple[int, dict[str, Any], dict[str, Any]]]], None]


@dataclass(slots=True)
class Running:
    """What is known of one lease's progress. ``sent`` is how far its curve has been handed to the store."""

    lease: Held
    name: str
    space: Space
    started_at: int
    begun: bool
    progress: Progress = field(default_factory=Progress)
    curve: Curve = field(default_factory=Curve)
    given: bool = False
    changed: bool = False
    shown: bool = True
    stored_at: int = 0
    sent: int = 0

    def merge(self, newer: Progress) -> bool:
        """Take a tick in; whether it says anything new."""
        before = self._said()
        self.progress = self.progress.merged(newer)
        self.given = self.given or newer.eta_ms is not None
        return self._said() != before

    def _said(self) -> tuple[object, ...]:
        seen = self.progress
        return seen.value(), seen.done, seen.total, seen.text, seen.eta_ms, self.given

    def estimate(self) -> int | None:
        """The handler's own estimate, else the server's from the rate."""
        return self.progress.eta_ms if self.given else completion_at(self.started_at, self.curve.all())


class Ticks:
    """The running leases of this node's sessions. ``live`` gets changed progress four times a second."""

    def __init__(self, writer: Writer, clock: Callable[[], int], live: OnLive) -> None:
        self._writer = writer
        self._clock = clock
        self._live = live
        self._running: dict[int, Running] = {}
        self._pulse: asyncio.TimerHandle | None = None
        self._stopped = False

    def begin(self, lease: Held, row: JobRow, space: Space) -> None:
        """A lease was given, or is held again after a reconnect: then its progress goes on from the stored one."""
        known = self._running.get(lease.job_id)
        if known is None or known.lease != lease:
            self._running[lease.job_id] = _running(lease, row, space, self._clock())

    def started(self, lease: Held) -> None:
        """The handler begins: its rate counts from here."""
        running = self._running.get(lease.job_id)
        if running is None or running.lease != lease:
            return
        running.begun = True
        if not running.curve.points:
            running.started_at = self._clock()

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
            running.curve.add(self._clock(), percent)
        running.changed, running.shown = True, False
        self._arm()

    def flush(self, lease: Held) -> None:
        """Hand the last tick to the writer, before the outcome that follows in the same batch."""
        running = self._running.get(lease.job_id)
        if running is not None and running.lease == lease and running.changed:
            self._store(running)

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
        for running in self._running.values():
            if running.changed:
                self._store(running)

    def _arm(self) -> None:
        if self._pulse is None and not self._stopped:
            self._pulse = asyncio.get_running_loop().call_later(PULSE_S, self._beat)

    def _beat(self) -> None:
        self._pulse = None
        now = self._clock()
        fresh = [running for running in self._running.values() if not running.shown]
        for running in fresh:
            running.shown = True
        if fresh:
            self._live([_live(running) for running in fresh])
        for running in list(self._running.values()):
            if running.changed and now - running.stored_at >= STORED_EVERY_MS:
                self._store(running)
        if any(running.changed or not running.shown for running in self._running.values()):
            self._arm()

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
        result: tuple[Progress, list[Point]] | None,
        error: Exception | None,
    ) -> None:
        if isinstance(error, StoreError):
            running.changed, running.sent = True, sent
            self._arm()
        elif result is not None:
            _go_on(running, *result)


def _running(lease: Held, row: JobRow, space: Space, now: int) -> Running:
    given = bool(row.eta_given)
    progress = Progress(row.progress, row.done, row.total, eta_ms=row.eta_at if given else None)
    if row.attempt_started_at is None:
        return Running(lease, row.name, space, now, begun=False, progress=progress)
    return Running(
        lease,
        row.name,
        space,
        row.attempt_started_at,
        begun=True,
        progress=progress,
        given=given,
        stored_at=row.updated_at,
    )


def _go_on(running: Running, merged: Progress, points: list[Point]) -> None:
    """Put the part of the curve that another server drew before ours."""
    if points and running.curve.points and points[0][0] < running.curve.points[0][0]:
        running.curve = joined(points, running.curve.all())
        running.started_at = min(running.started_at, points[0][0])
        running.progress = merged.merged(running.progress)


def _live(running: Running) -> tuple[int, dict[str, Any], dict[str, Any]]:
    """A live tick, and the event by which filters see it."""
    progress, eta = running.progress, running.estimate()
    kind, _, operation = running.name.partition(":")
    tick = {
        "id": encode("jb", running.lease.job_id),
        "job": running.name,
        "progress": whole(progress.value()),
        "done": progress.done,
        "total": progress.total,
        "info": progress.text,
        "estimatedCompletionAt": to_wire(eta) if eta is not None else None,
    }
    event = {
        "topic": "job:updated",
        "domain": "job",
        "context": {
            "jobId": tick["id"],
            "spaceId": space_id(running.space.code),
            "environmentId": environment_id(running.space.code),
        },
        "payload": {"domain": kind, "operation": operation, "job": running.name, "status": "executing"},
    }
    return running.space.id, {name: value for name, value in tick.items() if value is not None}, event

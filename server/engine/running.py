"""One running job in memory: its merged progress, its curve, and what is told of its end."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from listener_sdk.protocol.ids import encode, environment_id, space_id
from listener_sdk.protocol.progress import Progress, whole
from listener_sdk.protocol.times import to_wire

from ..commands.leases import Held
from ..commands.recall import Past
from ..core.actors import Space
from ..core.curve import Curve, Point, joined
from ..core.estimate import Told, told
from ..core.jobs import JobRow
from ..core.pace import Pace
from ..core.stalls import Movement, movement

TURN_MS: Final = 250
EARLY_MS: Final = 100
"""At least as long as ticks are gathered, and a turn may come that much too late."""


@dataclass(slots=True)
class Running:
    """What is known of one lease's progress. ``sent`` is how far its curve has been handed to the store.

    ``movement`` is not known of a run that began under another server, until the store has told its ``past``; ``whole``
    is False of a job that was split, whose parts move or stall in its stead. ``tags`` are those that the store had last,
    ``head`` is what events tell of it beside its name.
    """

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
    turn_at: int = 0
    stored_at: int = 0
    sent: int = 0
    told: Told | None = None
    pace: Pace | None = None
    movement: Movement | None = None
    stalled_at: int | None = None
    recalled: bool = False
    whole: bool = True
    tags: list[str] = field(default_factory=list)
    head: Mapping[str, Any] = field(default_factory=dict)

    def merge(self, newer: Progress) -> bool:
        """Take a tick in; whether it says anything new."""
        if not self.whole:
            newer = Progress(text=newer.text, eta_ms=newer.eta_ms)
        before, reached = self._said(), self.progress.value() or 0.0
        promises = newer.eta_ms not in {None, self.progress.eta_ms}
        self.progress = self.progress.merged(newer)
        if promises or (self.progress.value() or 0.0) > reached:
            self.stalled_at = None
        self.given = self.given or newer.eta_ms is not None
        return self._said() != before

    def takes_turn(self, now: int) -> bool:
        """Whether live readers are told now: four times a second on average, by turns that may come some time too early.

        Were turns never early, a handler that ticks as often as that would be told of later and later, until one is left out.
        """
        if now < self.turn_at - EARLY_MS:
            return False
        self.shown = True
        self.turn_at = max(now, self.turn_at) + TURN_MS
        return True

    def divide(self) -> None:
        """From now on the parts say how far the job is."""
        self.whole, self.stalled_at, self.told = False, None, None
        self.progress = replace(self.progress, percent=None, done=None, total=None)
        self.curve = Curve()

    def _said(self) -> tuple[object, ...]:
        seen = self.progress
        return seen.value(), seen.done, seen.total, seen.text, seen.eta_ms, self.given

    def draw(self, at: int, percent: float) -> None:
        """Note the percent of now."""
        self.curve.add(at, percent)
        if self.movement is not None:
            self.movement.see(at, percent)

    def estimate(self) -> int | None:
        """The handler's own estimate, else the server's from the rate and from past runs; None while the job stalls."""
        if self.stalled_at is not None:
            self.told = None
            return None
        if self.given:
            return self.progress.eta_ms
        newest = self.curve.newest
        if newest is not None and (self.told is None or newest[0] > self.told.at):
            self.told = told(self.told, self.started_at, self.curve.all(), self.pace)
        return self.told.ends_at if self.told is not None else None

    def stalls_at(self) -> int | None:
        """When the job stalls unless it moves; None when that cannot be, or is known already."""
        if self.movement is None or self.stalled_at is not None or not self.whole:
            return None
        return self.movement.stalls_at(self.progress.eta_ms if self.given else None)

    def recall(self, past: Past, now: int) -> None:
        """What the store knows of this run and those before it. What this server has seen of the run counts as newer."""
        self.pace = past.pace
        if self.movement is None:
            first = self.curve.points[0][0] if self.curve.points else now + 1
            older = [point for point in past.points if point[0] < first]
            self.movement = movement(self.started_at, [*older, *self.curve.all()])

    def go_on(self, merged: Progress, points: list[Point], tags: list[str]) -> None:
        """Put the part of the curve that another server drew before ours, and take the tags that the job has now."""
        self.tags = tags
        if points and self.curve.points and points[0][0] < self.curve.points[0][0]:
            self.curve = joined(points, self.curve.all())
            self.started_at = min(self.started_at, points[0][0])
            self.progress = merged.merged(self.progress)


def begun(lease: Held, row: JobRow, space: Space, now: int) -> Running:
    """A lease that was given now, or whose handler began under another connection or server."""
    given = bool(row.eta_given)
    progress = Progress(row.progress, row.done, row.total, eta_ms=row.eta_at if given else None)
    if row.attempt_started_at is None:
        fresh = Running(lease, row.name, space, now, begun=False, progress=progress, movement=Movement(now))
        return _as_stored(row, fresh)
    running = Running(
        lease,
        row.name,
        space,
        row.attempt_started_at,
        begun=True,
        progress=progress,
        given=given,
        stored_at=row.updated_at,
        told=None if given else Told(row.updated_at, row.eta_at),
        movement=Movement(row.attempt_started_at) if row.progress is None else None,
        stalled_at=row.stalled_at,
    )
    return _as_stored(row, running)


def _as_stored(row: JobRow, running: Running) -> Running:
    if row.parts is not None:
        running.divide()
    running.tags = row.tags
    if row.part is None:
        running.head = row.head
    return running


def live_tick(running: Running) -> tuple[int, dict[str, Any], dict[str, Any]]:
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
        "stalledSince": to_wire(running.stalled_at) if running.stalled_at is not None else None,
    }
    event: dict[str, Any] = {
        "topic": "job:updated",
        "domain": "job",
        "context": {
            "jobId": tick["id"],
            "spaceId": space_id(running.space.code),
            "environmentId": environment_id(running.space.code),
        },
        "payload": {"domain": kind, "operation": operation, "job": running.name, "status": "executing"},
    }
    if running.head:
        event["payload"].update(running.head)
    if running.tags:
        event["payload"]["tags"] = running.tags
    return running.space.id, {name: value for name, value in tick.items() if value is not None}, event

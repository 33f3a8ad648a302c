"""The leases that a session holds: their waiting ticks and log lines, and their endings until they are answered.

Pure: methods take what happened and return frames to send, or calls for the worker. The rules:

- ticks merge, newest wins; the last one leaves before the outcome, and leaves again after a reconnect;
- an *ending* (complete, fail, release) is sent again with the same fence after every reconnect until it is answered;
- a lease that is lost while its ending is unanswered stays: the answer to the ending tells what became of it;
- a lease that is granted again although it is known is not started twice.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ._lines import Lines
from .protocol.codes import ERRORS
from .protocol.frames import (
    MAX_CREDIT,
    Ack,
    Cancel,
    ClientFrame,
    Complete,
    Error,
    Fail,
    Grant,
    Lease,
    Log,
    Release,
    Renew,
    Tick,
)
from .protocol.jobs import LogLine
from .protocol.progress import Progress
from .protocol.times import to_datetime

Ending = Complete | Fail | Release


class LeaseKey(NamedTuple):
    """A job and the fence under which it was granted."""

    job: str
    fence: int

    def wire(self) -> Lease:
        return Lease(job=self.job, fence=self.fence)


@dataclass(frozen=True, slots=True)
class Start:
    """Run this job's handler."""

    lease: LeaseKey
    grant: Grant


@dataclass(frozen=True, slots=True)
class Stop:
    """The job's cancel was asked for: stop its handler; an outcome is still taken for ``grace_s``."""

    lease: LeaseKey
    reason: str | None
    grace_s: float


@dataclass(frozen=True, slots=True)
class Lost:
    """The lease is gone: stop its handler and send nothing more for it."""

    lease: LeaseKey


@dataclass(frozen=True, slots=True)
class Ended:
    """The ending was answered: stored, or ``refused`` for good."""

    lease: LeaseKey
    refused: Error | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """The server cannot take this now: hand it to the session's ``again`` after a while."""

    what: "LeaseKey | str"


LeaseCall = Start | Stop | Lost | Ended | Again


@dataclass(slots=True)
class _Held:
    begun: bool = False
    progress: Progress | None = None
    dirty: bool = False
    lines: Lines = field(default_factory=Lines)
    ending: Ending | None = None
    last_lines: list[Log] = field(default_factory=list)


class Leases:
    """See the module. ``next_id`` gives the ids of requests."""

    def __init__(self, next_id: Callable[[], int]) -> None:
        self._next_id = next_id
        self._held: dict[LeaseKey, _Held] = {}
        self._newest: dict[str, LeaseKey] = {}
        self._by_request: dict[int, LeaseKey] = {}

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, lease: LeaseKey) -> bool:
        return lease in self._held

    def wire(self) -> list[Lease]:
        """All held leases, for hello and renew."""
        return [lease.wire() for lease in self._held][:MAX_CREDIT]

    # ---- from the server

    def granted(self, grants: Iterable[Grant]) -> list[LeaseCall]:
        """Start what is new; an older lease of the same job is lost."""
        calls: list[LeaseCall] = []
        for grant in grants:
            lease = LeaseKey(grant.job.id, grant.fence)
            if lease in self._held:
                continue
            older = self._newest.get(lease.job)
            calls += self.lost([older]) if older is not None else []
            self._held[lease] = _Held()
            self._newest[lease.job] = lease
            calls.append(Start(lease, grant))
        return calls

    def cancel_asked(self, frame: Cancel) -> list[LeaseCall]:
        lease = LeaseKey(frame.job, frame.fence)
        held = self._held.get(lease)
        running = held is not None and held.ending is None
        return [Stop(lease, frame.reason, frame.grace_s)] if running else []

    def lost(self, leases: Iterable[LeaseKey]) -> list[LeaseCall]:
        """Forget leases, but for those whose ending is still unanswered."""
        calls: list[LeaseCall] = []
        for lease in leases:
            held = self._held.get(lease)
            if held is not None and held.ending is None:
                self._forget(lease)
                calls.append(Lost(lease))
        return calls

    def _forget(self, lease: LeaseKey) -> None:
        self._held.pop(lease, None)
        if self._newest.get(lease.job) == lease:
            del self._newest[lease.job]

    def answered(self, request: int) -> list[LeaseCall] | None:
        """The ending with this request id was stored; None when the id is of no ending."""
        lease = self._by_request.pop(request, None)
        if lease is None:
            return None
        self._forget(lease)
        return [Ended(lease)]

    def refused(self, error: Error) -> tuple[list[LeaseCall], list[ClientFrame]] | None:
        """What to do about a refused ending: try again later, fail the job instead, or let go."""
        lease = self._by_request.get(error.id) if error.id is not None else None
        if lease is None or error.id is None:
            return None
        known = ERRORS.get(error.code)
        if known is not None and known.retry:
            return [Again(lease)], []
        del self._by_request[error.id]
        ending = self._held[lease].ending
        if isinstance(ending, Complete) and known is not None and known.status in {400, 413}:
            return [], self._fail_instead(lease, error)
        self._forget(lease)
        return [Ended(lease, error)], []

    def _fail_instead(self, lease: LeaseKey, error: Error) -> list[ClientFrame]:
        message = f"The handler ended well, but its outcome was refused: {error.message}"[:4096]
        fail = Fail(job=lease.job, fence=lease.fence, message=message, retry=False)
        return [self._ending(lease, self._held[lease], fail)]

    # ---- from the worker

    def begin(self, lease: LeaseKey) -> list[ClientFrame]:
        held = self._held.get(lease)
        if held is None:
            return []
        held.begun = True
        return [Ack(job=lease.job, fence=lease.fence)]

    def tick(self, lease: LeaseKey, newer: Progress) -> bool:
        """Merge a tick; whether it waits for the next `flush` (a lost lease's is dropped)."""
        held = self._held.get(lease)
        if held is None or held.ending is not None:
            return False
        held.progress = newer if held.progress is None else held.progress.merged(newer)
        held.dirty = True
        return True

    def log(self, lease: LeaseKey, line: LogLine) -> bool:
        """Queue a log line; whether it waits for the next `flush`."""
        held = self._held.get(lease)
        if held is None or held.ending is not None:
            return False
        held.lines.add(line)
        return True

    def flush(self) -> list[ClientFrame]:
        """All waiting ticks and lines."""
        frames: list[ClientFrame] = []
        for lease, held in self._held.items():
            frames += _log_frames(lease, held)
            if held.dirty:
                frames += _tick_frame(lease, held)
        return frames

    def end(self, lease: LeaseKey, ending: Ending) -> list[ClientFrame]:
        """The last lines, the last tick, then the ending. Nothing when the lease is lost or has an ending already."""
        held = self._held.get(lease)
        if held is None or held.ending is not None:
            return []
        held.last_lines += _log_frames(lease, held)
        frames: list[ClientFrame] = [*held.last_lines]
        if held.dirty:
            frames += _tick_frame(lease, held)
        return [*frames, self._ending(lease, held, ending)]

    def again(self, lease: LeaseKey) -> list[ClientFrame]:
        """The ending once more, if it is still unanswered."""
        held = self._held.get(lease)
        return [held.ending] if held is not None and held.ending is not None else []

    def renew(self) -> list[ClientFrame]:
        return [Renew(leases=self.wire())] if self._held else []

    # ---- a new connection

    def resumed(self, stale: set[LeaseKey]) -> tuple[list[LeaseCall], list[ClientFrame]]:
        """After welcome: what the server let go is lost; for the rest it hears again what it may have missed."""
        calls = self.lost(stale)
        frames: list[ClientFrame] = []
        for lease, held in self._held.items():
            frames += _ending_again(held) if lease in stale else self._said_again(lease, held)
        return calls, frames

    def _said_again(self, lease: LeaseKey, held: _Held) -> Iterator[ClientFrame]:
        if held.begun:
            yield Ack(job=lease.job, fence=lease.fence)
        if held.ending is not None:
            yield from held.last_lines
        else:
            yield from _log_frames(lease, held)
        if held.progress is not None:
            yield from _tick_frame(lease, held)
        yield from _ending_again(held)

    def _ending(self, lease: LeaseKey, held: _Held, ending: Ending) -> Ending:
        ending.id = request = self._next_id()
        self._by_request[request] = lease
        held.ending = ending
        return ending


def _ending_again(held: _Held) -> list[ClientFrame]:
    return [held.ending] if held.ending is not None else []


def _tick_frame(lease: LeaseKey, held: _Held) -> list[ClientFrame]:
    held.dirty = False
    seen = held.progress or Progress()
    eta = None if seen.eta_ms is None else to_datetime(seen.eta_ms)
    return [
        Tick(
            job=lease.job,
            fence=lease.fence,
            percent=seen.percent,
            done=seen.done,
            total=seen.total,
            text=seen.text,
            estimated_completion_at=eta,
        )
    ]


def _log_frames(lease: LeaseKey, held: _Held) -> list[Log]:
    return [Log(job=lease.job, fence=lease.fence, lines=parcel) for parcel in held.lines.take()]

"""The leases that a session holds: their waiting ticks, and their log lines and endings until they are answered.

Pure: methods take what happened and return frames to send, or calls for the worker. The rules:

- ticks merge, newest wins; the last one leaves before the outcome, and leaves again after a reconnect;
- lines leave with their indexes before tick and ending, and again after every reconnect until they are answered;
- an *ending* (complete, fail, release) is sent again with the same fence after every reconnect until it is answered;
- a lease that is lost while its ending is unanswered stays: the answer to the ending tells what became of it;
- a lease that is granted again although it is known is not started twice;
- an acknowledgement that has not left when the outcome is ready, of a handler that said nothing else, does not leave: the server
  begins the attempt by itself. It follows when the server cannot take the outcome yet, so that the lease is kept.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from ._granted import Granted
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
GONE: Final = frozenset({"stale_lease", "not_found"})
"""Refusals of a call with a lease that is over, or whose job was deleted."""


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
    job: Granted


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


@dataclass(frozen=True, slots=True)
class LinesRefused:
    """Log lines are left out: they were refused for good, or the ending behind them was taken first."""

    lease: LeaseKey
    error: Error


LeaseCall = Start | Stop | Lost | Ended | Again | LinesRefused


@dataclass(slots=True)
class _Held:
    lines: Lines
    begun: bool = False
    spared: bool = False
    """Whether the acknowledgement was left out."""
    progress: Progress | None = None
    dirty: bool = False
    ending: Ending | None = None
    paused: Error | None = None
    """What the server could not take for now: until the worker says ``again`` lines wait, so that they stay in order."""

    @property
    def silent(self) -> bool:
        """Whether the handler has neither ticked nor written a line."""
        return self.progress is None and not self.lines.written


class Leases:
    """See the module. ``next_id`` gives the ids of requests."""

    def __init__(self, next_id: Callable[[], int]) -> None:
        self._next_id = next_id
        self._held: dict[LeaseKey, _Held] = {}
        self._newest: dict[str, LeaseKey] = {}
        self._by_request: dict[int, LeaseKey] = {}
        self._to_ack: dict[LeaseKey, None] = {}

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, lease: LeaseKey) -> bool:
        return lease in self._held

    def wire(self) -> list[Lease]:
        """All held leases."""
        return [lease.wire() for lease in self._held]

    # ---- from the server

    def granted(self, jobs: Iterable[Granted]) -> list[LeaseCall]:
        """Start what is new; an older lease of the same job is lost."""
        calls: list[LeaseCall] = []
        for job in jobs:
            lease = LeaseKey(job.id, job.fence)
            if lease in self._held:
                continue
            older = self._newest.get(lease.job)
            calls += self.lost([older]) if older is not None else []
            self._held[lease] = _Held(Lines(lease.job, lease.fence, self._next_id))
            self._newest[lease.job] = lease
            calls.append(Start(lease, job))
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
        held = self._held.pop(lease)
        self._to_ack.pop(lease, None)
        for request in held.lines.unanswered():
            del self._by_request[request]
        if self._newest.get(lease.job) == lease:
            del self._newest[lease.job]

    def answered(self, request: int) -> list[LeaseCall] | None:
        """The lines or the ending of this request were stored; None when the id is of neither."""
        lease = self._by_request.pop(request, None)
        if lease is None:
            return None
        held = self._held[lease]
        if request in held.lines:
            held.lines.answered(request)
            return []
        self._forget(lease)
        # Lines that were refused while the ending behind them was taken can follow no more.
        late = held.paused if held.lines.unanswered() else None
        return [Ended(lease), *([LinesRefused(lease, late)] if late is not None else [])]

    def refused(self, error: Error) -> tuple[list[LeaseCall], list[ClientFrame]] | None:
        """What to do about refused lines or a refused ending: try again later, say something else instead, or let go."""
        lease = self._by_request.get(error.id) if error.id is not None else None
        if lease is None or error.id is None:
            return None
        held = self._held[lease]
        known = ERRORS.get(error.code)
        if known is not None and known.retry:
            return self._pause(lease, held, error), []
        del self._by_request[error.id]
        if error.id in held.lines:
            return self._lines_refused(lease, held, error.id, error)
        if isinstance(held.ending, Complete) and known is not None and known.status in {400, 413}:
            return [], self._fail_instead(lease, error)
        self._forget(lease)
        return [Ended(lease, error)], []

    def _pause(self, lease: LeaseKey, held: _Held, error: Error) -> list[LeaseCall]:
        """One retry for all that was refused together."""
        if held.paused is not None:
            return []
        held.paused = error
        if held.spared:
            self.begin(lease)
        return [Again(lease)]

    def _lines_refused(
        self, lease: LeaseKey, held: _Held, request: int, error: Error
    ) -> tuple[list[LeaseCall], list[ClientFrame]]:
        if error.code in GONE:
            held.lines.answered(request)
            return self.lost([lease]), []
        frames = self._sending(lease, held.lines.leave_out(request, error.message))
        return [LinesRefused(lease, error)], frames

    def _fail_instead(self, lease: LeaseKey, error: Error) -> list[ClientFrame]:
        message = f"The handler ended well, but its outcome was refused: {error.message}"[:4096]
        fail = Fail(job=lease.job, fence=lease.fence, message=message, retry=False)
        return [self._ending(lease, self._held[lease], fail)]

    # ---- from the worker

    def begin(self, lease: LeaseKey) -> None:
        """The handler begins: the next `acks` say so."""
        held = self._held.get(lease)
        if held is not None and not held.begun:
            held.begun = True
            self._to_ack[lease] = None

    @property
    def acks_wait(self) -> bool:
        return bool(self._to_ack)

    def acks(self) -> list[ClientFrame]:
        """The acknowledgements that have not left yet. They go before all that is said of their leases."""
        leaving, self._to_ack = self._to_ack, {}
        return [Ack(job=lease.job, fence=lease.fence) for lease in leaving]

    def tick(self, lease: LeaseKey, newer: Progress) -> bool:
        """Merge a tick; whether it waits for the next `flush` (a lost lease's is dropped)."""
        held = self._held.get(lease)
        if held is None or held.ending is not None:
            return False
        if held.progress is None:
            held.progress = newer
        else:
            held.progress.overtake(newer)
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
            if held.paused is None:
                frames += self._sending(lease, held.lines.flush())
            if held.dirty:
                frames += _tick_frame(lease, held)
        return frames

    def end(self, lease: LeaseKey, ending: Ending) -> list[ClientFrame]:
        """The last lines, the last tick, then the ending. Nothing when the lease is lost or has an ending already."""
        held = self._held.get(lease)
        if held is None or held.ending is not None:
            return []
        # What was refused must not come after the ending.
        earlier = held.lines.again() if held.paused is not None else []
        held.paused = None
        frames = self._sending(lease, [*earlier, *held.lines.flush(last=True)])
        if held.dirty:
            frames += _tick_frame(lease, held)
        if lease in self._to_ack and held.silent and not isinstance(ending, Release):
            del self._to_ack[lease]
            held.begun, held.spared = False, True
        return [*frames, self._ending(lease, held, ending)]

    def again(self, lease: LeaseKey) -> list[ClientFrame]:
        """After a pause: the lines and the ending once more that are still unanswered."""
        held = self._held.get(lease)
        if held is None or held.paused is None:
            return []
        held.paused = None
        return [*self._sending(lease, held.lines.again()), *_ending_again(held)]

    def renew(self) -> list[Renew]:
        """All held leases: jobs that wait for their parts come on top of the credit, so that there may be more than one frame holds."""
        held = self.wire()
        return [Renew(leases=held[at : at + MAX_CREDIT]) for at in range(0, len(held), MAX_CREDIT)]

    # ---- a new connection

    def resumed(self, stale: set[LeaseKey]) -> tuple[list[LeaseCall], list[ClientFrame]]:
        """After welcome: what the server let go is lost; for the rest it hears again what it may have missed."""
        calls = self.lost(stale)
        self._to_ack.clear()
        frames: list[ClientFrame] = []
        for lease, held in self._held.items():
            frames += _ending_again(held) if lease in stale else self._said_again(lease, held)
        return calls, frames

    def _said_again(self, lease: LeaseKey, held: _Held) -> Iterator[ClientFrame]:
        held.paused = None
        if held.begun:
            yield Ack(job=lease.job, fence=lease.fence)
        yield from self._sending(lease, held.lines.again())
        if held.progress is not None:
            yield from _tick_frame(lease, held)
        yield from _ending_again(held)

    def _sending(self, lease: LeaseKey, frames: list[Log]) -> list[ClientFrame]:
        """Frames with lines, whose answers are awaited from here on."""
        self._by_request |= {frame.id: lease for frame in frames if frame.id is not None}
        return [*frames]

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

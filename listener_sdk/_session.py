"""The client's end of the stream, without I/O and without a clock: frames in, frames and calls out.

A session outlives its connections. While it is not `ready` (no welcome yet) nothing is lost: what is asked of it waits in its
state, and `Welcome` sends whatever the server may have missed, in this order: held leases (acknowledgement, lines that are not
stored, last tick, unanswered ending), what it listens to, unanswered requests, subscriptions after their last position.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from ._cursors import CursorCall, Cursors
from ._granted import Leased
from ._leases import Ending, LeaseCall, LeaseKey, Leases
from .protocol.frames import (
    MAX_CREDIT,
    Cancel,
    ClientFrame,
    Create,
    Drain,
    Error,
    Events,
    Grants,
    Hello,
    Lease,
    Listen,
    LiveProgress,
    Ok,
    PositionFrame,
    Publish,
    Renew,
    Secrets,
    ServerFrame,
    Stale,
    Subscribe,
    Subscribed,
    Taking,
    Welcome,
)
from .protocol.job_types import JobTypeDeclare
from .protocol.jobs import LogLine
from .protocol.progress import Progress


@dataclass(frozen=True, slots=True)
class Welcomed:
    """The session stands on a new connection; renew at least every third of ``lease_s``."""

    lease_s: float


@dataclass(frozen=True, slots=True)
class Answered:
    """A request was done."""

    request: int
    data: Any


@dataclass(frozen=True, slots=True)
class Refused:
    """A request was refused."""

    request: int
    error: Error


@dataclass(frozen=True, slots=True)
class ListenRefused:
    """What this session wants to take was refused: nothing will be granted until it is taken (see `Session.again`)."""

    error: Error


@dataclass(frozen=True, slots=True)
class Trouble:
    """A frame without an id was refused; nothing waits for the answer."""

    error: Error


Call = LeaseCall | CursorCall | Welcomed | Answered | Refused | ListenRefused | Trouble


class Session:
    """See the module. ``name`` is the random text that is the session's identity; ``client`` and ``host`` describe it to people."""

    def __init__(self, name: str, client: str | None = None, host: str | None = None) -> None:
        self.name = name
        self.ready = False
        self._client = client
        self._host = host
        self._next_id = count(1).__next__
        self._out: list[ClientFrame] = []
        self._leases = Leases(self._next_id)
        self._cursors = Cursors(self._next_id)
        self._listen: Listen | None = None
        self._requests: dict[int, Create | Publish | Secrets] = {}

    # ---- the connection

    def hello(self) -> Hello:
        """The first frame of a connection."""
        held = self._leases.wire()[:MAX_CREDIT]
        return Hello(session=self.name, held=held, client=self._client, host=self._host)

    def disconnected(self) -> None:
        """The connection is gone; the state stays."""
        self.ready = False
        self._out.clear()

    def take(self) -> list[ClientFrame]:
        """The frames to be sent now, each handed out once."""
        acks = [*self._leases.acks(), *self._cursors.acks()] if self.ready else []
        frames, self._out = self._out, []
        return [*acks, *frames]

    @property
    def speaks(self) -> bool:
        """Whether `take` has anything to hand out."""
        return self.ready and (bool(self._out) or self._leases.acks_wait or self._cursors.acks_wait)

    @property
    def held(self) -> int:
        """How many leases are held or have an unanswered ending."""
        return len(self._leases)

    # ---- from the user's side

    def listen(self, jobs: list[Taking], credit: int, types: Sequence[JobTypeDeclare] = ()) -> None:
        """Replace what is taken, and the capacity; the types are declared."""
        self._listen = Listen(id=self._next_id(), jobs=jobs, credit=credit, types=[*types])
        self._send([self._listen])

    def begin(self, lease: LeaseKey) -> None:
        """The handler of a granted job begins."""
        self._leases.begin(lease)

    def tick(self, lease: LeaseKey, progress: Progress) -> bool:
        """Merge a tick; whether a `flush` is due."""
        return self._leases.tick(lease, progress)

    def log(self, lease: LeaseKey, line: LogLine) -> bool:
        """Queue a log line; whether a `flush` is due."""
        return self._leases.log(lease, line)

    def flush(self) -> None:
        """Send waiting ticks (one a job) and lines; without a connection they go on waiting."""
        if self.ready:
            self._send(self._leases.flush())

    def end(self, lease: LeaseKey, ending: Ending) -> None:
        """The outcome of a lease: kept, and sent again after every reconnect, until it is answered."""
        self._send(self._leases.end(lease, ending))

    def renew(self) -> None:
        """Renew all held leases."""
        self._send([*self._leases.renew()])

    def request(self, frame: Create | Publish | Secrets) -> int:
        """Send a request, again after a reconnect until it is answered: what changes something needs an idempotency key.

        Its ``id`` is set here.
        """
        frame.id = number = self._next_id()
        self._requests[number] = frame
        self._send([frame])
        return number

    def subscribe(self, request: Subscribe) -> None:
        self._send(self._cursors.open(request))

    def unsubscribe(self, sub: str) -> None:
        self._send(self._cursors.close(sub))

    def ack(self, sub: str, position: str) -> None:
        """The events of a durable subscription are dealt with up to here."""
        self._cursors.ack(sub, position)

    def confirm(self, sub: str) -> int:
        """Say the last ack of a subscription once more, after every reconnect, until it is answered; the request's id."""
        return self._cursors.confirm(sub)

    def position(self, sub: str) -> str:
        """Where a subscription stands."""
        return self._cursors.position(sub)

    def again(self, what: LeaseKey | str | int) -> None:
        """Send once more what the server could not take before: lines and ending of a lease, a subscription, or (by id) what is listened to."""
        match what:
            case LeaseKey():
                self._send(self._leases.again(what))
            case str():
                self._send(self._cursors.ask(what))
            case int():
                self._send([self._listen] if self._listen is not None and self._listen.id == what else [])

    # ---- from the server's side

    def receive(self, frame: ServerFrame | Leased) -> list[Call]:  # noqa: C901, PLR0911 - one branch a frame
        """Take one frame of the server; what the worker or subscriber must hear of it."""
        match frame:
            case Welcome():
                return self._welcomed(frame)
            case Leased():
                return [*self._leases.granted(frame.jobs)]
            case Ok():
                return self._answered(frame)
            case Error():
                return self._refused(frame)
            case Cancel():
                return [*self._leases.cancel_asked(frame)]
            case Stale():
                lost = self._leases.lost(_keys(frame.leases))
                # A server that took a lease away grants nothing more until it hears from the session.
                self._send([*self._leases.renew()] or [Renew(leases=[])])
                return [*lost]
            case Subscribed():
                return [*self._cursors.subscribed(frame)]
            case Events():
                calls, frames = self._cursors.events(frame)
                self._send(frames)
                return [*calls]
            case PositionFrame():
                self._send(self._cursors.moved(frame))
                return []
            case LiveProgress():
                return [*self._cursors.progress(frame)]
            case Drain() | Grants():  # grants come as Leased
                return []

    def _welcomed(self, frame: Welcome) -> list[Call]:
        self.ready = True
        calls, frames = self._leases.resumed(set(_keys(frame.stale)))
        self._send(frames)
        if self._listen is not None:
            self._send([self._listen])
        self._send([*self._requests.values()])
        self._send(self._cursors.resumed())
        return [Welcomed(frame.lease_s), *calls]

    def _answered(self, frame: Ok) -> list[Call]:
        ended = self._leases.answered(frame.id)
        if ended is not None:
            return [*ended]
        return [Answered(frame.id, frame.data)] if self._asked(frame.id) else []

    def _asked(self, request: int) -> bool:
        """Whether this was a request, which has its answer now."""
        return self._requests.pop(request, None) is not None or self._cursors.confirmed(request)

    def _refused(self, error: Error) -> list[Call]:
        leased = self._leases.refused(error)
        if leased is not None:
            calls, frames = leased
            self._send(frames)
            return [*calls]
        if error.id is not None and self._asked(error.id):
            return [Refused(error.id, error)]
        cut = self._cursors.refused(error)
        if cut is not None:
            return [*cut]
        if self._listen is not None and error.id == self._listen.id:
            return [ListenRefused(error)]
        if error.code == "stale_lease" and error.id is not None:
            # It answers lines of a lease that was let go meanwhile.
            return []
        if error.code == "stale_lease":
            # The refusal names no fence: a renewal asks which leases are truly lost.
            self.renew()
        return [Trouble(error)]

    def _send(self, frames: list[ClientFrame]) -> None:
        if self.ready:
            self._out += frames


def _keys(leases: list[Lease]) -> list[LeaseKey]:
    return [LeaseKey(lease.job, lease.fence) for lease in leases]

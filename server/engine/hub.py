"""All connections of the stream on this node: who is there, and who is told what after a commit."""

import asyncio
import hashlib
import itertools
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import TYPE_CHECKING, Any, Protocol

import orjson
import structlog

from listener_sdk.protocol.codes import CLOSES, ERRORS, Refusal
from listener_sdk.protocol.events import Position
from listener_sdk.protocol.model import WireModel

from ..commands import leases, sessions
from ..commands.leases import Held, Leases
from ..core.actors import Actor
from ..core.deadlines import Limits
from ..core.effects import CancelAsked, Divided, Granted, Lost, Takes
from ..core.jobs import JobRow
from ..core.later import later
from ..security.sealing import Sealer
from ..store.command import Once
from ..store.database import StoreError
from ..store.transaction import Facts
from ..store.writer import Writer
from .intake import Total
from .job_types import Served
from .listeners import Present
from .log import Entry
from .subscriptions import Subscriptions
from .ticks import Ticks
from .wall import Wall

if TYPE_CHECKING:
    from . import durables
    from .durables import Durables, Follower
else:
    durables = later(".durables", __package__)

SESSION_TAKEN = CLOSES["session_taken"].code
_log = structlog.get_logger("tickwire.stream")


class Connected(Protocol):
    """What the hub needs of a connection."""

    holder: str
    number: int
    actor: Actor
    welcomed: bool

    def granted(self, rows: list[JobRow], *, again: bool = False) -> None: ...
    def lost(self, pairs: list[tuple[int, int]]) -> None: ...
    def cancel(self, job_id: int, fence: int, reason: str | None, grace_ms: int) -> None: ...
    def close(self, code: int, /) -> None: ...


class Hub:
    """The connections by holder. One session has one connection: a newer one takes over."""

    def __init__(
        self,
        writer: Writer,
        facts: Facts,
        subscriptions: Subscriptions,
        sealer: Sealer,
        wall: Wall,
        clock: Callable[[], int],
        random: Random,
    ) -> None:
        self.clock = clock
        self.sealer = sealer
        self.subscriptions = subscriptions
        self.wall = wall
        self.served = Served()
        self.server_id = random.randbytes(4).hex()
        self.present = Present(self.server_id, clock)
        self.total = Total()
        self.post = writer.post
        self.ticks = Ticks(writer, clock, subscriptions.progress)
        self.peers: dict[str, Connected] = {}
        self.poll: Callable[[], Awaitable[None]] | None = None
        """Reads the log to its end; None where no other server writes to it."""
        self._durables: Durables | None = None
        self._facts = facts
        self._catching_up: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)

    def next_number(self) -> int:
        """A number for a new connection."""
        return next(self._numbers)

    def limits(self) -> Limits:
        """The deadlines in force."""
        return self._facts.limits

    @property
    def durables(self) -> "Durables":
        """Durable subscriptions, from the first one on."""
        if self._durables is None:
            self._durables = durables.Durables(self)
        return self._durables

    def publish(self, entries: Sequence[Entry]) -> None:
        """Committed events: subscribers hear of them."""
        self.subscriptions.publish(entries)
        if self._durables is not None:
            self._durables.publish(entries)

    def rest(self) -> None:
        """Some seconds have passed."""
        if self._durables is not None:
            self._durables.renew()

    def forget_asked(self, peer: "Follower", sub: str) -> None:
        """A connection wants a subscription no more, which may not have begun yet."""
        if self._durables is not None:
            self._durables.forget(peer, sub)

    def check_sent(self, space_id: int, name: str, position: Position) -> None:
        """Refusal ``cursor_ahead`` for an ack of what a durable subscription that is followed here was not sent."""
        if self._durables is not None:
            self._durables.check_sent(space_id, name, position)

    def acked(self, space_id: int, name: str, seq: int) -> None:
        """A durable subscription was acked up to this event, beside the connection that follows it."""
        if self._durables is not None:
            self._durables.acked(space_id, name, seq)

    def lags(self, after: str) -> bool:
        """Whether a cursor lies behind the end of the log as it is known here, though not perhaps of the whole."""
        return self.poll is not None and self.subscriptions.is_ahead(after)

    def catch_up(self, then: Callable[[], None]) -> None:
        """Read the log to its end first."""
        task = asyncio.create_task(self._catch_up(then))
        self._catching_up.add(task)
        task.add_done_callback(self._catching_up.discard)

    async def _catch_up(self, then: Callable[[], None]) -> None:
        await self.reach_end()
        then()

    async def reach_end(self) -> None:
        """Read the log to its end."""
        try:
            if self.poll is not None:
                await self.poll()
        except StoreError as error:
            _log.warning("log_unreachable", error=str(error))

    def join(self, peer: Connected) -> None:
        """A session said hello. What an older connection of it takes ends here; its leases go over."""
        older = self.peers.get(peer.holder)
        self.peers[peer.holder] = peer
        if older is not None:
            self.served.ends(older.number)
            self.present.leaves(older.holder)
            self.post(sessions.LEAVE, sessions.Leave(older.holder, older.number), unanswered)
            older.close(SESSION_TAKEN)

    def is_here(self, peer: Connected) -> bool:
        """Whether this connection is the one of its session."""
        return self.peers.get(peer.holder) is peer

    def leave(self, peer: Connected) -> None:
        """A connection ended; its session keeps its leases."""
        self.served.ends(peer.number)
        if self.is_here(peer):
            del self.peers[peer.holder]
            self.present.leaves(peer.holder)
            self.post(sessions.LEAVE, sessions.Leave(peer.holder, peer.number), unanswered)

    def hold(self, peer: Connected, row: JobRow) -> None:
        """The session has this lease: its ticks are taken."""
        self.ticks.begin(Held(peer.holder, row.space_id, row.id, row.fence), row, peer.actor.space)

    def deliver(self, effects: list[object]) -> None:
        """Tell listeners what a commit means for them: one frame of grants a connection."""
        grants: dict[str, list[JobRow]] = {}
        for effect in effects:
            if isinstance(effect, Granted):
                grants.setdefault(effect.holder, []).append(effect.row)
            elif isinstance(effect, CancelAsked):
                self._cancel(effect)
            elif isinstance(effect, Lost):
                self._lost(effect)
            elif isinstance(effect, Divided):
                self.ticks.divide(effect.holder, effect.job_id, effect.fence)
            elif isinstance(effect, Takes):
                self._takes(effect)
        for holder, rows in grants.items():
            self._grant(holder, rows)

    def once(
        self, actor: Actor, route: str, key: str, body: WireModel, show: Callable[[Any], Any]
    ) -> Once[Any]:
        """An Idempotency-Key of a frame."""
        digest = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
        return Once(f"{actor.scope} {route}", key, digest, lambda result: orjson.dumps(show(result)).decode())

    def _grant(self, holder: str, rows: list[JobRow]) -> None:
        rows = [row for row in rows if row.holder == holder]
        if holder in self.peers:
            peer = self._welcomed(holder)
            if peer is not None and rows:
                peer.granted(rows)
            return
        # Its leaving did not reach the store: without this the jobs would be granted to it again and again.
        self.post(sessions.LEAVE, sessions.Leave(holder, None), unanswered)
        by_space: dict[int, list[tuple[int, int]]] = {}
        for row in rows:
            by_space.setdefault(row.space_id, []).append((row.id, row.fence))
        for space_id, pairs in by_space.items():
            self.post(leases.RELEASE, Leases(holder, space_id, tuple(pairs)), unanswered)

    def _welcomed(self, holder: str) -> Connected | None:
        """The session's connection, once hello is answered: until then the answer will tell what is its own."""
        peer = self.peers.get(holder)
        return peer if peer is not None and peer.welcomed else None

    def _cancel(self, effect: CancelAsked) -> None:
        peer = self._welcomed(effect.holder)
        if peer is not None:
            peer.cancel(effect.job_id, effect.fence, effect.reason, self.limits().grace_ms)

    def _takes(self, effect: Takes) -> None:
        """A session was drained or resumed: that changes what is served."""
        peer = self.peers.get(effect.holder)
        if peer is not None and peer.number == effect.connection:
            self.served.begins(effect.connection, effect.space_id, effect.patterns)

    def _lost(self, effect: Lost) -> None:
        self.ticks.drop(effect.holder, effect.job_id, effect.fence)
        peer = self._welcomed(effect.holder)
        if peer is not None:
            peer.lost([(effect.job_id, effect.fence)])


def error_frame(error: Exception, request: int | None, about: dict[str, str | None]) -> dict[str, Any]:
    """The ``error`` frame of a refusal, of a store that does not answer, or of a fault of the server."""
    if isinstance(error, Refusal):
        found: dict[str, Any] = {
            "code": error.code,
            "message": error.message,
            "key": error.key,
            **error.details,
        }
    elif isinstance(error, StoreError):
        found = {"code": error.code, "message": str(error)}
    else:
        found = {"code": "internal", "message": ERRORS["internal"].meaning}
    frame = {"type": "error", "id": request, **about, **found}
    return {name: value for name, value in frame.items() if value is not None}


def unanswered(result: Any, error: Exception | None) -> None:
    """The end of what nobody waits for: only a fault is worth a line in the server's log."""
    if error is not None and not isinstance(error, Refusal):
        _log.warning("effect_failed", error=str(error))

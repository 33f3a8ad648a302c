"""Durable subscriptions of this server's connections: who follows which, and their cursors on the way into the store."""

import asyncio
import contextlib
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.events import Position
from listener_sdk.protocol.frames import Acked, Subscribe

from ..commands.subscriptions import (
    DELETED,
    ENDING,
    FOLLOW,
    MOVE,
    Follow,
    Move,
    taken_over,
    unsent,
)
from ..core.actors import Actor
from ..core.roles import check
from ..core.subscriptions import RENEW_MS, Start, SubscriptionRow, start_of
from ..store.command import Command
from ..store.writer import Done
from .hub import unanswered
from .log import Entry
from .subscriptions import Subscription
from .windows import Window

if TYPE_CHECKING:
    from .hub import Hub

SAVE_AFTER_S: Final = 0.25
"""Acks that come meanwhile are stored with the first."""
AGAIN_AFTER_S: Final = 1.0
LOOK_AFTER_S: Final = 0.5
"""How often who stands still before a full window asks the store whether acks came to another server."""


class Follower(Protocol):
    """A connection: of the stream, or an answer that sends one subscription."""

    actor: Actor
    number: int
    holder: str
    subscriptions: dict[str, Subscription]

    def is_here(self) -> bool:
        """Whether it is still there, and speaks for its session."""
        ...

    def post(self, command: Command[Any, Any], item: object, done: Done) -> None:
        """Have a command done."""
        ...

    def begin(self, frame: Subscribe, window: Window) -> None:
        """Let the subscription begin; Refusal for a cursor that cannot be continued."""
        ...

    def refuse(self, error: Exception, request: int | None, *, sub: str) -> None:
        """It does not begin."""
        ...

    def answer(self, request: int | None, data: Any, error: Exception | None) -> None:
        """An ack that asked for it is stored."""
        ...


class Durables:
    """See the module."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._held: dict[tuple[int, str], Held] = {}
        self._asked: dict[tuple[int, str], Subscribe] = {}
        """What a connection has asked for by the name of its subscription, until it stands."""

    def subscribe(self, peer: Follower, frame: Subscribe) -> None:
        """Begin to follow; Refusal for who may not, and for a cursor that cannot be continued."""
        check(peer.actor, "work")
        start = Start(
            *self._hub.subscriptions.start(frame.after), chosen=frame.after not in {"now", "oldest"}
        )
        self._asked[peer.number, frame.sub] = frame
        item = Follow(
            peer.actor,
            frame.durable or "",
            _json(frame.topics),
            _json(frame.filter) if frame.filter else None,
            peer.holder,
            start,
        )
        peer.post(FOLLOW, item, partial(self._follows, peer, frame, start))

    def forget(self, peer: Follower, sub: str) -> None:
        """The connection does not want that subscription any more."""
        self._asked.pop((peer.number, sub), None)

    def _follows(
        self,
        peer: Follower,
        frame: Subscribe,
        start: Start,
        row: SubscriptionRow | None,
        error: Exception | None,
    ) -> None:
        if row is None:
            if self._asked.get((peer.number, frame.sub)) is frame:
                self.forget(peer, frame.sub)
                peer.refuse(error or Refusal("unavailable", "Try again."), frame.id, sub=frame.sub)
            return
        position = str(Position(row.epoch, start_of(row, start)))
        begin = partial(self._begin, peer, frame.model_copy(update={"after": position}), frame, row)
        if self._hub.lags(position):
            self._hub.catch_up(begin)
        else:
            begin()

    def _begin(self, peer: Follower, frame: Subscribe, asked: Subscribe, row: SubscriptionRow) -> None:
        wanted = self._asked.get((peer.number, frame.sub)) is asked and peer.is_here()
        held = Held(self, peer, frame.sub, row)
        if not wanted:
            held.left()
            return
        self.forget(peer, frame.sub)
        self._take_over(peer, frame.sub, row)
        try:
            peer.begin(frame, held)
        except Refusal as refusal:
            held.left()
            peer.refuse(refusal, frame.id, sub=frame.sub)
        else:
            self._held[held.place] = held

    def _take_over(self, peer: Follower, sub: str, row: SubscriptionRow) -> None:
        """End what another connection follows, or this one under another name."""
        older = self._held.get((row.space_id, row.name))
        if older is not None and (older.peer is not peer or older.sub != sub):
            self._end(older, taken_over(row.name))

    def publish(self, entries: Sequence[Entry]) -> None:
        """Committed events, some of which may tell that another server's session follows one now, or that one was removed."""
        for entry in entries:
            if entry.topic not in ENDING:
                continue
            payload = entry.data["payload"]
            held = self._held.get((entry.space_id, payload["name"]))
            if held is not None and held.fence < payload["fence"]:
                gone = entry.topic == DELETED
                self._end(held, _gone(held.name) if gone else taken_over(held.name))

    def renew(self) -> None:
        """Say now and then of those that are followed here that they are: in the store it is forgotten where a server was killed."""
        for held in list(self._held.values()):
            held.renew()

    def now(self) -> int:
        """What the server's clock says."""
        return self._hub.clock()

    @property
    def shared(self) -> bool:
        """Whether acks may come to other servers."""
        return self._hub.poll is not None

    def check_sent(self, space_id: int, name: str, position: Position) -> None:
        """Refusal ``cursor_ahead`` where it is followed here, and this was not sent."""
        held = self._held.get((space_id, name))
        found = None if held is None else held.peer.subscriptions.get(held.sub)
        if (
            found is not None
            and position.epoch == self._hub.subscriptions.epoch
            and position.seq > found.prev
        ):
            raise unsent()

    def acked(self, space_id: int, name: str, seq: int) -> None:
        """All up to this event was acked beside the connection, and that is stored."""
        held = self._held.get((space_id, name))
        if held is not None:
            held.heard(seq)

    def let_go(self, held: "Held") -> None:
        """It is not followed here any more."""
        if self._held.get(held.place) is held:
            del self._held[held.place]

    def post(self, item: Move, done: Any) -> None:
        """Move a cursor in the store."""
        self._hub.post(MOVE, item, done)

    def lost(self, held: "Held") -> None:
        """The store says that another follows it."""
        self._end(held, taken_over(held.name))

    def _end(self, held: "Held", refusal: Refusal) -> None:
        found = held.peer.subscriptions.get(held.sub)
        if found is not None and found.window is held:
            del held.peer.subscriptions[held.sub]
            self._hub.subscriptions.end(found, refusal)


class Held(Window):
    """One that is followed here. Its cursor goes into the store a little later than its acks come, or when an ack asks for it."""

    def __init__(self, durables: Durables, peer: Follower, sub: str, row: SubscriptionRow) -> None:
        super().__init__(row.cursor)
        self.peer = peer
        self.sub = sub
        self.name = row.name
        self.fence = row.fence
        self.place = (row.space_id, row.name)
        self._durables = durables
        self._id = row.id
        self._epoch = row.epoch
        self._saved = row.cursor
        self._said_at = durables.now()
        """When the store was told last that somebody follows it."""
        self._timer: asyncio.TimerHandle | None = None
        self._saving = False
        self._over = False
        self._asking: list[tuple[int, int]] = []
        """Acks that are answered once they are stored: (event, request)."""

    def take(self, frame: Acked, subscription: Subscription) -> None:
        """The client has dealt with all up to a position. Refusal for one that was not sent."""
        position = Position.parse(frame.position)
        if position.epoch != self._epoch or position.seq > subscription.prev:
            raise unsent()
        self.ack(position.seq)
        if frame.id is not None:
            self._asking.append((position.seq, frame.id))
            self._answer()
            if self._asking:
                self._save()

    async def until_room(self) -> None:
        """Wait for acks, of which the store may know before this server does."""
        while self._durables.shared and not self.is_free():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AFTER_S):
                    await super().until_room()
                    return
            self._save()
        await super().until_room()

    def heard(self, seq: int) -> None:
        """The store says that all up to this event was acked."""
        self._saved = max(self._saved, seq)
        self.ack(seq)

    def moved(self) -> None:
        """Store it soon."""
        if self._timer is None and not self._over and self.acked > self._saved:
            self._timer = asyncio.get_running_loop().call_later(SAVE_AFTER_S, self._save)

    def renew(self) -> None:
        """Tell the store that it is followed, where that was not done for a while."""
        if abs(self._durables.now() - self._said_at) >= RENEW_MS:
            self._save()

    def left(self) -> None:
        """Store what was acked, and that nobody follows it."""
        if not self._over:
            self._over = True
            self._stop_timer()
            self._durables.let_go(self)
            self._durables.post(Move(self._id, self.fence, self.acked, leave=True), self._left)

    def _left(self, stored: int | None, error: Exception | None) -> None:
        self._saved = self._saved if stored is None else stored
        self._answer()
        unanswered(stored, error)

    def _save(self) -> None:
        self._stop_timer()
        if not self._saving and not self._over:
            self._saving = True
            self._said_at = self._durables.now()
            self._durables.post(Move(self._id, self.fence, self.acked), self._stored)

    def _stored(self, stored: int | None, error: Exception | None) -> None:
        self._saving = False
        if error is not None:
            unanswered(stored, error)
            if not self._over:
                self._timer = asyncio.get_running_loop().call_later(AGAIN_AFTER_S, self._save)
        elif stored is None:
            self._durables.lost(self)
        else:
            self.heard(stored)
            self._answer()
            if self._asking:
                self._save()
            elif self.acked > self._saved:
                self.moved()

    def _answer(self) -> None:
        for seq, request in [one for one in self._asking if one[0] <= self._saved]:
            self._asking.remove((seq, request))
            self.peer.answer(request, None, None)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _gone(name: str) -> Refusal:
    return Refusal("not_found", f"The subscription {name!r} was removed.")

"""A connection of the stream in memory: the server's end is a real peer, and frames take their time in both directions."""

from collections import deque
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any, Final, Protocol

import orjson
from pydantic import ValidationError

from listener_sdk.protocol.codes import CLOSES
from listener_sdk.protocol.frames import Renew, client_frame

from ..commands.moves import job_number
from ..core.actors import Actor
from ..engine.node import Node
from ..engine.outbox import Outbox
from ..engine.peers import Peer
from .history import History
from .loop import VirtualLoop

SILENT: Final = 2
"""Beats of the server without a sign of the client's, after which it cuts the connection."""
Frame = dict[str, Any]


class Client(Protocol):
    """The client's end."""

    def hear(self, frame: Frame) -> None:
        """A frame of the server has come."""
        ...

    def closed(self, code: int | None) -> None:
        """The connection is over; None when it was cut."""
        ...


class Wire:
    """``delay_s`` is how long a frame takes at most. What was sent first comes first, as on a socket."""

    link = None

    def __init__(
        self,
        loop: VirtualLoop,
        node: Node,
        actor: Actor,
        client: Client,
        history: History,
        random: Random,
        delay_s: float,
    ) -> None:
        self._loop = loop
        self._node = node
        self._client = client
        self._history = history
        self._random = random
        self._delay_s = delay_s
        self._up: deque[Callable[[], None]] = deque()
        self._down: deque[Callable[[], None]] = deque()
        self._last = {"up": 0.0, "down": 0.0}
        self._silent = 0
        self.held = False
        """Whether nothing gets through, and nobody is told: its packets vanish."""
        self.open = True
        self._outbox = Outbox(self._wake, loop.time, self.cut)
        self._peer = Peer(node.hub, actor, self._outbox, self)
        if not node.sockets.enter(self._peer):
            self.close(CLOSES["too_many"].code)

    # ---- the client's end

    def say(self, frame: Frame) -> None:
        """Send a frame to the server."""
        self._travel("up", self._up, partial(self._heard, frame))

    def cut(self) -> None:
        """Break the connection: what is under way is lost, and both ends notice."""
        self._end(None)

    def release(self) -> None:
        """What was held gets through again: a connection that both ends still take for open goes on."""
        self.held = False
        if self.open:
            self._send()

    # ---- between

    def _travel(self, way: str, under_way: deque[Callable[[], None]], arrive: Callable[[], None]) -> None:
        if self.open:
            due = max(self._last[way], self._loop.time() + self._random.uniform(0, self._delay_s))
            self._last[way] = due
            under_way.append(arrive)
            self._loop.at(due, self._arrive, under_way)

    def _arrive(self, under_way: deque[Callable[[], None]]) -> None:
        if under_way:
            arrive = under_way.popleft()
            if self.open and not self.held:
                arrive()

    def _end(self, code: int | None) -> None:
        if self.open:
            self.open = False
            self._up.clear()
            self._down.clear()
            self._outbox.end()
            self._peer.gone()
            self._node.sockets.leave(self._peer)
            self._loop.call_soon(self._client.closed, code)

    # ---- the server's end

    def _heard(self, frame: Frame) -> None:
        self._silent = 0
        try:
            read = client_frame.validate_python(frame)
        except ValidationError as error:
            raise AssertionError(f"a client sent what is no frame: {frame}") from error
        if isinstance(read, Renew):
            for lease in read.leases:
                self._history.renewed[job_number(lease.job, "job"), lease.fence] = self._loop.time()
        self._peer.handle(read)

    def _wake(self, _urgent: bool) -> None:
        self._loop.call_soon(self._send)

    def _send(self) -> None:
        while self._outbox and self.open:
            self._travel("down", self._down, partial(self._tell, self._outbox.take()))
        if self.open:
            self._peer.sent()

    def _tell(self, texts: list[str]) -> None:
        for text in texts:
            if self.open:
                self._client.hear(orjson.loads(text))

    def close(self, code: int) -> None:
        """The server ends the connection, after what waits and what it is about to say has been sent."""
        self._loop.call_soon(self._close, code)

    def _close(self, code: int) -> None:
        self._send()
        self._travel("down", self._down, partial(self._end, code))

    def beat(self) -> None:
        """Cut a client of which nothing gets through any more."""
        self._silent = self._silent + 1 if self.held else 0
        if self._silent > SILENT:
            self.cut()

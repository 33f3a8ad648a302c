"""A session of the server's own on its own stream: it says and hears the frames that listeners do, without a socket."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any, Final, Protocol

import orjson
import structlog

from listener_sdk.protocol import frames as f
from listener_sdk.protocol.codes import Refusal

from ..commands.built_in import KINDS
from ..core.actors import SYSTEM, Actor, Space
from .hub import Hub
from .outbox import Outbox
from .peers import Peer

ROLE: Final = "listener"
_TAKING: Final = [f.Taking(job=one.name) for one in KINDS.values()]
_BOUNDS: Final = (1_000_000, 1 << 40, float("inf"))
"""It reads in the next turn of the loop, so it is never too slow."""
_log = structlog.get_logger("tickwire.runner")


class Task(Protocol):
    """One run, as its session sees it."""

    @property
    def fence(self) -> int:
        """The lease's."""
        ...

    @property
    def task(self) -> asyncio.Task[None]:
        """What runs it."""
        ...

    def stop(self, why: str) -> None:
        """End it: ``cancel`` was asked for, the lease is ``stale``, or the server is on ``drain``."""
        ...


class _OwnPeer(Peer):
    __slots__ = ()
    own = True


class OwnSession:
    """The session in one space. ``begin`` is called with each grant, ``closed`` when the server ends the connection.

    ``credit`` is what it last asked for; ``served`` says which of several sessions was granted a job last.
    """

    link = None

    def __init__(
        self,
        hub: Hub,
        space: Space,
        begin: Callable[["OwnSession", dict[str, Any]], None],
        closed: Callable[["OwnSession"], None],
    ) -> None:
        loop = asyncio.get_running_loop()
        self.space = space
        self.actor = Actor(SYSTEM, ROLE, space)
        self.credit = 0
        self.served = 0
        self.idle_since = loop.time()
        self.runs: dict[str, Task] = {}
        self._begin = begin
        self._closed = closed
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._loop = loop
        self._outbox = Outbox(self._wake, loop.time, self.leave, _BOUNDS)
        self._peer = _OwnPeer(hub, self.actor, self._outbox, self)

    # ---- what it says

    def open(self) -> None:
        """Say hello; where the store does not answer, ``closed`` may be called at once."""
        self._say(f.Hello(session=f"{self._peer.hub.server_id}-{self.space.id}"))

    def listen(self, credit: int) -> None:
        """Take so many jobs at once."""
        if credit != self.credit:
            self.credit = credit
            self._say(f.Listen(jobs=_TAKING, credit=credit))

    def tell(self, frame: f.ClientFrame) -> None:
        """Say something that needs no answer."""
        self._say(frame)

    async def ask(self, frame: Any) -> Any:
        """Say something, and wait for its answer. Raises Refusal, also when the store cannot be reached just now."""
        number = next(self._numbers)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        self._say(frame.model_copy(update={"id": number}))
        try:
            return await answer
        finally:
            del self._asked[number]

    def renew(self) -> None:
        """Keep all leases."""
        if self.runs:
            self._say(f.Renew(leases=[f.Lease(job=job, fence=run.fence) for job, run in self.runs.items()]))

    def leave(self) -> None:
        """End the connection; leases stay as they are."""
        self._peer.gone()
        self._outbox.end()

    def _say(self, frame: Any) -> None:
        self._peer.handle(frame)

    # ---- what it hears

    def _wake(self, _urgent: bool) -> None:
        self._loop.call_soon(self._read)

    def _read(self) -> None:
        while self._outbox:
            for text in self._outbox.take():
                frame = orjson.loads(text)
                getattr(self, f"_on_{frame['type']}", self._pass)(frame)
        self._peer.sent()

    def _on_grants(self, frame: dict[str, Any]) -> None:
        for grant in frame["jobs"]:
            self._begin(self, grant)

    def _on_cancel(self, frame: dict[str, Any]) -> None:
        self._stop(frame, "cancel")

    def _on_stale(self, frame: dict[str, Any]) -> None:
        for lease in frame["leases"]:
            self._stop(lease, "stale")
        # Who let a lease run out gets no job until it has spoken again.
        self._say(f.Renew(leases=[]))

    def _on_ok(self, frame: dict[str, Any]) -> None:
        self._answered(frame, None)

    def _on_error(self, frame: dict[str, Any]) -> None:
        refusal = Refusal(frame["code"], frame["message"], key=frame.get("key"))
        if not self._answered(frame, refusal):
            _log.warning("frame_refused", code=refusal.code, job=frame.get("job"), space=self.space.code)

    def _pass(self, frame: dict[str, Any]) -> None:
        """Nothing is to be done about a frame of this type."""

    def _answered(self, frame: dict[str, Any], refusal: Refusal | None) -> bool:
        answer = self._asked.get(frame.get("id") or 0)
        if answer is None or answer.done():
            return False
        if refusal is None:
            answer.set_result(frame.get("data"))
        else:
            answer.set_exception(refusal)
        return True

    def _stop(self, lease: dict[str, Any], why: str) -> None:
        run = self.runs.get(lease["job"])
        if run is not None and run.fence == lease["fence"]:
            run.stop(why)

    # ---- the shell of its connection

    def close(self, _code: int) -> None:
        """The server ends the connection: hello was not answered by the store."""
        self.leave()
        self._closed(self)

    def beat(self) -> None:
        """It needs no sign of life."""

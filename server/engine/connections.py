"""One connection of the stream as the engine sees it: all that its client is told."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final, Protocol

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.events import Position
from listener_sdk.protocol.ids import encode

from ..commands.leases import Held
from ..core.actors import Actor
from ..core.jobs import JobRow
from ..core.views import FileLink, job_wire
from ..store.command import Command, Once, Replayed
from ..store.transaction import NewEvent
from ..store.writer import Done
from .hub import Hub, error_frame
from .intake import Intake, Message
from .outbox import Outbox
from .subscriptions import Subscription

LARGEST_FRAME: Final = 256 * 1024


class Shell(Protocol):
    """What is between a connection and its socket."""

    @property
    def link(self) -> FileLink | None:
        """Makes links to files that lead the client back to here."""
        ...

    def close(self, code: int, /) -> None:
        """End after what waits has been sent."""
        ...

    def beat(self) -> None:
        """Some seconds have passed: ask a client that is silent whether it is there, and cut one that does not answer."""
        ...


class Connection:
    """A connection of a key that was checked.

    ``session`` is None before hello; until ``welcomed`` nothing of a commit is told, since the answer to hello will hold it.
    """

    __slots__ = (
        "_to_grant",
        "actor",
        "client",
        "heard_at",
        "holder",
        "host",
        "hub",
        "intake",
        "lost_one",
        "number",
        "outbox",
        "said",
        "session",
        "shell",
        "subscriptions",
        "welcomed",
        "wished",
    )

    def __init__(self, hub: Hub, actor: Actor, outbox: Outbox, shell: Shell) -> None:
        self.hub = hub
        self.actor = actor
        self.outbox = outbox
        self.shell = shell
        self.intake = Intake(hub.total)
        self.number = hub.next_number()
        self.client: str | None = None
        self.host: str | None = None
        self.heard_at = 0
        """When it said something last, to within ten seconds, once it has said hello."""
        self.said = "hello"
        """The type of the frame that is being done."""
        self.session: str | None = None
        self.holder = ""
        self.subscriptions: dict[str, Subscription] = {}
        self._to_grant: list[tuple[JobRow, bool]] = []
        self.wished = 0
        """The size of the globs of what the session listens for."""
        self.welcomed = False
        self.lost_one = False
        """Whether a lease was taken away since the client last spoke."""

    def close(self, code: int) -> None:
        """End after what waits has been sent."""
        self.shell.close(code)

    def drain(self, code: int) -> None:
        """The same, because the server stops: the client is told, and comes again."""
        self.outbox.send({"type": "drain"})
        self.close(code)

    # ---- what commits mean for the client

    def granted(self, rows: list[JobRow], *, again: bool = False) -> None:
        """Push leases to the client, as fast as it reads: what has no room waits, as rows, until the outbox has drained."""
        for row in rows:
            self.hub.hold(self, row)
            self._to_grant.append((row, again))
        self._push_grants()

    def sent(self) -> None:
        """All that waited has been sent."""
        self._push_grants()

    def _push_grants(self) -> None:
        while self._to_grant and self.outbox.room():
            self._push(self._next_grants())

    def _next_grants(self) -> list[str]:
        """As many as stay well under the largest message."""
        part: list[str] = []
        size = 0
        for row, again in self._to_grant:
            grant = self._grant(row, again=again)
            size += len(grant)
            if part and size > LARGEST_FRAME:
                break
            part.append(grant)
        del self._to_grant[: len(part)]
        return part

    def _push(self, grants: list[str]) -> None:
        self.outbox.put(f'{{"type":"grants","jobs":[{",".join(grants)}]}}')

    def _grant(self, row: JobRow, *, again: bool) -> str:
        grant = {"job": self.job(row), "fence": row.fence, "attempt": row.attempt}
        if again:
            grant["again"] = True
        if row.cancel_requested_at is not None:
            grant["cancel"] = True
        return orjson.dumps(grant).decode()

    def lost(self, pairs: list[tuple[int, int]]) -> None:
        """Tell the client that leases are over; it gets nothing more until it has spoken."""
        self.lost_one = True
        gone = set(pairs)
        self._to_grant = [one for one in self._to_grant if (one[0].id, one[0].fence) not in gone]
        for job_id, fence in pairs:
            self.hub.ticks.drop(self.holder, job_id, fence)
        named = [{"job": encode("jb", job_id), "fence": fence} for job_id, fence in pairs]
        self.outbox.send({"type": "stale", "leases": named})

    def cancel(self, job_id: int, fence: int, reason: str | None, grace_ms: int) -> None:
        """Ask the client to stop a handler; one that has not heard of its job yet is told with the grant."""
        for row, _ in self._to_grant:
            if (row.id, row.fence) == (job_id, fence):
                row.cancel_requested_at = row.cancel_requested_at or self.hub.clock()
        self.outbox.send({
            "type": "cancel",
            "job": encode("jb", job_id),
            "fence": fence,
            "reason": reason,
            "graceS": grace_ms / 1000,
        })  # fmt: skip

    # ---- answers

    def refuse(self, error: Exception, request: int | None, **about: str | None) -> None:
        """Answer with the error: by its request's id, or naming the frame's job or subscription."""
        self.outbox.send(error_frame(error, request, about))

    def answer(self, request: int | None, data: Any, error: Exception | None, **about: str | None) -> None:
        """Answer a request; one without an id only when it failed."""
        if error is not None:
            self.refuse(error, request, **about)
        elif request is not None:
            self.outbox.send({"type": "ok", "id": request, "data": data})

    def do(
        self,
        command: Command[Any, Any],
        item: object,
        request: int | None,
        once: Once[Any] | None = None,
        show: Callable[[Any], Any] | None = None,
    ) -> None:
        """Run a command and answer with what ``show`` makes of its result."""

        def done(result: Any, error: Exception | None) -> None:
            if error is None and isinstance(result, Replayed):
                self.answer(request, orjson.Fragment(result.answer), None)
            else:
                self.answer(request, show(result) if show and error is None else None, error)

        self.post(command, item, done, once)

    def do_leased(
        self,
        command: Command[Any, Any],
        item: object,
        lease: Held,
        request: int | None,
        *,
        ends: bool = False,
    ) -> None:
        """Run a command of a lease; one that is lost is told as such where no answer is awaited."""
        self.post(command, item, partial(self._leased_done, lease, request, ends))

    def _leased_done(
        self, lease: Held, request: int | None, ends: bool, result: Any, error: Exception | None
    ) -> None:
        stale = isinstance(error, Refusal) and error.code == "stale_lease"
        if stale or (ends and error is None):
            self.hub.ticks.drop(lease.holder, lease.job_id, lease.fence)
        if stale and request is None:
            self.lost([(lease.job_id, lease.fence)])
        elif error is not None:
            self.refuse(error, request, job=encode("jb", lease.job_id))
        else:
            self.answer(request, None, None)

    def post(
        self, command: Command[Any, Any], item: object, done: Done, once: Once[Any] | None = None
    ) -> None:
        """Post a command of this client, which counts among what it has asked for until it is done."""
        self.hub.post(command, item, partial(self._counted, self.said, self.intake.begin(), done), once)

    def _counted(
        self, frame: str, message: Message, done: Done, result: Any, error: Exception | None
    ) -> None:
        self.intake.end(message)
        if isinstance(error, Refusal):
            self.hub.wall.refused(self.actor, error, {"frame": frame})
        done(result, error)

    def unfound(self, frame: str, pairs: Iterable[tuple[int, int]]) -> None:
        """A frame named leases that are not the client's: they may be of another space."""
        self.hub.wall.named(self.actor, (encode("jb", job_id) for job_id, _ in pairs), {"frame": frame})

    # ---- how results look

    def job(self, row: JobRow) -> dict[str, Any]:
        """The job with links that this client can open."""
        return job_wire(row, self.actor.space, self.shell.link)

    def event(self, event: NewEvent) -> dict[str, Any]:
        """Where a published event stands."""
        return {
            "id": encode("ev", event.seq),
            "position": str(Position(self.hub.subscriptions.epoch, event.seq)),
        }

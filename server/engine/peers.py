"""Connections of the stream: frames of a client become commands, answers and effects become frames."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any, Final

import orjson

from listener_sdk.protocol import frames as f
from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.events import Position
from listener_sdk.protocol.filters import compile_filter
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.progress import Progress
from listener_sdk.protocol.times import from_datetime, to_datetime

from ..commands import events as event_commands
from ..commands import jobs as job_commands
from ..commands import leases, outcomes, sessions
from ..commands.leases import Held, Leases
from ..commands.moves import job_number
from ..core.actors import Actor
from ..core.dispatch import Taker, Wish
from ..core.jobs import JobRow
from ..core.views import FileLink, job_wire
from ..store.command import Command, Once, Replayed
from ..store.database import StoreError
from ..store.transaction import NewEvent
from .hub import Hub, error_frame
from .outbox import Outbox
from .subscriptions import Subscription

MOST_SUBSCRIPTIONS: Final = 100
LARGEST_FRAME: Final = 256 * 1024


class Peer:
    """One connection of a key that was checked. ``close(code)`` ends it."""

    def __init__(
        self,
        hub: Hub,
        actor: Actor,
        outbox: Outbox,
        close: Callable[[int], None],
        link: FileLink | None = None,
    ) -> None:
        self.hub = hub
        self.actor = actor
        self.outbox = outbox
        self.close = close
        self.link = link
        self.drained = asyncio.Event()
        self.number = hub.next_number()
        self.session: str | None = None
        self.holder = ""
        self.names: dict[int, str] = {}
        self._subscriptions: dict[str, Subscription] = {}

    # ---- frames in

    def handle(self, frame: f.ClientFrame) -> None:
        """Do what a frame asks; refusals are answered, never raised."""
        request = getattr(frame, "id", None)
        try:
            self._greeted(frame)
            getattr(self, f"on_{frame.type}")(frame)
        except Refusal as refusal:
            self.refuse(refusal, request, sub=getattr(frame, "sub", None))

    def _greeted(self, frame: f.ClientFrame) -> None:
        if self.session is None and not isinstance(frame, f.Hello):
            raise Refusal("hello_first", "Say hello first: the session decides whose leases these are.")

    def refuse(self, error: Exception, request: int | None, **about: str | None) -> None:
        """Answer with the error: by its request's id, or naming the frame's job or subscription."""
        self.outbox.send(error_frame(error, request, about))

    def gone(self) -> None:
        """The connection ended: the session keeps its leases."""
        for subscription in self._subscriptions.values():
            self.hub.subscriptions.remove(subscription)
        self._subscriptions.clear()
        self.drained.set()
        if self.session is not None:
            self.hub.leave(self)

    def on_hello(self, frame: f.Hello) -> None:
        if self.session is not None:
            raise Refusal("bad_request", "This connection has said hello already.")
        if f.VERSION not in frame.versions:
            raise Refusal(
                "bad_version",
                f"The server speaks version {f.VERSION} of the stream: upgrade the client, or the server.",
                key="versions",
            )
        self.session = frame.session or secrets.token_urlsafe(16)
        self.holder = f"{self.actor.key_id}/{self.session}"
        self.hub.join(self)
        held = self._pairs(frame.held)
        self.hub.post(
            sessions.HELLO,
            Leases(self.holder, self.actor.space.id, held),
            lambda result, error: self._welcome(frame, result, error),
        )

    def _welcome(self, frame: f.Hello, greeting: sessions.Greeting | None, error: Exception | None) -> None:
        if greeting is None:
            self.refuse(error or StoreError("The store does not answer."), frame.id)
            self.close(1012)
            return
        self.outbox.put(
            self._welcome_frame(frame, greeting).model_dump_json(by_alias=True, exclude_none=True)
        )
        for row in greeting.kept:
            self.hub.hold(self, row.id, row.fence, row.name)
        if greeting.again:
            self.granted(greeting.again, again=True)

    def _welcome_frame(self, frame: f.Hello, greeting: sessions.Greeting) -> f.Welcome:
        limits = self.hub.limits()
        return f.Welcome(
            id=frame.id,
            version=f.VERSION,
            session=self.session or "",
            server=self.hub.server_id,
            space=self.actor.space.code,
            lease_s=limits.lease_ms / 1000,
            grace_s=limits.grace_ms / 1000,
            now=to_datetime(self.hub.clock()),
            stale=[f.Lease(job=encode("jb", job), fence=fence) for job, fence in greeting.stale],
        )

    def on_listen(self, frame: f.Listen) -> None:
        wishes = tuple(
            Wish(taking.job, compile_filter(taking.filter) if taking.filter else None)
            for taking in frame.jobs
        )
        taker = Taker(self.holder, self.number, self.actor.space.id, frame.credit, wishes)
        self._do(sessions.LISTEN, taker, frame.id)

    def on_ack(self, frame: f.Ack) -> None:
        lease = self._lease(frame.job, frame.fence)
        self.hub.ticks.started(lease)
        self._do_lease(leases.ACK, leases.AckLease(lease, frame.info), lease, frame.id)

    def on_tick(self, frame: f.Tick) -> None:
        eta = from_datetime(frame.estimated_completion_at) if frame.estimated_completion_at else None
        progress = Progress(frame.percent, frame.done, frame.total, frame.text, eta)
        self.hub.ticks.take(self._lease(frame.job, frame.fence), progress)

    def on_renew(self, frame: f.Renew) -> None:
        item = Leases(self.holder, self.actor.space.id, self._pairs(frame.leases))
        self.hub.post(leases.RENEW, item, self._tell_stale)

    def on_complete(self, frame: f.Complete) -> None:
        lease = self._lease(frame.job, frame.fence)
        self.hub.ticks.flush(lease)
        item = outcomes.CompleteLease(lease, frame.outcome, frame.info, frame.result)
        self._do_lease(outcomes.COMPLETE, item, lease, frame.id, ends=True)

    def on_fail(self, frame: f.Fail) -> None:
        lease = self._lease(frame.job, frame.fence)
        self.hub.ticks.flush(lease)
        item = outcomes.FailLease(
            lease, frame.message, frame.outcome, frame.detail, frame.retry, frame.retry_at
        )
        self._do_lease(outcomes.FAIL, item, lease, frame.id, ends=True)

    def on_release(self, frame: f.Release) -> None:
        pairs = self._pairs(frame.leases)
        for job_id, fence in pairs:
            lease = Held(self.holder, self.actor.space.id, job_id, fence)
            self.hub.ticks.flush(lease)
            self.hub.ticks.drop(lease)
        item = Leases(self.holder, self.actor.space.id, pairs)
        self.hub.post(leases.RELEASE, item, lambda lost, error: self._released(frame.id, lost, error))

    def _released(
        self, request: int | None, lost: list[tuple[int, int]] | None, error: Exception | None
    ) -> None:
        if error is None and lost:
            self._tell_stale(lost, None)
        self._answer(request, None, error)

    def on_log(self, frame: f.Log) -> None:
        lease = self._lease(frame.job, frame.fence)
        self._do_lease(leases.LOG, leases.LogLease(lease, tuple(frame.lines)), lease, None)

    def on_create(self, frame: f.Create) -> None:
        item = job_commands.CreateJob(self.actor, frame.job)
        once = self._once("create", frame.idempotency_key, frame.job, self._job)
        self._do(job_commands.CREATE, item, frame.id, once, self._job)

    def on_publish(self, frame: f.Publish) -> None:
        item = event_commands.PublishEvent(self.actor, frame.event)
        once = self._once("publish", frame.idempotency_key, frame.event, self._event)
        self._do(event_commands.PUBLISH, item, frame.id, once, self._event)

    def on_subscribe(self, frame: f.Subscribe) -> None:
        if frame.sub in self._subscriptions:
            self.hub.subscriptions.remove(self._subscriptions.pop(frame.sub))
        if len(self._subscriptions) >= MOST_SUBSCRIPTIONS:
            raise Refusal(
                "limit",
                f"A connection may have {MOST_SUBSCRIPTIONS} subscriptions: end one first.",
                key="sub",
            )
        space_id = self.actor.space.id
        found = self.hub.subscriptions.add(frame, space_id, self.outbox, self.drained)
        self._subscriptions[frame.sub] = found

    def on_unsubscribe(self, frame: f.Unsubscribe) -> None:
        found = self._subscriptions.pop(frame.sub, None)
        if found is not None:
            self.hub.subscriptions.remove(found)
        self._answer(frame.id, None, None)

    # ---- frames out

    def granted(self, rows: list[JobRow], *, again: bool = False) -> None:
        """Push leases to the client, in frames that stay well under the largest message."""
        part: list[str] = []
        size = 0
        for row in rows:
            self.hub.hold(self, row.id, row.fence, row.name)
            grant = self._grant(row, again=again)
            if part and size + len(grant) > LARGEST_FRAME:
                self._push(part)
                part, size = [], 0
            part.append(grant)
            size += len(grant)
        self._push(part)

    def _push(self, grants: list[str]) -> None:
        self.outbox.put(f'{{"type":"grants","jobs":[{",".join(grants)}]}}')

    def _grant(self, row: JobRow, *, again: bool) -> str:
        grant = {"job": self._job(row), "fence": row.fence, "attempt": row.attempt}
        if again:
            grant["again"] = True
        if row.cancel_requested_at is not None:
            grant["cancel"] = True
        return orjson.dumps(grant).decode()

    def lost(self, pairs: list[tuple[int, int]]) -> None:
        """Tell the client that leases are over."""
        for job_id, fence in pairs:
            self.hub.ticks.drop(Held(self.holder, self.actor.space.id, job_id, fence))
        named = [{"job": encode("jb", job_id), "fence": fence} for job_id, fence in pairs]
        self.outbox.send({"type": "stale", "leases": named})

    def cancel(self, job_id: int, fence: int, reason: str | None) -> None:
        """Ask the client to stop a handler."""
        self.outbox.send({
            "type": "cancel",
            "job": encode("jb", job_id),
            "fence": fence,
            "reason": reason,
            "graceS": self.hub.limits().grace_ms / 1000,
        })  # fmt: skip

    # ---- between

    def _do(
        self,
        command: Command[Any, Any],
        item: object,
        request: int | None,
        once: Once[Any] | None = None,
        show: Callable[[Any], Any] | None = None,
    ) -> None:
        def done(result: Any, error: Exception | None) -> None:
            if error is None and isinstance(result, Replayed):
                self.outbox.put(f'{{"type":"ok","id":{request or 0},"data":{result.answer}}}')
            else:
                self._answer(request, show(result) if show and error is None else None, error)

        self.hub.post(command, item, done, once)

    def _do_lease(
        self,
        command: Command[Any, Any],
        item: object,
        lease: Held,
        request: int | None,
        *,
        ends: bool = False,
    ) -> None:
        def done(result: Any, error: Exception | None) -> None:
            if error is None and ends:
                self.hub.ticks.drop(lease)
            if isinstance(error, Refusal) and error.code == "stale_lease" and request is None:
                self.lost([(lease.job_id, lease.fence)])
            else:
                self._answer(request, None, error, job=encode("jb", lease.job_id))

        self.hub.post(command, item, done)

    def _answer(self, request: int | None, data: Any, error: Exception | None, **about: str | None) -> None:
        if error is not None:
            self.refuse(error, request, **about)
        elif request is not None:
            self.outbox.send({"type": "ok", "id": request, "data": data})

    def _tell_stale(self, lost: list[tuple[int, int]] | None, error: Exception | None) -> None:
        if lost:
            self.lost(lost)

    def _job(self, row: JobRow) -> dict[str, Any]:
        return job_wire(row, self.actor.space, self.link)

    def _event(self, event: NewEvent) -> dict[str, Any]:
        return {"id": encode("ev", event.seq), "position": str(Position(self.hub.epoch, event.seq))}

    def _once(self, route: str, key: str | None, body: Any, show: Callable[[Any], Any]) -> Once[Any] | None:
        if key is None:
            return None
        return self.hub.once(self.actor, route, key, body, show)

    def _lease(self, job: str, fence: int) -> Held:
        return Held(self.holder, self.actor.space.id, job_number(job, "job"), fence)

    def _pairs(self, named: list[f.Lease]) -> tuple[tuple[int, int], ...]:
        return tuple((job_number(lease.job, "job"), lease.fence) for lease in named)

"""The client's side of a connection: each frame becomes a command, a subscription or a tick."""

import secrets
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from listener_sdk.protocol import frames as f
from listener_sdk.protocol.codes import CLOSES, Refusal
from listener_sdk.protocol.filters import MAX_SOCKET_GLOBS_SIZE, compile_filter, compile_topics
from listener_sdk.protocol.ids import encode, space_code, space_id
from listener_sdk.protocol.progress import Progress
from listener_sdk.protocol.times import from_datetime, to_datetime

from ..commands import events as event_commands
from ..commands import jobs as job_commands
from ..commands import leases, outcomes, sessions
from ..commands.leases import Held, Leases
from ..commands.moves import job_number
from ..core.built_in import refuse_own
from ..core.fleets import Taker, Wish
from ..core.jobs import JobRow
from ..core.later import later
from ..core.reach import Reach
from ..core.wall import names_in
from ..store.command import Once
from ..store.database import StoreError
from .connections import Connection
from .hub import unanswered
from .windows import Window

if TYPE_CHECKING:
    from ..commands import job_types
    from ..commands import secrets as secret_commands
    from . import declarations
else:
    job_types = later("..commands.job_types", __package__)
    secret_commands = later("..commands.secrets", __package__)
    declarations = later(".declarations", __package__)

MOST_SUBSCRIPTIONS: Final = 100


class Peer(Connection):
    """A connection that is spoken to: ``handle`` takes frames, ``gone`` the end."""

    __slots__ = ("most_subscriptions",)

    own = False
    """Whether it is the server's own, which takes the jobs of built-in types and no others."""

    def __init__(self, *of_connection: Any, most_subscriptions: int = MOST_SUBSCRIPTIONS) -> None:
        super().__init__(*of_connection)
        self.most_subscriptions = most_subscriptions

    def handle(self, frame: f.ClientFrame) -> None:
        """Do what a frame asks; refusals are answered, never raised. A connection that was replaced is not heard."""
        if self.session is not None and not self.hub.is_here(self):
            return
        self._take(frame, self._act)

    def _take(self, frame: Any, act: Callable[[Any], None]) -> None:
        try:
            act(frame)
        except Refusal as refusal:
            self.hub.wall.refused(self.actor, refusal, {"frame": frame.type})
            self.refuse(refusal, getattr(frame, "id", None), **_about(frame))

    def _act(self, frame: f.ClientFrame) -> None:
        self._greeted(frame)
        self.said = frame.type
        if self.lost_one:
            self.lost_one = False
            self.post(sessions.HEARD, self.holder, self._heard)
        getattr(self, f"on_{frame.type}")(frame)

    def _greeted(self, frame: f.ClientFrame) -> None:
        if self.session is None and not isinstance(frame, f.Hello):
            raise Refusal("hello_first", "Say hello first: the session decides whose leases these are.")

    def _heard(self, result: None, error: Exception | None) -> None:
        """What the store was told, or else is told again with the next frame."""
        if error is not None:
            self.lost_one = True
        unanswered(result, error)

    def is_here(self) -> bool:
        """Whether this connection is the one of its session."""
        return self.hub.is_here(self)

    def gone(self) -> None:
        """The connection ended: the session keeps its leases."""
        for subscription in self.subscriptions.values():
            self.hub.subscriptions.remove(subscription)
        self.subscriptions.clear()
        if self.session is not None:
            self.hub.leave(self)

    # ---- the session

    def on_hello(self, frame: f.Hello) -> None:
        if self.session is not None:
            raise Refusal("bad_request", "This connection has said hello already.")
        if f.VERSION not in frame.versions:
            self.close(CLOSES["bad_version"].code)
            raise Refusal(
                "bad_version",
                f"The server speaks version {f.VERSION} of the stream: upgrade the client, or the server.",
                key="versions",
            )
        self._check_space(frame)
        held = self._pairs(frame.held)
        self.session = frame.session or secrets.token_urlsafe(16)
        self.client, self.host, self.heard_at = frame.client, frame.host, self.hub.clock()
        self.holder = f"{self.actor.key_id}/{self.session}"
        self.hub.join(self)
        self.post(
            sessions.HELLO,
            Leases(self.holder, self.actor.space.id, held),
            lambda result, error: self._welcome(frame, result, error),
        )

    def _check_space(self, frame: f.Hello) -> None:
        """The upgrade has said already in which space the connection acts, where a key came with it."""
        code = self.actor.space.code if frame.space is None else space_code(frame.space)
        if code != self.actor.space.code:
            self.close(CLOSES["unauthorized"].code)
            raise Refusal(
                "not_found",
                f"The key that came with the upgrade acts in {self.actor.space.code}: name another space there, in X-Customer-Code.",
                key="space",
                named=space_id(code),
            )

    def _welcome(self, frame: f.Hello, greeting: sessions.Greeting | None, error: Exception | None) -> None:
        if greeting is None:
            self.refuse(error or StoreError("The store does not answer."), frame.id)
            self.close(CLOSES["restart"].code)
            return
        self.unfound("hello", greeting.stale)
        self.welcomed = True
        if self.actor.reach is not None:
            greeting = _within(greeting, self.actor.reach)
        self.outbox.put(
            self._welcome_frame(frame, greeting).model_dump_json(by_alias=True, exclude_none=True)
        )
        for row in greeting.kept:
            self._keep(row)
        if greeting.again:
            self.granted(greeting.again, again=True)

    def _keep(self, row: JobRow) -> None:
        """The client goes on with a lease; whether its cancel was asked for meanwhile it cannot know."""
        self.hub.hold(self, row)
        if row.cancel_requested_at is not None:
            ends_at = row.cancel_requested_at + self.hub.limits().grace_ms
            self.cancel(row.id, row.fence, None, max(0, ends_at - self.hub.clock()))

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
        if not self.own:
            for taking in frame.jobs:
                refuse_own(taking.job, "jobs")
        wishes = tuple(
            Wish(taking.job, compile_filter(taking.filter) if taking.filter else None, self.own)
            for taking in frame.jobs
        )
        size = sum(_globs_size(wish) for wish in wishes)
        self._check_globs(size, sum(other.size for other in self.subscriptions.values()), "jobs")
        if self.actor.reach is not None:
            self.actor.reach.check_wishes(taking.job for taking in frame.jobs)
        self.wished = size
        self._named("listen", [taking.filter for taking in frame.jobs])
        types = declarations.declared_types(frame.types, wishes, self.actor.reach) if frame.types else {}
        taker = Taker(self.holder, self.number, self.actor.space.id, frame.credit, wishes)
        done = partial(self._listens, frame, wishes)
        if types:
            self.post(job_types.LISTEN_FOR, job_types.ListenFor(self.actor, taker, types), done)
        else:
            self.post(sessions.LISTEN, taker, done)

    def _listens(
        self, frame: f.Listen, wishes: tuple[Wish, ...], result: None, error: Exception | None
    ) -> None:
        if frame.types:
            self.hub.served.told += 1
        if error is None and self.hub.is_here(self):
            patterns = [wish.pattern for wish in wishes]
            self.hub.served.begins(self.number, self.actor.space.id, patterns if frame.credit else [])
            if not self.own:
                self.hub.present.listens(self, patterns, frame.credit)
        self.answer(frame.id, result, error)

    def on_ack(self, frame: f.Ack) -> None:
        lease = self._lease(frame.job, frame.fence)
        self.hub.ticks.started(lease)
        self.do_leased(leases.ACK, leases.AckLease(lease, frame.info), lease, frame.id)

    def on_tick(self, frame: f.Tick) -> None:
        eta = from_datetime(frame.estimated_completion_at) if frame.estimated_completion_at else None
        progress = Progress(frame.percent, frame.done, frame.total, frame.text, eta)
        lease = self._lease(frame.job, frame.fence)
        if not self.hub.ticks.take(lease, progress):
            self._renew(frame, ((lease.job_id, lease.fence),))

    def on_renew(self, frame: f.Renew) -> None:
        self._renew(frame, self._pairs(frame.leases))

    def _renew(self, frame: f.Tick | f.Renew, pairs: tuple[tuple[int, int], ...]) -> None:
        item = Leases(self.holder, self.actor.space.id, pairs)
        self.post(leases.RENEW, item, partial(self._tell_stale, frame.type))

    def on_complete(self, frame: f.Complete) -> None:
        lease = self._lease(frame.job, frame.fence)
        self.hub.ticks.flush(lease)
        item = outcomes.CompleteLease(lease, frame.outcome, frame.info, frame.result, frame.watermark)
        self.do_leased(outcomes.COMPLETE, item, lease, frame.id, ends=True)

    def on_fail(self, frame: f.Fail) -> None:
        lease = self._lease(frame.job, frame.fence)
        self.hub.ticks.flush(lease)
        item = outcomes.FailLease(
            lease, frame.message, frame.outcome, frame.detail, frame.retry, frame.retry_at
        )
        self.do_leased(outcomes.FAIL, item, lease, frame.id, ends=True)

    def on_release(self, frame: f.Release) -> None:
        pairs = self._pairs(frame.leases)
        for job_id, fence in pairs:
            self.hub.ticks.flush(Held(self.holder, self.actor.space.id, job_id, fence))
            self.hub.ticks.drop(self.holder, job_id, fence)
        item = Leases(self.holder, self.actor.space.id, pairs)
        self.post(leases.RELEASE, item, lambda lost, error: self._released(frame.id, lost, error))

    def _released(
        self, request: int | None, lost: list[tuple[int, int]] | None, error: Exception | None
    ) -> None:
        if error is None and lost:
            self._tell_stale("release", lost, None)
        self.answer(request, None, error)

    def on_log(self, frame: f.Log) -> None:
        lease = self._lease(frame.job, frame.fence)
        item = leases.LogLease(lease, tuple(frame.lines), frame.first)
        self.do_leased(leases.LOG, item, lease, frame.id)

    def on_create(self, frame: f.Create) -> None:
        item = job_commands.CreateJob(self.actor, frame.job)
        once = self._once("create", frame.idempotency_key, frame.job, self.job)
        self.do(job_commands.CREATE, item, frame.id, once, self.job)

    def on_publish(self, frame: f.Publish) -> None:
        item = event_commands.PublishEvent(self.actor, frame.event)
        once = self._once("publish", frame.idempotency_key, frame.event, self.event)
        self.do(event_commands.PUBLISH, item, frame.id, once, self.event)

    def on_secrets(self, frame: f.Secrets) -> None:
        lease = self._lease(frame.job, frame.fence)
        item = secret_commands.UseSecrets(lease, tuple(frame.names), self.hub.sealer)
        self.do(secret_commands.USE_SECRETS, item, frame.id, show=lambda values: {"values": values})

    def on_subscribe(self, frame: f.Subscribe) -> None:
        """Subscribe; a position that another server has told may be one that this server has yet to read up to."""
        if self.hub.lags(frame.after):
            self.hub.catch_up(lambda: self._subscribe_late(frame))
        else:
            self._subscribe(frame)

    def _subscribe_late(self, frame: f.Subscribe) -> None:
        if self.hub.is_here(self):
            self._take(frame, self._subscribe)

    def _subscribe(self, frame: f.Subscribe) -> None:
        older = self.subscriptions.get(frame.sub)
        if older is None and len(self.subscriptions) >= self.most_subscriptions:
            raise Refusal(
                "limit",
                f"A connection may have {self.most_subscriptions} subscriptions: end one first.",
                key="sub",
            )
        self._check_subscription(frame)
        if frame.durable is None:
            self.begin(frame)
        else:
            self.hub.durables.subscribe(self, frame)

    def _check_subscription(self, frame: f.Subscribe) -> None:
        size = compile_topics(frame.topics).size + compile_filter(frame.filter).size
        others = sum(other.size for name, other in self.subscriptions.items() if name != frame.sub)
        self._check_globs(size, self.wished + others, "filter")
        reach = self.actor.reach
        if reach is not None:
            reach.check_topics(frame.topics)

    def begin(self, frame: f.Subscribe, window: Window | None = None) -> None:
        """Let a subscription begin in the place of an older one of its name; Refusal for a cursor that cannot be continued."""
        actor, older = self.actor, self.subscriptions.get(frame.sub)
        newer = self.hub.subscriptions.add(
            frame, actor.space.id, self.outbox, actor.reach, actor.key_id, window=window
        )
        if older is not None:
            self.hub.subscriptions.remove(older)
        self.subscriptions[frame.sub] = newer
        self._named("subscribe", frame.filter)

    def on_unsubscribe(self, frame: f.Unsubscribe) -> None:
        found = self.subscriptions.pop(frame.sub, None)
        if found is not None:
            self.hub.subscriptions.remove(found)
        self.hub.forget_asked(self, frame.sub)
        self.answer(frame.id, None, None)

    def on_acked(self, frame: f.Acked) -> None:
        """What was acked after its end is past: only who asks is told."""
        found = self.subscriptions.get(frame.sub)
        if found is not None and found.window is not None:
            found.window.take(frame, found)
        elif frame.id is not None:
            raise Refusal(
                "not_found", "This connection follows no durable subscription of this name.", key="sub"
            )

    # ---- between

    def _check_globs(self, size: int, others: int, key: str) -> None:
        """Refusal ``limit`` when what is asked for has no room beside the rest that this connection asked for."""
        if others + size > MAX_SOCKET_GLOBS_SIZE:
            raise Refusal(
                "limit",
                f"The globs of a connection have a size of at most {MAX_SOCKET_GLOBS_SIZE}, those of its subscriptions and of "
                f"what it listens for together: these have {size}, the others {others}.",
                key=key,
            )

    def _named(self, frame: str, filters: Any) -> None:
        """A filter that names another space's things finds nothing, as one that names what is nowhere."""
        self.hub.wall.named(self.actor, names_in(filters), {"frame": frame})

    def _tell_stale(self, frame: str, lost: list[tuple[int, int]] | None, error: Exception | None) -> None:
        if lost:
            self.unfound(frame, lost)
            self.lost(lost)

    def _once(self, route: str, key: str | None, body: Any, show: Callable[[Any], Any]) -> Once[Any] | None:
        if key is None:
            return None
        return self.hub.once(self.actor, route, key, body, show)

    def _lease(self, job: str, fence: int) -> Held:
        return Held(self.holder, self.actor.space.id, job_number(job, "job"), fence, self.actor.reach)

    def _pairs(self, named: list[f.Lease]) -> tuple[tuple[int, int], ...]:
        return tuple((job_number(lease.job, "job"), lease.fence) for lease in named)


def _within(greeting: sessions.Greeting, reach: Reach) -> sessions.Greeting:
    """What the session holds beyond its reach, from before its key was restricted, it has lost."""
    beyond = [row for row in (*greeting.kept, *greeting.again) if not reach.sees(row)]
    return sessions.Greeting(
        greeting.stale + [(row.id, row.fence) for row in beyond],
        [row for row in greeting.kept if reach.sees(row)],
        [row for row in greeting.again if reach.sees(row)],
    )


def _about(frame: f.ClientFrame) -> dict[str, str | None]:
    """What the refusal of a frame names, so that it is understood without an id."""
    job = getattr(frame, "job", None)
    return {"job": job if isinstance(job, str) else None, "sub": getattr(frame, "sub", None)}


def _globs_size(wish: Wish) -> int:
    return wish.names.size + (wish.test.size if wish.test is not None else 0)

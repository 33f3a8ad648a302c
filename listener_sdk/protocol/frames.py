"""The websocket protocol of ``/v1/stream``: every frame in both directions, and its version.

A websocket message is one frame (a JSON object) or a list of frames, handled in order; the server always sends
lists, one list a wake-up. A client frame with an ``id`` is answered by exactly one ``ok`` or ``error`` with that
``id``; frames without one are not answered unless they fail.

**Sessions.** The client chooses a random ``session`` text and says it in ``hello``; leases belong to (key, session),
not to the connection. After a reconnect, or a restart of the server, the client says hello with the same
session and the leases that it still ``held``; ``welcome`` names those that are ``stale``, and leases that the
server granted but the client never saw are granted again with the same fence.

**Credit** is a capacity: the server keeps at most ``credit`` leases with the session and pushes ``grants`` as
outcomes make room. Credit 0 drains.

**Subscriptions.** ``events`` frames carry ``prev``, the position sent before them on this subscription; when it is
not the last position that the client saw, the client has missed something and subscribes again from there. A *durable* one has its
cursor in the store: it moves by ``acked``, and waits for whoever subscribes by its name.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from .events import EventCreate
from .job_types import MOST_TYPES, JobTypeDeclare
from .jobs import Info, Job, JobCreate, JsonObject, LogLine, Percent
from .model import BUILT_LATER, WireModel
from .outcomes import Outcome
from .secrets import MOST_FETCHED, SecretName
from .subscriptions import DurableName
from .times import Time
from .watermarks import WatermarkValue

VERSION: Final = 1
"""The newest version of the protocol; hello offers those the client speaks, welcome names the one chosen."""

MAX_CREDIT: Final = 1000
RequestId = Annotated[int, Field(ge=0, le=2**53)]
Fence = Annotated[int, Field(ge=0, le=2**53)]
LineIndex = Annotated[int, Field(ge=0, le=2**53)]
SubscriptionName = Annotated[str, Field(min_length=1, max_length=64)]


class Lease(WireModel):
    """A job and the fence of the grant that is meant."""

    job: str = Field(max_length=64)
    fence: Fence


class _Request(WireModel):
    id: RequestId | None = None


# ---- client to server


class Hello(_Request):
    """First frame. ``key`` only where the upgrade could not carry an Authorization header (browsers); so does ``space``, which a
    key of the whole store names. ``ticket`` is one of ``POST /v1/stream-tickets``, and serves once. ``client`` (the library with its version)
    and ``host`` (the machine and the process) are shown to people who look who is connected.
    """

    type: Literal["hello"] = "hello"
    versions: list[int] = Field(default_factory=lambda: [VERSION], min_length=1, max_length=16)
    session: str | None = Field(default=None, min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    held: list[Lease] = Field(default_factory=list, max_length=MAX_CREDIT)
    key: str | None = Field(default=None, max_length=512)
    ticket: str | None = Field(default=None, max_length=512)
    space: str | None = Field(default=None, max_length=80)
    client: str | None = Field(default=None, max_length=128)
    host: str | None = Field(default=None, max_length=128)


class Taking(WireModel):
    """Jobs that a listener takes: a name or glob (``workbook:*``), and a filter of their job:ready."""

    job: str = Field(min_length=1, max_length=192)
    filter: JsonObject | None = None


class Listen(_Request):
    """Replace what this session takes, and its capacity.

    ``types`` describes jobs among those that it takes to people and programs. The newest declaration of a code holds, and stays when the
    session goes; leaving one out takes nothing back.
    """

    type: Literal["listen"] = "listen"
    jobs: list[Taking] = Field(default_factory=list, max_length=1000)
    credit: int = Field(ge=0, le=MAX_CREDIT)
    types: list[JobTypeDeclare] = Field(default_factory=list, max_length=MOST_TYPES)


class Ack(_Request):
    """The handler begins."""

    type: Literal["ack"] = "ack"
    job: str = Field(max_length=64)
    fence: Fence
    info: Info | None = None


class Tick(WireModel):
    """Progress; merged, newest wins. Never answered."""

    type: Literal["tick"] = "tick"
    job: str = Field(max_length=64)
    fence: Fence
    percent: Percent | None = None
    done: float | None = Field(default=None, ge=0)
    total: float | None = Field(default=None, ge=0)
    text: Info | None = None
    estimated_completion_at: Time | None = None


class Renew(WireModel):
    """All leases of the session, in one frame; lost ones come back in a ``stale`` frame."""

    type: Literal["renew"] = "renew"
    leases: list[Lease] = Field(max_length=MAX_CREDIT)


class Complete(_Request):
    """The job ended well. ``watermark``: how far the run of a definition has come, from where the next delta run reads."""

    type: Literal["complete"] = "complete"
    job: str = Field(max_length=64)
    fence: Fence
    outcome: Outcome | None = None
    info: Info | None = None
    result: JsonObject | None = None
    watermark: WatermarkValue | None = None


class Fail(_Request):
    """The attempt ended badly: another follows while attempts remain, unless ``retry`` is false."""

    type: Literal["fail"] = "fail"
    job: str = Field(max_length=64)
    fence: Fence
    message: str = Field(max_length=4096)
    outcome: Outcome | None = None
    detail: str | None = Field(default=None, max_length=65536)
    """A traceback: it goes to the job's log, never to the person."""
    retry: bool = True
    retry_at: Time | None = None


class Release(_Request):
    """Give leases back untouched (the attempt is not counted). A job whose cancel was asked for ends canceled."""

    type: Literal["release"] = "release"
    leases: list[Lease] = Field(min_length=1, max_length=MAX_CREDIT)


class Log(_Request):
    """Lines for the job's log. ``first`` is the index (0, 1, 2 ...) of the first among all that this attempt wrote.

    Lines with indexes may be sent again: those that the log has already are not written twice, and a frame that holds
    only such lines is answered ``ok`` even after the attempt's end. Without ``first`` lines are written as they come.
    """

    type: Literal["log"] = "log"
    job: str = Field(max_length=64)
    fence: Fence
    lines: list[LogLine] = Field(min_length=1, max_length=500)
    first: LineIndex | None = None


class Create(_Request):
    """Create a job; answered by ``ok`` with the job once it is stored."""

    type: Literal["create"] = "create"
    job: JobCreate
    idempotency_key: str | None = Field(default=None, min_length=1, max_length=255)


class Publish(_Request):
    """Publish an event; answered by ``ok`` with the event's id and position once it is stored."""

    type: Literal["publish"] = "publish"
    event: EventCreate
    idempotency_key: str | None = Field(default=None, min_length=1, max_length=255)


class Secrets(_Request):
    """Secrets for the handler of a job that this session holds; answered by ``ok`` with ``values``, by name."""

    type: Literal["secrets"] = "secrets"
    job: str = Field(max_length=64)
    fence: Fence
    names: list[SecretName] = Field(min_length=1, max_length=MOST_FETCHED)


class Subscribe(_Request):
    """Follow the log: topic patterns and a filter, after a position, ``now`` or ``oldest``; ``progress`` adds live ticks.

    With ``durable``, a name in the space, the server keeps the cursor: the first begins at ``after``, and whoever subscribes by this name
    later goes on behind what was acked, or behind a position in ``after`` that lies further on. One session at a time follows it, the
    newest; the one before it gets ``subscription_taken``. Once 1,000 events or 1 MiB are not acked, nothing more is sent.
    """

    type: Literal["subscribe"] = "subscribe"
    sub: SubscriptionName
    topics: list[str] = Field(default_factory=lambda: ["**"], min_length=1, max_length=32)
    filter: JsonObject | None = None
    after: str = Field(default="now", max_length=64)
    progress: bool = False
    durable: DurableName | None = None


class Acked(_Request):
    """All events of a durable subscription up to this position are dealt with; with an ``id`` it is answered once that is stored."""

    type: Literal["acked"] = "acked"
    sub: SubscriptionName
    position: str = Field(max_length=64)


class Unsubscribe(_Request):
    """End a subscription."""

    type: Literal["unsubscribe"] = "unsubscribe"
    sub: SubscriptionName


ClientFrame = Annotated[
    Hello
    | Listen
    | Ack
    | Tick
    | Renew
    | Complete
    | Fail
    | Release
    | Log
    | Create
    | Publish
    | Secrets
    | Subscribe
    | Acked
    | Unsubscribe,
    Field(discriminator="type"),
]
CLIENT_FRAMES: Final = (
    Hello, Listen, Ack, Tick, Renew, Complete, Fail, Release, Log, Create, Publish, Secrets, Subscribe,
    Acked, Unsubscribe,
)  # fmt: skip
client_frame: Final[TypeAdapter[ClientFrame]] = TypeAdapter(
    ClientFrame, config=ConfigDict(defer_build=BUILT_LATER)
)
"""Any of them. Its first use builds what checks all of them, which takes 1 MiB: a server asks `client_model`."""
_CLIENT_MODELS: Final[dict[Any, type[ClientFrame]]] = {
    model.model_fields["type"].default: model for model in CLIENT_FRAMES
}


def client_model(part: JsonObject) -> type[ClientFrame] | None:
    """What a part of a client's message is by its type; None when that is no frame."""
    kind = part.get("type")
    return _CLIENT_MODELS.get(kind) if isinstance(kind, str) else None


# ---- server to client


class Welcome(WireModel):
    """The answer to hello. ``stale``: leases in ``held`` that are lost. Renew at least every third of ``leaseS``."""

    type: Literal["welcome"] = "welcome"
    version: int
    session: str
    server: str
    space: str
    lease_s: float
    grace_s: float
    now: Time
    stale: list[Lease] = Field(default_factory=list)
    id: int | None = None


class Ok(WireModel):
    """The request with this id was done and stored."""

    type: Literal["ok"] = "ok"
    id: int
    data: Any = None


class Error(WireModel):
    """A refusal: ``code`` as in docs/reference/errors.md. Without ``id`` it is about a frame that had none."""

    type: Literal["error"] = "error"
    id: int | None = None
    code: str
    message: str
    key: str | None = None
    status: str | None = None
    job: str | None = None
    sub: str | None = None
    head: str | None = None
    oldest: str | None = None


class Grant(WireModel):
    """One leased job: acknowledge it within 10 s."""

    job: Job
    fence: int
    attempt: int
    again: bool = False
    """The same lease once more, after a reconnect: the client had not said that it holds it."""
    cancel: bool = False
    """Its cancel has been asked for already."""


class Grants(WireModel):
    """Jobs leased to this session."""

    type: Literal["grants"] = "grants"
    jobs: list[Grant]


class Cancel(WireModel):
    """Stop this job's handler: its outcome is still taken for ``graceS``, then the job is canceled."""

    type: Literal["cancel"] = "cancel"
    job: str
    fence: int
    reason: str | None = None
    grace_s: float


class Stale(WireModel):
    """Leases that this session no longer holds: stop their handlers, their results will be refused.

    A session that let a lease run out gets no grants until its next frame that the server understands: a renew, with whatever it still holds, will do.
    """

    type: Literal["stale"] = "stale"
    leases: list[Lease]


class Subscribed(WireModel):
    """The subscription starts after ``from``; ``head`` and ``oldest`` are the log's ends."""

    type: Literal["subscribed"] = "subscribed"
    id: int | None = None
    sub: str
    from_: str = Field(alias="from")
    head: str
    oldest: str


class Events(WireModel):
    """Matching events in log order; ``prev`` is the position sent before them on this subscription."""

    type: Literal["events"] = "events"
    sub: str
    prev: str
    events: list[JsonObject]


class PositionFrame(WireModel):
    """Nothing matched up to here: an idle subscription's cursor moves, at most every 10 s."""

    type: Literal["position"] = "position"
    sub: str
    prev: str
    position: str


class LiveProgress(WireModel):
    """The newest ticks of running jobs, at most four a second a job on average; outside the log, dropped first."""

    type: Literal["progress"] = "progress"
    sub: str
    jobs: list[JsonObject]


class Drain(WireModel):
    """The server will close this socket (1012) soon; leases are kept, reconnect."""

    type: Literal["drain"] = "drain"


ServerFrame = Annotated[
    Welcome
    | Ok
    | Error
    | Grants
    | Cancel
    | Stale
    | Subscribed
    | Events
    | PositionFrame
    | LiveProgress
    | Drain,
    Field(discriminator="type"),
]
SERVER_FRAMES: Final = (
    Welcome, Ok, Error, Grants, Cancel, Stale, Subscribed, Events, PositionFrame, LiveProgress, Drain,
)  # fmt: skip
server_frame: Final[TypeAdapter[ServerFrame]] = TypeAdapter(
    ServerFrame, config=ConfigDict(hide_input_in_errors=True, defer_build=BUILT_LATER)
)
"""Its errors are logged by clients: what a frame holds may be a secret."""

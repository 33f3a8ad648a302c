"""``/v1/stream``: one websocket. Messages in become frames for the peer; its outbox becomes messages out."""

import asyncio
import time
from collections.abc import Awaitable
from functools import lru_cache
from typing import Any, Final

import structlog
from aiohttp import WSCloseCode, WSMsgType, web
from pydantic import ValidationError

from listener_sdk.protocol.codes import CLOSES, Refusal
from listener_sdk.protocol.frames import ClientFrame, Hello, client_model

from ..core.actors import Actor
from ..core.json_door import JsonLimits, bad_json, read_json
from ..core.rates import Flow
from ..core.roles import FRAMES, check
from ..core.wall import names_in
from ..engine.node import Node
from ..engine.outbox import Outbox
from ..engine.peers import Peer
from .auth import SPACE_HEADER, ClosedSpace, address_of, authenticate, bearer, keyring
from .buffers import bound_buffer, bounds_of
from .call import Call
from .cookies import check_page, cookie_of, own_origin
from .links import link_maker
from .runner import know, protocol_of
from .sending import SENDING

STRIKES: Final = 3
LIMITS_OF_STRANGERS: Final = JsonLimits(size=64 * 1024)
"""Before its key is known, a client may say hello (with 1,000 leases that it held) and nothing larger."""
SILENT: Final = 2
"""Beats, 10 s each, without a byte of the client's, after which it is asked whether it is there."""
_PING: Final = b"\x89\x00"
_log = structlog.get_logger("tickwire.stream")


def stream(call: Call) -> Awaitable[web.StreamResponse]:
    """Serve one connection until it ends. The key comes with the upgrade, or in hello where that cannot carry it.

    A browser's cookie counts where no key and no ticket is sent; a page of another origin is refused before the upgrade.
    """
    return _Connection(call.request, call.node).run()


def _cookie(node: Node, request: web.Request) -> str | None:
    """The cookie that comes with the upgrade; pages of the origins that may call do so by key or token alone.

    Refusal ``csrf`` when a page of another origin sends one.
    """
    cookie = cookie_of(request)
    origin = request.headers.get("Origin", "").lower()
    if cookie is None or (origin in node.settings.allow_origins and origin != own_origin(node, request)):
        return None
    check_page(node, request, needed=True)
    return cookie


class _Connection:
    """The shell around a peer.

    There are thousands that stand idle: each coroutine that waits within another would cost every one of them a quarter of a
    KiB, so ``run`` is the only one, and nothing that is not needed any more is kept.
    """

    __slots__ = (
        "_close_code",
        "_ending",
        "_flow",
        "_hello",
        "_limits",
        "_nameless",
        "_node",
        "_outbox",
        "_peer",
        "_protocol",
        "_request",
        "_sending",
        "_socket",
        "_strikes",
    )

    def __init__(self, request: web.Request, node: Node) -> None:
        settings = node.settings
        self._request = request
        self._node = node
        self._socket = web.WebSocketResponse(
            max_msg_size=settings.max_frame_bytes + 1, compress=False, timeout=2.0
        )
        self._sending = request.app[SENDING]
        self._protocol = protocol_of(request)
        self._outbox = Outbox(self._want, time.monotonic, self._cut, bounds_of(settings))
        self._ending: asyncio.Task[None] | None = None
        self._hello: asyncio.TimerHandle | None = None
        self._peer: Peer | None = None
        self._close_code: int | None = None
        self._limits = _limits(settings.max_frame_bytes)
        self._strikes = 0
        self._nameless = False
        self._flow: Flow | None = None

    async def run(self) -> web.WebSocketResponse:
        """Serve it until it ends."""
        actor = await self._open()
        try:
            if actor is not None:
                self._admit(actor)
            while self._close_code is None:
                message = await self._socket.receive()
                if message.type is WSMsgType.TEXT:
                    await self._take(message.data.encode())
                elif message.type is WSMsgType.BINARY:
                    await self._take(message.data)
                else:
                    break
                # The next one may be hours away.
                del message
                if self._peer is not None:
                    await self._peer.intake.room()
        finally:
            self._leave()
            await self._ends(self._close_code or WSCloseCode.OK)
        return self._socket

    async def _open(self) -> Actor | None:
        """Check the key, if there is one, and answer the upgrade."""
        request, token = self._request, bearer(self._request)
        space = request.headers.get(SPACE_HEADER)
        if not token:
            _cookie(self._node, request)
        actor = await authenticate(self._node, token, address_of(request), space) if token else None
        await self._socket.prepare(self._request)
        # They are sent, and a connection keeps its answer.
        self._socket.headers.clear()
        bound_buffer(self._request)
        self._nameless = self._node.sockets.knock()
        if not self._nameless:
            self.close(CLOSES["too_many"].code)
        loop = asyncio.get_running_loop()
        self._hello = loop.call_later(self._node.settings.hello_timeout_s, self._hello_is_late)
        self._protocol.when_writable(self._want)
        return actor

    def _leave(self) -> None:
        self._greeted()
        if self._peer is not None:
            self._peer.gone()
            self._node.sockets.leave(self._peer)
        self._show_key()

    def _greeted(self) -> None:
        """Hello has come, or nobody waits for it any more."""
        if self._hello is not None:
            self._hello.cancel()
            self._hello = None

    def _hello_is_late(self) -> None:
        self.close(CLOSES["hello_timeout"].code)

    def _show_key(self) -> None:
        """The connection is counted under its key from now on, or not at all."""
        if self._nameless:
            self._nameless = False
            self._node.sockets.vanish()

    def _admit(self, actor: Actor) -> None:
        peer = Peer(
            self._node.hub,
            actor,
            self._outbox,
            self,
            most_subscriptions=self._node.settings.subscriptions_per_socket,
        )
        if actor.in_browser:
            rate = self._node.settings.frames_per_token
            self._flow = Flow(rate, 2 * rate)
        know(self._request)
        self._protocol.leave_http()
        self._show_key()
        if self._node.sockets.enter(peer):
            self._peer = peer
        else:
            self.close(CLOSES["too_many"].code)

    def link(self, file_id: str) -> tuple[str, int]:
        """A link for this client. Made when an outcome names a file, of which most clients never hear."""
        assert self._peer is not None
        return link_maker(self._node, self._request, self._peer.actor.space.id)(file_id)

    async def _take(self, raw: bytes) -> None:
        try:
            value = read_json(raw, self._limits if self._peer is not None else LIMITS_OF_STRANGERS)
        except Refusal as refusal:
            self._malformed(refusal)
            return
        if self._peer is not None:
            self._peer.intake.message(len(raw))
        parts = value if isinstance(value, list) else [value]
        if self._flow is not None:
            await self._pace(self._flow, len(parts))
        for part in parts:
            if self._close_code is None:
                await self._frame(part)

    async def _pace(self, flow: Flow, count: int) -> None:
        """Nothing is read on before what came is within the rate; who sends far more is sent away."""
        wait_ms = flow.take(count, self._node.clock())
        if wait_ms is None:
            self.close(CLOSES["too_many"].code)
        elif wait_ms:
            await asyncio.sleep(wait_ms / 1000)

    async def _frame(self, part: Any) -> None:
        try:
            frame = _read(part)
        except Refusal as refusal:
            self._unreadable(part, refusal)
            if self._peer is None:
                self.close(CLOSES["unauthorized"].code)
            return
        self._strikes = 0
        if self._peer is None:
            await self._first(frame)
        if self._peer is not None and self._close_code is None:
            self._hand_over(self._peer, frame)

    def _hand_over(self, peer: Peer, frame: ClientFrame) -> None:
        try:
            check(peer.actor, FRAMES[frame.type])
        except Refusal as refusal:
            named = names_in(frame.model_dump(mode="json"))
            self._node.wall.refused(peer.actor, refusal, {"frame": frame.type}, named)
            peer.refuse(refusal, getattr(frame, "id", None))
        else:
            peer.handle(frame)
            if peer.session is not None:
                self._greeted()

    async def _first(self, frame: Any) -> None:
        """A browser's upgrade carries no header: the key or ticket stands in hello, or a cookie came with the upgrade."""
        try:
            self._admit(await self._actor(frame if isinstance(frame, Hello) else Hello()))
        except Refusal as refusal:
            if isinstance(refusal, ClosedSpace):
                self._node.wall.refused(refusal.actor, refusal, {"frame": "hello"})
            self._outbox.send({"type": "error", **refusal.as_wire()})
            self.close(CLOSES["unauthorized"].code)

    async def _actor(self, hello: Hello) -> Actor:
        keys, address = keyring(self._node), address_of(self._request)
        if hello.key is None and hello.ticket is not None:
            return await keys.ticket(hello.ticket, address, hello.space)
        cookie = _cookie(self._node, self._request) if hello.key is None else None
        if cookie is not None:
            return await keys.visit(cookie, address, hello.space)
        return await keys.check(hello.key, address, hello.space)

    def _unreadable(self, part: Any, refusal: Refusal) -> None:
        """Say which frame or field was wrong; an unknown frame is no strike, since newer clients may send it."""
        if not isinstance(part, dict):
            self._malformed(refusal)
            return
        request = part.get("id") if type(part.get("id")) is int else None
        job = part.get("job")
        about = {"job": job} if isinstance(job, str) else {}
        body = {"type": "error", "id": request, **about, **refusal.as_wire()}
        self._outbox.send({name: value for name, value in body.items() if value is not None})

    def _malformed(self, refusal: Refusal) -> None:
        self._strikes += 1
        self._outbox.send({"type": "error", **refusal.as_wire()})
        if self._strikes >= STRIKES or self._peer is None:
            self.close(CLOSES["policy"].code)

    def close(self, code: int) -> None:
        """End after what waits has been sent."""
        self._ends(code)

    def _ends(self, code: int) -> asyncio.Task[None]:
        if self._close_code is None:
            self._close_code = code
        if self._ending is None:
            self._ending = asyncio.create_task(self._end(self._close_code))
        return self._ending

    async def _end(self, code: int) -> None:
        self._want()
        await self._outbox.until_empty()
        await self._socket.close(code=code)

    def _cut(self) -> None:
        """The reader is too slow: nothing more is sent, memory is given back; it resumes from its last position."""
        if self._close_code is None:
            _log.warning("slow_reader_cut", address=address_of(self._request))
            self._close_code = CLOSES["slow_reader"].code
        transport = self._request.transport
        if transport is not None:
            transport.abort()

    def beat(self) -> None:
        """Ask a client that is silent whether it is there, and cut one that has not answered by the next beat.

        A timer of aiohttp's would cost each connection a whole KiB with all that hangs on it.
        """
        transport = self._protocol.transport
        if transport is None or transport.is_closing():
            return
        if not self._protocol.silent and self._peer is not None:
            self._peer.heard_at = self._node.clock()
        self._protocol.silent += 1
        if self._protocol.silent == SILENT:
            transport.write(_PING)
        elif self._protocol.silent > SILENT:
            _log.info("silent_client_cut", address=address_of(self._request))
            transport.abort()

    def _want(self, urgent: bool = True) -> None:
        self._sending.want(self, urgent=urgent)

    def send(self) -> None:
        """Send what waits, as far as the client reads."""
        transport = self._protocol.transport
        if transport is None or transport.is_closing() or self._socket.closed:
            self._outbox.end()
            return
        while self._outbox and not self._protocol.writing_paused:
            transport.write(self._sending.encode(self._outbox.take()))
        if self._peer is not None and not self._outbox:
            self._peer.sent()


def _read(part: Any) -> ClientFrame:
    """A part of a message as a frame; Refusal ``bad_request``, ``unknown_frame`` or ``invalid``."""
    if not isinstance(part, dict):
        raise bad_json("a frame is a JSON object, or a list of them")
    model = client_model(part)
    if model is None:
        kind = str(part.get("type"))[:64]
        raise Refusal("unknown_frame", f"The stream has no frame of type {kind!r}.", key="type")
    try:
        frame: ClientFrame = model.__pydantic_validator__.validate_python(part)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = ".".join(map(str, first["loc"]))
        raise Refusal("invalid", f"{path}: {first['msg']}", key=path or None) from None
    return frame


# The same for all connections of a server.


@lru_cache(maxsize=8)
def _limits(size: int) -> JsonLimits:
    return JsonLimits(size=size)

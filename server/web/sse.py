"""``GET /v1/events/stream``: a subscription as server-sent events, for ``EventSource`` and ``curl -N``.

Who asks for what cannot be given is refused before the first byte, as any other call. A reader that is cut resumes by
``Last-Event-ID``; one whose log was replaced or removed meanwhile is refused then.
"""

import asyncio
import time
from typing import Any, Final

import structlog
from aiohttp import web
from pydantic import ValidationError

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.filters import compile_filter, compile_topics
from listener_sdk.protocol.frames import Subscribe
from listener_sdk.protocol.problems import problems

from ..core.actors import Actor
from ..core.json_door import JsonLimits, read_json
from ..core.refusals import Refusals
from ..core.wall import names_in
from ..engine.outbox import Outbox
from ..engine.subscriptions import Subscription
from ..engine.wording import MESSAGES
from . import sse_names
from .auth import address_of
from .buffers import bound_buffer, bounds_of, notice_silence
from .call import Call
from .origins import ORIGINS
from .queries import Query
from .runner import protocol_of

HEADERS: Final = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    # Proxies such as nginx would keep what is to come at once.
    "X-Accel-Buffering": "no",
}
BEAT: Final = ": \n\n"
"""A comment, after 10 s without anything else, by which both sides notice that the other has gone."""
SILENT_S: Final = 30.0
LONGEST_FILTER: Final = 4_096
_log = structlog.get_logger("tickwire.events")


async def stream(call: Call) -> web.StreamResponse:
    """Follow the log until the client goes."""
    wanted = _wanted(call.query, call.request.headers.get("Last-Event-ID"))
    compile_topics(wanted.topics)
    compile_filter(wanted.filter)
    if call.actor.reach is not None:
        call.actor.reach.check_topics(wanted.topics)
    if wanted.durable is not None:
        sse_names.check(call)
    if call.request.method == "HEAD":
        return web.Response(headers=HEADERS)
    call.across(names_in(wanted.filter))
    if call.node.hub.lags(wanted.after):
        await call.node.hub.reach_end()
    reader = _Reader(call)
    if not call.node.sockets.enter(reader):
        raise Refusal("rate_limited", "The key, or the server, has too many open connections: close some.")
    try:
        return await reader.follow(wanted)
    finally:
        call.node.sockets.leave(reader)


def _wanted(query: Query, last: str | None) -> Subscribe:
    """What to follow. A browser that connects again says what it saw last, and knows the address of its first call only."""
    topics = query.texts("topic") + query.texts("topics")
    domain = query.text("domain")
    found: dict[str, Any] = _filter(query) or {}
    if domain is not None:
        found["src.domain"] = domain
    try:
        return Subscribe(
            sub="sse",
            topics=[*topics] or ["**"],
            filter=found or None,
            after=last or query.text("after") or "now",
            progress=query.truth("progress"),
            durable=sse_names.name_of(query),
        )
    except ValidationError as error:
        raise Refusals(problems(error)) from None


def _filter(query: Query) -> dict[str, Any] | None:
    text = query.text("filter", LONGEST_FILTER)
    try:
        value = None if text is None else read_json(text.encode(), JsonLimits(size=LONGEST_FILTER))
    except Refusal as refusal:
        # A path within the filter would not say which parameter it is.
        raise Refusal(refusal.code, f"filter: {refusal.message}", key="filter") from None
    if value is not None and not isinstance(value, dict):
        raise Refusal("bad_filter", 'filter takes a JSON object, such as {"job":"import:*"}.', key="filter")
    return value


class _Reader:
    """One connection: what its subscription says is written as fast as the client reads, and no more is kept than an outbox holds."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._news = asyncio.Event()
        self._over = False
        self.actor: Actor = call.actor
        self.outbox = Outbox(self._want, time.monotonic, self._cut, bounds_of(call.node.settings))

    @property
    def shell(self) -> "_Reader":
        """There is nothing between."""
        return self

    def close(self, code: int) -> None:
        """End after what waits has been sent: the client asks again, and is told why where it may not."""
        self._over = True
        self._news.set()

    def drain(self, code: int) -> None:
        """The same."""
        self.close(code)

    def beat(self) -> None:
        """Some seconds have passed."""
        if not self.outbox:
            self.outbox.put(BEAT, urgent=False)

    async def follow(self, wanted: Subscribe) -> web.StreamResponse:
        """Write until one side ends it; Refusal before anything is written."""
        request = self._call.request
        response = web.StreamResponse(headers=HEADERS)
        # Said at once: who took the connection for another call when this ends would find it closed.
        response.force_close()
        found = await self._begin(wanted)
        found.ended = self._end
        try:
            request.app[ORIGINS].allow(request, response)
            await response.prepare(request)
            await self._write(request, response)
        except ConnectionError:
            _log.debug("reader_left", address=address_of(request))
        finally:
            self._leave(found)
        return response

    async def _begin(self, wanted: Subscribe) -> Subscription:
        hub, actor = self._call.node.hub, self.actor
        if wanted.durable is not None:
            return await sse_names.Named(hub, actor, self.outbox).begun(wanted)
        return hub.subscriptions.add(
            wanted, actor.space.id, self.outbox, actor.reach, actor.key_id, words=MESSAGES
        )

    async def _write(self, request: web.Request, response: web.StreamResponse) -> None:
        bound_buffer(request)
        notice_silence(request, SILENT_S)
        connection = protocol_of(request)
        connection.when_writable(self._news.set)
        while connection.transport is not None and not connection.transport.is_closing():
            while self.outbox:
                await response.write("".join(self.outbox.take()).encode())
            if self._over:
                await response.write_eof()
                return
            await self._news.wait()
            self._news.clear()

    def _leave(self, subscription: Subscription) -> None:
        self._call.node.hub.subscriptions.remove(subscription)
        self.outbox.end()

    def _want(self, _urgent: bool) -> None:
        self._news.set()

    def _end(self) -> None:
        self.close(0)

    def _cut(self) -> None:
        """The client reads too slowly: it resumes from the last event that it has."""
        _log.warning("slow_reader_cut", address=address_of(self._call.request))
        transport = self._call.request.transport
        if transport is not None:
            transport.abort()

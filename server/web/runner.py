"""The server below the application: it bounds connections and heads, and answers malformed HTTP in JSON like every other error."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

import structlog
from aiohttp import HttpVersion11, web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web_protocol import RequestHandler

from listener_sdk.protocol.codes import Refusal

from .admission import Admission
from .answers import error_answer
from .heads import HeadParser, StoppedError
from .proxies import HEADER as FORWARDED
from .proxies import Proxies

LONGEST_ADDRESS: Final = 8 * 1024
LONGEST_HEADER: Final = 16 * 1024
MOST_HEADERS: Final = 128
KEEP_ALIVE_S: Final = 75.0
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Door = Callable[[Handler], Handler]
"""What stands around a handler: it makes an answer of every error."""
_log = structlog.get_logger("tickwire.web")


class Connection(RequestHandler):
    """One connection of HTTP: a stranger until ``know`` is called, with so much time for each head that it begins.

    That of a trusted proxy brings the calls of many: during each it counts as its caller's, and in between as nobody's.
    """

    __slots__ = (
        "_address",
        "_admission",
        "_head",
        "_head_timeout_s",
        "_head_timer",
        "_held",
        "_known",
        "_proxies",
        "_writable",
        "caller",
        "silent",
    )

    def __init__(
        self, admission: Admission, proxies: Proxies, head_timeout_s: float, server: web.Server, **how: Any
    ) -> None:
        super().__init__(server, **how)
        self._proxies: Proxies | None = proxies
        self._head = HeadParser(self._parser)
        self._parser = cast("Any", self._head)
        self._head_timeout_s = head_timeout_s
        self._head_timer: asyncio.TimerHandle | None = None
        self._admission = admission
        self._address = ""
        self.caller = ""
        """Where the present call comes from, or the last one came."""
        self._known = False
        self._held = False
        self._writable: Callable[[], None] | None = None
        self.silent = 0
        """What counts how long nothing has come begins again with each byte."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or say why not."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self._address = self.caller = str(peer[0]) if peer else "unknown"
        if self._proxies is not None and not self._proxies.trusts(self._address):
            self._proxies = None
        refusal = self._admission.enter(self._address, self)
        if self._proxies is not None:
            self.know()
        if refusal is None:
            self._start_timer()
        else:
            self._stop(refusal)

    def connection_lost(self, exc: BaseException | None) -> None:
        """End."""
        self._stop_timer()
        self._admission.leave(self.caller, self)
        super().connection_lost(exc)
        self._tell_writable()

    def resume_writing(self) -> None:
        """The client reads again."""
        super().resume_writing()
        self._tell_writable()

    def when_writable(self, act: Callable[[], None]) -> None:
        """From now on, call this whenever the client reads again after a pause, and when it is gone."""
        self._writable = act

    def _tell_writable(self) -> None:
        if self._writable is not None:
            self._writable()

    def pause_reading(self) -> None:
        """More has come than is read."""
        self._held = True
        super().pause_reading()

    def resume_reading(self, *how: Any, **named: Any) -> None:
        """Read on. aiohttp says so after every piece of a body, and parses nothing once more each time: a tenth of a call's cost."""
        if self._held:
            self._held = False
            super().resume_reading(*how, **named)

    def data_received(self, data: bytes) -> None:
        """Take in what came."""
        self.silent = 0
        super().data_received(data)
        if not self._head.waiting:
            self._stop_timer()
        elif self._head_timer is None:
            self._start_timer()

    def know(self) -> None:
        """This connection has shown a valid key."""
        if not self._known:
            self._known = True
            self._admission.know(self.caller, self)

    def begin(self, request: web.BaseRequest) -> None:
        """A call begins; Refusal ``rate_limited`` when whoever sent it to the proxy has too many others waiting there."""
        if self._proxies is None:
            return
        self.caller = self._proxies.caller(self._address, request.headers.getall(FORWARDED, []))
        self._known = False
        refusal = self._admission.meet(self.caller, self)
        if refusal is not None:
            raise refusal

    def end(self) -> None:
        """The call has ended."""
        if self._proxies is not None:
            self.know()

    def leave_http(self) -> None:
        """What follows is no HTTP, and may last for weeks: give back the parser, which keeps the last head."""
        self._head.end()
        self._parser = None

    def give_way(self) -> None:
        """Close: another connection of this address takes the place."""
        if self.transport is not None:
            self.transport.abort()

    def _start_timer(self) -> None:
        self._head_timer = self._loop.call_later(self._head_timeout_s, self._head_is_late)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._head_timer = None
        if not self._head.waiting:
            # Nothing came at all: browsers open connections ahead of need, and take an answer to no question amiss.
            self.force_close()
        elif self._head.in_head:
            self._stop(Refusal("bad_request", f"The headers did not come within {self._head_timeout_s:g} s."))

    def _stop(self, refusal: Refusal) -> None:
        self._head.stop(refusal)
        super().data_received(b"")

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what could not be parsed, or to an error beyond the application; the connection is closed."""
        if request.writer.output_size > 0:
            raise ConnectionError("The answer has begun already.")
        if status >= 500 and isinstance(exc, Exception):
            response = error_answer(exc)
        else:
            response = error_answer(_refusal(exc, message))
            # What was not parsed counts as HTTP/1.0 here, whose answers websocket clients do not take.
            request._version = HttpVersion11  # noqa: SLF001 - aiohttp has no public way to say so
            _log.info("malformed_call", address=request.remote, status=response.status)
        response.force_close()
        return response


def know(request: web.BaseRequest) -> None:
    """The connection of this call has shown a valid key."""
    if isinstance(request.protocol, Connection):
        request.protocol.know()


def begin(request: web.BaseRequest) -> None:
    """As ``Connection.begin`` of the connection of this call."""
    if isinstance(request.protocol, Connection):
        request.protocol.begin(request)


def end(request: web.BaseRequest) -> None:
    """As ``Connection.end`` of the connection of this call, if it still has one."""
    if isinstance(request.protocol, Connection):
        request.protocol.end()


def protocol_of(request: web.BaseRequest) -> Connection:
    """The connection of this call."""
    assert isinstance(request.protocol, Connection)
    return request.protocol


class _Server(web.Server):
    """Makes connections of the kind above."""

    def __init__(
        self, admission: Admission, proxies: Proxies, head_timeout_s: float, *of_aiohttp: Any, **how: Any
    ) -> None:
        super().__init__(*of_aiohttp, **how)
        self._admission = admission
        self._proxies = proxies
        self._head_timeout_s = head_timeout_s

    def __call__(self) -> RequestHandler:
        return Connection(
            self._admission, self._proxies, self._head_timeout_s, self, loop=self._loop, **self._kwargs
        )


class Runner(web.AppRunner):
    """Runs an application behind such a server, and ``door`` around it. Bodies are never unpacked."""

    def __init__(
        self,
        app: web.Application,
        door: Door,
        admission: Admission,
        head_timeout_s: float,
        proxies: Proxies | None = None,
    ) -> None:
        super().__init__(
            app,
            handle_signals=False,
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=KEEP_ALIVE_S,
            max_line_size=LONGEST_ADDRESS,
            max_field_size=LONGEST_HEADER,
            max_headers=MOST_HEADERS,
        )
        self.admission = admission
        self._door = door
        self._proxies = proxies or Proxies()
        self._head_timeout_s = head_timeout_s

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()

        return _Server(
            self.admission,
            self._proxies,
            self._head_timeout_s,
            self._door(made.request_handler),
            request_factory=made.request_factory,
            **made._kwargs,  # noqa: SLF001 - aiohttp has no public way to choose the connection's class
        )


def _refusal(error: BaseException | None, message: str | None) -> Refusal:
    if isinstance(error, StoppedError):
        return error.refusal
    if isinstance(error, LineTooLong) and error.args[1] == LONGEST_ADDRESS:
        return Refusal("url_too_long", f"The address takes at most {LONGEST_ADDRESS} bytes.")
    if isinstance(error, LineTooLong):
        return Refusal("headers_too_large", f"A header takes at most {LONGEST_HEADER} bytes.")
    if "Too many headers" in (message or ""):
        return Refusal("headers_too_large", f"A call has at most {MOST_HEADERS} headers.")
    return Refusal("bad_request", f"This is not HTTP that the server understands: {(message or '')[:200]}")

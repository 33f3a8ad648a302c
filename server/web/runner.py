"""Malformed HTTP never reaches a route: the server below answers it, and does so in JSON like every other error."""

from typing import Final

import structlog
from aiohttp import web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web_protocol import RequestHandler

from listener_sdk.protocol.codes import Refusal

from .answers import error_answer

LONGEST_ADDRESS: Final = 8 * 1024
LONGEST_HEADER: Final = 16 * 1024
KEEP_ALIVE_S: Final = 75.0
_log = structlog.get_logger("tickwire.web")


class _Connection(RequestHandler):
    """One connection of HTTP."""

    __slots__ = ()

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
            _log.info("malformed_call", address=request.remote, status=response.status)
        response.force_close()
        return response


class _Server(web.Server):
    """Makes connections of the kind above."""

    def __call__(self) -> RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class Runner(web.AppRunner):
    """Runs an application behind such a server. Bodies are never unpacked."""

    def __init__(self, app: web.Application) -> None:
        super().__init__(
            app,
            handle_signals=False,
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=KEEP_ALIVE_S,
            max_line_size=LONGEST_ADDRESS,
            max_field_size=LONGEST_HEADER,
        )

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            try:
                return await made.request_handler(request)
            except web.HTTPException as error:  # raised before any middleware, such as for an odd Expect
                return error_answer(error)

        return _Server(handle, request_factory=made.request_factory, **made._kwargs)  # noqa: SLF001 - aiohttp has no public way to choose the connection's class


def _refusal(error: BaseException | None, message: str | None) -> Refusal:
    if isinstance(error, LineTooLong) and error.args[1] == LONGEST_ADDRESS:
        return Refusal("url_too_long", f"The address takes at most {LONGEST_ADDRESS} bytes.")
    if isinstance(error, LineTooLong):
        return Refusal("headers_too_large", f"A header takes at most {LONGEST_HEADER} bytes.")
    if "Too many headers" in (message or ""):
        return Refusal("headers_too_large", "The call has too many headers.")
    return Refusal("bad_request", f"This is not HTTP that the server understands: {(message or '')[:200]}")

"""The end of calls when the server stops: those that only wait for their client are not waited for long."""

import asyncio
from typing import Final

import structlog
from aiohttp import web

from ..store.database import StoreError

GRACE_S: Final = 2.0
"""How long a stopping server waits for a body that is on its way, and then for an answer that a client reads."""
_log = structlog.get_logger("tickwire.web")


class Calls:
    """The calls whose handlers are at work."""

    def __init__(self) -> None:
        self._working: dict[int, web.BaseRequest] = {}

    def begin(self, request: web.BaseRequest) -> None:
        """The handler of this call is at work, until ``end``."""
        self._working[id(request)] = request

    def end(self, request: web.BaseRequest) -> None:
        """It is not any more."""
        del self._working[id(request)]

    def refuse_bodies(self) -> None:
        """Whoever waits for the rest of a body gets a StoreError in its place, so that the call is answered 503."""
        for request in self._working.values():
            if not request.content.is_eof():
                request.content.set_exception(StoreError("The server is stopping: try again."))

    def cut_answers(self, server: web.Server) -> None:
        """Cut the connections whose handler has ended: their clients do not read their answers, or slowly."""
        at_work = {request.protocol for request in self._working.values()}
        for connection in server.connections:
            if connection not in at_work and connection.transport is not None:
                _log.info("answer_cut")
                connection.transport.abort()


CALLS: Final = web.AppKey("calls", Calls)


async def hurry(runner: web.AppRunner) -> None:
    """Beside the end of a server: what waits for clients ends soon, what the server itself does goes on."""
    calls = runner.app[CALLS]
    await asyncio.sleep(GRACE_S)
    calls.refuse_bodies()
    await asyncio.sleep(GRACE_S)
    if runner.server is not None:
        calls.cut_answers(runner.server)

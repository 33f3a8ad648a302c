"""Web pages of other origins: those that the operator named may call, with a key; all others are left to the browser."""

from collections.abc import Iterable
from typing import Final

from aiohttp import web

_METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE"
_HEADERS: Final = (
    "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Customer-Code, X-Disable-Hooks"
)
_SHOWN: Final = "Retry-After, Content-Disposition, Content-Range"
_REMEMBERED_S: Final = 600


class Origins:
    """The origins that may call. No cookie is ever used, so none may be sent."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = frozenset(allowed)

    def preflight(self, request: web.BaseRequest) -> web.Response | None:
        """The answer to a browser's question whether it may call; None for anything else."""
        asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        if not asks or not self._names(request):
            return None
        return web.Response(
            status=204,
            headers={
                "Access-Control-Allow-Methods": _METHODS,
                "Access-Control-Allow-Headers": _HEADERS,
                "Access-Control-Max-Age": str(_REMEMBERED_S),
            },
        )

    def allow(self, request: web.BaseRequest, response: web.StreamResponse) -> None:
        """Let the browser show the answer to its page."""
        if not self._allowed:
            return
        response.headers["Vary"] = "Origin"
        if self._names(request):
            response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
            response.headers["Access-Control-Expose-Headers"] = _SHOWN

    def _names(self, request: web.BaseRequest) -> bool:
        return request.headers.get("Origin", "").lower() in self._allowed


ORIGINS: Final = web.AppKey("origins", Origins)
"""For answers that begin before their handler ends."""

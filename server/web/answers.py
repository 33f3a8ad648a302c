"""Answers: the envelopes of success, and one place that turns every error into its JSON body and status."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson
import structlog
from aiohttp import web
from multidict import CIMultiDict

from listener_sdk.protocol.codes import ERRORS, Refusal

from ..core.refusals import every
from ..store.database import DiskFullError, StoreError

_HEADERS: Final = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
STORE_AWAY_S: Final = 1
_log = structlog.get_logger("tickwire.web")


def json_answer(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer of JSON text."""
    return web.Response(body=body, status=status, headers=_HEADERS | dict(headers) if headers else _HEADERS)


def data(value: Any, **beside: Any) -> web.Response:
    """``{"data": value}``; what is given by name stands beside it."""
    return json_answer(orjson.dumps({"data": value, **beside}))


def data_text(text: str) -> web.Response:
    """``{"data": ...}`` around JSON text."""
    return json_answer(b'{"data":' + text.encode() + b"}")


def success() -> web.Response:
    """What acts answer that have nothing to show."""
    return data({"success": True})


def refused(
    refusals: Iterable[Refusal], status: int, headers: Mapping[str, str] | None = None
) -> web.Response:
    """``{"errors": [...]}``."""
    body = {"errors": [refusal.as_wire() for refusal in refusals]}
    return json_answer(orjson.dumps(body), status, headers)


def error_answer(error: Exception, path: str = "") -> web.Response:
    """The answer to any error of a call for a path; what nobody foresaw is logged and told apart from nothing else."""
    if isinstance(error, Refusal):
        return _refusal(error)
    if isinstance(error, DiskFullError):
        return refused([Refusal("disk_full", str(error))], ERRORS["disk_full"].status)
    if isinstance(error, StoreError):
        return refused(
            [Refusal("unavailable", str(error))],
            ERRORS["unavailable"].status,
            {"Retry-After": str(STORE_AWAY_S)},
        )
    if isinstance(error, web.HTTPException):
        return _of_aiohttp(error, path)
    if isinstance(error, web.RequestPayloadError):
        return _refusal(
            Refusal("bad_request", "The body does not have the length or encoding that its headers say.")
        )
    _log.error("request_failed", exc_info=error)
    return refused([Refusal("internal", ERRORS["internal"].meaning)], ERRORS["internal"].status)


def _refusal(refusal: Refusal) -> web.Response:
    wait = refusal.details.get("retryAfterS")
    headers = {} if wait is None else {"Retry-After": str(wait)}
    if refusal.error.status in {429, 503} and wait is None:
        headers["Retry-After"] = "1"
    if refusal.code == "bad_range" and "size" in refusal.details:
        headers["Content-Range"] = f"bytes */{refusal.details['size']}"
    if refusal.code == "unauthorized":
        headers["WWW-Authenticate"] = 'Bearer realm="tickwire"'
    return refused(every(refusal), refusal.error.status, headers)


def _of_aiohttp(error: web.HTTPException, path: str) -> web.Response:
    if isinstance(error, web.HTTPNotFound):
        return _refusal(Refusal("no_route", f"The server has no such path: {_elsewhere(path)}"))
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        *others, last = sorted(error.allowed_methods)
        possible = f"{', '.join(others)} and {last} are" if others else f"{last} is"
        what = f"{error.method[:16]} is not possible here; {possible}."
        return refused([Refusal("method_not_allowed", what)], error.status, {"Allow": allowed})
    code = "too_large" if error.status == 413 else "bad_request"
    kept = CIMultiDict(
        (name, value) for name, value in error.headers.items() if name.lower().startswith("sec-")
    )
    return refused([Refusal(code, error.text or error.reason)], error.status, kept)


def _elsewhere(path: str) -> str:
    if path.startswith("/vue/"):
        return "of Conscia's API it serves job types, job definitions and GET /vue/_api/v1/jobs/{id}."
    if path.startswith("/v1/"):
        return "docs/reference/routes.md lists all that it has. Of Flatfile's API it serves jobs, events and actions."
    return "the API begins with /v1, as in GET /v1/jobs."

"""The cookie of a session: read, set and cleared, and what a page must show beside it so that no other page can use it."""

from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from listener_sdk.protocol.codes import Refusal

from ..engine.node import Node
from ..security.keys import digest, matches
from ..security.passes import SESSION, csrf_token, parse_pass
from .links import base_url

COOKIE: Final = "tickwire_session"
CSRF_HEADER: Final = "X-CSRF-Token"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_PORTS: Final = {"http": ":80", "https": ":443"}


def cookie_of(request: web.Request) -> str | None:
    """The session's cookie; None without one. Refusal ``csrf`` for several: another site of the domain has set one of them."""
    header = request.headers.get("Cookie")
    if header is None:
        return None
    pairs = (part.partition("=") for part in header.split(";"))
    found = [value.strip().strip('"') for name, _, value in pairs if name.strip() == COOKIE]
    if len(found) > 1:
        raise Refusal(
            "csrf", f"There are several cookies {COOKIE}: delete them, and log in again.", key="Cookie"
        )
    return found[0] if found else None


def set_cookie(node: Node, request: web.Request, response: web.Response, value: str, age_s: int) -> None:
    """Let the browser keep the session; no script sees it, and no other site sends it with what it changes."""
    secure = request.secure or base_url(node, request).startswith("https:")
    response.set_cookie(COOKIE, value, max_age=age_s, path="/", httponly=True, samesite="Lax", secure=secure)


def clear_cookie(response: web.Response) -> None:
    """Let the browser forget the session."""
    response.del_cookie(COOKIE, path="/", httponly=True, samesite="Lax")


def check_page(node: Node, request: web.Request, *, needed: bool) -> None:
    """Refusal ``csrf`` when the call comes from a page of another origin; ``needed`` where it must say from which."""
    origin, own = request.headers.get("Origin"), own_origin(node, request)
    if (origin is None and not needed) or (origin is not None and _plain(origin) == own):
        return
    shown = "no Origin" if origin is None else f"the Origin {origin[:128]!a}"
    raise Refusal(
        "csrf",
        f"A call with a cookie comes from a page of {own}, and this one has {shown}. "
        "Where that is not the server's own address, set TICKWIRE_PUBLIC_URL.",
        key="Origin",
    )


def check_csrf(request: web.Request, cookie: str) -> None:
    """Refusal ``csrf`` unless a call that may change something shows the token of the cookie's session."""
    if request.method not in SAFE:
        check_shown(request, cookie)


def check_shown(request: web.Request, cookie: str) -> None:
    """Refusal ``csrf`` unless the call shows the token of the cookie's session."""
    parsed = parse_pass(SESSION, cookie)
    given = request.headers.get(CSRF_HEADER, "")
    if parsed is None or not matches(given, digest(csrf_token(parsed[1]))):
        raise Refusal(
            "csrf",
            f"A call with a cookie that may change something needs the header {CSRF_HEADER}: csrfToken of "
            "GET /v1/sessions/current.",
            key=CSRF_HEADER,
        )


def own_origin(node: Node, request: web.Request) -> str:
    """The origin of the server's own pages: of the public address by setting, else of the address that was called."""
    address = urlsplit(base_url(node, request))
    return _plain(f"{address.scheme}://{address.netloc}")


def _plain(origin: str) -> str:
    """As browsers write it: small letters, and no port that goes without saying."""
    scheme, _, host = origin.lower().partition("://")
    return f"{scheme}://{host.removesuffix(_PORTS.get(scheme, ' '))}"

"""The application: routes made from their table, one door for keys, rates and roles, one for errors, and the log of calls."""

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from aiohttp import web

from listener_sdk.protocol.codes import Refusal

from ..core.actors import Actor
from ..core.roles import check
from ..engine.node import Node
from ..security.passwords import Passwords
from ..store.blobs import Blobs
from .admission import Admission
from .answers import error_answer
from .auth import SPACE_HEADER, ClosedSpace, Keyring, address_of, bearer, keyring
from .bodies import check_expected
from .call import Call, how, named_in_address
from .cookies import SAFE, check_csrf, check_page, cookie_of
from .departure import CALLS, Calls
from .heads import check_address, check_names, check_plain, shown_path, without_door
from .key_watch import watch_keys
from .origins import ORIGINS, Origins
from .parameters import check_taken
from .proxies import Proxies
from .reaching import guard_of
from .routes import PAGES, ROUTES, Route
from .runner import Door, Handler, Runner, begin, end, know
from .sending import SENDING, Sending
from .state import BLOBS, HOOK_BODIES, LARGE_BODIES, MANY_JOBS, NODE, PASSWORDS
from .turns import Turns

CLIENT_LEFT: Final = 499
MOST_LARGE_BODIES: Final = 4
"""Bodies of many jobs, each of the largest size."""
MOST_HOOK_BODIES: Final = 8
"""Bodies of calls of hooks, each of the largest size."""
MOST_JOBS_AT_ONCE: Final = 2_000
"""A batch of the writer must not grow so large that other calls wait long: a thousand take about 50 ms."""
WITHOUT_HEAD: Final = frozenset({"stream"})
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_log = structlog.get_logger("tickwire.web")


def make_application(node: Node, blobs: Blobs) -> web.Application:
    """The HTTP face of a node whose files lie in ``blobs``."""
    app = web.Application(client_max_size=0)
    app[NODE] = node
    app[BLOBS] = blobs
    app[CALLS] = Calls()
    app[SENDING] = Sending()
    app[LARGE_BODIES] = Turns(MOST_LARGE_BODIES * node.settings.max_bulk_bytes)
    app[HOOK_BODIES] = Turns(MOST_HOOK_BODIES * node.settings.max_hook_bytes)
    app[MANY_JOBS] = Turns(MOST_JOBS_AT_ONCE)
    app[PASSWORDS] = Passwords()
    app[ORIGINS] = Origins(node.settings.allow_origins)
    app.cleanup_ctx.append(watch_keys)
    for route in (*_by_path(), *PAGES):
        handler = _guarded(node, route)
        app.router.add_route(route.method, route.path, handler, expect_handler=check_expected)
        if route.method == "GET" and route.auth not in WITHOUT_HEAD:
            app.router.add_route("HEAD", route.path, handler, expect_handler=check_expected)
    return app


def _by_path() -> list[Route]:
    """The routes of a path one behind the other: then aiohttp looks at the path once, not once for each of its methods."""
    place: dict[str, int] = {}
    for route in ROUTES:
        place.setdefault(route.path, len(place))
    return sorted(ROUTES, key=lambda route: place[route.path])


def make_runner(node: Node, blobs: Blobs) -> Runner:
    """What serves the application: bounds connections, refuses to unpack bodies, answers malformed HTTP in JSON."""
    settings = node.settings
    admission = Admission(settings.max_connections, settings.strangers_per_address, time.monotonic)
    app = make_application(node, blobs)
    door, proxies = _door(app[CALLS], app[ORIGINS]), Proxies(settings.trusted_proxies)
    return Runner(app, door, admission, settings.head_timeout_s, proxies)


def _guarded(node: Node, route: Route) -> _Handler:
    """The route's handler behind its door."""
    keys, guard = keyring(node), guard_of(route)
    is_open = route.auth in {"public", "stream"} or (route.auth == "described" and node.settings.public_docs)

    async def handle(request: web.Request) -> web.StreamResponse:
        actor: Actor | None = None
        try:
            check_names(request)
            if is_open:
                return await route.handler(Call(request, node, None))
            token = bearer(request)
            cookie = cookie_of(request) if token is None else None
            if route.auth == "signed" and token is None and (cookie is None or "signature" in request.query):
                return await route.handler(Call(request, node, None))
            actor = await _caller(keys, node, request, token, cookie)
            know(request)
            structlog.contextvars.bind_contextvars(key=actor.key_id)
            keys.call(actor)
            check(actor, route.permission)
            call = Call(request, node, actor)
            if actor.reach is not None or actor.is_token:
                await guard(call)
            if request.query_string:
                call.check_space()
                if route.method == "GET":
                    check_taken(route.path, request.query)
            return await route.handler(call)
        except Refusal as refusal:
            who = refusal.actor if isinstance(refusal, ClosedSpace) else actor
            if who is not None:
                node.wall.refused(who, refusal, how(request), named_in_address(request))
            raise

    return handle


async def _caller(
    keys: Keyring, node: Node, request: web.Request, token: str | None, cookie: str | None
) -> Actor:
    """Who calls, by a key or by the session of a browser."""
    space = request.headers.get(SPACE_HEADER)
    if cookie is None:
        return await keys.check(token, address_of(request), space)
    check_page(node, request, needed=request.method not in SAFE)
    actor = await keys.visit(cookie, address_of(request), space)
    check_csrf(request, cookie)
    return actor


def _door(calls: Calls, origins: Origins) -> Door:
    """Around the whole application: nothing leaves but an answer, and each is logged with its duration.

    No middleware: aiohttp puts two more calls around the first one, and answers some itself before it.
    """
    # Bound once: a lazy logger makes itself anew at each call, also where nothing is said.
    log = _log.bind()

    def around(handler: Handler) -> Handler:
        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            started = time.perf_counter()
            # The calls of one connection share a context: the key of the last must not stand in the log of this.
            structlog.contextvars.clear_contextvars()
            calls.begin(request)
            try:
                begin(request)
                check_plain(request)
                check_address(request)
                response = origins.preflight(request) or await handler(request)
            except web.HTTPSuccessful:
                raise
            except ConnectionError:
                # Nobody hears this answer: it stands in the log of calls.
                response = web.Response(status=CLIENT_LEFT)
            except Exception as error:  # noqa: BLE001 - the last door: every error becomes an answer
                response = error_answer(error, request.path)
            finally:
                calls.end(request)
                end(request)
            if not response.prepared:
                origins.allow(request, response)
            _say(log, request, response, time.perf_counter() - started)
            return response

        return handle

    return around


def _say(log: Any, request: web.BaseRequest, response: web.StreamResponse, seconds: float) -> None:
    """Calls that went well are told at level debug: a busy server has thousands a second."""
    say = log.debug if response.status < 400 else log.info if response.status < 500 else log.warning
    say(
        "call",
        method=request.method,
        path=without_door(request.path) if response.status < 400 else shown_path(request),
        status=response.status,
        ms=round(seconds * 1000, 1),
        address=address_of(request),
    )

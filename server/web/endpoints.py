"""Endpoints over REST. A secret is shown in the answer to its making or rotation, and to a repetition of that call; nowhere else."""

import os
from functools import partial
from typing import Any, Final

from aiohttp import web

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.endpoints import (
    SECRET_BYTES,
    EndpointCreate,
    EndpointRotate,
    EndpointUpdate,
)
from listener_sdk.protocol.signatures import secret_text

from ..commands import signing_secrets
from ..commands.endpoint_messages import MOST_PENDING
from ..commands.endpoints import (
    CREATE_ENDPOINT,
    DELETE_ENDPOINT,
    ROTATE_ENDPOINT,
    UPDATE_ENDPOINT,
    CreateEndpoint,
    DeleteEndpoint,
    Made,
    RotateEndpoint,
    UpdateEndpoint,
    check_whole,
)
from ..commands.signing_secrets import Signing
from ..core.endpoints import KIND, endpoint_wire
from ..outbound.addresses import Guard, blocked, spelled_address
from ..outbound.targets import read_target
from ..store import endpoint_deliveries as deliveries_sql
from ..store import endpoints as sql
from ..store import signing_secrets as secrets_sql
from ..store.command import Replayed
from ..store.database import Reader
from ..store.pages import Window
from .answers import data, success
from .bodies import parse
from .call import Call
from .idempotency import once
from .paging import cursor, dated, listed, page_of, page_size

PAGE_SIZE: Final = 100
WHAT: Final = "endpoint"


async def index(call: Call) -> web.Response:
    """Endpoints of the space, in the order of their making."""
    call.check_space()
    check_whole(call.actor)
    query, space_id = call.query, call.actor.space.id
    enabled = query.truth("enabled") if query.text("enabled") is not None else None
    window = Window(page_size(query, PAGE_SIZE), after=cursor(query, KIND) or 0)

    found, as_of = await dated(call, lambda reader: sql.page(reader, space_id, window, enabled=enabled))
    rows, following = page_of(found, window.size, KIND)
    return listed([endpoint_wire(row) for row in rows], as_of, following)


async def create(call: Call) -> web.Response:
    """Make an endpoint."""
    raw = await call.raw()
    body = parse(EndpointCreate, raw, call.node.settings)
    _check_url(call, body.url)
    item = CreateEndpoint(call.actor, body, _signing(call, body.secret))
    # What is kept of a body must not let anybody try secrets on it.
    promise = once(call.request, call.actor, call.node.sealer.mark(raw), _made)
    made = await call.node.submit(CREATE_ENDPOINT, item, promise)
    return await _shown_once(call, made)


async def rotate(call: Call) -> web.Response:
    """Give an endpoint a new secret."""
    number = call.number(KIND, WHAT)
    raw = await call.raw()
    body = parse(EndpointRotate, raw, call.node.settings)
    item = RotateEndpoint(call.actor, number, _signing(call, body.secret), int(body.overlap_s * 1000))
    promise = once(call.request, call.actor, call.node.sealer.mark(raw), _made)
    made = await call.node.submit(ROTATE_ENDPOINT, item, promise)
    return await _shown_once(call, made)


def _signing(call: Call, given: str | None) -> Signing:
    return Signing(given or secret_text(os.urandom(SECRET_BYTES)), call.node.sealer)


def _made(made: Made) -> str:
    """What is kept for a repetition: the numbers of the endpoint and of its secret."""
    return f"{made.row.id} {made.secret_id}"


async def _shown_once(call: Call, made: Made | Replayed) -> web.Response:
    number, secret_id = map(int, (made.answer if isinstance(made, Replayed) else _made(made)).split())

    def read(reader: Reader) -> tuple[dict[str, Any], str | None]:
        row = secrets_sql.load(reader, secret_id)
        secret = None if row is None else signing_secrets.opened(call.node.sealer, row)
        return _shown(call, reader, number), secret

    shown, secret = await call.node.read(read)
    if secret is None:
        raise Refusal(
            "conflict",
            "The secret that this Idempotency-Key has made has been replaced meanwhile: rotate it under another.",
            key="Idempotency-Key",
        )
    return data({**shown, "secret": secret})


async def show(call: Call) -> web.Response:
    """One endpoint, and how many deliveries wait for it."""
    check_whole(call.actor)
    number = call.number(KIND, WHAT)
    return data(await call.node.read(partial(_shown, call, number=number)))


def _shown(call: Call, reader: Reader, number: int) -> dict[str, Any]:
    row = sql.load(reader, call.actor.space.id, number)
    if row is None:
        raise call.missing(WHAT)
    until = secrets_sql.old_until(reader, row.public_id, call.node.clock())
    return endpoint_wire(row, until, deliveries_sql.pending(reader, row.id, MOST_PENDING))


async def update(call: Call) -> web.Response:
    """Change an endpoint, or switch it on or off."""
    number = call.number(KIND, WHAT)
    body = await call.body(EndpointUpdate)
    if body.url is not None:
        _check_url(call, body.url)
    await call.node.submit(UPDATE_ENDPOINT, UpdateEndpoint(call.actor, number, body))
    call.node.endpoint_deliveries.wake()
    return data(await call.node.read(partial(_shown, call, number=number)))


async def delete(call: Call) -> web.Response:
    """Remove an endpoint."""
    await call.node.submit(DELETE_ENDPOINT, DeleteEndpoint(call.actor, call.number(KIND, WHAT)))
    call.node.endpoint_deliveries.wake()
    return success()


def _check_url(call: Call, text: str) -> None:
    """Refusal ``invalid`` or ``blocked_address`` of an address that can be told at once; others are looked at where they are used."""
    url = read_target(text)
    if url.user is not None or url.password is not None:
        raise Refusal(
            "invalid",
            "url: leave name and password out, since whoever reads endpoints sees it. Posts are signed by the endpoint's secret.",
            key="url",
        )
    host = url.host or ""
    guard = Guard(call.node.settings.allow_addresses)
    if spelled_address(host) is not None and not guard.permits(host, url.port or 0):
        raise blocked(host, url.port or 0)

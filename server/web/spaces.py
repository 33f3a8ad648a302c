"""Spaces over REST, each also as Flatfile's environment of the same code; and who the caller is."""

from typing import Any

from aiohttp import web

from listener_sdk._version import __version__
from listener_sdk.protocol.ids import environment_id, space_id
from listener_sdk.protocol.times import to_wire

from ..core.actors import Space
from ..store import spaces as sql
from .answers import data
from .call import Call
from .paging import read_paging


async def whoami(call: Call) -> web.Response:
    """The key, its space, and the server."""
    actor = call.actor
    return data({
        "keyId": actor.key_id,
        "role": actor.role,
        "space": actor.space.code,
        "spaceId": space_id(actor.space.code),
        "environmentId": environment_id(actor.space.code),
        "accountId": call.node.meta.account_id,
        "version": __version__,
        "position": str(call.node.log.head),
    })  # fmt: skip


async def environments(call: Call) -> web.Response:
    """The one environment that the key opens."""
    return _list(call, _environment(call, call.actor.space))


async def environment(call: Call) -> web.Response:
    """One environment."""
    return data(_environment(call, _space(call, environment_id, "environment")))


async def spaces(call: Call) -> web.Response:
    """The one space that the key opens."""
    return _list(call, await _space_wire(call, call.actor.space))


async def space(call: Call) -> web.Response:
    """One space."""
    return data(await _space_wire(call, _space(call, space_id, "space")))


def _list(call: Call, only: dict[str, Any]) -> web.Response:
    paging = read_paging(call.query, "sp", 100)
    rows = [only] if paging.number == 1 else []
    return data(rows, pagination=paging.pagination(1), asOf=str(call.node.log.head), cursor=None)


def _space(call: Call, name: Any, what: str) -> Space:
    """The key's own space, when the path names it; Refusal ``not_found`` for any other."""
    own = call.actor.space
    if call.request.match_info["id"] not in {own.code, name(own.code)}:
        raise call.missing(what)
    return own


def _environment(call: Call, own: Space) -> dict[str, Any]:
    return {
        "id": environment_id(own.code),
        "accountId": call.node.meta.account_id,
        "name": own.name,
        "isProd": False,
        "guestAuthentication": [],
        "features": {},
        "metadata": {},
    }


async def _space_wire(call: Call, own: Space) -> dict[str, Any]:
    created_at = to_wire(await call.node.read(lambda reader: sql.created_at(reader, own.id)))
    return {
        "id": space_id(own.code),
        "name": own.name,
        "environmentId": environment_id(own.code),
        "createdAt": created_at,
        "updatedAt": created_at,
        "guestAuthentication": [],
        "linkTemplate": own.link_template,
    }

"""Spaces over REST, each also as Flatfile's environment of the same code; and who the caller is."""

from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

from listener_sdk._version import __version__
from listener_sdk.protocol.ids import decode, environment_id, space_id
from listener_sdk.protocol.spaces import SpaceCreate, SpaceUpdate

from ..commands.spaces import CREATE_SPACE, DELETE_SPACE, UPDATE_SPACE, CreateSpace, DeleteSpace, UpdateSpace
from ..core.actors import Space
from ..core.members import KIND
from ..core.roles import PERMISSIONS, may
from ..core.spaces import space_wire
from ..store import spaces as sql
from ..store.command import Replayed
from ..store.database import Reader
from .answers import data, success
from .auth import keyring
from .call import Call, unknown
from .paging import dated, listed, page_of, read_paging

PAGE_SIZE = 100


async def whoami(call: Call) -> web.Response:
    """The key or member, what it may do and in which space, and the server."""
    actor = call.actor
    return data({
        "keyId": actor.key_id,
        "memberId": actor.key_id if decode(KIND, actor.key_id) is not None else None,
        "role": actor.role,
        "permissions": [one for one in PERMISSIONS if may(actor.role, one, every_space=actor.every_space)],
        "everySpace": actor.every_space,
        "jobs": actor.reach and actor.reach.jobs,
        "topics": actor.reach and actor.reach.topics,
        "space": actor.space.code,
        "spaceId": space_id(actor.space.code),
        "environmentId": environment_id(actor.space.code),
        "accountId": call.node.meta.account_id,
        "version": __version__,
        "position": str(call.node.log.head),
    })  # fmt: skip


async def environments(call: Call) -> web.Response:
    """The environments that the key opens."""
    return await _page(call, lambda space: _environment(call, space))


async def environment(call: Call) -> web.Response:
    """One environment."""
    return data(_environment(call, await _space(call, environment_id, "environment")))


async def spaces(call: Call) -> web.Response:
    """The spaces that the key opens."""
    return await _page(call, space_wire)


async def space(call: Call) -> web.Response:
    """One space."""
    return data(space_wire(await _space(call, space_id, "space")))


async def create(call: Call) -> web.Response:
    """Make a space."""
    result = await call.submit(
        SpaceCreate, CREATE_SPACE, lambda body: CreateSpace(call.actor, body), lambda made: made.code
    )
    if not isinstance(result, Replayed):
        return data(space_wire(result))
    made = await call.node.read(lambda reader: sql.by_code(reader, result.answer))
    if made is None:
        raise call.missing("space")
    return data(space_wire(made))


async def update(call: Call) -> web.Response:
    """Change a space, set it aside, or take it back."""
    found = await _space(call, space_id, "space")
    body = await call.body(SpaceUpdate)
    changed = await call.node.submit(UPDATE_SPACE, UpdateSpace(call.actor, found.id, body))
    assert isinstance(changed, Space)
    keyring(call.node).forget_all()
    return data(space_wire(changed))


async def delete(call: Call) -> web.Response:
    """Close a space to everybody; what it has is removed in the background."""
    found = await _space(call, space_id, "space")
    await call.node.submit(DELETE_SPACE, DeleteSpace(call.actor, found.id))
    keyring(call.node).forget_all()
    call.node.close_space(found.id)
    return success()


async def _page(call: Call, wire: Callable[[Space], dict[str, Any]]) -> web.Response:
    """The page of spaces that was asked for."""
    paging = read_paging(call.query, "sp", PAGE_SIZE)
    window, after = paging.window, paging.after or 0

    def read(reader: Reader) -> tuple[Sequence[Space], int]:
        if call.actor.every_space:
            return sql.page(reader, after, window.offset, window.size + 1)
        own = sql.load(reader, call.actor.space.id)
        return ([] if own is None or window.offset or after >= own.id else [own]), 1

    (found, total), as_of = await dated(call, read)
    shown, following = page_of(found, paging.size, "sp")
    pagination = {"pagination": paging.pagination(total)} if paging.number is not None else {}
    return listed([wire(space) for space in shown], as_of, following, **pagination)


async def _space(call: Call, name: Any, what: str) -> Space:
    """The space that the path names, when the key opens it; Refusal ``not_found`` for any other."""
    own, text = call.actor.space, call.request.match_info["id"]
    if text in {own.code, name(own.code)}:
        return own
    code = text.removeprefix(name(""))
    found = await call.node.read(lambda reader: sql.by_code(reader, code)) if call.actor.every_space else None
    if found is None:
        raise unknown(what, text, "id", named=space_id(code))
    return found


def _environment(call: Call, space: Space) -> dict[str, Any]:
    return {
        "id": environment_id(space.code),
        "accountId": call.node.meta.account_id,
        "name": space.name,
        "isProd": False,
        "guestAuthentication": [],
        "features": {},
        "metadata": {},
    }

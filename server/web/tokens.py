"""Subscriber tokens over REST: what a backend makes for its browsers. They are signed, read only, and stored nowhere.

Making one takes the permission ``run``: who may start jobs for others may let them look on; who only looks may not pass
that on. It changes nothing in the store, so it leaves no event and no line of the audit.
"""

from aiohttp import web

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.times import to_wire
from listener_sdk.protocol.tokens import TokenCreate

from ..commands.definitions import find
from ..core.tokens import Claims, OfDefinition, OfJob, OfSpace, OfTag, Scope
from .answers import data
from .auth import keyring
from .call import Call


async def create(call: Call) -> web.Response:
    """Make a token. It ends with the key that makes it."""
    body, actor, keys = await call.body(TokenCreate), call.actor, keyring(call.node)
    if actor.shown is None or actor.in_browser:
        raise Refusal("forbidden", "A token is made by a key.")
    scope = await _scope(call, body)
    expires_at = call.node.clock() + int(body.ttl_s * 1000)
    claims = Claims(actor.shown.key_id, actor.shown.stamp, actor.space.id, expires_at, scope)
    return data({"token": keys.tokens.write(claims), "expiresAt": to_wire(expires_at)})


async def _scope(call: Call, body: TokenCreate) -> Scope:
    """A job or definition must be there, and within the reach of the key; of a tag there may be no jobs yet."""
    if body.tag is not None:
        return OfTag(body.tag)
    if body.definition is not None:
        code = body.definition
        row, _ = await call.node.read(lambda reader: find(reader, call.actor, code))
        return OfDefinition(row.code)
    if body.job is None:
        return OfSpace()
    return OfJob(await call.seen_job(body.job, "job"))

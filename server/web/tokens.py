"""Subscriber tokens over REST: what a backend makes for its browsers. They are signed, read only, and stored nowhere.

Making one takes the permission ``run``: who may start jobs for others may let them look on; who only looks may not pass
that on. It changes nothing in the store, so it leaves no event and no line of the audit.
"""

from aiohttp import web

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.times import to_wire
from listener_sdk.protocol.tokens import TokenCreate

from ..commands.moves import job_number, missing
from ..core.tokens import Claims, OfJob, OfSpace, Scope
from ..store import jobs as sql
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
    """A job must be there, and within the reach of the key."""
    if body.job is None:
        return OfSpace()
    job_id, space_id, reach = job_number(body.job, "job"), call.actor.space.id, call.actor.reach
    row = await call.node.read(lambda reader: sql.load(reader, space_id, job_id))
    if row is None or (reach is not None and not reach.sees(row)):
        raise missing(body.job, "job")
    return OfJob(job_id)

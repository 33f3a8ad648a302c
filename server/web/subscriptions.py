"""Durable subscriptions over REST: looked at, acked and removed. Who follows one makes it: on the stream, or by server-sent events."""

from typing import Any, Final

from aiohttp import web

from listener_sdk.protocol.events import Position
from listener_sdk.protocol.subscriptions import SubscriptionAcked

from ..commands.subscriptions import ACK, DELETE, Ack, Delete, find
from ..core.subscriptions import KIND, subscription_wire
from ..store import log
from ..store import subscriptions as sql
from ..store.database import Reader
from ..store.pages import Window
from .answers import data, success
from .call import Call
from .paging import cursor, dated, listed, page_of, page_size

PAGE_SIZE: Final = 100


async def index(call: Call) -> web.Response:
    """Those of the space, in the order of their making; a restricted key sees its own."""
    call.check_space()
    actor = call.actor
    window = Window(page_size(call.query, PAGE_SIZE), after=cursor(call.query, KIND) or 0)
    owner = None if actor.reach is None else actor.key_id

    def read(reader: Reader) -> tuple[list[dict[str, Any]], str | None]:
        head = log.head(reader)
        rows, following = page_of(sql.page(reader, actor.space.id, owner, window), window.size, KIND)
        now = call.node.clock()
        return [subscription_wire(row, head.epoch, head.seq, head.oldest, now) for row in rows], following

    (shown, following), as_of = await dated(call, read)
    return listed(shown, as_of, following)


async def show(call: Call) -> web.Response:
    """One of them."""

    def read(reader: Reader) -> dict[str, Any]:
        head, now = log.head(reader), call.node.clock()
        row = find(reader, call.actor, _name(call))
        return subscription_wire(row, head.epoch, head.seq, head.oldest, now)

    return data(await call.node.read(read))


async def acked(call: Call) -> web.Response:
    """Move its cursor, by who follows it as server-sent events."""
    space_id, name = call.actor.space.id, _name(call)

    def item(body: SubscriptionAcked) -> Ack:
        position = Position.parse(body.position, "position")
        call.node.hub.check_sent(space_id, name, position)
        return Ack(call.actor, name, position)

    stored = await call.answer(SubscriptionAcked, ACK, item, str)
    call.node.hub.acked(space_id, name, int(stored))
    return success()


async def delete(call: Call) -> web.Response:
    """Remove one: who follows it is told, and who subscribes by its name later begins anew."""
    await call.node.submit(DELETE, Delete(call.actor, _name(call)))
    return success()


def _name(call: Call) -> str:
    return call.request.match_info["name"]

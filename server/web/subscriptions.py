"""Durable subscriptions over REST: looked at, and removed. The stream makes them."""

from typing import Any, Final

from aiohttp import web

from ..commands.subscriptions import DELETE, Delete, find
from ..core.subscriptions import KIND, subscription_wire
from ..store import log
from ..store import subscriptions as sql
from ..store.database import Reader
from ..store.pages import Window
from .answers import data, success
from .call import Call
from .paging import cursor, page_of, page_size

PAGE_SIZE: Final = 100


async def index(call: Call) -> web.Response:
    """Those of the space, in the order of their making; a restricted key sees its own."""
    call.check_space()
    actor = call.actor
    window = Window(page_size(call.query, PAGE_SIZE), after=cursor(call.query, KIND) or 0)
    owner = None if actor.reach is None else actor.key_id

    def read(reader: Reader) -> tuple[list[dict[str, Any]], str | None, str]:
        head = log.head(reader)
        rows, following = page_of(sql.page(reader, actor.space.id, owner, window), window.size, KIND)
        shown = [subscription_wire(row, head.epoch, head.seq, head.oldest) for row in rows]
        return shown, following, f"{head.epoch}:{head.seq}"

    shown, following, as_of = await call.node.read(read)
    return data(shown, cursor=following, asOf=as_of)


async def show(call: Call) -> web.Response:
    """One of them."""

    def read(reader: Reader) -> dict[str, Any]:
        head = log.head(reader)
        return subscription_wire(find(reader, call.actor, _name(call)), head.epoch, head.seq, head.oldest)

    return data(await call.node.read(read))


async def delete(call: Call) -> web.Response:
    """Remove one: who follows it is told, and who subscribes by its name later begins anew."""
    await call.node.submit(DELETE, Delete(call.actor, _name(call)))
    return success()


def _name(call: Call) -> str:
    return call.request.match_info["name"]

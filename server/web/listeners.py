"""Listeners over REST: the sessions that take jobs, looked at, drained and resumed."""

from typing import Any, Final, NamedTuple

from aiohttp import web

from listener_sdk.protocol.globs import is_glob
from listener_sdk.protocol.listeners import MOST_JOBS

from ..commands.listeners import DRAIN, RESUME, Turn
from ..core.job_types import SEEN_MS
from ..core.listeners import KIND, Hands, ListenerRow, listener_wire
from ..store import job_types
from ..store import listeners as sql
from ..store.command import Command
from ..store.database import Reader
from ..store.pages import Window
from .answers import data
from .call import Call, NoBody
from .paging import cursor, dated, listed, page_of, page_size

PAGE_SIZE: Final = 50


class _Seen(NamedTuple):
    """A session, what it holds, and what else is to be known to show it."""

    row: ListenerRow
    hands: Hands
    servers: dict[str, int]
    served: frozenset[str]
    """Names of jobs that other servers serve."""


async def index(call: Call) -> web.Response:
    """Those that are connected or hold jobs, in the order of their coming; a restricted key sees its own."""
    call.check_space()
    actor = call.actor
    window = Window(page_size(call.query, PAGE_SIZE), after=cursor(call.query, KIND) or 0)
    owner = None if actor.reach is None else actor.key_id
    await call.node.listeners.note()

    def read(reader: Reader) -> tuple[list[_Seen], str | None]:
        servers = call.node.listeners.servers(reader)
        rows, following = page_of(sql.page(reader, actor.space.id, owner, servers, window), window.size, KIND)
        return _seen(call, reader, list(rows)), following

    (seen, following), as_of = await dated(call, read)
    return listed([_wire(call, one) for one in seen], as_of, following)


async def drain(call: Call) -> web.Response:
    """It gets no new jobs."""
    return await _turn(call, DRAIN)


async def resume(call: Call) -> web.Response:
    """It gets jobs again."""
    return await _turn(call, RESUME)


async def _turn(call: Call, command: Command[Turn, ListenerRow]) -> web.Response:
    await call.body(NoBody)
    number = call.number(KIND, "listener")
    row = await call.node.submit(command, Turn(call.actor, number))
    assert isinstance(row, ListenerRow)
    [seen] = await call.node.read(lambda reader: _seen(call, reader, [row]))
    return data(_wire(call, seen))


def _seen(call: Call, reader: Reader, rows: list[ListenerRow]) -> list[_Seen]:
    servers = call.node.listeners.servers(reader)
    served = _served_elsewhere(call, reader) if rows else frozenset()
    return [_Seen(row, sql.hands(reader, row.holder, MOST_JOBS), servers, served) for row in rows]


def _served_elsewhere(call: Call, reader: Reader) -> frozenset[str]:
    """Of types that other servers serve; without any there is nobody to ask."""
    if not call.node.job_types.shared:
        return frozenset()
    since = call.node.clock() - SEEN_MS
    heads = job_types.heads(reader, call.actor.space.id)
    return frozenset(head.name for head in heads if head.seen_at >= since)


def _wire(call: Call, seen: _Seen) -> dict[str, Any]:
    space_id, types = call.actor.space.id, call.node.job_types

    def online(name: str) -> bool:
        if is_glob(name):
            return False
        return name in seen.served or types.served_here(space_id, name)

    heard_at = call.node.listeners.heard_at(seen.row, seen.servers)
    return listener_wire(seen.row, seen.row.state(seen.servers), seen.hands, heard_at, online)

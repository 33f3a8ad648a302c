"""Listeners of two servers on one database: each lists, drains and buries those of the other."""

import pytest
from postgres import postgres
from stage import ADMIN, Clock, Stage

from server.commands.listeners import DRAIN, RESUME, Turn
from server.core.listeners import SEEN_MS
from server.store import listeners as sql
from server.store.pages import Window
from server.store.postgres import PostgresDatabase


@pytest.fixture
async def pair(tmp_path):
    clock = Clock()
    with postgres().lent() as url:
        found = [await Stage(tmp_path, lambda _: PostgresDatabase(url), clock).start() for _ in range(2)]
        clock.forward(found[0].facts.limits.lease_ms / 1000)
        yield found
        for stage in found:
            await stage.stop()


async def look(*stages):
    for stage in stages:
        await stage.node.listeners.look()


async def seen(stage):
    """What a server lists: the states of the sessions, by their numbers."""
    listeners = stage.node.listeners

    def read(reader):
        servers = listeners.servers(reader)
        rows = sql.page(reader, 1, None, servers, Window(10))
        return {row.id: (row.state(servers), listeners.heard_at(row, servers)) for row in rows}

    return await stage.node.read(read)


async def told(stage):
    await stage.node.tail.poll()
    await stage.idle()


async def test_each_lists_those_of_the_other(pair):
    here, there = pair
    await there.listener("workbook:export")
    await look(here, there)
    [(number, found)] = (await seen(here)).items()
    assert found == ("connected", there.clock())
    assert (await seen(there))[number][0] == "connected"


async def test_one_of_another_server_is_drained_and_resumed(pair):
    here, there = pair
    listener = await there.listener("workbook:export")
    await look(here, there)
    [number] = await seen(here)
    await here.do(DRAIN, Turn(ADMIN, number))
    await told(there)
    assert (await seen(there))[number][0] == "draining"
    assert not there.node.hub.served.takes(1, "workbook:export")
    await there.create()
    await there.idle()
    assert not listener.seen("grants")
    await here.do(RESUME, Turn(ADMIN, number))
    await told(there)
    await listener.grant()


async def test_one_that_moves_to_another_server_stays_drained(pair):
    here, there = pair
    listener = await there.listener("workbook:export")
    await look(here, there)
    [number] = await seen(here)
    await there.do(DRAIN, Turn(ADMIN, number))
    await told(here)
    listener.peer.gone()
    again = await here.listener("workbook:export")
    await look(here, there)
    assert (await seen(there))[number][0] == "draining"
    await here.create()
    await here.idle()
    assert not again.seen("grants")


async def test_those_of_a_server_that_is_gone_are_not_listed_any_more(pair):
    here, there = pair
    await there.listener("workbook:export")
    await look(here, there)
    here.clock.forward(SEEN_MS / 1000 + 1)
    assert await seen(here) == {}
    await look(here)
    assert await here.rows("SELECT COUNT(*) FROM server") == [(1,)]
    assert await here.rows("SELECT left_at FROM listener") == [(here.clock(),)]
    await look(there)
    await look(there)
    assert len(await seen(here)) == 1, "it was there all the time, and says so again"


async def test_a_server_that_stops_says_so(pair):
    here, there = pair
    listener = await there.listener("workbook:export")
    await look(here, there)
    listener.peer.gone()
    await there.node.listeners.note()
    assert await seen(here) == {}

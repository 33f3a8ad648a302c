"""What the store is told of sessions that take jobs, and when."""

import asyncio

import pytest
from stage import ADMIN

from listener_sdk.protocol.listeners import MOST_NAMES
from server.core.listeners import KEPT_MS, SEEN_MS
from server.engine.listeners import PAGE, TIDY_EVERY_MS
from server.store import listeners as sql
from server.store.database import StoreError
from server.store.pages import Window


async def known(stage):
    """The sessions that the store knows of, by holder."""
    await stage.node.listeners.note()
    rows = await stage.rows("SELECT id FROM listener ORDER BY id")
    found = await stage.node.read(lambda reader: sql.load_many(reader, [row[0] for row in rows]))
    return {row.holder: row for row in found}


async def test_a_session_is_known_with_what_it_says_of_itself(stage):
    listener = stage.connect()
    listener.say(type="hello", session="session-one", client="sdk/1", host="box:7", id=1)
    await listener.listen("workbook:export", "report:*", credit=3)
    [row] = (await known(stage)).values()
    assert (row.holder, row.key_id, row.server) == (
        f"{ADMIN.key_id}/session-one",
        ADMIN.key_id,
        stage.node.hub.server_id,
    )
    assert (row.client, row.host, row.names, row.wishes, row.credit) == (
        "sdk/1",
        "box:7",
        ["workbook:export", "report:*"],
        2,
        3,
    )
    assert (row.connected_at, row.left_at) == (stage.clock(), None)


async def test_what_it_takes_may_change_and_since_when_does_not(stage):
    listener = await stage.listener("a:b")
    since = (await known(stage))[listener.peer.holder].connected_at
    stage.clock.forward(5)
    await listener.listen(*(f"a:{n}" for n in range(MOST_NAMES + 5)), credit=0)
    row = (await known(stage))[listener.peer.holder]
    assert (len(row.names), row.wishes, row.credit, row.connected_at) == (
        MOST_NAMES,
        MOST_NAMES + 5,
        0,
        since,
    )


async def test_who_only_looks_on_is_no_listener(stage):
    onlooker = stage.connect()
    await onlooker.hello()
    onlooker.say(type="subscribe", sub="s")
    await onlooker.of_type("subscribed")
    idle = stage.connect()
    await idle.hello("session-two")
    await idle.listen(credit=5)
    assert await known(stage) == {}


async def test_one_that_goes_or_takes_nothing_any_more_has_left(stage):
    one, two = await stage.listener(session="session-one"), await stage.listener(session="session-two")
    await known(stage)
    stage.clock.forward(7)
    one.peer.gone()
    await two.listen(credit=1)
    assert [row.left_at for row in (await known(stage)).values()] == [stage.clock()] * 2


async def test_a_newer_connection_takes_its_place(stage):
    await stage.listener("a:b")
    await known(stage)
    stage.clock.forward(7)
    again = await stage.listener("a:b")
    [row] = (await known(stage)).values()
    assert (row.holder, row.connected_at, row.left_at) == (again.peer.holder, stage.clock(), None)


async def test_nothing_is_told_twice(stage):
    await stage.listener()
    assert await stage.node.listeners.note() == 1
    assert await stage.node.listeners.note() == 0


async def test_what_could_not_be_told_is_told_later(stage, monkeypatch):
    await stage.listener()

    async def refuse(*_args):
        raise StoreError("The store does not answer.")

    with monkeypatch.context() as patched:
        patched.setattr(stage.node.listeners, "_submit", refuse)
        with pytest.raises(StoreError):
            await stage.node.listeners.note()
    assert await stage.node.listeners.note() == 1


async def test_many_are_told_by_pages(stage):
    for number in range(PAGE + 1):
        await stage.listener(session=f"session-{number:04d}")
    assert await stage.node.listeners.note() == PAGE + 1
    assert await stage.rows("SELECT COUNT(*) FROM listener") == [(PAGE + 1,)]


async def test_it_is_heard_when_it_was_heard_here_last(stage):
    listener = await stage.listener()
    [row] = (await known(stage)).values()
    listeners = stage.node.listeners
    listener.peer.heard_at = stage.clock() - 4_000
    servers = await stage.node.read(listeners.servers)
    assert servers == {stage.node.hub.server_id: stage.clock()}
    assert listeners.heard_at(row, servers) == stage.clock() - 4_000
    listener.peer.gone()
    [row] = (await known(stage)).values()
    assert listeners.heard_at(row, servers) == row.left_at


async def test_a_server_that_has_its_store_alone_tidies_now_and_then(stage):
    listeners = stage.node.listeners
    assert await listeners.look() == 0
    assert await stage.rows("SELECT id FROM server") == [], "nobody has connected: nothing is written"
    listener = await stage.listener()
    assert await listeners.look() == 1
    listener.peer.gone()
    assert await listeners.look() == 1
    stage.clock.forward(max(KEPT_MS, TIDY_EVERY_MS) / 1000 + 1)
    await stage.listener(session="session-two")
    await listeners.look()
    assert await stage.rows("SELECT COUNT(*) FROM listener") == [(1,)]


async def test_after_a_restart_those_of_before_are_not_there(stage):
    await stage.listener(session="session-one")
    await stage.node.listeners.look()
    await stage.restart()
    listeners = stage.node.listeners
    listed = await stage.node.read(
        lambda reader: sql.page(reader, 1, None, listeners.servers(reader), Window(10))
    )
    assert listed == []
    stage.clock.forward(SEEN_MS / 1000)
    await stage.listener(session="session-two")
    await listeners.look()
    left = await stage.rows("SELECT left_at FROM listener ORDER BY id")
    assert left == [(stage.clock(),), (None,)]


async def test_the_loop_tells_soon_after_somebody_has_come(stage, monkeypatch):
    monkeypatch.setattr("server.engine.listeners.SOON_S", 0)
    loop = asyncio.create_task(stage.node.listeners.run())
    try:
        await stage.listener()
        async with asyncio.timeout(20):
            while await stage.rows("SELECT COUNT(*) FROM listener") == [(0,)]:  # noqa: ASYNC110 - what is waited for tells nobody that it changed
                await asyncio.sleep(0)
    finally:
        loop.cancel()


async def test_one_that_came_and_went_at_once_is_known_for_what_it_holds(stage):
    listener = await stage.listener("workbook:export")
    await stage.create()
    await listener.grant()
    listener.peer.gone()
    [row] = (await known(stage)).values()
    assert row.left_at == stage.clock()
    assert (await stage.node.read(lambda reader: sql.hands(reader, row.holder, 5))).total == 1

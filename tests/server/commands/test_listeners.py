"""Draining and resuming: a drained session gets nothing new, whatever happens to it meanwhile."""

from dataclasses import replace

import pytest
from stage import ADMIN, OTHER, STRANGER

from listener_sdk.protocol.codes import Refusal
from server.commands.listeners import BEAT, DRAIN, HEED, NOTE, RESUME, Beat, Note, Turn
from server.core.listeners import DRAINED_MS
from server.core.reach import Reach
from server.store import audit
from server.store import listeners as sql


async def noted(stage, listener):
    """The number under which a session is known."""
    await stage.node.listeners.note()
    rows = await stage.rows("SELECT id FROM listener WHERE holder = :holder", holder=listener.peer.holder)
    return rows[0][0]


async def drain(stage, listener, actor=ADMIN):
    return await stage.do(DRAIN, Turn(actor, await noted(stage, listener)))


async def test_a_drained_session_finishes_what_it_has_and_gets_nothing_new(stage):
    listener = await stage.listener("workbook:export", credit=5)
    await stage.create()
    grant = await listener.grant()
    row = await drain(stage, listener)
    assert (row.drained_at, row.drained_by) == (stage.clock(), ADMIN.key_id)
    await stage.create()
    assert await listener.ask(**listener.about("complete", grant)) is None
    await stage.idle()
    assert not listener.seen("grants")
    await stage.do(RESUME, Turn(ADMIN, row.id))
    await listener.grant()


async def test_others_get_the_jobs_meanwhile(stage):
    one = await stage.listener("workbook:export", session="session-one")
    other = await stage.listener("workbook:export", session="session-two")
    await drain(stage, one)
    for _ in range(3):
        await stage.create()
    for _ in range(3):
        await other.of_type("grants")
    assert not one.seen("grants")


@pytest.mark.parametrize("restarts", [False, True])
async def test_it_stays_drained_when_it_comes_again(stage, restarts):
    listener = await stage.listener("workbook:export")
    number = (await drain(stage, listener)).id
    listener.peer.gone()
    if restarts:
        await stage.restart()
    again = await stage.listener("workbook:export")
    await stage.create()
    await stage.idle()
    assert not again.seen("grants")
    assert await noted(stage, again) == number
    await stage.do(RESUME, Turn(ADMIN, number))
    await again.grant()


async def test_nobody_counts_on_it(stage):
    listener = await stage.listener("workbook:export")
    served = stage.node.hub.served
    number = (await drain(stage, listener)).id
    assert not served.takes(1, "workbook:export")
    await listener.listen("workbook:export", credit=3)
    await stage.idle()
    assert not served.takes(1, "workbook:export")
    await stage.do(RESUME, Turn(ADMIN, number))
    assert served.takes(1, "workbook:export")


async def test_it_is_told_and_noted_once(stage):
    listener = await stage.listener()
    row = await drain(stage, listener)
    assert (await stage.do(DRAIN, Turn(OTHER, row.id))).drained_by == ADMIN.key_id
    await stage.do(RESUME, Turn(ADMIN, row.id))
    await stage.do(RESUME, Turn(ADMIN, row.id))
    told = await stage.events("listener:drained", "listener:resumed")
    assert [one["topic"] for one in told] == ["listener:drained", "listener:resumed"]
    assert told[0]["payload"] == {"listenerId": row.public_id, "keyId": ADMIN.key_id}
    assert told[0]["context"]["actorId"] == ADMIN.key_id
    lines = await stage.node.read(lambda reader: audit.oldest(reader, 10))
    assert len(lines) == 2


async def test_one_that_nobody_may_see_is_not_found(stage):
    listener = await stage.listener()
    number = await noted(stage, listener)
    restricted = replace(OTHER, reach=Reach(jobs=("a:*",)))
    for actor, wanted in ((STRANGER, number), (ADMIN, number + 1), (restricted, number)):
        for command in (DRAIN, RESUME):
            with pytest.raises(Refusal) as refused:
                await stage.do(command, Turn(actor, wanted))
            assert refused.value.code == "not_found"


async def test_what_another_server_has_done_is_read_from_the_store(stage):
    listener = await stage.listener("workbook:export")
    number = await noted(stage, listener)
    [row] = await stage.node.read(lambda reader: sql.load_many(reader, [number]))
    connection = stage.database.connect()
    connection.begin()
    sql.set_drained(connection, replace(row, drained_at=1, drained_by="us_key_9"))
    connection.commit()
    connection.close()
    await stage.do(HEED, (number, number + 1))
    await stage.create()
    await stage.idle()
    assert not listener.seen("grants")
    assert not stage.node.hub.served.takes(1, "workbook:export")


async def test_a_drain_of_long_ago_is_forgotten(stage):
    listener = await stage.listener("workbook:export")
    await drain(stage, listener)
    listener.peer.gone()
    await stage.node.listeners.note()
    assert await stage.do(BEAT, Beat("other", 0)) is False
    stage.clock.forward(DRAINED_MS / 1000 + 1)
    assert await stage.do(BEAT, Beat("other", 0)) is True
    assert await stage.rows("SELECT id FROM listener") == []
    again = await stage.listener("workbook:export")
    await stage.create()
    await again.grant()


async def test_a_server_may_have_nothing_to_tell(stage):
    assert await stage.do(NOTE, Note("here")) is None
    assert await stage.rows("SELECT id FROM server") == [("here",)]

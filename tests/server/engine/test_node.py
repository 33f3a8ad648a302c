"""The node: what follows a commit, its loops, and its end."""

import asyncio
from dataclasses import replace
from typing import NamedTuple

import pytest
from situations import reach
from stage import ADMIN, DEADLINE_S, Stage

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.spaces import SpaceCreate
from server.commands.spaces import CREATE_SPACE, DELETE_SPACE, CreateSpace, DeleteSpace
from server.core.actors import Space
from server.engine import due, node
from server.store.database import DiskFullError, StoreError
from server.store.log import Stored


class Usage(NamedTuple):
    total: int
    free: int


async def test_a_node_starts_drains_and_stops(tmp_path):
    stage = Stage(tmp_path)
    assert stage.node.state == "starting"
    await stage.start()
    assert stage.node.state == "ready"
    await stage.node.drain()
    assert stage.node.state == "draining"
    await stage.stop()


async def test_a_stopped_node_takes_nothing_more(stage):
    await stage.node.stop()
    with pytest.raises(StoreError):
        await stage.create()


async def test_what_was_taken_before_the_stop_is_done(stage):
    made = [asyncio.create_task(stage.create()) for _ in range(50)]
    await asyncio.sleep(0)
    await stage.node.stop()
    assert len(await asyncio.gather(*made)) == 50
    await stage.restart()
    assert len(await stage.events("job:created")) == 50


async def test_stopping_ends_subscriptions_that_read_history(stage):
    for _ in range(5):
        await stage.create()
    await stage.restart()
    listener = stage.connect()
    await listener.hello()
    listener.say(type="subscribe", sub="s", after="oldest")
    await stage.node.stop()
    assert stage.node.subscriptions.all() == []


async def test_the_loops_run_by_themselves(tmp_path, monkeypatch):
    monkeypatch.setattr(due, "EVERY_S", 0.001)
    monkeypatch.setattr(node, "IDLE_EVERY_S", 0.001)
    stage = Stage(tmp_path)
    await stage.node.start()
    try:
        found = await reach(stage, "scheduled")
        watcher = stage.connect()
        await watcher.hello("session-eye")
        watcher.say(type="subscribe", sub="s", topics=["invoice:*"])
        stage.clock.forward(60)
        assert (await watcher.of_type("position"))["sub"] == "s"
        async with asyncio.timeout(DEADLINE_S):
            while (await stage.row(found.job)).status != "ready":
                await stage.idle()
    finally:
        await stage.stop()


async def test_a_reader_that_stands_still_is_cut_although_nothing_new_is_said(stage):
    listener = stage.connect()
    stage.node.sockets.enter(listener.peer)
    now_s = [0.0]
    listener.outbox._now_s = lambda: now_s[0]
    listener.reads = False
    listener.outbox.send({"type": "drain"})
    stage.node.rest()
    assert not listener.was_cut
    now_s[0] = 11.0
    stage.node.rest()
    assert listener.was_cut


async def test_a_query_sees_what_was_committed_before_it(stage):
    job = await stage.create()
    assert await stage.rows("SELECT id FROM job") == [(job.id,)]


async def test_refusals_of_one_item_leave_the_others_of_its_batch(stage):
    results = await asyncio.gather(
        *(stage.create(parentId="x") if n % 2 else stage.create() for n in range(10)), return_exceptions=True
    )
    assert [isinstance(result, Refusal) for result in results] == [bool(n % 2) for n in range(10)]
    assert len(await stage.events("job:created")) == 5


async def test_with_too_little_room_nothing_is_stored(stage):
    stage.node.room.low = "The disk is nearly full."
    with pytest.raises(DiskFullError, match="nearly full"):
        await stage.create()
    assert await stage.rows("SELECT COUNT(*) FROM job") == [(0,)]
    stage.node.room.low = None
    await stage.create()


async def test_jobs_that_became_ready_without_room_are_granted_when_it_comes_back(stage):
    giver = await stage.listener(session="session-one")
    await stage.create()
    grant = await giver.grant()
    taker = await stage.listener(session="session-two")
    stage.node.room.low = "The disk is nearly full."
    giver.say(type="listen", jobs=[], credit=0, id=7)
    giver.say(**giver.leases("release", grant))
    await stage.idle()
    assert taker.seen("grants") == []
    stage.clock.forward(100)
    stage.node.room.low = None
    stage.node._room_again()
    assert (await taker.grant())["job"]["id"] == grant["job"]["id"]
    assert stage.facts.limits.reap_after == stage.clock() + stage.facts.limits.lease_ms


async def test_the_disk_is_asked_before_the_first_call(tmp_path, monkeypatch):
    stage = Stage(tmp_path)
    monkeypatch.setattr(stage.node.room, "_usage", lambda _folder: Usage(10**15, 1))
    await stage.node.start()
    try:
        assert "nearly full" in stage.node.room.low
    finally:
        await stage.stop()


async def test_connections_in_a_space_that_another_server_deleted_end(stage):
    acme = await stage.do(CREATE_SPACE, CreateSpace(ADMIN, SpaceCreate(name="Acme")))
    inside, outside = stage.connect(replace(ADMIN, space=acme)), stage.connect()
    for listener in (inside, outside):
        stage.node.sockets.enter(listener.peer)
    await stage.do(DELETE_SPACE, DeleteSpace(ADMIN, acme.id))
    stage.facts.spaces[acme.id] = acme
    await heard(stage)
    assert (inside.closed, outside.closed) == (4401, None)
    assert not stage.facts.spaces[acme.id].open


async def test_a_space_that_another_server_removed_is_forgotten(stage):
    acme = Space(9, "acme", "Acme")
    stage.facts.learn([acme])
    inside = stage.connect(replace(ADMIN, space=acme))
    stage.node.sockets.enter(inside.peer)
    await heard(stage)
    assert inside.closed == 4401
    assert set(stage.facts.spaces) == {1, 2}


async def heard(stage):
    """What others have said of spaces has come."""
    stage.node._heard([Stored(1, 1, "space:deleted", None, 0, "{}")])
    await stage.node._learning

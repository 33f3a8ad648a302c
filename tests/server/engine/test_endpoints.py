"""Deliveries are made of each event once, in order, whoever tries it, and however a server ends."""

import asyncio

import pytest
from aging import loop
from posted import change, endpoint, make, publish, state, told
from stage import ADMIN, STRANGER, opened

from server.commands import endpoint_messages, endpoint_replays
from server.commands.endpoints import DELETE_ENDPOINT, DeleteEndpoint
from server.engine.endpoints import EndpointLoop

URL = "https://a.example/"


@pytest.fixture
async def stage(tmp_path):
    async with opened(tmp_path) as found:
        yield found


async def made(stage):
    """The events for each endpoint, by their places in the log."""
    rows = await stage.rows("SELECT endpoint_id, seq FROM endpoint_message ORDER BY id")
    return [tuple(row) for row in rows]


def another(stage):
    """A second server on the same store."""
    node = stage.node
    return EndpointLoop(node.log, node.submit, node.read, node._read_page, stage.clock, lambda: None)


async def test_each_endpoint_hears_what_comes_after_it_was_made(stage):
    await publish(stage)
    first = await endpoint(stage, URL)
    one = await publish(stage)
    second = await endpoint(stage, URL)
    two = await publish(stage)
    assert await make(stage) == 3
    assert await made(stage) == [(first.id, one), (first.id, two), (second.id, two)]
    assert await make(stage) == 0


async def test_an_endpoint_hears_of_others_but_not_of_itself(stage):
    first = await endpoint(stage, URL, topics=["endpoint:*"])
    second = await endpoint(stage, URL)
    await change(stage, first, name="One")
    await change(stage, second, name="Two")
    await make(stage)
    topics = await stage.rows("SELECT topic FROM endpoint_message ORDER BY id")
    assert [row[0] for row in topics] == ["endpoint:created", "endpoint:updated"]


async def test_a_change_counts_for_what_comes_after_it(stage):
    row = await endpoint(stage, URL, filter={"payload": {"n": 1}})
    await publish(stage, 2)
    one = await publish(stage, 1)
    await make(stage)
    await change(stage, row, filter=None, topics=["other:*"])
    two = await publish(stage, 3, topic="other:thing")
    await publish(stage, 1)
    await make(stage)
    assert await made(stage) == [(row.id, one), (row.id, two)]


async def test_what_comes_while_it_is_disabled_or_after_its_end_is_not_for_it(stage):
    row = await endpoint(stage, URL)
    await change(stage, row, enabled=False)
    await publish(stage)
    await make(stage)
    await change(stage, row, enabled=True)
    one = await publish(stage)
    await make(stage)
    await stage.do(DELETE_ENDPOINT, DeleteEndpoint(ADMIN, row.id))
    await publish(stage)
    await make(stage)
    assert await made(stage) == [(row.id, one)]


async def test_spaces_do_not_hear_each_other(stage):
    mine = await endpoint(stage, URL)
    other = await endpoint(stage, URL, actor=STRANGER)
    one = await publish(stage)
    two = await publish(stage, actor=STRANGER)
    await make(stage)
    assert await made(stage) == [(mine.id, one), (other.id, two)]


async def test_two_servers_make_each_delivery_once(stage):
    row = await endpoint(stage, URL)
    places = [await publish(stage, number) for number in range(30)]
    await stage.idle()
    loops = [another(stage), another(stage), stage.node.endpoints]
    counts = await asyncio.gather(*(loop.look() for loop in loops))
    assert sum(counts) == 30
    assert await made(stage) == [(row.id, seq) for seq in places]


async def test_a_server_goes_on_where_it_ended(stage):
    row = await endpoint(stage, URL)
    places = [await publish(stage, number) for number in range(3)]
    await make(stage)
    places += [await publish(stage, number) for number in range(3)]
    await stage.restart()
    assert await make(stage) == 3
    assert await made(stage) == [(row.id, seq) for seq in places]
    await stage.restart()
    assert await make(stage) == 0


async def test_events_at_which_nobody_looks_do_not_wake_it_and_are_noted_now_and_then(stage):
    await endpoint(stage, URL)
    await make(stage)
    loop = stage.node.endpoints
    loop._wake.clear()
    await publish(stage, topic="other:thing")
    await stage.idle()
    assert not loop._wake.is_set()
    stage.clock.forward(11)
    await make(stage)
    await stage.idle()
    [(seq,)] = await stage.rows("SELECT seq FROM endpoint_cursor")
    assert seq == stage.node.log.seq


async def test_a_server_without_endpoints_writes_nothing_down(stage):
    await publish(stage)
    await make(stage)
    stage.clock.forward(11)
    await publish(stage)
    await make(stage)
    await stage.idle()
    assert await stage.rows("SELECT seq FROM endpoint_cursor") == []


async def test_too_many_that_wait_are_left_out_counted_and_told_once_a_minute(stage, monkeypatch):
    monkeypatch.setattr(endpoint_messages, "MOST_PENDING", 2)
    row = await endpoint(stage, URL)
    for number in range(5):
        await publish(stage, number)
    assert await make(stage) == 2
    await publish(stage)
    await make(stage)
    assert (await state(stage, row)).missed == 4
    assert await told(stage) == ["created", "overflowed"]
    stage.clock.forward(60)
    await publish(stage)
    await make(stage)
    assert [event["payload"]["missed"] for event in await stage.events("endpoint:overflowed")] == [3, 5]


async def test_what_the_store_keeps_no_more_is_counted_and_told_and_can_be_had_from_the_log(stage):
    row = await endpoint(stage, URL)
    for number in range(5):
        await publish(stage, number)
    await make(stage)
    went = await loop(stage, deliveries=2).look()
    assert went.endpoint_deliveries == 3
    assert (await state(stage, row)).missed == 3
    assert await told(stage) == ["created", "overflowed"]
    [event] = await stage.events("endpoint:overflowed")
    assert "TICKWIRE_DELIVERIES" in event["payload"]["message"]
    assert (await loop(stage, deliveries=2).look()).endpoint_deliveries == 0
    found = await stage.node.read(
        lambda reader: endpoint_replays.find(reader, ADMIN, row.id, 0, stage.clock() + 1, 0)
    )
    assert (await stage.do(endpoint_replays.REPLAY_MISSED, found)).count == 3

"""What is decided on a reader's view is done once, and only while nobody else has moved the cursor."""

import pytest
from posted import change, endpoint
from stage import opened

from server.commands import endpoint_messages as commands
from server.commands.endpoint_messages import (
    MAKE_DELIVERIES,
    MISS_ENDPOINT_EVENTS,
    MOVE_ENDPOINTS,
    Missed,
    Wanted,
)


@pytest.fixture
async def stage(tmp_path):
    async with opened(tmp_path) as found:
        yield found


async def decided(stage, *places, number=1):
    wanted = [Wanted(1, number, seq, "a:b", "{}") for seq in places]
    return await stage.node.read(lambda reader: commands.decide(reader, wanted, places[-1]))


async def seqs(stage):
    return [row[0] for row in await stage.rows("SELECT seq FROM endpoint_message ORDER BY id")]


async def test_who_comes_late_does_nothing_and_decides_anew(stage):
    await endpoint(stage, "https://a.example")
    first, second = await decided(stage, 5, 6), await decided(stage, 5, 6, 7)
    assert await stage.do(MAKE_DELIVERIES, first) == 2
    assert await stage.do(MAKE_DELIVERIES, second) is None
    assert await stage.do(MAKE_DELIVERIES, await decided(stage, 5, 6, 7)) == 1
    assert await seqs(stage) == [5, 6, 7]


async def test_an_endpoint_that_is_disabled_meanwhile_hears_nothing(stage):
    row = await endpoint(stage, "https://a.example")
    await change(stage, row, enabled=False)
    assert (await decided(stage, 5)).wanted == []


async def test_so_many_wait_and_what_comes_beyond_is_counted(stage, monkeypatch):
    monkeypatch.setattr(commands, "MOST_PENDING", 2)
    await endpoint(stage, "https://a.example")
    found = await decided(stage, 5, 6, 7, 8)
    assert ([one.seq for one in found.wanted], dict(found.missed)) == ([5, 6], {1: 2})
    assert await stage.do(MAKE_DELIVERIES, found) == 2
    [event] = await stage.events("endpoint:overflowed")
    assert event["payload"]["missed"] == 2


async def test_events_that_were_removed_are_told_to_spaces_that_may_have_heard_them(stage):
    await endpoint(stage, "https://a.example")
    cursor = (await decided(stage, 5)).cursor
    await stage.do(MISS_ENDPOINT_EVENTS, Missed(cursor, 5, 9, (1, 77)))
    await stage.do(MISS_ENDPOINT_EVENTS, Missed(cursor, 5, 9, (1,)))
    [event] = await stage.events("endpoint:events-missed")
    assert event["payload"] == {"after": 5, "before": 9}
    assert await stage.rows("SELECT seq FROM endpoint_cursor") == [(8,)]


async def test_the_cursor_never_goes_back(stage):
    await stage.do(MOVE_ENDPOINTS, 9)
    await stage.do(MOVE_ENDPOINTS, 5)
    assert await stage.rows("SELECT version, seq FROM endpoint_cursor") == [(2, 9)]

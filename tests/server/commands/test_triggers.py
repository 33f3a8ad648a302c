"""What was decided about events is done only while it holds, and told."""

import pytest
from defined import change
from stage import opened
from triggered import decided, made, matched, triggered

from server.commands.triggers import MOVE_TRIGGERS, START_TRIGGERED
from server.store import triggers as sql
from server.store.triggers import WHOLE


@pytest.fixture
async def stage(tmp_path):
    async with opened(tmp_path) as found:
        yield found


async def test_what_is_done_already_is_left_out(stage):
    row = await triggered(stage)
    one, two = await matched(stage, row), await matched(stage, row)
    assert (await stage.do(START_TRIGGERED, await decided(stage, one))).started == 1
    batch = await decided(stage, one, two)
    assert [decision.match for decision in batch.decisions] == [two]
    assert await stage.do(START_TRIGGERED, await decided(stage, one, two)) is not None
    assert (await decided(stage, one, two)).decisions == []
    assert len(await made(stage)) == 2


async def test_nothing_is_done_twice_or_of_what_has_changed(stage):
    row = await triggered(stage)
    batch = await decided(stage, await matched(stage, row))
    assert (await stage.do(START_TRIGGERED, batch)).started == 1
    assert await stage.do(START_TRIGGERED, batch) is None
    batch = await decided(stage, await matched(stage, row))
    await change(stage, params={"a": 1})
    assert await stage.do(START_TRIGGERED, batch) is None
    assert len(await made(stage)) == 1


async def test_a_start_that_cannot_be_dealt_with_is_told(stage):
    row = await triggered(stage)
    batch = await decided(stage, await matched(stage, row), failed="The server failed.")
    report = await stage.do(START_TRIGGERED, batch)
    assert (report.started, report.told[0]["reason"]) == (0, "internal")
    [told] = await stage.events("definition:trigger-failed")
    assert told["payload"]["message"] == "The server failed."
    assert told["context"]["actorId"] == "system"


async def test_the_cursor_is_moved_forward_only(stage):
    await stage.do(MOVE_TRIGGERS, 9)
    await stage.do(MOVE_TRIGGERS, 5)
    assert (await stage.node.read(sql.cursor)).place == (9, WHOLE, 0)

"""What is decided about an event."""

import pytest
from defined import change
from stage import SPACE, opened
from triggered import decided, matched, publish, triggered

from server.commands.trigger_decisions import matches_waiting
from server.store.command import Command
from server.store.triggers import Waiting

FORGET_TYPES = Command("forget_types", lambda tx, _: tx.run("DELETE FROM job_type"))


@pytest.fixture
async def stage(tmp_path):
    async with opened(tmp_path) as found:
        yield found


async def test_a_match_of_triggers_that_are_others_now_is_dropped(stage):
    row = await triggered(stage)
    one = await matched(stage, row)
    await change(stage, triggers=[{"topic": "invoice:**"}])
    [decision] = (await decided(stage, one)).decisions
    assert (decision.row, decision.launch, decision.refusal, decision.reason) == (None,) * 4


async def test_a_space_of_another_server_is_read(stage):
    row = await triggered(stage)
    [decision] = (await decided(stage, await matched(stage, row), spaces={})).decisions
    assert decision.launch.actor.space == SPACE


async def test_an_unknown_job_type_is_told(stage):
    row = await triggered(stage)
    await stage.do(FORGET_TYPES, None)
    [decision] = (await decided(stage, await matched(stage, row))).decisions
    assert (decision.refusal.code, decision.refusal.key) == ("not_found", "jobType")


async def test_events_of_starts_that_wait(stage):
    row = await triggered(stage)
    seq = await publish(stage, payload={"n": 1})
    rows = [Waiting(n, 1, row.id, 0, place, 1, 100, 200) for n, place in enumerate((seq, 10**6))]
    there, gone = await stage.node.read(lambda reader: matches_waiting(reader, rows))
    assert (there.event["payload"], there.at, there.waiting) == ({"n": 1}, stage.clock(), rows[0])
    assert (gone.event, gone.at) == ({}, 100)

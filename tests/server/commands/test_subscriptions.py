"""Durable subscriptions as commands: who may, how many, and what is told."""

from dataclasses import replace

import pytest
from stage import ADMIN, OTHER

from listener_sdk.protocol.codes import Refusal
from server.commands import subscriptions as module
from server.commands.subscriptions import DELETE, FOLLOW, MARK, Delete, Follow, Mark, find
from server.core.reach import Reach
from server.core.subscriptions import Start

LIMITED = replace(OTHER, key_id="us_key_0000000009", reach=Reach(topics=("a:*",)))


async def follow(stage, name="billing", actor=OTHER):
    start = Start(stage.node.epoch, 0, chosen=False)
    return await stage.do(FOLLOW, Follow(actor, name, '["a:*"]', '{"job":"x"}', "h", start))


async def test_the_first_makes_it_and_says_so(stage):
    await follow(stage)
    await follow(stage)
    (event,) = await stage.events("subscription:created")
    assert event["payload"] == {
        "name": "billing",
        "topics": ["a:*"],
        "filter": {"job": "x"},
        "position": f"{stage.node.epoch}:0",
    }
    assert event["context"]["actorId"] == OTHER.key_id


async def test_a_space_has_only_so_many(stage, monkeypatch):
    monkeypatch.setattr(module, "MOST_SUBSCRIPTIONS", 2)
    await follow(stage, "a")
    await follow(stage, "b")
    with pytest.raises(Refusal) as refused:
        await follow(stage, "c")
    assert refused.value.code == "limit"
    await follow(stage, "b")


async def test_of_others_a_restricted_key_has_nothing(stage):
    await follow(stage)
    for act in (follow(stage, actor=LIMITED), stage.do(DELETE, Delete(LIMITED, "billing"))):
        with pytest.raises(Refusal) as refused:
            await act
        assert refused.value.code == "forbidden"
    with pytest.raises(Refusal) as refused:
        await stage.node.read(lambda reader: find(reader, LIMITED, "billing"))
    assert refused.value.code == "not_found"
    await follow(stage, "own", LIMITED)
    assert (await stage.node.read(lambda reader: find(reader, LIMITED, "own"))).name == "own"


async def test_one_that_is_not_there_cannot_be_removed_or_told_of(stage):
    with pytest.raises(Refusal) as refused:
        await stage.do(DELETE, Delete(ADMIN, "nobody's"))
    assert refused.value.code == "not_found"
    await stage.do(MARK, Mark(7, late=True))
    assert await stage.events() == []


async def test_that_it_is_late_is_told_once_with_how_far(stage):
    row = await follow(stage)
    await stage.do(MARK, Mark(row.id, late=True))
    await stage.do(MARK, Mark(row.id, late=True))
    (event,) = await stage.events("subscription:behind")
    assert event["payload"] == {"name": "billing", "position": f"{stage.node.epoch}:0", "behind": 1}

"""What the triggers of a space may look at all together."""

import pytest
from defined import change, declare, define
from stage import STRANGER

from listener_sdk.protocol.codes import Refusal
from server.commands import definition_triggers


async def test_the_triggers_of_a_space_look_at_so_many_topics(stage, monkeypatch):
    await declare(stage)
    monkeypatch.setattr(definition_triggers, "MOST_PATTERNS", 4)
    three = [{"topic": "a:b, a:*"}, {"topic": "c:d"}]
    await define(stage, jobDefinitionCode="a", triggers=three)
    await define(stage, jobDefinitionCode="off", enabled=False, triggers=three)
    await define(stage, STRANGER, jobType="noop", params={}, triggers=three)
    for made in (
        define(stage, jobDefinitionCode="b", triggers=[{"topic": "a:b, c:d"}]),
        change(stage, which="off", enabled=True),
        change(stage, which="a", triggers=[*three, {"topic": "a:b, c:d"}]),
    ):
        with pytest.raises(Refusal, match="look at 4 topics and patterns at most") as caught:
            await made
        assert (caught.value.code, caught.value.key) == ("limit", "jobDefinition.triggers")
    assert (await change(stage, which="a", triggers=[*three, {"topic": "a:b"}])).patterns == 4
    assert (await change(stage, which="a", enabled=False)).patterns == 0
    assert (await change(stage, which="off", enabled=True)).patterns == 3

"""Rules are checked when a definition is made or changed: members that are there, secrets that its jobs may use."""

import pytest
from defined import change, declare, define
from notified import member, set_aside
from stage import ADMIN

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.secrets import SecretWrite
from server.commands.definitions import DELETE_DEFINITION, DeleteDefinition
from server.commands.secrets import SET_SECRET, SetSecret

STRANGER = encode("mem", 99)


async def made(stage, *rules, **fields):
    await declare(stage, inputSchema={"type": "object"})
    return await define(stage, params={}, notifications=list(rules), **fields)


async def refused(stage, *rules):
    with pytest.raises(Refusal) as raised:
        await made(stage, *rules)
    return [(one.key, one.message) for one in raised.value.all]


async def test_members_of_the_space_are_taken_also_when_they_were_set_aside(stage):
    ada = await member(stage)
    await set_aside(stage, ada)
    row = await made(stage, {"channels": ["inbox"], "members": [ada.public_id]})
    assert row.recipe.notifications[0]["members"] == [ada.public_id]


async def test_all_that_is_wrong_is_told_by_its_path(stage):
    ada = await member(stage)
    body = SecretWrite.model_validate({"name": "OTHER", "value": "x", "jobs": ["other:*"]})
    await stage.do(SET_SECRET, SetSecret(ADMIN, body, stage.node.sealer))
    found = await refused(
        stage,
        {"channels": ["inbox"], "members": [ada.public_id, STRANGER]},
        {"channels": ["slack"], "slack": "https://x/{{ secrets.NONE }}/{{ event.id }}"},
        {"channels": ["webhook"], "webhook": "{{ secrets.OTHER }}", "webhookSecret": "{{ secrets.NONE }}"},
        {"channels": ["slack"], "slack": "https://x/{{ nonsense( }}"},
    )
    assert [key for key, _ in found] == [
        "notifications[0].members[1]",
        "notifications[1].slack",
        "notifications[1].slack",
        "notifications[2].webhook",
        "notifications[2].webhookSecret",
        "notifications[3].slack",
    ]
    assert f"there is no member {STRANGER} in this space" in found[0][1]
    assert "event is not known here" in found[1][1]
    assert "there is no secret NONE" in found[2][1]
    assert "not for this job, but for other:*" in found[3][1]


async def test_a_rule_is_checked_when_it_is_changed_and_can_be_taken_away(stage):
    row = await made(stage, {"channels": ["inbox"], "starter": True})
    with pytest.raises(Refusal):
        await change(stage, notifications=[{"channels": ["inbox"], "members": [STRANGER]}])
    changed = await change(stage, notifications=[])
    assert changed.recipe.notifications == []
    assert changed.version == row.version + 1


async def test_what_waits_to_be_told_goes_with_the_definition(stage):
    row = await made(stage)
    await stage.do(DELETE_DEFINITION, DeleteDefinition(ADMIN, row.code))
    assert await stage.rows("SELECT 1 FROM notification_rule") == []

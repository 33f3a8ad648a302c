"""Hand-overs: of one schedule, of all of somebody, and to the fallback owner."""

import pytest
from defined import change
from scheduled import edit, look, now, schedule, scheduled
from stage import ADMIN, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.members import MemberCreate, MemberUpdate
from listener_sdk.protocol.schedules import HandOver, HandOverAll
from server.commands import members
from server.commands.ownership import HAND_OVER, HAND_OVER_ALL, HandOverSchedule, HandOverSchedules
from server.core.actors import Actor
from server.store import definitions as definitions_sql

HOUR = 3_600_000


async def person(stage, name, role="operator"):
    body = MemberCreate(name=name, email=f"{name.lower()}@example.com", role=role)
    made = await stage.do(members.CREATE_MEMBER, members.CreateMember(ADMIN, body))
    return Actor(made.public_id, role, ADMIN.space)


async def set_aside(stage, actor, number):
    await stage.do(members.UPDATE_MEMBER, members.UpdateMember(ADMIN, number, MemberUpdate(active=False)))


async def give(stage, row, actor=ADMIN, **fields):
    return await stage.do(HAND_OVER, HandOverSchedule(actor, row.id, HandOver.model_validate(fields)))


async def test_runs_that_were_lost_come_again_with_a_new_owner(stage):
    ada, bea = await person(stage, "Ada"), await person(stage, "Bea")
    row = await scheduled(stage, actor=ADMIN)
    row = await edit(stage, row, ada, fallbackOwner=bea.key_id)
    await set_aside(stage, ada, 1)
    assert await look(stage, row.next_at) == 0
    [lost] = await stage.events("schedule:failed")
    assert lost["payload"]["reason"] == "owner_inactive"
    handed = await give(stage, row, bea)
    assert (handed.rows[0].owner, handed.rows[0].fallback_owner) == (bea.key_id, None)
    assert await look(stage, row.next_at + HOUR) == 1
    told = (await stage.events("schedule:owner-changed"))[-1]["payload"]
    assert (told["owner"], told["formerOwner"]) == (bea.key_id, ada.key_id)


async def test_runs_without_an_owner_do_not_pause_what_another_takes_over(stage):
    ada, bea = await person(stage, "Ada"), await person(stage, "Bea")
    row = await scheduled(stage)
    row = await edit(stage, row, ada, name="Mornings", pauseAfter=2)
    await set_aside(stage, ada, 1)
    for hour in range(3):
        await look(stage, row.next_at + hour * HOUR)
    assert len(await stage.events("schedule:failed")) == 3
    assert ((await now(stage, row)).state, (await now(stage, row)).failures) == ("active", 0)
    await give(stage, row, bea, owner=bea.key_id)
    assert await look(stage, row.next_at + 3 * HOUR) == 1


async def test_a_role_that_may_not_have_jobs_run_is_as_no_owner(stage):
    ada = await person(stage, "Ada")
    row = await scheduled(stage)
    row = await edit(stage, row, ada, name="Mornings")
    for role, made in (("viewer", 0), ("operator", 1)):
        item = members.UpdateMember(ADMIN, 1, MemberUpdate(role=role))
        await stage.do(members.UPDATE_MEMBER, item)
        assert await look(stage, row.next_at + made * HOUR) == made
    [lost] = await stage.events("schedule:failed")
    assert lost["payload"]["reason"] == "owner_inactive"
    assert lost["payload"]["message"] == (
        "Ada, who owns the schedule Mornings, is a viewer now, and may not have jobs run at set times. Hand it over: "
        f"tickwire schedules hand-over {row.public_id} --to MEMBER"
    )


async def test_recipients_may_be_replaced_with_the_owner(stage):
    ada, bea = await person(stage, "Ada"), await person(stage, "Bea")
    rules = [
        {"channels": ["inbox"], "members": [ada.key_id, bea.key_id]},
        {"on": "all", "channels": ["inbox"], "starter": True},
    ]
    row = await scheduled(stage, notifications=rules)
    row = await edit(stage, row, ada, name="Ada's")
    assert (await give(stage, row, owner=bea.key_id)).still_recipient == 1
    await give(stage, row, owner=ada.key_id)
    handed = await give(stage, row, owner=bea.key_id, replaceRecipient=True)
    assert handed.still_recipient == 0
    found = (await now(stage, row)).said.facts["notifications"]
    assert [rule["members"] for rule in found] == [[bea.key_id], []]


async def rules_of_definition(stage):
    found = await stage.node.read(lambda reader: definitions_sql.find(reader, 1, "nightly"))
    return [rule["members"] for rule in found.row.recipe.notifications]


async def test_rules_of_the_definition_count_and_change_with_it(stage):
    ada, bea = await person(stage, "Ada"), await person(stage, "Bea")
    row = await scheduled(stage)
    await change(stage, notifications=[{"channels": ["inbox"], "members": [ada.key_id]}])
    row = await edit(stage, row, ada, name="Ada's")
    handed = await give(stage, row, bea, owner=bea.key_id, replaceRecipient=True)
    assert (handed.still_recipient, handed.definitions) == (1, ("nightly",))
    handed = await give(stage, row, owner=bea.key_id, replaceRecipient=True)
    assert (handed.still_recipient, handed.definitions) == (0, ())
    assert await rules_of_definition(stage) == [[bea.key_id]]
    told = (await stage.events("definition:updated"))[-1]["payload"]
    assert told["changed"] == ["notifications"]


async def test_recipients_may_be_replaced_later(stage):
    ada, bea = await person(stage, "Ada"), await person(stage, "Bea")
    row = await scheduled(stage, notifications=[{"channels": ["inbox"], "members": [ada.key_id]}])
    row = await edit(stage, row, ada, name="Ada's", fallbackOwner=bea.key_id)
    assert (await give(stage, row)).still_recipient == 1
    with pytest.raises(Refusal, match="no fallback owner"):
        await give(stage, row)
    before = await now(stage, row)
    assert (await give(stage, row, replaceRecipient=True)).still_recipient == 0
    after = await now(stage, row)
    assert [rule["members"] for rule in after.said.facts["notifications"]] == [[bea.key_id]]
    assert (after.owner, after.former_owner, after.version) == (bea.key_id, ada.key_id, before.version + 1)
    assert (await give(stage, row, replaceRecipient=True)).rows == [after]


async def test_recipients_of_all_may_be_replaced_later(stage):
    ada, bea = await person(stage, "Ada"), await person(stage, "Bea")
    row = await scheduled(stage, notifications=[{"channels": ["inbox"], "members": [ada.key_id]}])
    await edit(stage, row, ada, name="Ada's")
    item = HandOverAll(former=ada.key_id, owner=bea.key_id)
    assert (await stage.do(HAND_OVER_ALL, HandOverSchedules(ADMIN, item))).still_recipient == 1
    with pytest.raises(Refusal) as caught:
        await stage.do(HAND_OVER_ALL, HandOverSchedules(ADMIN, item))
    assert caught.value.code == "not_found"
    for fields in ({"owner": bea.key_id}, {}):
        item = HandOverAll(former=ada.key_id, replace_recipient=True, **fields)
        assert (await stage.do(HAND_OVER_ALL, HandOverSchedules(ADMIN, item))).still_recipient == 0
    assert (await now(stage, row)).said.facts["notifications"][0]["members"] == [bea.key_id]


async def test_a_key_that_takes_over_is_nobody_to_tell(stage):
    ada = await person(stage, "Ada")
    row = await scheduled(stage, notifications=[{"channels": ["inbox"], "members": [ada.key_id]}])
    await edit(stage, row, ada, name="Ada's")
    handed = await give(stage, row, owner=ADMIN.key_id, replaceRecipient=True)
    assert (handed.still_recipient, handed.definitions) == (1, ())
    await edit(stage, row, name="Ours")


async def test_all_of_somebody_go_together_or_not_at_all(stage):
    ada, bea = await person(stage, "Ada"), await person(stage, "Bea")
    rows = [await scheduled(stage), await schedule(stage), await schedule(stage)]
    for row in rows[:2]:
        await edit(stage, row, ada, name="Ada's")
    item = HandOverAll(former=ada.key_id)
    with pytest.raises(Refusal, match="no fallback owner"):
        await stage.do(HAND_OVER_ALL, HandOverSchedules(ADMIN, item))
    item = HandOverAll(former=ada.key_id, owner=bea.key_id)
    handed = await stage.do(HAND_OVER_ALL, HandOverSchedules(ADMIN, item))
    assert [row.id for row in handed.rows] == [row.id for row in rows[:2]]
    assert (await now(stage, rows[2])).owner == ADMIN.key_id
    with pytest.raises(Refusal) as caught:
        await stage.do(HAND_OVER_ALL, HandOverSchedules(STRANGER, item))
    assert caught.value.code == "not_found"


async def test_nobody_is_made_an_owner_by_those_who_are_no_administrators(stage):
    ada, bea = await person(stage, "Ada"), await person(stage, "Bea")
    row = await scheduled(stage)
    with pytest.raises(Refusal) as caught:
        await give(stage, row, ada, owner=bea.key_id)
    assert caught.value.code == "forbidden"
    assert (await give(stage, row, ada, owner=ada.key_id)).rows[0].owner == ada.key_id


@pytest.mark.parametrize("name", ["us_mem_00000zzzzz", "us_key_0000000001", "Ada"])
async def test_an_owner_is_a_member(stage, name):
    row = await scheduled(stage)
    with pytest.raises(Refusal) as caught:
        await give(stage, row, owner=name)
    assert (caught.value.code, caught.value.key) == ("not_found", "owner")

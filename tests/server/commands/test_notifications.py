"""Inboxes are read one by one or as a whole, and who reads tells the other windows of the member."""

import pytest
from notified import as_member, inbox, member

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import decode
from server.commands.notification_decisions import Group, Noted, Target
from server.commands.notification_messages import NOTE
from server.commands.notifications import READ_NOTIFICATION, READ_NOTIFICATIONS, ReadMany, ReadOne
from server.core.notifications import Audience, RuleKey
from server.store import notification_rules as sql


async def filled(stage, row, count):
    for number in range(count):
        cursor = await stage.node.read(sql.cursor)
        target = Target(Audience(inbox=(row.public_id,)), "Nightly")
        group = Group(RuleKey(1, "definition", number, 0), target, ({"result": "failed"},))
        await stage.do(NOTE, Noted(cursor, 1, [group]))
    return [decode("nt", one["id"]) for one in reversed(await inbox(stage, row))]


async def test_one_is_read_once(stage):
    ada = await member(stage)
    [number] = await filled(stage, ada, 1)
    read = await stage.do(READ_NOTIFICATION, ReadOne(as_member(ada), number))
    stage.clock.forward(5)
    assert await stage.do(READ_NOTIFICATION, ReadOne(as_member(ada), number)) == read
    [event] = await stage.events("notification:read")
    assert event["payload"] == {"memberId": ada.public_id, "notificationId": read.public_id}


async def test_what_is_not_there_cannot_be_read(stage):
    with pytest.raises(Refusal) as raised:
        await stage.do(READ_NOTIFICATION, ReadOne(as_member(await member(stage)), 99))
    assert raised.value.code == "not_found"


async def test_all_up_to_one_are_read(stage):
    ada = await member(stage)
    numbers = await filled(stage, ada, 3)
    assert await stage.do(READ_NOTIFICATIONS, ReadMany(as_member(ada), ada.id, numbers[1])) == 2
    assert ["readAt" in one for one in await inbox(stage, ada)] == [False, True, True]
    assert await stage.do(READ_NOTIFICATIONS, ReadMany(as_member(ada), ada.id)) == 1
    assert await stage.do(READ_NOTIFICATIONS, ReadMany(as_member(ada), ada.id)) == 0
    assert [one["payload"].get("count") for one in await stage.events("notification:read")] == [2, 1]

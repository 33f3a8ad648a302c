"""What is told now, what waits, and the messages that are made: in one transaction with the cursor."""

from dataclasses import replace

import pytest
from notified import inbox, member, set_aside

from listener_sdk.protocol.ids import encode
from server.commands.notification_decisions import Due, Group, Noted, Target
from server.commands.notification_messages import FLUSH, MOVE_NOTICES, NOTE
from server.core.notifications import DELIVERY, EVERY_MS, Audience, RuleKey, named_by
from server.store import notification_rules as sql

KEY = RuleKey(1, "definition", 4, 0)
FAILED = {"result": "failed", "jobId": "us_jb_0000000001"}
MAIL = {"on": "failed", "channels": ["email"], "addresses": ["a@b.example"]}


def target(rule=MAIL, **fields):
    return Target(named_by({**rule, **fields}), "Nightly", "nightly", "nightly:run")


async def note(stage, *groups, upto=1):
    cursor = await stage.node.read(sql.cursor)
    return await stage.do(NOTE, Noted(cursor, upto, list(groups)))


def group(count=1, key=KEY, **fields):
    return Group(key, target(**fields), (FAILED,) * count)


async def waiting(stage, after_ms=EVERY_MS):
    return await stage.node.read(lambda reader: sql.due(reader, stage.clock() + after_ms, 99))


async def recipients(stage):
    rows = await stage.rows("SELECT channel, recipient FROM notification_delivery ORDER BY id")
    return [tuple(row) for row in rows]


async def test_nothing_is_done_where_somebody_else_has_moved_the_cursor(stage):
    cursor = await stage.node.read(sql.cursor)
    await note(stage, upto=3)
    assert await stage.do(NOTE, Noted(cursor, 5, [group()])) is None
    assert (await stage.node.read(sql.cursor)).seq == 3
    assert await recipients(stage) == []


async def test_the_first_is_told_at_once_and_the_rest_with_the_next(stage):
    assert (await note(stage, group(3))).messages == 1
    assert (await note(stage, group(40))).messages == 0
    stage.clock.forward(59)
    assert (await note(stage, group(2))).messages == 0
    [row] = await waiting(stage, 1_000)
    assert (row.digest.total, len(row.digest.runs)) == (42, 10)
    stage.clock.forward(1)
    assert (await stage.do(FLUSH, [Due(row, target())])).messages == 1
    assert await waiting(stage) == []
    assert (await note(stage, group(1))).messages == 0


async def test_a_clock_that_is_set_back_silences_nobody(stage):
    await note(stage, group())
    stage.clock.jump(-3_600)
    assert (await note(stage, group())).messages == 1


@pytest.mark.parametrize("again", [True, False])
async def test_what_was_counted_before_the_clock_was_set_back_is_told(stage, again):
    ada = await member(stage)
    fields = {"channels": ["inbox"], "members": [ada.public_id], "addresses": []}
    await note(stage, group(**fields))
    await note(stage, group(2, **fields))
    stage.clock.jump(-86_400)
    if again:
        await note(stage, group(3, **fields))
    else:
        [row] = await waiting(stage, 0)
        await stage.do(FLUSH, [Due(row, target(**fields))])
    told = [one["counts"] for one in await inbox(stage, ada)]
    assert told == [{"failed": 5 if again else 2}, {"failed": 1}]


async def test_no_two_deliveries_have_the_same_id(stage):
    ada = await member(stage)
    rule = {"channels": ["inbox", "email"], "members": [ada.public_id], "addresses": []}
    await note(stage, group(**rule))
    [in_box] = await stage.events("notification:delivered")
    [(number,)] = await stage.rows("SELECT id FROM notification_delivery")
    assert in_box["payload"]["deliveryId"] != encode(DELIVERY, number)


async def test_what_another_server_has_sent_is_not_sent_again(stage):
    await note(stage, group())
    await note(stage, group())
    [row] = await waiting(stage)
    assert (await stage.do(FLUSH, [Due(row, target())])).messages == 1
    assert (await stage.do(FLUSH, [Due(row, target()), Due(replace(row, id=99), target())])).messages == 0


async def test_what_waits_for_a_rule_that_has_gone_is_dropped(stage):
    await note(stage, group())
    await note(stage, group())
    [row] = await waiting(stage)
    assert (await stage.do(FLUSH, [Due(row, None)])).messages == 0
    assert await waiting(stage) == []


async def test_each_person_gets_one_mail(stage):
    ada, bob = await member(stage), await member(stage, "Bob")
    await set_aside(stage, bob)
    await note(
        stage,
        group(members=[ada.public_id, bob.public_id], addresses=["ADA@example.com", "team@b.example"]),
    )
    assert await recipients(stage) == [("email", ada.public_id), ("email", "team@b.example")]


async def test_a_starter_is_told_without_the_others_of_the_rule(stage):
    ada = await member(stage)
    whom = Target(Audience(inbox=(ada.public_id,), email=(ada.public_id,)), "Nightly", "nightly", place=1)
    await note(stage, Group(KEY._replace(starter=ada.id), whom, (FAILED,)))
    assert await recipients(stage) == [("email", ada.public_id)]
    [mine] = await inbox(stage, ada)
    assert (mine["title"], mine["result"]) == ("Nightly failed", "failed")
    [event] = await stage.events("notification:created")
    assert event["payload"] == {
        "notificationId": mine["id"],
        "memberId": ada.public_id,
        "title": "Nightly failed",
    }


@pytest.mark.parametrize("other", [encode("mem", 99), None])
async def test_nobody_is_told_where_there_is_nobody(stage, other):
    members = [] if other is None else [other]
    assert (await note(stage, group(channels=["inbox"], members=members, addresses=[]))).deliveries == 0
    assert await stage.events("notification:delivered", "notification:created") == []


async def test_administrators_are_those_of_the_space(stage):
    boss = await member(stage, "Boss", "admin")
    await member(stage)
    await note(stage, Group(RuleKey(1, "space", 1, 0), Target(Audience(admins=True), "x"), (FAILED,)))
    assert await recipients(stage) == [("email", boss.public_id)]


async def test_how_far_the_log_was_looked_through_is_noted(stage):
    await stage.do(MOVE_NOTICES, 12)
    assert (await stage.node.read(sql.cursor)).seq == 12


async def test_a_space_that_has_gone_is_told_nothing(stage):
    assert (await note(stage, group(key=KEY._replace(space_id=77)))).messages == 0

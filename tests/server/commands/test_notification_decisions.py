"""What is to be told of events, decided on one view of the store."""

import orjson
from defined import change
from notified import Runs, as_member, member, say, told

from server.commands.notification_decisions import Seen, decide, due
from server.commands.notification_messages import NOTE
from server.core.notifications import IMPLIED, WATCHED, RuleKey

HOOK = {"channels": ["slack"], "slack": "https://hooks.example/x"}
ALL = {"on": "all", **HOOK}


def seen_of(event):
    return Seen(1, event["seq"], event["topic"], None, orjson.dumps(event).decode())


async def seen(stage):
    await stage.idle()
    return [seen_of(one) for one in await stage.events() if one["topic"] in WATCHED]


async def decided(stage, events=None):
    found = await seen(stage) if events is None else events
    return await stage.node.read(lambda reader: decide(reader, found, found[-1].seq if found else 0))


async def test_each_rule_gets_what_it_tells_of_in_the_order_of_the_log(stage):
    row = await told(stage, "nightly", HOOK, ALL)
    runs = Runs(stage)
    failed, done = await runs.end(row), await runs.end(row, "partial")
    noted = await decided(stage)
    keys = [RuleKey(1, "definition", row.id, number) for number in (0, 1)]
    assert [group.key for group in noted.groups] == keys
    assert [[f["jobId"] for f in group.facts] for group in noted.groups] == [[failed], [failed, done]]
    assert [f["result"] for f in noted.groups[1].facts] == ["failed", "partial"]
    assert noted.groups[0].target.definition == "nightly"
    assert noted.groups[0].target.job == "nightly:run"


async def test_what_was_dealt_with_is_left_out(stage):
    row = await told(stage, "nightly", HOOK)
    await Runs(stage).end(row)
    events = await seen(stage)
    noted = await decided(stage)
    assert await stage.do(NOTE, noted) is not None
    again = await decided(stage, events)
    assert (again.groups, again.cursor.seq) == ([], events[-1].seq)


async def test_the_starter_has_an_audience_of_their_own(stage):
    ada = await member(stage)
    row = await told(stage, "nightly")
    await Runs(stage).end(row, "success", as_member(ada))
    noted = await decided(stage)
    assert [group.key for group in noted.groups] == [RuleKey(1, "definition", row.id, IMPLIED, ada.id)]


async def test_a_job_or_definition_that_has_gone_tells_nothing(stage):
    await say(stage, "job:failed", {"definition": "gone"}, jobId="us_jb_0000000zzz")
    await say(stage, "job:failed", {"definition": "gone"})
    await say(stage, "schedule:skipped", {"definition": "gone", "schedule": "s"})
    assert (await decided(stage)).groups == []


async def test_a_recovery_whose_run_ended_on_an_earlier_page_is_told(stage):
    row = await told(stage, "nightly", {**HOOK, "recovered": True}, {**ALL, "recovered": True})
    job = await Runs(stage).end(row, "success")
    await say(stage, "definition:recovered", {"definition": "nightly"}, jobId=job)
    events = [one for one in await seen(stage) if one.topic == "definition:recovered"]
    [group] = (await decided(stage, events)).groups
    assert (group.key.number, group.facts[0]["result"]) == (0, "recovered")


async def test_rules_that_are_due_are_read_as_they_are_now(stage):
    row = await told(stage, "nightly", HOOK)
    runs = Runs(stage)
    for _ in range(2):
        await runs.end(row)
        await stage.do(NOTE, await decided(stage))
    assert await stage.node.read(lambda reader: due(reader, stage.clock(), 9)) == []
    [one] = await stage.node.read(lambda reader: due(reader, stage.clock() + 60_000, 9))
    assert (one.row.digest.total, one.target.rule["slack"]) == (1, HOOK["slack"])


async def test_due_is_told_of_a_rule_that_was_taken_away(stage):
    row = await told(stage, "nightly", HOOK)
    runs = Runs(stage)
    for _ in range(2):
        await runs.end(row)
        await stage.do(NOTE, await decided(stage))
    await change(stage, notifications=[])
    [one] = await stage.node.read(lambda reader: due(reader, stage.clock() + 60_000, 9))
    assert one.target is None

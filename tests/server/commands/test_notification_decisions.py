"""What is to be told of events, decided on one view of the store."""

import orjson
from defined import change
from notified import Runs, as_member, member, say, set_aside, told
from stage import ADMIN

from server.commands.definitions import DELETE_DEFINITION, DeleteDefinition
from server.commands.notification_decisions import Seen, decide, due, rules_of
from server.commands.notification_messages import FLUSH, NOTE
from server.core.notifications import IMPLIED, WATCHED, Audience, RuleKey, named_by, number_of

HOOK = {"channels": ["slack"], "slack": "https://hooks.example/x"}
ALL = {"on": "all", "channels": ["slack"], "slack": "https://hooks.example/y"}


def seen_of(event):
    return Seen(1, event["seq"], event["topic"], None, orjson.dumps(event).decode)


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
    rules = [rule for _, rule in rules_of(row)[:2]]
    keys = [RuleKey(1, "definition", row.id, number_of(rule, named_by(rule))) for rule in rules]
    assert [group.key for group in noted.groups] == keys
    assert [group.target.place for group in noted.groups] == [0, 1]
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
    [group] = noted.groups
    assert (group.key.starter, group.target.place) == (ada.id, IMPLIED)
    assert group.target.audience == Audience(inbox=(ada.public_id,))


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
    assert (group.target.place, group.facts[0]["result"]) == (0, "recovered")


async def test_rules_that_are_due_are_read_as_they_are_now(stage):
    row = await told(stage, "nightly", HOOK)
    runs = Runs(stage)
    for _ in range(2):
        await runs.end(row)
        await stage.do(NOTE, await decided(stage))
    assert await stage.node.read(lambda reader: due(reader, stage.clock(), 9)) == []
    [one] = await stage.node.read(lambda reader: due(reader, stage.clock() + 60_000, 9))
    assert (one.row.digest.total, one.target.audience.slack) == (1, HOOK["slack"])


async def test_what_waits_goes_to_those_whom_the_rule_named(stage):
    row = await told(stage, "nightly", HOOK)
    runs = Runs(stage)
    for _ in range(2):
        await runs.end(row)
        await stage.do(NOTE, await decided(stage))
    await change(stage, notifications=[])
    [one] = await stage.node.read(lambda reader: due(reader, stage.clock() + 60_000, 9))
    assert one.target.audience.slack == HOOK["slack"]


async def test_what_waits_for_a_definition_that_has_gone_goes_nowhere(stage):
    row = await told(stage, "nightly", HOOK)
    runs = Runs(stage)
    for _ in range(2):
        await runs.end(row)
        await stage.do(NOTE, await decided(stage))
    [found] = await stage.node.read(lambda reader: due(reader, stage.clock() + 60_000, 9))
    await stage.do(DELETE_DEFINITION, DeleteDefinition(ADMIN, row.code))
    assert await stage.node.read(lambda reader: due(reader, stage.clock() + 60_000, 9)) == []
    assert (await stage.do(FLUSH, [found])).messages == 0


async def test_each_person_is_told_once_of_a_run_by_a_channel(stage):
    ada, bob, eve = [await member(stage, name) for name in ("Ada", "Bob", "Eve")]
    await set_aside(stage, bob)
    rule = {"channels": ["inbox", "email"], "members": [ada.public_id, bob.public_id]}
    both = {"channels": ["inbox", "email"], "members": [eve.public_id, ada.public_id], "starter": True}
    listed = ["ADA@example.com", "bob@example.com", "x@b.example"]
    options = {"sendFailureEmail": True, "emailList": listed}
    row = await told(stage, "nightly", rule, both, options=options)
    await Runs(stage).end(row, "failed", as_member(ada))
    groups = (await decided(stage)).groups
    assert [one.target.audience for one in groups] == [
        named_by(rule),
        Audience(inbox=(eve.public_id,), email=(eve.public_id,)),
        Audience(email=("bob@example.com", "x@b.example")),
    ]
    assert {one.key.starter for one in groups} == {0}

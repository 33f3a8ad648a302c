"""Inboxes keep what they were told for their time; and what is known of rules goes when it says nothing any more."""

from aging import loop
from notified import Runs, inbox, member, tell, told

from server.core.retention import DAY_MS
from server.engine.retention import Went

DAY_S = DAY_MS / 1000
MS = 0.001


async def test_an_inbox_keeps_what_it_was_told_for_ninety_days(stage):
    ada = await member(stage)
    row = await told(stage, "nightly", {"on": "failed", "channels": ["inbox"], "members": [ada.public_id]})
    retention = loop(stage, log_ms=DAY_MS * 1000, job_ms=DAY_MS * 1000, audit_ms=DAY_MS * 1000)
    await Runs(stage).end(row)
    await tell(stage)
    assert len(await inbox(stage, ada)) == 1
    stage.clock.forward(DAY_S)
    assert await retention.look() == Went(rules=1)
    stage.clock.forward(89 * DAY_S - MS)
    assert await retention.look() == Went()
    stage.clock.forward(MS)
    assert await retention.look() == Went(notifications=1)
    assert await inbox(stage, ada) == []


async def test_a_rule_that_is_forgotten_tells_as_before(stage):
    ada = await member(stage)
    row = await told(stage, "nightly", {"on": "failed", "channels": ["inbox"], "members": [ada.public_id]})
    runs = Runs(stage)
    retention = loop(stage)
    for count in (1, 2):
        await runs.end(row)
        await tell(stage)
        assert len(await inbox(stage, ada)) == count
        assert await retention.look() == Went()
        stage.clock.forward(DAY_S)
        assert (await retention.look()).rules == 1

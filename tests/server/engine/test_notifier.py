"""People are told of runs as the rules say: once, by each channel, one message a minute, whoever follows the log."""

from dataclasses import replace

import pytest
from defined import change
from notified import (
    Runs,
    as_member,
    inbox,
    member,
    post_office,
    receiver,
    say,
    set_aside,
    tell,
    text_of,
    told,
)
from stage import ADMIN, opened

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.schedules import ScheduleCreate, ScheduleUpdate
from listener_sdk.protocol.secrets import SecretWrite
from server.commands.schedules import (
    CREATE_SCHEDULE,
    DELETE_SCHEDULE,
    UPDATE_SCHEDULE,
    CreateSchedule,
    DeleteSchedule,
    UpdateSchedule,
)
from server.commands.secrets import SET_SECRET, SetSecret
from server.engine.notifier import Notifier


async def scheduled(stage, row, actor=ADMIN, **fields):
    body = ScheduleCreate.model_validate({"cron": "0 3 * * *", **fields})
    return await stage.do(CREATE_SCHEDULE, CreateSchedule(actor, row.code, body))


@pytest.fixture
async def office():
    async with post_office() as found:
        yield found


@pytest.fixture
async def hook():
    async with receiver() as found:
        yield found


@pytest.fixture
async def stage(tmp_path, office):
    async with opened(
        tmp_path, public_url="https://jobs.example.com", allow_addresses="127.0.0.0/8", **office.settings
    ) as found:
        yield found


async def test_a_failed_run_is_told_by_every_channel(stage, office, hook):
    ada = await member(stage)
    rule = {
        "channels": ["inbox", "email", "slack", "webhook"],
        "members": [ada.public_id],
        "addresses": ["team@example.com"],
        "slack": f"{hook.url}/slack",
        "webhook": f"{hook.url}/any",
    }
    row = await told(stage, "nightly", rule, name="Nightly import")
    job = await Runs(stage).end(row, message="The file <b>was</b> empty", heading="No rows")
    assert await tell(stage) == 1

    [mine] = await inbox(stage, ada)
    assert (mine["title"], mine["result"], mine["jobId"]) == ("Nightly import failed", "failed", job)
    [mail] = office.to("ada@example.com")
    assert mail["Subject"] == "[Default] Nightly import failed"
    assert f"https://jobs.example.com/console/jobs/{job}" in text_of(mail)
    assert "tickwire runs show" not in text_of(mail)
    assert "No rows. The file <b>was</b> empty" in text_of(mail)
    assert "The file &lt;b&gt;was&lt;/b&gt; empty" in text_of(mail, "html")
    assert len(office.to("team@example.com")) == 1
    by_path = dict(zip(hook.paths, hook.bodies, strict=True))
    assert by_path["/slack"]["text"] == "Nightly import failed"
    assert by_path["/any"]["data"]["runs"][0]["jobId"] == job

    said = await stage.events("notification:delivered")
    assert {one["context"]["jobId"] for one in said} == {job}
    assert sorted((one["payload"]["channel"], *one["payload"]["recipients"]) for one in said) == [
        ("email", "t***@example.com"),
        ("email", ada.public_id),
        ("inbox", ada.public_id),
        ("slack", hook.url.partition("://")[2]),
        ("webhook", hook.url.partition("://")[2]),
    ]
    assert await stage.rows("SELECT 1 FROM notification_delivery") == []
    assert await stage.rows("SELECT 1 FROM notification_message") == []


async def test_what_is_told_depends_on_the_rule(stage, office):
    rows = {
        on: await told(
            stage, f"on-{on.lower()}", {"on": on, "channels": ["email"], "addresses": [f"{on}@b.example"]}
        )
        for on in ("failed", "failedAndPartial", "completed", "all")
    }
    runs = Runs(stage)
    for row in rows.values():
        for result in ("failed", "partial", "success"):
            await runs.end(row, result)
            await tell(stage)
            stage.clock.forward(61)
    heard = {
        on: [mail["Subject"].split(maxsplit=2)[2] for mail in office.to(f"{on}@b.example")] for on in rows
    }
    failed, partial, success = "failed", "was completed only in part", "has recovered"
    assert heard == {
        "failed": [failed],
        "failedAndPartial": [failed, partial],
        "completed": [partial, success],
        "all": [failed, partial, success],
    }


async def test_jobs_without_a_definition_and_definitions_without_rules_tell_nothing(stage, office):
    listener = await stage.listener("**")
    await stage.create()
    grant = await listener.grant()
    listener.say(**listener.about("ack", grant))
    await listener.ask(**listener.about("fail", grant, message="no", retry=False))
    assert await tell(stage) == 0
    plain = await told(stage, "plain", options={"skipNotification": True})
    runs = Runs(stage)
    runs.listener = listener
    await runs.end(plain)
    assert await tell(stage) == 0
    assert await stage.rows("SELECT 1 FROM notification_rule") == []
    assert office.mails == []


async def test_a_rule_sends_one_message_a_minute_and_folds_the_rest(stage, office):
    row = await told(stage, "nightly", {"on": "all", "channels": ["email"], "addresses": ["a@b.example"]})
    runs = Runs(stage)
    first = await runs.end(row)
    assert await tell(stage) == 1
    others = [await runs.end(row) for _ in range(12)] + [await runs.end(row, "success")]
    stage.clock.forward(59)
    assert await tell(stage) == 0
    stage.clock.forward(1)
    assert await tell(stage) == 1
    one, many = office.mails
    assert first in text_of(one)
    assert many["Subject"] == "[Default] nightly: 12 runs failed, 1 succeeded"
    assert [job in text_of(many) for job in others] == [True] * 10 + [False] * 3
    assert "And 3 more." in text_of(many)
    said = [e["context"]["jobId"] for e in await stage.events("notification:delivered")]
    assert said == [first, *others[:10]]
    stage.clock.forward(60)
    assert await tell(stage) == 0


async def test_what_was_folded_goes_by_the_rule_as_it_is_then(stage, office):
    ada = await member(stage)
    rule = {"on": "all", "channels": ["email"], "members": [ada.public_id], "addresses": ["a@b.example"]}
    row = await told(stage, "nightly", rule)
    runs = Runs(stage)
    for _ in range(2):
        await runs.end(row)
        await tell(stage)
    await set_aside(stage, ada)
    stage.clock.forward(60)
    assert await tell(stage) == 1
    assert len(office.to("ada@example.com")) == 1
    assert len(office.to("a@b.example")) == 2


async def test_a_member_who_was_set_aside_is_told_nothing(stage, office):
    ada = await member(stage)
    row = await told(stage, "nightly", {"channels": ["inbox", "email"], "members": [ada.public_id]})
    await set_aside(stage, ada)
    await Runs(stage).end(row)
    await tell(stage)
    assert (office.mails, await inbox(stage, ada)) == ([], [])


async def test_a_member_who_is_set_aside_while_the_mail_waits_gets_none(stage, office):
    ada = await member(stage)
    row = await told(stage, "nightly", {"channels": ["email"], "members": [ada.public_id]})
    await Runs(stage).end(row)
    await stage.node.notifier.look()
    await set_aside(stage, ada)
    await tell(stage)
    [said] = await stage.events("notification:failed")
    assert said["payload"]["message"] == "The member was set aside or removed meanwhile."
    assert office.mails == []


async def test_who_starts_a_run_finds_it_in_the_inbox_and_is_told_once(stage, office):
    ada, bob = await member(stage), await member(stage, "Bob")
    row = await told(
        stage,
        "nightly",
        {"on": "all", "channels": ["inbox"], "members": [bob.public_id]},
        options={"sendFailureEmail": True, "emailList": ["ops@b.example"]},
    )
    runs = Runs(stage)
    await runs.end(row, "failed", as_member(ada))
    stage.clock.forward(61)
    await tell(stage)
    assert [one["title"] for one in await inbox(stage, ada)] == ["nightly failed"]
    assert {str(mail["To"]) for mail in office.mails} == {"ada@example.com", "ops@b.example"}
    await runs.end(row, "success", as_member(bob))
    await tell(stage)
    stage.clock.forward(61)
    await tell(stage)
    assert [one["result"] for one in await inbox(stage, bob)] == ["success", "failed"]
    assert len(office.mails) == 2


async def test_recovery_is_told_once_by_each_rule(stage, office):
    quiet = {"recovered": True, "channels": ["email"], "addresses": ["quiet@b.example"]}
    every = {"on": "all", "recovered": True, "channels": ["email"], "addresses": ["all@b.example"]}
    row = await told(stage, "nightly", quiet, every)
    job = await Runs(stage).end(row, "success")
    await say(stage, "definition:recovered", {"definition": "nightly", "jobId": job}, jobId=job)
    await tell(stage)
    assert [mail["Subject"] for mail in office.mails] == ["[Default] nightly has recovered"] * 2
    stage.clock.forward(61)
    assert await tell(stage) == 0


async def test_a_run_that_did_not_happen_is_told_to_who_asked_for_it(stage, office):
    await told(
        stage,
        "nightly",
        {"channels": ["email"], "addresses": ["a@b.example"]},
        {"missed": True, "channels": ["email"], "addresses": ["b@b.example"]},
    )
    skipped = {
        "definition": "nightly",
        "name": "every night",
        "dueAt": "2026-01-01T03:00:00.000Z",
        "reason": "overlap",
        "message": "The run before it had not ended.",
        "count": 2,
    }
    await say(stage, "schedule:skipped", skipped)
    await tell(stage)
    [mail] = office.mails
    assert mail["To"].addresses[0].addr_spec == "b@b.example"
    assert mail["Subject"] == "[Default] nightly: 2 runs did not happen"
    assert "due 1 January 2026, 03:00 UTC (schedule every night)" in text_of(mail)
    assert "The run before it had not ended." in text_of(mail)


async def test_administrators_hear_of_a_schedule_that_failed_whatever_the_rules(stage, office):
    await member(stage, "Viewer")
    boss, gone = await member(stage, "Boss", "admin"), await member(stage, "Gone", "admin")
    await set_aside(stage, gone)
    failed = {
        "definition": "nightly",
        "name": "every night",
        "dueAt": "2026-01-01T03:00:00.000Z",
        "reason": "owner_inactive",
        "message": "Its owner was set aside.",
    }
    await say(stage, "schedule:failed", failed)
    await tell(stage)
    assert [str(mail["To"]) for mail in office.mails] == ["boss@example.com"]
    [mine] = await inbox(stage, boss)
    assert (mine["title"], mine["text"]) == ("every night did not run", "Its owner was set aside.")
    assert "as an administrator of the space Default" in text_of(office.mails[0])


async def test_administrators_hear_of_endpoints_that_the_server_has_disabled(stage, office):
    await member(stage, "Viewer")
    boss = await member(stage, "Boss", "admin")
    off = {"endpointId": "us_ep_0000000001", "version": 2}
    await say(stage, "endpoint:disabled", off)
    await tell(stage)
    assert office.mails == []
    gone = {"reason": "gone", "message": "It has answered 410.", "disabledAt": "2026-01-01T03:00:00.000Z"}
    for name in ("Alarms", "Books", "Cards"):
        await say(stage, "endpoint:disabled", {**off, **gone, "name": name})
        await tell(stage)
    [mail] = office.mails
    assert (str(mail["To"]), mail["Subject"]) == (
        "boss@example.com",
        "[Default] The endpoint Alarms was disabled",
    )
    assert "tickwire endpoints enable us_ep_0000000001" in text_of(mail)
    stage.clock.forward(60)
    await tell(stage)
    second, first = await inbox(stage, boss)
    assert (first["title"], first["text"]) == ("The endpoint Alarms was disabled", "It has answered 410.")
    assert (second["title"], second["result"]) == ("Endpoints: 2 disabled", "disabled")


async def test_each_event_is_told_once_whoever_follows(stage, office):
    row = await told(stage, "nightly", {"channels": ["email"], "addresses": ["a@b.example"]})
    await Runs(stage).end(row)
    await stage.idle()
    node = stage.node
    other = Notifier(node.log, node.submit, node.read, node._read_page, stage.clock, lambda: None)
    assert [await other.look(), await node.notifier.look()] == [1, 0]
    await tell(stage)
    assert len(office.mails) == 1


async def test_a_restart_tells_what_was_not_told(stage, office):
    row = await told(stage, "nightly", {"channels": ["email"], "addresses": ["a@b.example"]})
    runs = Runs(stage)
    await runs.end(row)
    await tell(stage)
    await runs.end(row)
    await stage.restart()
    assert await tell(stage) == 0
    stage.clock.forward(60)
    assert await tell(stage) == 1
    assert len(office.mails) == 2
    await stage.restart()
    stage.clock.forward(60)
    assert await tell(stage) == 0


async def test_a_thousand_failures_of_a_minute_are_two_messages(stage, office):
    row = await told(stage, "nightly", {"channels": ["email"], "addresses": ["a@b.example"]})
    runs = Runs(stage)
    job = await runs.end(row)
    for _ in range(1_000):
        payload = {"definition": "nightly", "job": "nightly:run", "status": "failed"}
        await say(stage, "job:failed", payload, jobId=job)
    await tell(stage)
    stage.clock.forward(60)
    await tell(stage)
    first, second = (int(mail["Subject"].split()[2]) for mail in office.mails)
    assert first + second == 1_001


async def test_rules_of_a_schedule_tell_of_its_own_runs_alone(stage, office):
    row = await told(stage, "nightly")
    rule = {"missed": True, "channels": ["email"], "addresses": ["a@b.example"]}
    schedule = await scheduled(stage, row, notifications=[rule])
    by = {"kind": "schedule", "scheduleId": schedule.public_id, "name": "every night"}
    runs = Runs(stage)
    await runs.end(row)
    await tell(stage)
    assert office.mails == []
    await runs.end(row, by=by)
    await tell(stage)
    await say(stage, "schedule:skipped", {"schedule": schedule.public_id, "definition": "nightly"})
    await tell(stage)
    stage.clock.forward(60)
    await tell(stage)
    assert [mail["Subject"] for mail in office.mails] == [
        "[Default] nightly failed",
        "[Default] nightly did not run",
    ]
    assert "rule of the schedule" in text_of(office.mails[0])


async def test_what_waits_for_a_rule_of_a_schedule_goes_with_it(stage, office):
    row = await told(stage, "nightly")
    schedule = await scheduled(
        stage, row, notifications=[{"channels": ["email"], "addresses": ["a@b.example"]}]
    )
    runs = Runs(stage)
    for _ in range(2):
        await runs.end(row, by={"kind": "schedule", "scheduleId": schedule.public_id})
        await tell(stage)
    await stage.do(DELETE_SCHEDULE, DeleteSchedule(ADMIN, schedule.id))
    assert await stage.rows("SELECT 1 FROM notification_rule") == []
    stage.clock.forward(60)
    assert await tell(stage) == 0


async def test_rules_of_a_schedule_are_checked_and_take_secrets_from_those_who_may_use_them(stage):
    row = await told(stage, "nightly")
    with pytest.raises(Refusal) as raised:
        await scheduled(stage, row, notifications=[{"channels": ["inbox"], "members": ["us_mem_0000000099"]}])
    assert raised.value.key == "notifications[0].members[0]"
    secret = {"channels": ["slack"], "slack": "https://evil.example/{{ secrets.TOKEN }}"}
    with pytest.raises(Refusal) as raised:
        await scheduled(stage, row, replace(ADMIN, role="operator"), notifications=[secret])
    assert raised.value.code == "forbidden"
    with pytest.raises(Refusal) as raised:
        await scheduled(stage, row, notifications=[secret])
    assert "there is no secret TOKEN" in raised.value.message


async def test_who_may_not_use_secrets_sends_none_elsewhere(stage):
    for name in ("SIGN", "SLACK"):
        body = SecretWrite.model_validate({"name": name, "value": "https://hooks.example/x"})
        await stage.do(SET_SECRET, SetSecret(ADMIN, body, stage.node.sealer))
    row = await told(stage, "nightly")
    signed = {"channels": ["webhook"], "webhook": "https://a.example", "webhookSecret": "{{ secrets.SIGN }}"}
    kept = {"channels": ["slack"], "slack": "{{ secrets.SLACK }}"}
    schedule = await scheduled(stage, row, notifications=[signed, kept])
    operator = replace(ADMIN, role="operator")

    async def changed(*rules):
        body = ScheduleUpdate.model_validate({"notifications": list(rules)})
        return await stage.do(UPDATE_SCHEDULE, UpdateSchedule(operator, schedule.id, body))

    for moved in (
        {**signed, "webhook": "https://b.example"},
        {**signed, "webhook": "{{ secrets.SLACK }}"},
        {**kept, "slack": "{{ secrets.SIGN }}"},
    ):
        with pytest.raises(Refusal) as raised:
            await changed(moved)
        assert raised.value.code == "forbidden"
    unsigned = {"channels": ["webhook"], "webhook": "https://b.example"}
    await changed({**kept, "on": "all"}, {**signed, "missed": True}, unsigned)


async def test_a_rule_that_has_nobody_to_tell_does_not_use_up_its_minute(stage, office):
    ada, bob = await member(stage), await member(stage, "Bob")
    row = await told(
        stage, "nightly", {"on": "failed", "channels": ["inbox", "email"], "members": [ada.public_id]}
    )
    runs = Runs(stage)
    await set_aside(stage, ada)
    await runs.end(row)
    assert await tell(stage) == 0
    assert await stage.rows("SELECT 1 FROM notification_rule") == []
    rule = {"on": "failed", "channels": ["inbox", "email"], "members": [bob.public_id]}
    row = await change(stage, notifications=[rule])
    await runs.end(row)
    assert await tell(stage) == 1
    await runs.end(row)
    assert await tell(stage) == 0
    await set_aside(stage, bob)
    stage.clock.forward(61)
    assert await tell(stage) == 0
    assert [mail["To"] for mail in office.mails] == ["bob@example.com"]
    assert await stage.rows("SELECT due_at FROM notification_rule") == [(None,)]


async def test_the_same_rule_on_a_definition_and_its_schedule_tells_once(stage, office):
    ada = await member(stage)
    rule = {"channels": ["inbox", "email"], "members": [ada.public_id]}
    row = await told(
        stage, "nightly", rule, options={"sendFailureEmail": True, "emailList": ["ada@example.com"]}
    )
    schedule = await scheduled(stage, row, notifications=[rule])
    await Runs(stage).end(row, by={"kind": "schedule", "scheduleId": schedule.public_id})
    await tell(stage)
    assert [str(mail["To"]) for mail in office.mails] == ["ada@example.com"]
    assert len(await inbox(stage, ada)) == 1


async def test_what_was_counted_goes_to_nobody_else_when_rules_change_places(stage, office):
    ada, bob = await member(stage), await member(stage, "Bob")
    first = {"channels": ["inbox"], "members": [ada.public_id]}
    second = {"on": "none", "missed": True, "channels": ["inbox"], "members": [bob.public_id]}
    row = await told(stage, "nightly", first, second)
    runs = Runs(stage)
    for _ in range(3):
        await runs.end(row)
        await tell(stage)
    await change(stage, notifications=[second])
    stage.clock.forward(60)
    await tell(stage)
    assert [one["counts"] for one in await inbox(stage, ada)] == [{"failed": 2}, {"failed": 1}]
    assert await inbox(stage, bob) == []

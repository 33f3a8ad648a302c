"""Schedules made, changed and removed: events, lines of the audit, and what goes with what."""

import pytest
from defined import change, declare, define
from scheduled import edit, look, remove, schedule, scheduled, slots
from stage import ADMIN, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.schedules import ScheduleCreate
from server.commands import definitions, jobs, schedules
from server.commands.definitions import DeleteDefinition
from server.commands.jobs import JobAct
from server.commands.schedules import CREATE_SCHEDULE, RUN_SCHEDULE, CreateSchedule, RunSchedule


async def payloads(stage, topic):
    return [one["payload"] for one in await stage.events(topic)]


async def lines(stage):
    return [
        row[0] for row in await stage.rows("SELECT action FROM audit WHERE target LIKE 'us_sch%' ORDER BY id")
    ]


async def test_every_change_is_told_and_noted(stage):
    row = await scheduled(stage, name="Hourly")
    await edit(stage, row, late="none")
    await edit(stage, row, late="none")
    await edit(stage, row, enabled=False)
    await edit(stage, row, enabled=True)
    await remove(stage, row)
    expected = [f"schedule:{what}" for what in ("created", "updated", "disabled", "enabled", "deleted")]
    assert await lines(stage) == expected
    assert [one["topic"] for one in await stage.events(*expected)] == expected
    about = {"schedule": row.public_id, "name": "Hourly", "definition": "nightly"}
    assert await payloads(stage, "schedule:created") == [about]
    assert await payloads(stage, "schedule:updated") == [{**about, "changed": ["late"]}]


async def test_a_definition_of_another_space_has_none_here(stage):
    await scheduled(stage)
    for act in (schedule(stage, STRANGER), schedule(stage, definition="us_def_0000000001", actor=STRANGER)):
        with pytest.raises(Refusal) as caught:
            await act
        assert caught.value.code == "not_found"


async def test_jobs_that_need_a_file_are_not_scheduled(stage):
    await declare(stage, needsFile=True)
    await define(stage)
    with pytest.raises(Refusal, match="given at each launch") as caught:
        await schedule(stage)
    assert caught.value.key == "definition"
    with pytest.raises(Refusal) as caught:
        await define(stage, jobDefinitionCode="other", schedule={"cron": "0 9 * * *"})
    assert caught.value.key == "jobDefinition.schedule"


async def test_a_definition_with_schedules_keeps_to_jobs_without_a_file(stage):
    await scheduled(stage)
    await declare(stage, name="file:read", code="read", needsFile=True)
    with pytest.raises(Refusal) as caught:
        await change(stage, jobType="read", params={"url": "x"})
    assert caught.value.key == "jobDefinition.jobType"


async def test_a_space_has_no_more_than_it_may(stage, monkeypatch):
    monkeypatch.setattr("server.commands.kept_schedules.MOST_SCHEDULES", 2)
    await scheduled(stage)
    await schedule(stage)
    for act in (
        schedule(stage),
        define(stage, jobDefinitionCode="x", jobType="nightly", schedule={"cron": "0 9 * * *"}),
    ):
        with pytest.raises(Refusal) as caught:
            await act
        assert caught.value.code == "limit"
    await scheduled(stage, STRANGER)


async def test_schedules_go_with_their_definition(stage):
    row = await scheduled(stage)
    await look(stage, row.next_at)
    [(job_id,)] = await stage.rows("SELECT id FROM job")
    await stage.do(jobs.CANCEL, jobs.CancelJob(ADMIN, job_id))
    await stage.do(definitions.DELETE_DEFINITION, DeleteDefinition(ADMIN, "nightly"))
    assert await stage.rows("SELECT id FROM schedule") == []
    assert await slots(stage) == []


async def test_what_was_left_out_stays_when_the_schedule_goes(stage):
    row = await scheduled(stage)
    await look(stage, row.next_at)
    await look(stage, row.next_at + 3_600_000)
    await remove(stage, row)
    assert [reason for _, _, _, reason, _ in await slots(stage)] == ["still_running"]


async def test_a_run_may_be_for_a_due_time(stage):
    row = await scheduled(stage, params={"day": "{{ dueTime }}"}, mode="full")
    job = await stage.do(RUN_SCHEDULE, RunSchedule(ADMIN, row.id, 1_767_225_600_000))
    said = (await stage.row(job)).described()
    assert said["input"] == {"day": "2026-01-01T00:00:00.000Z"}
    assert said["startedBy"] == {
        "kind": "api",
        "keyId": ADMIN.key_id,
        "scheduleId": row.public_id,
        "name": row.label,
    }
    await stage.do(jobs.DELETE, JobAct(ADMIN, job.id))


async def test_a_disabled_definition_is_not_run_by_hand_either(stage):
    row = await scheduled(stage)
    await change(stage, enabled=False)
    with pytest.raises(Refusal) as caught:
        await stage.do(RUN_SCHEDULE, RunSchedule(ADMIN, row.id))
    assert caught.value.code == "disabled"


async def test_an_edit_gives_up_what_waits(stage):
    row = await scheduled(stage, overlap="queue_one")
    await look(stage, row.next_at)
    await look(stage, row.next_at + 3_600_000)
    await edit(stage, row, cron="30 * * * *")
    assert [(due, reason) for due, job, _, reason, _ in await slots(stage) if not job] == [
        (row.next_at + 3_600_000, "schedule_changed")
    ]


async def test_a_name_may_be_changed_while_jobs_could_not_be_made(stage):
    row = await scheduled(stage)
    await declare(stage, name="other:run", code="other")
    await change(stage, jobType="other", params={"url": "x"})
    renamed = await edit(stage, row, name="Other")
    assert (renamed.name, renamed.next_at) == ("Other", row.next_at)
    off = await edit(stage, row, enabled=False)
    assert off.state == "off"


async def test_one_that_is_not_there(stage):
    row = await scheduled(stage)
    for actor, number in ((STRANGER, row.id), (ADMIN, 999)):
        with pytest.raises(Refusal) as caught:
            await stage.node.read(lambda reader, a=actor, n=number: schedules.find(reader, a, n))
        assert caught.value.code == "not_found"


async def test_the_limit_of_a_definition_names_its_setting(stage):
    row = await scheduled(stage)
    body = ScheduleCreate.model_validate({"cron": "0 9 * * *"})
    with pytest.raises(Refusal, match="TICKWIRE_SCHEDULES_PER_DEFINITION") as caught:
        await stage.do(CREATE_SCHEDULE, CreateSchedule(ADMIN, "nightly", body, most=1))
    assert (caught.value.code, row.definition_id) == ("limit", 1)

"""What the log and history tell of due times for which nothing runs."""

from scheduled import look, remove, scheduled
from stage import ADMIN

from listener_sdk.protocol.actions import ActionCreate
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.times import to_wire
from server.commands.actions import CREATE_ACTIONS, CreateActions
from server.core.run_views import run_wire
from server.store import run_pages
from server.store.run_pages import RunFilter

HOUR = 3_600_000


async def test_a_span_of_due_times_is_told_as_one(stage):
    row = await scheduled(stage, name="Hourly", late="none")
    await look(stage, row.next_at + 3 * HOUR + HOUR // 2)
    [event] = await stage.events("schedule:skipped")
    assert event["payload"] == {
        "schedule": row.public_id,
        "name": "Hourly",
        "definition": "nightly",
        "dueAt": to_wire(row.next_at),
        "reason": "late",
        "message": "No server could see to it in time.",
        "count": 4,
        "untilAt": to_wire(row.next_at + 3 * HOUR),
        "countIsLeast": False,
    }
    assert event["domain"] == "schedule"
    assert event["context"]["actorId"] == "system"
    found = await stage.rows("SELECT due_at, until_at, definition_id, space_id, at, count FROM slot")
    assert found == [(row.next_at, row.next_at + 3 * HOUR, row.definition_id, 1, stage.clock(), 4)]


async def test_a_job_that_could_not_be_made_says_why(stage):
    row = await scheduled(stage, params={"x": "{{ trigger.nothing }}"})
    await look(stage, row.next_at)
    [event] = await stage.events("schedule:failed")
    assert event["payload"]["count"] == 1
    assert "params.x" in event["payload"]["message"]
    assert await stage.rows("SELECT result, reason, name, said FROM slot") == [
        ("failed", "invalid", row.label, event["payload"]["message"])
    ]


async def test_history_says_which_job_had_not_ended_also_when_the_schedule_is_gone(stage):
    row = await scheduled(stage, name="Hourly")
    await look(stage, row.next_at)
    await look(stage, row.next_at + HOUR)
    await remove(stage, row)
    [event] = await stage.events("schedule:skipped")
    page, _ = await stage.node.read(lambda reader: run_pages.page(reader, 1, RunFilter(), 10))
    [shown] = [run_wire(run) for run in page if run.missed is not None]
    assert shown["message"] == event["payload"]["message"] == "The job us_jb_0000000001 had not ended."
    assert shown["trigger"]["name"] == "Hourly"
    assert shown["jobType"] == "nightly"


async def test_an_action_is_told_by_its_id(stage):
    body = ActionCreate.model_validate({"label": "Export", "operation": "export", "schedule": "hourly"})
    [action] = await stage.do(CREATE_ACTIONS, CreateActions(ADMIN, (body,)))
    [event] = await stage.events("schedule:created")
    assert event["payload"] == {
        "schedule": encode("sch", 1), "name": "Export", "actionId": action.public_id
    }  # fmt: skip

"""Actions as commands make, change, remove and press them."""

import json

import pytest
from buttons import FILLED, PRESS, WHOLE
from stage import ADMIN, OTHER, STRANGER

from listener_sdk.protocol.actions import ActionCreate, ActionExecute, ActionUpdate
from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.job_types import JobTypeDeclare
from server.commands import actions as module
from server.commands import jobs
from server.commands.actions import (
    CREATE_ACTIONS,
    DELETE_ACTION,
    EXECUTE_ACTION,
    UPDATE_ACTION,
    CreateActions,
    DeleteAction,
    UpdateAction,
)
from server.commands.files import CREATE_FILE, CreateFile
from server.core.actors import Actor
from server.core.job_events import LARGEST_INPUT
from server.core.job_types import JobTypeRow, declared
from server.core.reach import Reach
from server.core.views import job_wire
from server.store import actions as sql
from server.store import audit, job_types
from server.store.command import Command

LEAST = {"label": "Export", "operation": "export"}


async def make(stage, *bodies, actor=ADMIN, many=False):
    found = tuple(ActionCreate.model_validate(body) for body in bodies or (WHOLE,))
    return await stage.do(CREATE_ACTIONS, CreateActions(actor, found, many))


async def change(stage, row, actor=ADMIN, **fields):
    return await stage.do(UPDATE_ACTION, UpdateAction(actor, row.id, ActionUpdate.model_validate(fields)))


async def press(stage, row, actor=ADMIN, **fields):
    body = ActionExecute.model_validate(fields)
    item = await stage.node.read(lambda reader: module.press(reader, actor, row.id, body))
    return await stage.row(await stage.do(EXECUTE_ACTION, item))


async def declare(stage, **fields):
    made = declared(JobTypeDeclare.model_validate({"name": "workbook:export", **fields}))
    row = JobTypeRow(1, 1, made.code, made.name, made.stored(), 1, 1, "k", 1)
    await stage.do(Command("declare", lambda tx, row: job_types.insert(tx.connection, row)), row)


async def lines(stage):
    found = await stage.node.read(lambda reader: audit.page(reader, 1, 10**9, 10))
    return [(line.action, line.target, line.before, line.after) for line in found]


async def stored(stage, space_id=1):
    return await stage.node.read(lambda reader: sql.every(reader, space_id))


async def refusal(act):
    with pytest.raises(Refusal) as caught:
        await act
    return caught.value


async def test_an_action_is_stored_and_told(stage):
    (row,) = await make(stage)
    assert await stored(stage) == [row]
    (event,) = await stage.events("action:created")
    assert event["payload"] == {
        "actionId": "us_ac_0000000001", "label": "Export", "job": "workbook:export", "targetId": "us_wb_orders"
    }  # fmt: skip
    assert event["context"]["actionId"] == "us_ac_0000000001"
    assert event["context"]["actionName"] == "workbook:export"
    ((act, target, before, after),) = await lines(stage)
    assert (act, target, before) == ("action:created", row.public_id, None)
    assert json.loads(after)["tooltip"] == "CSV or Excel"


async def test_many_are_made_together_in_their_order_or_not_at_all(stage):
    rows = await make(stage, *({**LEAST, "label": f"Export {n}"} for n in range(3)), many=True)
    assert [row.id for row in await stored(stage)] == [row.id for row in rows]
    assert len(await stage.events("action:created")) == 3
    wrong = await refusal(
        make(stage, LEAST, {**LEAST, "targetId": "?"}, {**LEAST, "targetId": "us_sp_elsewhere"}, many=True)
    )
    assert [(one.key, one.code) for one in wrong.all] == [
        ("[1].mount", "invalid"),
        ("[2].targetId", "not_found"),
    ]
    assert len(await stored(stage)) == 3


async def test_a_space_has_so_many_at_most(stage, monkeypatch):
    monkeypatch.setattr(module, "MOST_ACTIONS", 2)
    await make(stage, LEAST)
    assert (await refusal(make(stage, LEAST, LEAST))).code == "limit"
    await make(stage, LEAST, actor=STRANGER)
    await make(stage, LEAST)
    assert len(await stored(stage)) == 2


async def test_all_actions_of_a_space_are_bounded_and_may_shrink(stage, monkeypatch):
    (row,) = await make(stage, {**LEAST, "tooltip": "x" * 500})
    monkeypatch.setattr(module, "LARGEST_SPACE", len(row.body))
    assert (await refusal(make(stage, LEAST))).code == "limit"
    assert (await refusal(change(stage, row, description="y" * 500))).code == "limit"
    assert (await change(stage, row, tooltip="x")).said.facts["tooltip"] == "x"


async def test_a_change_tells_what_is_other_and_no_change_tells_nothing(stage):
    (row,) = await make(stage)
    stage.clock.forward(5)
    after = await change(stage, row, tooltip=None, label="Save", actor=OTHER)
    assert (after.updated_by, after.updated_at - row.updated_at) == (OTHER.key_id, 5_000)
    (event,) = await stage.events("action:updated")
    assert (event["payload"]["changed"], event["payload"]["label"]) == (["label", "tooltip"], "Save")
    act, _, before, now = (await lines(stage))[0]
    assert (act, json.loads(before), json.loads(now)) == (
        "action:updated", {"tooltip": "CSV or Excel", "label": "Export"}, {"label": "Save", "tooltip": None},
    )  # fmt: skip
    assert await change(stage, row, label="Save") == after
    assert len(await stage.events("action:updated")) == 1


async def test_one_that_is_removed_is_gone_and_its_jobs_go_on(stage):
    (row,) = await make(stage)
    job = await press(stage, row, **PRESS)
    await stage.do(DELETE_ACTION, DeleteAction(ADMIN, row.id))
    assert await stored(stage) == []
    assert (await stage.row(job)).status == "ready"
    assert len(await stage.events("action:deleted")) == 1
    assert (await lines(stage))[0][0] == "action:deleted"
    assert (await refusal(stage.do(DELETE_ACTION, DeleteAction(ADMIN, row.id)))).code == "not_found"


async def test_another_space_s_is_not_found(stage):
    (row,) = await make(stage)
    for act in (
        change(stage, row, STRANGER, label="Mine"),
        stage.do(DELETE_ACTION, DeleteAction(STRANGER, row.id)),
        press(stage, row, STRANGER, **PRESS),
    ):
        assert (await refusal(act)).named == row.public_id
    assert await stored(stage) == [row]


# ---- pressed


async def test_a_press_publishes_that_the_job_is_ready_with_its_input_subject_and_action(stage):
    (row,) = await make(stage)
    job = await press(stage, row, OTHER, **PRESS)
    wire = job_wire(job, ADMIN.space)
    assert (wire["job"], wire["mode"], wire["label"]) == ("workbook:export", "toolbarBlocking", "Export")
    assert (wire["source"], wire["createdBy"]) == ("us_wb_orders", OTHER.key_id)
    assert wire["startedBy"] == {"kind": "action", "actionId": row.public_id}
    (event,) = await stage.events("job:ready")
    assert event["payload"]["job"] == "workbook:export"
    assert event["payload"]["input"] == FILLED
    assert event["payload"]["subject"] == PRESS["subject"]
    assert event["context"]["workbookId"] == "us_wb_orders"
    assert (event["context"]["actionId"], event["context"]["actionName"]) == (
        row.public_id,
        "workbook:export",
    )


async def test_a_large_input_is_not_told_but_the_action_is(stage):
    (row,) = await make(stage, LEAST)
    await press(stage, row, input={"text": "x" * LARGEST_INPUT})
    (event,) = await stage.events("job:ready")
    assert "input" not in event["payload"]
    assert event["context"]["actionId"] == row.public_id


async def test_the_action_is_told_behind_as_many_tags_as_a_job_can_have(stage):
    await declare(stage, name="space:" + "é" * 128)
    (row,) = await make(stage, {**LEAST, "operation": "é" * 128})
    await press(stage, row, tags=[f"{n:02}" + '"' * 62 for n in range(16)])
    (event,) = await stage.events("job:ready")
    assert (len(event["payload"]["tags"]), event["context"]["actionId"]) == (16, row.public_id)


async def test_what_does_not_fit_makes_no_job(stage):
    (row,) = await make(stage)
    wrong = await refusal(press(stage, row, input={"rows": "x"}))
    assert {one.key for one in wrong.all} == {"confirm", "subject", "input.title", "input.rows"}
    assert await stage.rows("SELECT id FROM job") == []


async def test_a_job_type_of_that_name_checks_too_and_gives_its_limits(stage):
    schema = {"type": "object", "properties": {"rows": {"maximum": 500}, "depth": {"default": 2}}}
    await declare(stage, inputSchema=schema, limits={"maxAttempts": 2}, needsFile=True)
    (row,) = await make(stage)
    file = await stage.do(CREATE_FILE, CreateFile(ADMIN, "a.csv", 1, "text/csv", "blob"))
    file_id = encode("fl", file.id)
    job = await press(stage, row, **PRESS, fileId=file_id)
    said = job.described()
    assert (said["jobType"], said["input"], job.max_attempts) == (
        "workbook:export", {**FILLED, "depth": 2}, 2,
    )  # fmt: skip
    assert said["startedBy"]["actionId"] == row.public_id
    assert (await refusal(press(stage, row, **PRESS))).key == "fileId"
    unknown = await refusal(press(stage, row, **PRESS, fileId="us_fl_1"))
    assert (unknown.code, unknown.key) == ("not_found", "fileId")
    large = {**PRESS, "input": {"title": "a", "rows": 501}}
    assert (await refusal(press(stage, row, **large, fileId=file_id))).key == "input.rows"


async def test_a_key_that_is_restricted_to_other_jobs_may_neither_make_nor_press_it(stage):
    (row,) = await make(stage)
    narrow = Actor("us_key_0000000009", "operator", ADMIN.space, reach=Reach(jobs=("sheet:*",)))
    assert (await refusal(press(stage, row, narrow, **PRESS))).code == "forbidden"
    assert (await refusal(make(stage, WHOLE, actor=narrow))).code == "forbidden"
    (own,) = await make(stage, {**LEAST, "targetId": "us_sh_1"}, actor=narrow)
    assert (await refusal(change(stage, own, narrow, targetId="us_wb_1"))).code == "forbidden"
    assert (await press(stage, own, narrow)).name == "sheet:export"


async def test_a_rerun_is_the_action_s_too(stage):
    (row,) = await make(stage)
    job = await press(stage, row, **PRESS)
    await stage.do(jobs.CANCEL, jobs.CancelJob(ADMIN, job.id))
    await stage.do(jobs.RETRY, jobs.JobAct(ADMIN, job.id))
    assert [event["context"]["actionId"] for event in await stage.events("job:ready")] == [row.public_id] * 2


async def test_what_a_client_writes_about_an_action_is_not_believed(stage):
    await stage.create(input={"startedBy": {"actionId": "us_ac_0000000001"}})
    (event,) = await stage.events("job:ready")
    assert "actionId" not in event["context"]


async def test_a_built_in_job_may_stand_behind_a_button_and_its_type_checks(stage):
    system = {"label": "Call", "mount": {"type": "system"}}
    assert (await refusal(make(stage, {**system, "operation": "call"}))).key == "operation"
    (row,) = await make(stage, {**system, "operation": "callWebserviceEndpoint"})
    assert (await refusal(press(stage, row))).key == "input.url"
    job = await press(stage, row, input={"url": "https://example.com/"})
    assert (job.name, job.described()["jobType"]) == (
        "system:callWebserviceEndpoint",
        "callWebserviceEndpoint",
    )

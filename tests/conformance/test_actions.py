"""Actions on every database: kept, found, changed and pressed by the same statements."""

from dataclasses import replace

from buttons import FILLED, PRESS, WHOLE
from stage import ADMIN

from listener_sdk.protocol.actions import ActionCreate, ActionExecute, ActionUpdate
from listener_sdk.protocol.job_types import JobTypeDeclare
from server.commands import actions as module
from server.core.actions import ActionRow
from server.core.job_types import JobTypeRow, declared
from server.store import actions, clearing, job_types

ROW = ActionRow(
    id=1, space_id=1, domain="workbook", operation="export", target="us_wb_1", body='{"label":"Ω"}',
    created_at=1, created_by="us_key_1", updated_at=1, updated_by="us_key_1",
)  # fmt: skip


def test_a_row_comes_back_as_it_was(tx):
    other = replace(ROW, id=2, domain="sheet", operation="map", target="us_sh_1", body="{}")
    actions.insert(tx, [ROW, other, replace(ROW, id=3, space_id=2)])
    assert actions.load(tx, 1, 1) == actions.keep(tx, 1, 1) == ROW
    assert actions.load(tx, 2, 1) is actions.keep(tx, 2, 1) is None
    assert actions.every(tx, 1) == [ROW, other]
    assert actions.every(tx, 1, domain="sheet") == [other]
    assert actions.every(tx, 1, operation="export", target="us_wb_1") == [ROW]
    assert actions.every(tx, 1, operation="export", target="us_sh_1") == []
    assert actions.totals(tx, 1) == (2, len(ROW.body) + 2)
    changed = replace(
        other, domain="file", operation="o", target="t", body="{ }", updated_at=2**40, updated_by="k"
    )
    actions.update(tx, changed)
    assert actions.load(tx, 1, 2) == changed
    actions.delete(tx, 2)
    assert actions.every(tx, 1) == [ROW]
    clearing.forget(tx, 1)
    assert actions.every(tx, 1) == []
    assert len(actions.every(tx, 2)) == 1


def test_a_job_type_is_found_by_the_name_of_its_jobs(tx):
    def store(number, code, name="workbook:export", space=1):
        made = declared(JobTypeDeclare(name=name, code=code))
        job_types.insert(tx, JobTypeRow(number, space, code, name, made.stored(), 1, 1, "k", 1))

    assert job_types.named(tx, 1, "workbook:export") is None
    store(1, "first")
    store(2, "elsewhere", space=2)
    store(3, "workbook:export", name="sheet:map")
    assert job_types.named(tx, 1, "workbook:export").code == "first"
    store(4, "second")
    assert job_types.named(tx, 1, "workbook:export") is None
    tx.run("DELETE FROM job_type WHERE id = 3")
    store(5, "workbook:export")
    assert job_types.named(tx, 1, "workbook:export").id == 5


async def test_an_action_lives_and_makes_a_job(stage):
    made = module.CreateActions(ADMIN, (ActionCreate.model_validate(WHOLE),))
    (row,) = await stage.do(module.CREATE_ACTIONS, made)
    body = ActionExecute.model_validate(PRESS)
    item = await stage.node.read(lambda reader: module.press(reader, ADMIN, row.id, body))
    job = await stage.row(await stage.do(module.EXECUTE_ACTION, item))
    assert (job.name, job.status, job.described()["input"]) == ("workbook:export", "ready", FILLED)
    await stage.do(module.UPDATE_ACTION, module.UpdateAction(ADMIN, row.id, ActionUpdate(label="Save")))
    assert (await stage.node.read(lambda reader: actions.load(reader, 1, row.id))).said.facts[
        "label"
    ] == "Save"
    await stage.do(module.DELETE_ACTION, module.DeleteAction(ADMIN, row.id))
    assert await stage.node.read(lambda reader: actions.every(reader, 1)) == []
    assert [event["topic"] for event in await stage.events() if event["domain"] == "action"] == [
        "action:created",
        "action:updated",
        "action:deleted",
    ]

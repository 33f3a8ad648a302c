"""Jobs of definitions: those that one batch makes while others change what they are made of."""

import pytest
from defined import declare, define
from stage import ADMIN

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.definitions import DefinitionCreate, DefinitionExecute, DefinitionUpdate
from listener_sdk.protocol.job_types import JobTypeDeclare
from server.commands import definition_starts, definitions, job_types
from server.commands.definitions import CreateDefinition, DeleteDefinition, UpdateDefinition
from server.core.job_types import declared
from server.store.command import Command


def _all(tx, items):
    found = []
    for command, item in items:
        try:
            found.append(command.run(tx, item))
        except Refusal as refusal:
            found.append(refusal)
    return found


BATCH = Command("batch", _all)
RUN = (
    definition_starts.EXECUTE_DEFINITION,
    definition_starts.asked(ADMIN, "nightly", DefinitionExecute(), 2),
)


@pytest.fixture
async def ready(stage):
    await declare(stage)
    await define(stage)
    return stage


async def test_a_job_is_made_of_what_the_definition_is_by_then(ready):
    body = DefinitionUpdate.model_validate({"params": {"url": "y"}})
    update = (definitions.UPDATE_DEFINITION, UpdateDefinition(ADMIN, "nightly", body))
    first, second, _, third = await ready.do(BATCH, [RUN, RUN, update, RUN])
    assert [row.described()["definitionVersion"] for row in (first, second, third)] == [1, 1, 2]
    assert third.described()["input"]["url"] == "y"


async def test_a_disabled_or_deleted_one_makes_no_more(ready):
    off = DefinitionUpdate.model_validate({"enabled": False})
    disable = (definitions.UPDATE_DEFINITION, UpdateDefinition(ADMIN, "nightly", off))
    _, _, refusal = await ready.do(BATCH, [RUN, disable, RUN])
    assert refusal.code == "disabled"
    on = DefinitionUpdate.model_validate({"enabled": True})
    await ready.do(definitions.UPDATE_DEFINITION, UpdateDefinition(ADMIN, "nightly", on))
    await define(ready, jobDefinitionCode="other")
    other = (
        definition_starts.EXECUTE_DEFINITION,
        definition_starts.asked(ADMIN, "other", DefinitionExecute(), 2),
    )
    delete = (definitions.DELETE_DEFINITION, DeleteDefinition(ADMIN, "other"))
    _, _, refusal = await ready.do(BATCH, [RUN, delete, other])
    assert refusal.code == "not_found"


async def test_parameters_meet_the_schema_as_it_is_by_then(ready):
    body = {
        "name": "workbook:export",
        "code": "export",
        "inputSchema": {"type": "object", "required": ["to"]},
    }
    types = {"export": declared(JobTypeDeclare.model_validate(body))}
    stricter = Command("declare", lambda tx, _: job_types.declare(tx, ADMIN, types))
    _, _, refusal = await ready.do(BATCH, [RUN, (stricter, None), RUN])
    assert (refusal.code, refusal.key) == ("invalid", "params.to")


async def test_later_batches_make_jobs_of_what_the_definition_is_by_then(ready):
    first = await ready.do(*RUN)
    body = DefinitionUpdate.model_validate({"params": {"url": "y"}})
    await ready.do(definitions.UPDATE_DEFINITION, UpdateDefinition(ADMIN, "nightly", body))
    second = await ready.do(*RUN)
    assert [row.described()["definitionVersion"] for row in (first, second)] == [1, 2]
    off = DefinitionUpdate.model_validate({"enabled": False})
    await ready.do(definitions.UPDATE_DEFINITION, UpdateDefinition(ADMIN, "nightly", off))
    with pytest.raises(Refusal, match="disabled"):
        await ready.do(*RUN)


async def test_what_a_batch_saw_that_failed_is_forgotten(ready):
    async def fail(*items):
        def run(tx, _):
            _all(tx, items)
            raise RuntimeError

        with pytest.raises(RuntimeError):
            await ready.do(Command("fail", run), None)

    body = DefinitionUpdate.model_validate({"params": {"url": "y"}})
    await ready.do(*RUN)
    await fail((definitions.UPDATE_DEFINITION, UpdateDefinition(ADMIN, "nightly", body)), RUN)
    row = await ready.do(*RUN)
    assert row.described()["definitionVersion"] == 1
    made = {"jobDefinitionCode": "passing", "jobType": "export", "enabled": True, "params": {"url": "x"}}
    create = CreateDefinition(ADMIN, DefinitionCreate.model_validate(made))
    run = definition_starts.asked(ADMIN, "passing", DefinitionExecute(), 2)
    await fail((definitions.CREATE_DEFINITION, create), (definition_starts.EXECUTE_DEFINITION, run))
    with pytest.raises(Refusal, match="no job definition passing"):
        await ready.do(definition_starts.EXECUTE_DEFINITION, run)

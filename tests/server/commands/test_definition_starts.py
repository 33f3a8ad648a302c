"""Jobs of definitions: those that one batch makes while others change what they are made of."""

import pytest
from defined import declare, define
from stage import ADMIN

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.definitions import DefinitionExecute, DefinitionUpdate
from listener_sdk.protocol.job_types import JobTypeDeclare
from server.commands import definition_starts, definitions, job_types
from server.commands.definitions import DeleteDefinition, UpdateDefinition
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

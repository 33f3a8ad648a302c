import pytest

from listener_sdk.errors import ApiError, InvalidError
from listener_sdk.protocol.plans import Edge
from tests.sdk.fake_server import wire_job

JOB = "us_jb_0000000001"
PATH = f"/v1/jobs/{JOB}/plan"
NAME = {"type": "string", "key": "name"}
EDGE = {"sourceField": {**NAME, "label": "Name"}, "destinationField": NAME, "preview": ["Ann"]}
EMPTY = {"fieldMapping": [], "unmappedSourceFields": [], "unmappedDestinationFields": []}


def answer(**plan):
    return {"data": {"job": wire_job(status="planning"), "plan": {**EMPTY, **plan}}}


async def test_a_plan_is_read(server, client):
    server.routes["GET", PATH] = answer(fieldMapping=[EDGE])
    found = await client.plans.get(JOB)
    assert found.job.status == "planning"
    assert found.plan.field_mapping[0].destination_field.key == "name"
    assert found.plan.unmapped_source_fields == []


async def test_a_whole_plan_is_sent_with_all_its_lists(server, client):
    server.routes["PUT", PATH] = answer(fieldMapping=[EDGE])
    edge = Edge.model_validate(EDGE)
    await client.plans.put(JOB, "us_fl_1", [edge], [{"sourceField": NAME}], program_id="p")
    assert server.requests[-1][2] == {
        "fileId": "us_fl_1",
        "jobId": JOB,
        "fieldMapping": [EDGE],
        "unmappedSourceFields": [{"sourceField": NAME}],
        "unmappedDestinationFields": [],
        "programId": "p",
    }


async def test_of_a_patch_only_what_is_named_is_sent(server, client):
    server.routes["PATCH", PATH] = answer()
    await client.plans.patch(JOB, "us_fl_1", field_mapping=[])
    assert server.requests[-1][2] == {"fileId": "us_fl_1", "jobId": JOB, "fieldMapping": []}


async def test_malformed_plans_never_leave_and_refusals_are_raised(server, client):
    with pytest.raises(TypeError, match="did you mean 'field_mapping'"):
        await client.plans.patch(JOB, "us_fl_1", field_maping=[])
    with pytest.raises(InvalidError, match="destinationField"):
        await client.plans.put(JOB, "us_fl_1", [{"sourceField": NAME}])
    assert server.requests == []
    with pytest.raises(ApiError):
        await client.plans.get(JOB)

"""Watermarks over REST, on both prefixes, and the ends of jobs that move them."""

import pytest
from defined import made_type

from listener_sdk.protocol.watermarks import Watermark
from server.core.job_types import JobTypeRow
from server.store import job_types
from server.store.command import Command

PREFIXES = ("/v1", "/vue/_api/v1")
DEFINITION = {
    "jobDefinitionCode": "web-test",
    "jobType": "export",
    "params": {"url": "u"},
    "enabled": True,
    "modes": {"default": "delta"},
}


@pytest.fixture
async def ready(server):
    made = made_type()

    def keep(tx, _):
        row = JobTypeRow(tx.next_id("job_type"), 1, made.code, made.name, made.stored(), 1, 1, "us_key_1", 1)
        job_types.insert(tx.connection, row)

    await server.node.submit(Command("keep", keep), None)
    answer = await server.call("POST", "/v1/job-definitions", {"jobDefinition": DEFINITION})
    assert answer.status == 200, answer.raw
    return server


async def run(server, **body):
    job_id = (await server.call("POST", "/v1/job-definitions/web-test/_execute", {})).body["jobId"]
    begun = (await server.call("POST", f"/v1/jobs/{job_id}/ack", {})).data
    await server.call("POST", f"/v1/jobs/{job_id}/complete", body)
    return begun


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_it_is_read_set_and_reset(ready, prefix):
    path = f"{prefix}/job-definitions/web-test/watermark"
    assert (await ready.call("GET", path)).data == {"version": 0}
    answer = await ready.call("PUT", path, {"value": "k"})
    assert (answer.status, answer.data["value"], answer.data["version"]) == (200, "k", 1)
    assert (await ready.call("GET", path)).data == answer.data
    Watermark.model_validate(answer.data)
    assert (await ready.call("DELETE", path)).data == {"success": True}
    assert (await ready.call("GET", path)).data.keys() == {"version", "movedAt"}


async def test_runs_over_rest_go_by_it_and_move_it(ready):
    first = await run(ready, watermark="a")
    assert (first["runMode"], first["watermark"]) == ("full", {"since": None, "version": 0})
    second = await run(ready, watermark="b")
    assert (second["runMode"], second["watermark"]) == ("delta", {"since": "a", "version": 1})
    found = (await ready.call("GET", "/v1/job-definitions/web-test/watermark")).data
    assert (found["value"], found["jobId"]) == ("b", second["id"])
    shown = (await ready.call("GET", f"/v1/jobs/{second['id']}")).data
    assert shown["watermark"] == {"since": "a", "version": 1, "to": "b", "moved": True}


@pytest.mark.parametrize("value", ["", " ", "x" * 257, 5, None, "a\nb"])
async def test_other_values_are_refused(ready, value):
    path = "/v1/job-definitions/web-test/watermark"
    answer = await ready.call("PUT", path, {"value": value})
    assert (answer.status, answer.error["code"], answer.error["key"]) == (400, "invalid", "value")
    assert (await ready.call("PUT", path, {"value": "a", "since": "b"})).status == 400
    assert (await ready.call("GET", path)).data == {"version": 0}


async def test_who_launches_reads_it_and_does_not_change_it(ready):
    made = await ready.call("POST", "/v1/keys", {"name": "o", "role": "operator"})
    operator = made.data["key"]
    path = "/v1/job-definitions/web-test/watermark"
    assert (await ready.call("GET", path, key=operator)).status == 200
    for method, body in (("PUT", {"value": "a"}), ("DELETE", None)):
        answer = await ready.call(method, path, body, key=operator)
        assert (answer.status, answer.error["code"]) == (403, "forbidden")

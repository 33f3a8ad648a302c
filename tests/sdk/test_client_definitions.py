"""Definitions by the client."""

from datetime import UTC, datetime

import pytest
from pydantic import BaseModel

from listener_sdk.errors import InvalidError
from tests.sdk.fake_server import AT, wire_job

DEFINITION = {
    "id": "us_def_0000000001", "jobDefinitionCode": "web-test", "jobType": "export", "name": "N", "enabled": True, "version": 2,
    "params": {"url": "u"}, "createdAt": AT, "updatedAt": AT, "lastJob": {"jobId": "us_jb_1", "status": "ready", "createdAt": AT},
}  # fmt: skip
PATH = "/v1/job-definitions/web-test"


class Params(BaseModel):
    url: str


@pytest.fixture
def routed(server):
    for method, path in (("POST", "/v1/job-definitions"), ("GET", PATH), ("PATCH", PATH)):
        server.routes[method, path] = {"jobDefinition": DEFINITION}
    server.routes["GET", "/v1/job-definitions"] = {"data": [DEFINITION], "cursor": "c"}
    server.routes["DELETE", PATH] = {"data": {"success": True}}
    server.routes["POST", f"{PATH}/_execute"] = {"jobId": "us_jb_0000000001"}
    server.routes["GET", "/v1/jobs/us_jb_0000000001"] = {
        "data": wire_job(definition="web-test", definitionVersion=2)
    }
    version = {"version": 2, "at": AT, "jobType": "export", "params": {}}
    server.routes["GET", f"{PATH}/versions"] = {"data": [version], "cursor": None}
    server.routes["GET", f"{PATH}/versions/2"] = {"data": version}
    shown = {
        "params": {"url": "u"},
        "places": [{"path": "params.url", "expression": "event.u", "value": "u", "kind": "text"}],
        "problems": [],
    }
    server.routes["POST", f"{PATH}/_dry-run"] = {"data": shown}
    server.routes["POST", "/v1/job-definitions/_dry-run"] = {"data": shown}
    return server


async def test_definitions_are_made_read_changed_and_deleted(routed, client):
    made = await client.definitions.create(
        "web-test", "export", Params(url="u"), enabled=True, schedule={"cron": "0 9 * * *"}
    )
    assert (made.job_definition_code, made.version, made.last_job.status) == ("web-test", 2, "ready")
    assert routed.requests[-1][2] == {
        "jobDefinition": {
            "jobDefinitionCode": "web-test", "jobType": "export", "params": {"url": "u"}, "enabled": True, "schedule": {"cron": "0 9 * * *"}
        }
    }  # fmt: skip
    page = await client.definitions.list(job_type="export", enabled=True, q="web")
    assert (page.items[0].id, page.cursor) == (made.id, "c")
    assert routed.requests[-1][1] == "/v1/job-definitions?jobType=export&enabled=true&q=web"
    assert (await client.definitions.get("web-test")).name == "N"
    await client.definitions.update("web-test", target=None, params={"a": None})
    assert routed.requests[-1][2] == {"jobDefinition": {"target": None, "params": {"a": None}}}
    await client.definitions.enable("web-test")
    assert routed.requests[-1][2] == {"jobDefinition": {"enabled": True}}
    await client.definitions.disable("web-test")
    assert routed.requests[-1][2] == {"jobDefinition": {"enabled": False}}
    await client.definitions.delete("web-test")
    assert routed.requests[-1][:2] == ("DELETE", PATH)


async def test_a_launch_gives_the_job(routed, client):
    job = await client.definitions.execute(
        "web-test", {"limit": 1}, mode="delta", context={"event": {"a": 1}}, tags=["t"]
    )
    assert (job.definition, job.definition_version) == ("web-test", 2)
    (sent,) = [body for method, path, body in routed.requests if path == f"{PATH}/_execute"]
    assert sent == {"params": {"limit": 1}, "mode": "delta", "context": {"event": {"a": 1}}, "tags": ["t"]}


async def test_versions_and_dry_runs(routed, client):
    assert (await client.definitions.versions("web-test", page_size=5)).items == [
        await client.definitions.version("web-test", 2)
    ]
    shown = await client.definitions.dry_run(
        "web-test", event={"u": "u"}, due_time=datetime(2026, 1, 31, tzinfo=UTC)
    )
    assert (shown.params, shown.places[0].value) == ({"url": "u"}, "u")
    assert routed.requests[-1][2] == {
        "params": {},
        "context": {"event": {"u": "u"}, "dueTime": "2026-01-31T00:00:00.000Z"},
    }
    await client.definitions.dry_run(params={"url": "{{ hook.u }}"}, job_type="export", hook={})
    assert routed.requests[-1][1:] == (
        "/v1/job-definitions/_dry-run", {"jobType": "export", "params": {"url": "{{ hook.u }}"}, "context": {"hook": {}}}
    )  # fmt: skip


async def test_what_the_server_would_refuse_is_not_sent(server, client):
    for call in (
        client.definitions.create("a b", "export"),
        client.definitions.create("a", "export", options={"skip": True}),
        client.definitions.execute("a", mode="half"),
        client.definitions.execute("a", context={"evnt": {}}),
    ):
        with pytest.raises(InvalidError):
            await call
    for call in (
        client.definitions.create("a", "export", parms={}),
        client.definitions.list(type="a"),
        client.definitions.update("a", job_definition_code="b"),
        client.definitions.execute("a", prio=1),
        client.definitions.versions("a", after=1),
    ):
        with pytest.raises(TypeError):
            await call
    assert server.requests == []


async def test_watermarks_are_read_set_and_reset(server, client):
    path = f"{PATH}/watermark"
    mark = {"value": "a", "version": 2, "movedAt": AT, "jobId": "us_jb_1", "succeededAt": AT}
    for method in ("GET", "PUT"):
        server.routes[method, path] = {"data": mark}
    server.routes["DELETE", path] = {"data": {"success": True}}
    found = await client.definitions.watermark("web-test")
    assert (found.value, found.version, found.job_id) == ("a", 2, "us_jb_1")
    for to, text in ((datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00.000000Z"), (7, "7"), ("k", "k")):
        await client.definitions.set_watermark("web-test", to)
        assert server.requests[-1][2] == {"value": text}
    with pytest.raises(ValueError, match="at most 256"):
        await client.definitions.set_watermark("web-test", "x" * 257)
    await client.definitions.reset_watermark("web-test")
    assert server.requests[-1][:2] == ("DELETE", path)

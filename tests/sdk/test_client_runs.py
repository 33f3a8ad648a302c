from datetime import UTC, datetime

import pytest
from aiohttp import web

from tests.sdk.fake_server import AT

RUN = {"id": "us_jb_1", "jobId": "us_jb_1", "result": "failed", "trigger": {"kind": "api"}, "createdAt": AT}


async def test_runs_are_listed_and_iterated(server, client):
    def page(request, _raw):
        return {"data": [RUN], "asOf": "e:1", "cursor": None if "cursor" in request.query else "us_run_1"}

    server.routes["GET", "/v1/runs"] = page
    found = await client.runs.list(
        definition="nightly", result=["failed", "partial"], since=datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert (found.items[0].result, found.cursor) == ("failed", "us_run_1")
    assert (
        server.requests[-1][1]
        == "/v1/runs?definition=nightly&result=failed,partial&since=2026-01-01T00:00:00.000Z"
    )
    assert [run.id async for run in client.runs.iterate(trigger="person")] == ["us_jb_1"] * 2
    assert server.requests[-1][1] == "/v1/runs?trigger=person&cursor=us_run_1"
    with pytest.raises(TypeError, match="results"):
        await client.runs.list(results="failed")


async def test_one_is_read_and_run_again(server, client):
    server.routes["GET", "/v1/runs/us_jb_1"] = {"data": RUN | {"params": {"a": 1}}}
    assert (await client.runs.get("us_jb_1")).params == {"a": 1}
    server.routes["POST", "/v1/runs/us_jb_1/_again"] = {"data": RUN | {"id": "us_jb_2", "rerunOf": "us_jb_1"}}
    again = await client.runs.again("us_jb_1", {"a": 2}, mode="full", idempotency_key="k")
    assert (again.id, again.rerun_of) == ("us_jb_2", "us_jb_1")
    assert server.requests[-1][2] == {"params": {"a": 2}, "mode": "full"}
    assert server.headers[-1]["Idempotency-Key"] == "k"
    await client.runs.again("us_jb_1")
    assert server.requests[-1][2] == {"params": {}}


async def test_an_export_goes_to_a_file_or_comes_in_chunks(server, client, tmp_path):
    def export(request, _raw):
        assert request.query["result"] == "failed,skipped"
        return web.Response(body=request.query["format"].encode() * 100_000)

    server.routes["GET", "/v1/runs/export"] = export
    path = await client.runs.export(tmp_path / "runs.csv", result=("failed", "skipped"))
    assert path.read_bytes() == b"csv" * 100_000
    chunks = [chunk async for chunk in client.runs.chunks("jsonl", result=("failed", "skipped"))]
    assert b"".join(chunks) == b"jsonl" * 100_000
    with pytest.raises(TypeError):
        await client.runs.export(tmp_path, page_size=5)

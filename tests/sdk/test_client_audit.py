from datetime import UTC, datetime

import pytest
from aiohttp import web

from listener_sdk.errors import ApiError
from tests.sdk.fake_server import AT

LINE = {"id": "us_au_1", "at": AT, "actor": "us_key_1", "action": "key:created", "target": "us_key_2"}


async def test_lines_are_listed_and_iterated(server, client):
    server.routes["GET", "/v1/audit"] = {"data": [LINE | {"after": {"name": "ci"}}], "cursor": None}
    page = await client.audit.list(action="key:*", since=datetime(2026, 1, 1, tzinfo=UTC), page_size=5)
    assert (page.items[0].after, page.items[0].before, page.cursor) == ({"name": "ci"}, None, None)
    assert [line.id async for line in client.audit.iterate(actor="us_key_1")] == ["us_au_1"]


async def test_pages_follow_each_other_with_the_same_filters(server, client):
    def page(request, _raw):
        return {"data": [LINE], "cursor": None if "cursor" in request.query else "us_au_1"}

    server.routes["GET", "/v1/audit"] = page
    assert len([line async for line in client.audit.iterate(target="us_key_2")]) == 2
    assert server.requests[-1][1] == "/v1/audit?target=us_key_2&cursor=us_au_1"


async def test_an_export_goes_to_a_file_or_comes_in_chunks(server, client, tmp_path):
    def export(request, _raw):
        assert request.query["actor"] == "us_key_1"
        return web.Response(body=request.query["format"].encode() * 100_000)

    server.routes["GET", "/v1/audit/export"] = export
    path = await client.audit.export(tmp_path / "audit.csv", actor="us_key_1")
    assert path.read_bytes() == b"csv" * 100_000
    chunks = [chunk async for chunk in client.audit.chunks("jsonl", actor="us_key_1")]
    assert b"".join(chunks) == b"jsonl" * 100_000
    assert "Authorization" in server.headers[-1]


async def test_a_refusal_leaves_no_file(server, client, tmp_path):
    server.routes["GET", "/v1/audit/export"] = lambda *_: web.json_response(
        {"errors": [{"code": "forbidden", "message": "no"}]}, status=403
    )
    with pytest.raises(ApiError, match="no"):
        await client.audit.export(tmp_path / "audit.csv")
    with pytest.raises(ApiError, match="no"):
        [chunk async for chunk in client.audit.chunks()]
    assert list(tmp_path.iterdir()) == []

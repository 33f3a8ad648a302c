"""Job types by the client."""

import pytest
from aiohttp import web
from pydantic import BaseModel

from listener_sdk.errors import ApiError, InvalidError
from tests.sdk.fake_server import AT, wire_job

TYPE = {
    "code": "a:b", "name": "a:b", "domain": "a", "operation": "b", "inputSchema": {"type": "object"}, "inputForm": {"fields": []},
    "modes": ["full"], "online": True, "builtIn": False, "updatedAt": AT, "limits": {"maxAttempts": 2},
}  # fmt: skip
PATH = "/v1/job-types/a:b"


class Params(BaseModel):
    rows: int


async def test_types_are_listed_read_and_deleted(server, client):
    server.routes["GET", "/v1/job-types"] = {"data": [TYPE], "cursor": "us_jty_1"}
    server.routes["GET", PATH] = {"data": TYPE}
    server.routes["DELETE", PATH] = {"data": {"success": True}}
    page = await client.job_types.list(online=True, domain="a", q="b", page_size=5)
    assert ([one.code for one in page.items], page.cursor) == (["a:b"], "us_jty_1")
    assert server.requests[-1][1] == "/v1/job-types?online=true&domain=a&q=b&pageSize=5"
    assert (await client.job_types.get("a:b")).limits.max_attempts == 2
    await client.job_types.delete("a:b")
    assert server.requests[-1][0] == "DELETE"


async def test_executing_gives_the_job(server, client):
    server.routes["POST", f"{PATH}/_execute"] = {"jobId": "us_jb_1"}
    server.routes["GET", "/v1/jobs/us_jb_1"] = {"data": wire_job(id="us_jb_1")}
    job = await client.job_types.execute(
        "a:b", Params(rows=3), mode="full", label="Mine", file_id="us_fl_1", idempotency_key="k"
    )
    assert job.id == "us_jb_1"
    assert server.requests[-2][2] == {
        "params": {"rows": 3},
        "mode": "full",
        "label": "Mine",
        "fileId": "us_fl_1",
    }
    await client.job_types.execute("a:b")
    assert server.requests[-2][2] == {"params": {}}


async def test_every_problem_stands_in_the_error(server, client):
    problems = [{"code": "invalid", "key": f"params.{name}", "message": name} for name in "ab"]
    answer = web.json_response({"errors": problems}, status=400)
    server.routes["POST", f"{PATH}/_execute"] = lambda *_: answer
    with pytest.raises(ApiError) as caught:
        await client.job_types.execute("a:b", {})
    assert caught.value.errors == problems


async def test_what_no_server_takes_is_not_sent(server, client):
    with pytest.raises(TypeError, match="did you mean 'label'"):
        await client.job_types.execute("a:b", {}, lable="x")
    with pytest.raises(InvalidError):
        await client.job_types.execute("a:b", {}, priority=5_000)
    with pytest.raises(TypeError):
        await client.job_types.list(status="online")
    assert server.requests == []

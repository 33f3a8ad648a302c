"""Web pages of other origins: only those named, and never with cookies."""

import pytest

ASK = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}


@pytest.fixture
def settings():
    return {"allow_origins": ("https://app.example.com",)}


async def test_a_named_origin_may_ask_and_call(server):
    origin = {"Origin": "https://app.example.com"}
    asked = await server.call("OPTIONS", "/v1/jobs", key=None, headers=origin | ASK)
    assert asked.status == 204
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    called = await server.call("GET", "/v1/jobs", headers=origin)
    for answer in (asked, called):
        assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
        assert answer.headers["Vary"] == "Origin"
        assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_a_named_origin_can_read_errors_too(server):
    answer = await server.call("GET", "/v1/jobs", key=None, headers={"Origin": "https://app.example.com"})
    assert answer.status == 401
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example.com"


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "https://app.example.com.evil.example", "http://app.example.com"],
)
async def test_any_other_gets_no_permission(server, origin):
    asked = await server.call("OPTIONS", "/v1/jobs", key=None, headers={"Origin": origin} | ASK)
    assert asked.status == 405
    called = await server.call("GET", "/v1/jobs", headers={"Origin": origin})
    for answer in (asked, called):
        assert "Access-Control-Allow-Origin" not in answer.headers

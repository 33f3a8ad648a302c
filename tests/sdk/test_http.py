from datetime import UTC, datetime
from enum import Enum

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from listener_sdk._http import camel, query_of, refusal
from listener_sdk.client import Client
from listener_sdk.errors import ApiError, ConnectionFailed
from tests.sdk.fake_server import KEY


def test_filters_become_camel_case_texts():
    class Colour(Enum):
        RED = "red"

    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    found = query_of(
        {
            "page_size": 5,
            "exclude_child_jobs": True,
            "since": at,
            "colour": Colour.RED,
            "skip": None,
            "topics": ["a", "b"],
        }
    )
    assert found == {
        "pageSize": "5", "excludeChildJobs": "true", "since": "2026-01-01T12:00:00.000Z", "colour": "red", "topics": "a,b",
    }  # fmt: skip
    assert camel("type_") == "type"


@given(st.integers(300, 599), st.binary(max_size=300))
def test_any_body_of_a_refusal_makes_a_readable_error(status, body):
    found = refusal(status, body)
    assert found.status == status
    assert found.code
    assert str(found)


def test_the_servers_own_words_are_kept():
    found = refusal(
        409, b'{"errors":[{"code":"illegal_move","message":"The job is complete.","status":"complete"}]}'
    )
    assert (found.status, found.code, found.message) == (409, "illegal_move", "The job is complete.")
    assert found.errors[0]["status"] == "complete"
    assert refusal(502, b"<html>bad gateway</html>").code == "http_502"


async def test_no_server_is_said_with_the_way_out(unused_tcp_port):
    async with Client(f"http://127.0.0.1:{unused_tcp_port}", KEY) as client:
        with pytest.raises(ConnectionFailed, match="tickwire server") as caught:
            await client.whoami()
    assert caught.value.url.endswith(str(unused_tcp_port))


async def test_a_wrong_key_is_refused(server):
    async with Client(server.url, "wrong") as client:
        with pytest.raises(ApiError, match="not valid") as caught:
            await client.whoami()
    assert (caught.value.status, caught.value.code) == (401, "unauthorized")


async def test_another_kind_of_server_is_recognised(server, client):
    server.routes["GET", "/v1/whoami"] = web.Response(text="<html>hello</html>")
    with pytest.raises(ApiError, match="is it a Tickwire server"):
        await client.whoami()


async def test_the_key_follows_no_redirect(server, client):
    server.routes["GET", "/v1/whoami"] = web.Response(
        status=302, headers={"Location": "https://elsewhere.test/"}
    )
    with pytest.raises(ApiError) as caught:
        await client.whoami()
    assert caught.value.status == 302
    assert len(server.requests) == 1

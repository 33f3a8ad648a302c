import asyncio
from datetime import UTC, datetime
from enum import Enum

import pytest
from aiohttp import web

from listener_sdk._http import camel, query_of
from listener_sdk.client import Client
from listener_sdk.errors import ApiError, ConnectionFailed, NotTickwire
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


@pytest.mark.parametrize(
    ("answer", "got"),
    [
        (web.Response(text="<html>hello</html>", content_type="text/html"), "text/html"),
        (web.Response(text="<html>", content_type="text/html", status=404), "text/html"),
        (web.json_response([1]), "other JSON"),
        (web.json_response({"hello": "world"}), "other JSON"),
        (web.Response(text="{", content_type="application/json"), "application/json"),
    ],
)
async def test_another_kind_of_server_is_recognised(server, client, answer, got):
    server.routes["GET", "/v1/whoami"] = answer
    with pytest.raises(NotTickwire) as caught:
        await client.whoami()
    expected = f"(got {got} from {server.url}/v1/whoami): check TICKWIRE_URL."
    assert str(caught.value) == f"This is not a Tickwire server {expected}"


async def test_what_does_not_speak_http_is_recognised():
    async def greet(_reader, writer):
        writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        async with Client(f"http://127.0.0.1:{port}", KEY) as client:
            with pytest.raises(NotTickwire, match="got no HTTP"):
                await client.whoami()


async def test_the_key_follows_no_redirect(server, client):
    server.routes["GET", "/v1/whoami"] = web.Response(
        status=302, headers={"Location": "https://elsewhere.test/"}
    )
    with pytest.raises(NotTickwire, match=r"got a redirect to https://elsewhere\.test/ from"):
        await client.whoami()
    assert len(server.requests) == 1

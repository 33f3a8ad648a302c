"""Connections and heads: bounded in number, size and time; what is malformed is answered in JSON, and never by a 5xx."""

import asyncio
import contextlib
import time
from unittest.mock import Mock

import aiohttp
import pytest
import structlog
from aiohttp import web
from yarl import URL

from server.web.admission import Admission
from server.web.runner import Runner


def call(head=b"", *, line=b"GET /v1/jobs HTTP/1.1"):
    return line + b"\r\nHost: x\r\n" + head + b"\r\n"


@pytest.mark.parametrize(
    ("raw", "statuses"),
    [
        (b"garbage\r\n\r\n", {400}),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", {400}),
        (call(line=b"G\x00T / HTTP/1.1"), {400}),
        (call(line=b"GET /v1/jobs HTTP/9.9"), {400}),
        (call(line=b"GET /" + b"x" * 20_000 + b" HTTP/1.1"), {414}),
        (call(b"X-Long: " + b"x" * 20_000 + b"\r\n"), {431}),
        (call(b"X" * 20_000 + b": x\r\n"), {431}),
        (call(b"".join(b"X-%d: x\r\n" % n for n in range(500))), {431}),
        (call(b"".join(b"X-%d: %s\r\n" % (n, b"x" * 8000) for n in range(5))), {431}),
        (call(b"".join(b"X-%d: %s\r\n" % (n, b"x" * 8000) for n in range(5)))[:-2], {431}),
        (call(b"bad header\r\n"), {400}),
        (call(b"Content-Length: -1\r\n"), {400}),
        (call(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", line=b"POST /v1/jobs HTTP/1.1"), {400}),
        (call(b"Authorization: Bearer \xff\xfe\r\n"), {400, 401}),
        (call(b"Expect: nonsense\r\n"), {417}),
        (call(line=b"GET http://[::1 HTTP/1.1"), {400, 404}),
    ],
)
async def test_malformed_http_is_answered_in_json(server, raw, statuses):
    answer = await server.say(raw)
    assert answer.status in statuses, answer
    assert answer.error


async def test_a_broken_chunk_in_a_body_is_the_clients_fault(server):
    head = f"Authorization: Bearer {server.key}\r\nTransfer-Encoding: chunked\r\n".encode()
    answer = await server.say(call(head, line=b"POST /v1/jobs HTTP/1.1") + b"zz\r\nnonsense\r\n")
    assert (answer.status, answer.error["code"]) == (400, "bad_request")


async def test_two_encodings_that_claim_to_unpack_are_not_believed(server):
    head = f"Authorization: Bearer {server.key}\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n".encode()
    answer = await server.say(call(head, line=b"POST /v1/jobs HTTP/1.1") + b"\x1f\x8b\x08\x00")
    assert (answer.status, answer.error["code"]) == (415, "unsupported_encoding")


async def test_a_call_for_a_websocket_that_is_none_is_refused_in_json(server):
    answer = await server.call("GET", "/v1/stream")
    assert answer.status == 400
    assert answer.error["code"] == "bad_request"


UPGRADE = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
STREAM = b"GET /v1/stream HTTP/1.1"


@pytest.mark.parametrize(
    "raw",
    [
        call(b"Expect: \xff\r\n", line=b"GET /healthz HTTP/1.1"),
        call(b"Upgrade: \xff\r\nConnection: Upgrade\r\n", line=STREAM),
        call(b"Upgrade: websocket\r\nConnection: \xff\r\n", line=STREAM),
        call(UPGRADE.replace(b"13", b"\xff"), line=STREAM),
        call(UPGRADE + b"Sec-WebSocket-Key: \xff\r\n", line=STREAM),
        call(UPGRADE + b"Sec-WebSocket-Key: nonsense\r\n", line=STREAM),
        call(UPGRADE + b"Sec-WebSocket-Key: \xc3\xa9\r\n", line=STREAM),
        call(UPGRADE, line=STREAM),
    ],
)
async def test_headers_that_are_not_ascii_are_no_fault_of_the_server(server, raw):
    with structlog.testing.capture_logs() as said:
        answer = await server.say(raw)
    assert (answer.status, answer.error["code"]) == (400, "bad_request")
    assert not [record for record in said if record["event"] == "request_failed"]


async def greet(request):
    return web.Response(text="hello")


@contextlib.asynccontextmanager
async def running(*, most=100, strangers=100, head_timeout_s=20.0):
    """A small server: the runner, and how to reach it."""
    app = web.Application()
    app.router.add_get("/", greet)
    runner = Runner(app, lambda handler: handler, Admission(most, strangers, time.monotonic), head_timeout_s)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield runner, URL(f"http://127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def opened(url):
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def until(holds):
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - what is waited for tells nobody that it changed
            await asyncio.sleep(0)


ROOT = b"GET / HTTP/1.1"


async def test_a_head_that_does_not_come_in_time_is_refused_and_closed(heard):
    async with running(head_timeout_s=0.05) as (_, url), opened(url) as (reader, writer):
        writer.write(call(line=ROOT)[:-2])
        answer = await heard(reader)
        assert (answer.status, answer.error["code"]) == (400, "bad_request")
        assert "0.05 s" in answer.error["message"]
        assert await reader.read() == b""


async def test_a_connection_that_says_nothing_is_closed_without_a_word():
    async with running(head_timeout_s=0.05) as (_, url), opened(url) as (reader, _):
        assert await asyncio.wait_for(reader.read(), 20) == b""


async def test_the_second_head_of_a_connection_has_its_time_too(heard):
    async with running(head_timeout_s=0.05) as (_, url), opened(url) as (reader, writer):
        writer.write(call(line=ROOT) + call(line=ROOT)[:-2])
        assert (await heard(reader)).raw == b"hello"
        assert (await heard(reader)).status == 400


async def test_between_its_calls_a_connection_may_rest(heard):
    async with running() as (runner, url), opened(url) as (reader, writer):
        await until(lambda: runner.server.connections)
        (connection,) = runner.server.connections
        assert connection._head_timer is not None
        for _ in range(2):
            writer.write(call(line=ROOT)[:-2])
            await until(lambda: connection._head_timer is not None)
            writer.write(b"\r\n")
            assert (await heard(reader)).raw == b"hello"
            assert connection._head_timer is None


async def test_a_connection_too_many_is_told_so(heard):
    async with running(most=1) as (runner, url), opened(url) as (reader, writer):
        await until(lambda: runner.admission.open == 1)
        async with opened(url) as (second, _):
            answer = await heard(second)
            assert (answer.status, answer.error["code"]) == (503, "unavailable")
            assert answer.headers["Retry-After"] == "1"
            assert await second.read() == b""
        await until(lambda: runner.admission.open == 1)
        writer.write(call(line=ROOT))
        assert (await heard(reader)).raw == b"hello"
    assert runner.admission.open == 0


async def test_an_address_of_strangers_is_told_so(heard, monkeypatch):
    monkeypatch.setattr("server.web.admission.HERD", 1)
    monkeypatch.setattr("server.web.admission.PATIENCE_S", 3600.0)
    async with running(strangers=1) as (runner, url), opened(url):
        await until(lambda: runner.admission.strangers("127.0.0.1") == 1)
        async with opened(url) as (second, _):
            answer = await heard(second)
            assert (answer.status, answer.error["code"]) == (429, "rate_limited")
            assert answer.headers["Retry-After"] == "1"


class TestStrangers:
    @pytest.fixture
    def settings(self):
        return {"strangers_per_address": 2}

    async def test_who_shows_a_key_or_link_is_none(self, server):
        hello = {"type": "hello", "id": 1, "session": "session-1"}
        link = (await server.call("POST", "/v1/files?name=a", raw=b"x")).data["url"]
        for how in ("key", "link", "upgrade", "hello"):
            async with contextlib.AsyncExitStack() as stack:
                for number in range(4):
                    http = await stack.enter_async_context(aiohttp.ClientSession())
                    if how in {"key", "link"}:
                        headers = {"Authorization": f"Bearer {server.key}"} if how == "key" else {}
                        url = f"{server.url}/v1/whoami" if how == "key" else link
                        async with http.get(url, headers=headers) as response:
                            assert response.status == 200, how
                            await response.read()
                        continue
                    headers = {"Authorization": f"Bearer {server.key}"} if how == "upgrade" else {}
                    socket = await stack.enter_async_context(
                        http.ws_connect(f"{server.url}/v1/stream", headers=headers)
                    )
                    key = {"key": server.key} if how == "hello" else {}
                    await socket.send_json(hello | key | {"session": f"session-{number}"})
                    assert (await socket.receive_json(timeout=20))[0]["type"] == "welcome"

    async def test_who_shows_none_or_a_wrong_one_is(self, server, monkeypatch):
        monkeypatch.setattr("server.web.admission.HERD", 1)
        monkeypatch.setattr("server.web.admission.PATIENCE_S", 3600.0)
        async with contextlib.AsyncExitStack() as stack:
            found = []
            for headers in ({}, {"Authorization": "Bearer wrong"}, {}):
                http = await stack.enter_async_context(aiohttp.ClientSession())
                async with http.get(f"{server.url}/v1/whoami", headers=headers) as response:
                    found.append((response.status, response.version.minor))
            assert found == [(401, 1), (401, 1), (429, 1)]

    async def test_those_that_stand_still_give_way_to_who_comes(self, server, monkeypatch):
        monkeypatch.setattr("server.web.admission.PATIENCE_S", 0.0)
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(5):
                http = await stack.enter_async_context(aiohttp.ClientSession())
                async with http.get(f"{server.url}/healthz") as response:
                    assert response.status == 200
            assert (await server.call("GET", "/v1/whoami")).status == 200


async def test_a_connection_is_read_on_only_where_it_was_held():
    async with running() as (runner, _):
        transport = Mock(spec=asyncio.Transport)
        transport.get_extra_info.return_value = None
        connection = runner.server()
        connection.connection_made(transport)
        connection.data_received(call(b"Content-Length: 1000\r\n", line=b"POST / HTTP/1.1"))
        connection.resume_reading()
        transport.resume_reading.assert_not_called()
        connection.pause_reading()
        connection.resume_reading(resume_parser=False)
        transport.pause_reading.assert_called_once_with()
        transport.resume_reading.assert_called_once_with()
        connection.connection_lost(None)

"""The end of a server: clients that keep it waiting are not waited for, and what it does itself is finished."""

import asyncio
import io
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest

from server.app import running
from server.settings import Settings
from server.web import departure

DEADLINE_S = 30.0
LONG_S = 3600.0
KEY = "k" * 40
LARGE = 30_000_000
HEAD = f"Host: x\r\nAuthorization: Bearer {KEY}\r\n"


@pytest.fixture(autouse=True)
def _short_grace(monkeypatch):
    monkeypatch.setattr(departure, "GRACE_S", 0.05)


@asynccontextmanager
async def serving(tmp_path):
    """A server that would wait for an hour; leaving it must take no longer than the deadline."""
    settings = Settings(port=0, data_dir=tmp_path, admin_key=KEY, drain_s=LONG_S)
    async with asyncio.timeout(DEADLINE_S), running(settings) as (node, url):
        yield node, url


async def said(url, text):
    """A connection that has said something which the server has taken in."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rsplit(":", 1)[1]), limit=4096)
    writer.write(text.encode())
    await writer.drain()
    async with aiohttp.ClientSession() as http, http.get(f"{url}/healthz") as answer:
        assert answer.status == 200
    return reader, writer


async def heard(connection):
    """All that still comes."""
    reader, writer = connection
    found = b""
    with suppress(ConnectionError):
        while chunk := await reader.read(65536):
            found += chunk
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return found


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/files?name=a"])
async def test_who_does_not_send_the_rest_of_a_body_is_answered_503(tmp_path, path):
    async with serving(tmp_path) as (_, url):
        head = f"POST {path} HTTP/1.1\r\n{HEAD}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
        connection = await said(url, head + "{")
    answer = await heard(connection)
    assert answer.startswith(b"HTTP/1.1 503 "), answer
    assert b"Retry-After" in answer
    assert b"stopping" in answer


async def test_a_download_that_nobody_reads_is_cut(tmp_path):
    async with serving(tmp_path) as (_, url), aiohttp.ClientSession() as http:
        headers = {"Authorization": f"Bearer {KEY}"}
        async with http.post(
            f"{url}/v1/files?name=a", data=io.BytesIO(b"x" * LARGE), headers=headers
        ) as answer:
            file = (await answer.json())["data"]["id"]
        connection = await said(url, f"GET /v1/files/{file}/content HTTP/1.1\r\n{HEAD}\r\n")
        assert (await connection[0].readline()).startswith(b"HTTP/1.1 200")
    assert len(await heard(connection)) < LARGE


async def test_a_call_that_the_server_works_at_is_finished(tmp_path, monkeypatch):
    cut = asyncio.Event()
    begun = asyncio.Event()
    real = departure.Calls.cut_answers

    def cut_answers(calls, server):
        real(calls, server)
        cut.set()

    monkeypatch.setattr(departure.Calls, "cut_answers", cut_answers)
    async with serving(tmp_path) as (node, url):
        read = node.read

        async def slow(query):
            begun.set()
            await cut.wait()
            return await read(query)

        connection = await said(url, "")
        monkeypatch.setattr(node, "read", slow)
        connection[1].write(f"GET /v1/jobs HTTP/1.1\r\n{HEAD}\r\n".encode())
        await begun.wait()
    answer = await heard(connection)
    assert answer.startswith(b"HTTP/1.1 200 "), answer

"""Malformed HTTP: answered in JSON, and never by a 5xx."""

import asyncio
import json

import pytest
from yarl import URL


async def spoken(server, raw):
    """What the server answers to these bytes: status and body."""
    url = URL(server.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        writer.write(raw)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        length = next(
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        return int(head.split(b" ")[1]), json.loads(await reader.readexactly(length))
    finally:
        writer.close()
        await writer.wait_closed()


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
        (call(b"bad header\r\n"), {400}),
        (call(b"Content-Length: -1\r\n"), {400}),
        (call(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", line=b"POST /v1/jobs HTTP/1.1"), {400}),
        (call(b"Authorization: Bearer \xff\xfe\r\n"), {400, 401}),
        (call(b"Expect: nonsense\r\n"), {417}),
        (call(line=b"GET http://[::1 HTTP/1.1"), {400, 404}),
    ],
)
async def test_malformed_http_is_answered_in_json(server, raw, statuses):
    status, body = await spoken(server, raw)
    assert status in statuses, body
    assert body["errors"][0]["code"]
    assert body["errors"][0]["message"]


async def test_a_broken_chunk_in_a_body_is_the_clients_fault(server):
    head = f"Authorization: Bearer {server.key}\r\nTransfer-Encoding: chunked\r\n".encode()
    status, body = await spoken(server, call(head, line=b"POST /v1/jobs HTTP/1.1") + b"zz\r\nnonsense\r\n")
    assert (status, body["errors"][0]["code"]) == (400, "bad_request")


async def test_two_encodings_that_claim_to_unpack_are_not_believed(server):
    head = f"Authorization: Bearer {server.key}\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n".encode()
    status, body = await spoken(server, call(head, line=b"POST /v1/jobs HTTP/1.1") + b"\x1f\x8b\x08\x00")
    assert (status, body["errors"][0]["code"]) == (415, "unsupported_encoding")


async def test_a_call_for_a_websocket_that_is_none_is_refused_in_json(server):
    answer = await server.call("GET", "/v1/stream")
    assert answer.status == 400
    assert answer.error["code"] == "bad_request"

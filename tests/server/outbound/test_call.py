"""Calls of web services: what is sent, what of the answer is kept, and which answers ask for another try."""

import asyncio
import gzip
import json
from base64 import b64encode

import orjson
import pytest
from aiohttp import web
from pydantic import ValidationError

from listener_sdk.protocol.codes import Refusal
from server.outbound.call import LARGEST_REQUEST, RESULT_HEADER_BYTES, CallRequest, call
from server.outbound.failures import Failure

NOON_S = 1795262400.0


def read(url, **params):
    return CallRequest.model_validate({"url": url, **params})


async def called(outbound, url, **params):
    return await call(read(url, **params), outbound, lambda: NOON_S)


async def echo(request):
    return web.json_response(
        {
            "method": request.method,
            "query": list(request.query.items()),
            "type": request.headers.get("Content-Type"),
            "headers": dict(request.headers),
            "body": await request.text(),
        }
    )


def answering(**answer):
    async def handle(request):
        return web.Response(**answer)

    return handle


async def test_a_call_as_the_job_type_describes_it(served, outbound):
    found = await called(
        outbound,
        f"{await served(echo)}/_query_",
        method="POST",
        headers={"X-Key": "secret"},
        body={"searchTerms": "running shoe"},
        searchParams={"limit": 10},
    )
    assert (found.status, found.body_form, found.truncated, found.retry) == (200, "json", False, False)
    assert found.body["method"] == "POST"
    assert found.body["query"] == [["limit", "10"]]
    assert found.body["type"] == "application/json"
    assert found.body["headers"]["X-Key"] == "secret"
    assert json.loads(found.body["body"]) == {"searchTerms": "running shoe"}
    assert found.elapsed_ms >= 0


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_each_method_is_sent_without_a_body_unless_there_is_one(method, served, outbound):
    found = await called(outbound, await served(echo), method=method)
    assert (found.body["method"], found.body["body"], found.body["type"]) == (method, "", None)


async def test_head_has_headers_and_no_body(served, outbound):
    found = await called(outbound, await served(answering(body=b"abc")), method="HEAD")
    assert (found.status, found.body_form, found.body, found.headers["content-length"]) == (
        200,
        "empty",
        None,
        "3",
    )


@pytest.mark.parametrize(
    ("body", "headers", "sent", "kind"),
    [
        ("text é", {}, "text é", "text/plain; charset=utf-8"),
        (
            "a=b",
            {"content-type": "application/x-www-form-urlencoded"},
            "a=b",
            "application/x-www-form-urlencoded",
        ),
        ("", {}, "", "text/plain; charset=utf-8"),
        ([1, None], {}, "[1,null]", "application/json"),
        (False, {}, "false", "application/json"),
        (0, {"Content-Type": "application/x"}, "0", "application/x"),
    ],
)
async def test_text_goes_as_it_is_and_all_else_as_json(body, headers, sent, kind, served, outbound):
    found = await called(outbound, await served(echo), method="POST", body=body, headers=headers)
    assert (found.body["body"], found.body["type"]) == (sent, kind)


@pytest.mark.parametrize(
    ("query", "params", "expected"),
    [
        ("", {}, []),
        ("?a=1&b=2", {"b": 3, "c": True}, [["a", "1"], ["b", "3"], ["c", "true"]]),
        ("?a=1&a=2", {"a": None}, []),
        ("?a=1", {"a": ["x", 2, 1.5]}, [["a", "x"], ["a", "2"], ["a", "1.5"]]),
        ("?a=%2B", {"b": "+ &=é"}, [["a", "+"], ["b", "+ &=é"]]),
        ("?a=1", {"b": []}, [["a", "1"]]),
    ],
)
async def test_search_params_join_the_query(query, params, expected, served, outbound):
    found = await called(outbound, await served(echo) + "/" + query, searchParams=params)
    assert found.body["query"] == expected


async def test_the_result_keeps_no_query_no_cookie_and_joined_headers(wire, outbound):
    answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: s=secret\r\nX-A: 1\r\nx-a: 2\r\nX-B: \xff\r\nContent-Length: 0\r\n\r\n"
    found = await called(outbound, (await wire(answer)).url + "/x?key=secret")
    assert found.headers == {"x-a": "1, 2", "x-b": "?", "content-length": "0"}
    assert found.url.endswith("/x")
    assert "secret" not in orjson.dumps(found.as_wire()).decode()


async def test_headers_are_kept_as_far_as_they_fit(wire, outbound):
    lines = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 4000) for number in range(10))
    found = await called(
        outbound, (await wire(b"HTTP/1.1 200 OK\r\n" + lines + b"Content-Length: 0\r\n\r\n")).url
    )
    assert 1 <= len(found.headers) < 10
    assert sum(len(name) + len(value) for name, value in found.headers.items()) <= RESULT_HEADER_BYTES


@pytest.mark.parametrize(
    ("answer", "form", "value"),
    [
        ({"text": "caf\u00e9", "content_type": "text/plain", "charset": "iso-8859-1"}, "text", "café"),
        ({"body": b"\xff\xfe", "content_type": "image/png"}, "base64", b64encode(b"\xff\xfe").decode()),
        (
            {
                "body": gzip.compress(b"[1]"),
                "content_type": "application/json",
                "headers": {"Content-Encoding": "gzip"},
            },
            "json",
            [1],
        ),
        (
            {"body": b"abc", "content_type": "text/plain", "headers": {"Content-Encoding": "br"}},
            "base64",
            "YWJj",
        ),
        ({"status": 204}, "empty", None),
    ],
)
async def test_the_body_is_kept_in_the_form_that_fits(answer, form, value, served, outbound):
    found = await called(outbound, await served(answering(**answer)))
    assert (found.body_form, found.body) == (form, value)


@pytest.mark.parametrize(("coding", "form", "value"), [("br", "base64", "MTIz"), ("identity", "json", 123)])
async def test_an_unknown_coding_is_no_text_although_no_type_is_named(coding, form, value, wire, outbound):
    answer = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: 3\r\n\r\n123"
    found = await called(outbound, (await wire(answer.encode())).url)
    assert (found.body_form, found.body) == (form, value)


@pytest.mark.parametrize(("size", "truncated"), [(99, False), (100, False), (101, True), (5_000_000, True)])
async def test_a_body_is_cut_at_its_limit_and_the_result_says_so(size, truncated, served, outbound):
    url = await served(answering(body=b"a" * size, content_type="text/plain"))
    found = await called(outbound, url, maxResponseBytes=100)
    assert (found.truncated, found.body) == (truncated, "a" * min(size, 100))


async def test_an_endless_body_is_cut(wire, outbound):
    async def endless(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while True:
            writer.write(b"1" * 65536)
            await writer.drain()

    found = await called(outbound, (await wire(endless)).url, maxResponseBytes=1000)
    assert (found.truncated, found.body_form, len(found.body)) == (True, "text", 1000)


async def test_a_bomb_is_cut(served, outbound):
    packed = gzip.compress(bytes(20_000_000))
    url = await served(
        answering(body=packed, content_type="text/plain", headers={"Content-Encoding": "gzip"})
    )
    found = await called(outbound, url, maxResponseBytes=1000)
    assert (found.truncated, len(found.body)) == (True, 1000)


async def test_what_is_not_compressed_as_it_says_is_a_failure(served, outbound):
    url = await served(answering(body=b"plain", headers={"Content-Encoding": "gzip"}))
    with pytest.raises(Failure, match="compressed") as caught:
        await called(outbound, url)
    assert caught.value.code == "bad_answer"


@pytest.mark.parametrize(
    ("status", "headers", "retry", "after"),
    [
        (200, {"Retry-After": "5"}, False, None),
        (404, {"Retry-After": "5"}, False, None),
        (429, {}, True, None),
        (429, {"Retry-After": "5"}, True, 5),
        (503, {"Retry-After": "99999"}, True, 3600),
        (
            503,
            {"Retry-After": "Sat, 21 Nov 2026 12:01:00 GMT", "Date": "Sat, 21 Nov 2026 12:00:00 GMT"},
            True,
            60,
        ),
        (503, {"Retry-After": "soon"}, True, None),
        (500, {}, True, None),
        (502, {}, True, None),
        (504, {}, True, None),
    ],
)
async def test_which_answers_ask_for_another_try(status, headers, retry, after, served, outbound):
    found = await called(outbound, await served(answering(status=status, headers=headers)))
    assert (found.status, found.retry, found.retry_after_s) == (status, retry, after)


async def test_a_moment_is_counted_from_our_clock_where_the_answer_has_none(wire, outbound):
    answer = b"HTTP/1.1 503 X\r\nRetry-After: Sat, 21 Nov 2026 12:00:30 GMT\r\nContent-Length: 0\r\n\r\n"
    assert (await called(outbound, (await wire(answer)).url)).retry_after_s == 30


async def test_a_call_ends_when_its_time_is_over(wire, outbound):
    async def hang(reader, writer):
        await reader.read()

    with pytest.raises(Failure) as caught:
        await called(outbound, (await wire(hang)).url, timeoutS=0.05)
    assert (caught.value.code, caught.value.retry) == ("timed_out", True)


async def test_a_call_that_is_canceled_ends_its_connection(wire, outbound):
    asked, ended = asyncio.Event(), asyncio.Event()

    async def hang(reader, writer):
        asked.set()
        await reader.read()
        ended.set()

    task = asyncio.create_task(called(outbound, (await wire(hang)).url))
    async with asyncio.timeout(20):
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await ended.wait()


@pytest.mark.parametrize(
    ("params", "code", "key"),
    [
        ({"url": "ftp://x"}, "invalid", "url"),
        ({"url": "http://127.1.2.3.4/"}, "invalid", "url"),
        ({"body": "a" * (LARGEST_REQUEST + 1)}, "too_large", "body"),
        ({"body": 2**70}, "invalid", "body"),
        ({"body": "\ud800"}, "invalid", "body"),
        ({"searchParams": {"a": "b" * 9000}}, "too_large", "searchParams"),
        ({"searchParams": {"a": 2**70}}, "invalid", "searchParams"),
        ({"url": "http://10.0.0.1/"}, "blocked_address", "url"),
    ],
)
async def test_what_cannot_be_sent_is_refused(params, code, key, outbound):
    with pytest.raises(Refusal) as caught:
        await call(CallRequest(**{"url": "http://127.0.0.1:9/", **params}), outbound, lambda: 0)
    assert (caught.value.code, caught.value.key) == (code, key)


@pytest.mark.parametrize(
    ("params", "where"),
    [
        ({"url": ""}, "url"),
        ({"url": "h" * 9000}, "url"),
        ({"method": "CONNECT"}, "method"),
        ({"method": "get"}, "method"),
        ({"headers": {"Host": "x"}}, "headers"),
        ({"headers": {"A": "b\r\nC: d"}}, "headers"),
        ({"searchParams": {"a": {"b": 1}}}, "searchParams"),
        ({"searchParams": {"a": float("inf")}}, "searchParams"),
        ({"searchParams": {str(number): 1 for number in range(257)}}, "searchParams"),
        ({"timeoutS": 0}, "timeoutS"),
        ({"timeoutS": float("nan")}, "timeoutS"),
        ({"timeoutS": 3601}, "timeoutS"),
        ({"maxResponseBytes": -1}, "maxResponseBytes"),
        ({"maxResponseBytes": 2**21}, "maxResponseBytes"),
        ({"followRedirects": True}, "followRedirects"),
    ],
)
def test_params_outside_of_their_limits_are_refused_by_name(params, where):
    with pytest.raises(ValidationError) as caught:
        read(**{"url": "http://a.example/", **params})
    assert caught.value.errors()[0]["loc"][0] == where


def test_the_defaults_are_a_get_of_half_a_minute_and_a_quarter_mebibyte():
    found = read("http://a.example/")
    assert (found.method, found.timeout_s, found.max_response_bytes) == ("GET", 30, 262_144)

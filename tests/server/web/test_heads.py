"""The head of a call: what comes is bounded whether it ends or not, and whatever else the connection carries."""

import asyncio

import pytest
from aiohttp import web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpRequestParser
from aiohttp.http_exceptions import BadHttpMessage
from aiohttp.test_utils import make_mocked_request

from listener_sdk.protocol.codes import Refusal
from server.web.heads import LARGEST_HEAD, ONCE, PLAIN, HeadParser, StoppedError, check_plain, shown_path

FIRST = b"POST / HTTP/1.1\r\nHost: x\r\n"
LINE = b"X: " + b"a" * 995 + b"\r\n"


@pytest.fixture
async def parser():
    loop = asyncio.get_running_loop()
    of_aiohttp = HttpRequestParser(
        BaseProtocol(loop), loop, 2**30, max_field_size=2**16, payload_exception=web.RequestPayloadError
    )
    return HeadParser(of_aiohttp)


def stopped(parser, *pieces):
    """The refusal of what these pieces hold."""
    try:
        for piece in pieces:
            parser.feed_data(piece)
    except StoppedError as error:
        return error.refusal
    raise AssertionError("It was not stopped.")


def calls(parser, data):
    return [message for message, _ in parser.feed_data(data)[0]]


async def test_a_head_within_the_bound_is_parsed_as_ever(parser):
    assert calls(parser, FIRST) == []
    assert parser.waiting == len(FIRST)
    (message,) = calls(parser, LINE * 30 + b"\r\n")
    assert len(message.headers.getall("X")) == 30
    assert parser.waiting == 0


async def test_a_head_that_does_not_end_is_stopped_at_the_bound(parser):
    refusal = stopped(parser, FIRST, *[LINE] * 40)
    assert (refusal.code, refusal.error.status) == ("headers_too_large", 431)
    assert str(LARGEST_HEAD) in refusal.message
    assert parser.waiting <= LARGEST_HEAD + len(LINE)


async def test_a_head_that_comes_whole_is_bounded_too(parser):
    assert stopped(parser, FIRST + LINE * 40 + b"\r\n").code == "headers_too_large"


async def test_what_begins_behind_a_call_is_counted(parser):
    get = FIRST.replace(b"POST", b"GET") + b"\r\n"
    assert len(calls(parser, get * 3 + FIRST)) == 3
    assert parser.waiting == len(FIRST)
    assert len(calls(parser, b"\r\n" + get)) == 2
    assert parser.waiting == 0
    assert stopped(parser, get + FIRST + LINE * 40).code == "headers_too_large"


async def test_a_head_may_come_byte_by_byte(parser):
    get = FIRST.replace(b"POST", b"GET") + b"\r\n"
    for _ in range(2):
        assert [len(calls(parser, bytes([byte]))) for byte in get] == [0] * (len(get) - 1) + [1]
        assert parser.waiting == 0


async def test_what_comes_behind_an_upgrade_is_no_head(parser):
    upgrade = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    _, upgraded, tail = parser.feed_data(upgrade + b"x" * 100_000)
    assert (upgraded, len(tail), parser.waiting) == (True, 100_000, 0)


async def test_after_the_end_nothing_more_is_heard(parser):
    stopped(parser, FIRST, LINE * 40)
    assert parser.feed_data(LINE * 1000) == ((), False, b"")


async def test_bodies_of_any_length_pass_in_pieces_of_any_size(parser):
    calls(parser, FIRST + b"Content-Length: 300000\r\n\r\n")
    for _ in range(3):
        assert not parser.in_head
        assert calls(parser, b"x" * 100_000) == []
        assert parser.waiting == 0
    assert parser.in_head
    for _ in range(1000):
        assert len(calls(parser, FIRST + LINE + b"\r\n")) == 1


async def test_a_head_is_counted_anew_after_a_body(parser):
    calls(parser, FIRST + b"Transfer-Encoding: chunked\r\n\r\n")
    calls(parser, b"5\r\nhello\r\n0\r\n\r\n")
    assert (parser.in_head, parser.waiting) == (True, 0)
    assert stopped(parser, FIRST, LINE * 40).code == "headers_too_large"


async def test_pieces_of_a_body_keep_the_bound_away(parser):
    calls(parser, FIRST + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(20_000):
        parser.feed_data(b"1\r\nx\r\n")
    assert parser.waiting == 0


async def test_what_follows_a_body_in_chunks_is_bounded_as_a_head_is(parser):
    calls(parser, FIRST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    assert stopped(parser, b"0\r\n", *[LINE] * 40).code == "headers_too_large"


async def test_it_can_be_stopped_for_any_reason(parser):
    parser.feed_data(FIRST)
    parser.stop(Refusal("unavailable", "No."))
    assert stopped(parser, b"").code == "unavailable"


async def test_what_is_no_http_is_still_refused_as_such(parser):
    with pytest.raises(BadHttpMessage):
        parser.feed_data(b"garbage\r\n\r\n")


async def test_all_else_is_the_parsers_own(parser):
    parser.set_upgraded(False)
    parser.message_consumed()


@pytest.mark.parametrize("name", PLAIN)
def test_headers_that_must_be_ascii_are_checked(name):
    check_plain(make_mocked_request("GET", "/", headers={name: "abc", "User-Agent": "é"}))
    with pytest.raises(Refusal) as caught:
        check_plain(make_mocked_request("GET", "/", headers={name: "é"}))
    assert (caught.value.code, caught.value.key) == ("bad_request", name)


@pytest.mark.parametrize("name", ONCE)
@pytest.mark.parametrize("path", ["/v1/whoami", "/v1/stream", "/healthz"])
async def test_what_says_who_calls_and_where_stands_once(server, name, path):
    twice = f"GET {path} HTTP/1.1\r\nHost: x\r\n{name}: default\r\n{name.lower()}: default\r\n\r\n"
    answer = await server.say(twice.encode())
    assert (answer.status, answer.error["code"], answer.error["key"]) == (400, "bad_request", name)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/v1/hooks/65ebd33d3b8cd5f9ad5f5e98a1f1a3c9", "/v1/hooks/***"),
        ("/v1/hooks/%36%35ebd33d3b8cd5f9", "/v1/hooks/***"),
        ("/v1/hooks/us_hk_0000000001/rotate", "/v1/hooks/us_hk_0000000001/rotate"),
        ("/v1/hooks", "/v1/hooks"),
        ("/v1/x/tw_0000000001_" + "a" * 64, "/v1/x/***"),
    ],
)
def test_what_opens_a_door_does_not_stand_in_the_log(path, shown):
    assert shown_path(make_mocked_request("POST", path)) == shown

"""Bodies: read in time and within limits, and made into models."""

import asyncio

import pytest
from aiohttp import StreamReader
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request

from listener_sdk.protocol.bulk import BulkAct
from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.jobs import JobCreate
from listener_sdk.protocol.problems import MOST_PROBLEMS
from server.core.json_door import JsonLimits
from server.core.refusals import Refusals
from server.settings import Settings
from server.web.bodies import body_hash, in_time, parse, read_body, refuse_compressed

SETTINGS = Settings()


def test_an_empty_body_stands_for_an_empty_object():
    with pytest.raises(Refusals) as caught:
        parse(JobCreate, b"", SETTINGS)
    assert {refusal.key for refusal in caught.value.all} == {"type", "operation"}


def test_a_fault_deep_inside_is_named_by_its_path():
    raw = b'{"type": "a", "operation": "b", "subject": {"type": "resource"}}'
    with pytest.raises(Refusals) as caught:
        parse(JobCreate, raw, SETTINGS)
    assert caught.value.key == "subject.resource.id"


def test_a_fault_of_the_whole_body_is_named_as_that():
    with pytest.raises(Refusals) as caught:
        parse(BulkAct, b"{}", SETTINGS)
    assert caught.value.key == "body"
    assert caught.value.message.startswith("body: exactly one of")


def test_limits_may_be_others_than_the_usual():
    raw = b'{"type": "a", "operation": "b"}'
    assert parse(JobCreate, raw, SETTINGS, JsonLimits(size=len(raw), keys=2)).name == "a:b"
    for limits, code in ((JsonLimits(size=len(raw) - 1), "too_large"), (JsonLimits(keys=1), "bad_json")):
        with pytest.raises(Refusal) as caught:
            parse(JobCreate, raw, SETTINGS, limits)
        assert caught.value.code == code


def test_not_every_fault_is_told():
    class Many(JobCreate):
        values: list[int]

    raw = b'{"type": "a", "operation": "b", "values": [' + b",".join([b'"x"'] * 100) + b"]}"
    with pytest.raises(Refusals) as caught:
        parse(Many, raw, SETTINGS)
    assert len(caught.value.all) == MOST_PROBLEMS


def posted(*pieces, whole):
    """A call whose body has come so far, in chunks."""
    loop = asyncio.get_running_loop()
    connection = BaseProtocol(loop)
    connection.connection_made(asyncio.Transport())
    content = StreamReader(connection, 2**16, loop=loop)
    for piece in pieces:
        content.feed_data(piece)
    if whole:
        content.feed_eof()
    return make_mocked_request("POST", "/", {"Transfer-Encoding": "chunked"}, payload=content)


async def test_a_body_that_has_come_is_read_at_once():
    assert await read_body(posted(b"ab", b"c", whole=True), SETTINGS) == b"abc"
    assert await read_body(posted(whole=True), SETTINGS) == b""


async def test_a_body_that_comes_later_is_waited_for():
    request = posted(b"ab", whole=False)
    reading = asyncio.create_task(read_body(request, SETTINGS))
    await asyncio.sleep(0)
    request.content.feed_data(b"c")
    request.content.feed_eof()
    async with asyncio.timeout(20):
        assert await reading == b"abc"


@pytest.mark.parametrize("whole", [True, False])
async def test_a_body_is_bounded_also_where_its_head_does_not_say_its_size(whole):
    with pytest.raises(Refusal) as caught:
        await read_body(posted(b"ab", b"c", whole=whole), SETTINGS, 2)
    assert caught.value.code == "too_large"


@pytest.mark.parametrize("raw", [b"[]", b"1", b"null", b'"x"'])
def test_a_body_is_an_object(raw):
    with pytest.raises(Refusal) as caught:
        parse(JobCreate, raw, SETTINGS)
    assert caught.value.code == "bad_request"


@pytest.mark.parametrize(
    ("encoding", "taken"), [("identity", True), ("", True), ("Identity ", True), ("gzip", False)]
)
def test_only_plain_bodies_are_taken(encoding, taken):
    request = make_mocked_request("POST", "/x", headers={"Content-Encoding": encoding})
    if taken:
        refuse_compressed(request)
        return
    with pytest.raises(Refusal) as caught:
        refuse_compressed(request)
    assert caught.value.error.status == 415


def test_bodies_are_told_apart_also_where_their_parts_join():
    assert body_hash(b"a", b"b") == body_hash(b"a", b"b")
    assert body_hash(b"a", b"b") != body_hash(b"ab")


async def test_chunks_that_come_in_time_pass():
    async def chunks():
        yield b"a"
        yield b"b"

    assert [chunk async for chunk in in_time(chunks(), 10)] == [b"a", b"b"]


async def test_a_chunk_that_does_not_come_is_not_waited_for():
    async def chunks():
        yield b"a"
        await asyncio.Event().wait()
        yield b"b"

    waiting = in_time(chunks(), 0.01)
    assert await anext(waiting) == b"a"
    with pytest.raises(Refusal) as caught:
        await anext(waiting)
    assert caught.value.code == "bad_request"


class TestSlowBody:
    @pytest.fixture
    def settings(self):
        return {"body_timeout_s": 0.05}

    async def test_a_body_that_does_not_come_is_refused(self, server):
        async def never():
            yield b"{"
            await asyncio.Event().wait()

        for path in ("/v1/jobs", "/v1/files?name=x"):
            answer = await server.call("POST", path, raw=never())
            assert (answer.status, answer.error["code"]) == (400, "bad_request")


class TestExpect:
    """Clients that ask before they send a body (curl does for large ones)."""

    @pytest.fixture
    def settings(self):
        return {"max_body_bytes": 2048, "max_upload_bytes": 4096}

    def head(self, server, length, path="/v1/jobs", key=None, expect="100-continue"):
        lines = (
            f"POST {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {key or server.key}", "Content-Type: text/plain",
            f"Content-Length: {length}", f"Expect: {expect}", "", "",
        )  # fmt: skip
        return "\r\n".join(lines).encode()

    @pytest.mark.parametrize("expect", ["100-continue", "100-Continue"])
    @pytest.mark.parametrize("path", ["/v1/jobs", "/v1/files?name=a"])
    async def test_a_body_that_may_come_is_asked_for(self, server, heard, path, expect):
        body = b'{"type": "a", "operation": "b"}'
        async with server.connection() as (reader, writer):
            writer.write(self.head(server, len(body), path, expect=expect))
            assert (await heard(reader)).status == 100
            writer.write(body)
            assert (await heard(reader)).data["id"]

    @pytest.mark.parametrize(("path", "most"), [("/v1/jobs", 2048), ("/v1/files?name=a", 4096)])
    async def test_a_body_that_is_too_large_is_not(self, server, path, most):
        answer = await server.say(self.head(server, most + 1, path))
        assert (answer.status, answer.error["code"]) == (413, "too_large")
        assert (await server.say(self.head(server, most, path))).status == 100

    async def test_nor_is_that_of_a_stranger_or_for_nothing(self, server):
        assert (await server.say(self.head(server, 10, key="wrong"))).status == 401
        assert (await server.say(self.head(server, 10, "/v1/files?name=a&jobId=x"))).status == 404

    async def test_without_a_body_nothing_is_asked_for(self, server):
        assert (await server.say(self.head(server, 0))).status == 400

    async def test_all_else_that_may_be_expected_is_not_done(self, server):
        answer = await server.say(self.head(server, 10, expect="a-miracle"))
        assert (answer.status, answer.error["code"]) == (417, "bad_request")
        assert "100-continue" in answer.error["message"]

    async def test_those_of_old_expect_nothing(self, server):
        assert (await server.say(self.head(server, 0).replace(b"HTTP/1.1", b"HTTP/1.0"))).status == 400

"""Downloads: all bytes once, whatever breaks, or a failure."""

import hashlib
from itertools import pairwise

import pytest
from aiohttp import web
from pydantic import ValidationError

from listener_sdk.protocol.codes import Refusal
from server.outbound.download import TRIES, Download, DownloadRequest
from server.outbound.failures import Failure

DATA = bytes(range(256)) * 4000
TAG = '"one"'
DATE = "Date: Sat, 21 Nov 2026 12:00:00 GMT"
OLD = "Sat, 21 Nov 2026 11:00:00 GMT"


class Fetched:
    """A download of a test: its chunks, what its progress said, and how often it waited."""

    def __init__(self, outbound, url, *, max_bytes=10_000_000, **wanted):
        self.progress = []
        self.waits = []
        self.download = Download(
            DownloadRequest(url=url, **wanted),
            outbound,
            lambda: 0.0,
            max_bytes=max_bytes,
            on_progress=lambda done, total: self.progress.append((done, total)),
            pause=self.wait,
        )
        self.got = b""

    async def wait(self, failures):
        self.waits.append(failures)

    async def run(self):
        async for chunk in self.download.chunks():
            self.got += chunk
        return self


async def fetched(outbound, url, **wanted):
    return await Fetched(outbound, url, **wanted).run()


async def failed(outbound, url, **wanted):
    one = Fetched(outbound, url, **wanted)
    with pytest.raises(Failure) as caught:
        await one.run()
    one.failure = caught.value
    return one


def whole(*headers, body=DATA, length=None):
    """An answer with all bytes, of which perhaps not all are sent."""
    lines = [f"Content-Length: {len(DATA) if length is None else length}", DATE, *headers]
    return "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode() + body


def part(start, *headers, end=None, total=None, body=None):
    last = len(DATA) - 1
    lines = [
        f"Content-Range: bytes {start}-{last}/{total or len(DATA)}",
        f"Content-Length: {len(DATA) - start}",
        *headers,
    ]
    return "\r\n".join(["HTTP/1.1 206 Partial Content", *lines, "", ""]).encode() + (
        DATA[start:end] if body is None else body
    )


def status(code, *headers):
    return "\r\n".join([f"HTTP/1.1 {code} X", "Content-Length: 0", *headers, "", ""]).encode()


CUT = 300_000
BROKEN = whole(f"ETag: {TAG}", body=DATA[:CUT])


async def test_a_file_comes_whole_with_its_name_type_and_progress(served, outbound):
    async def handle(request):
        assert request.headers["Accept-Encoding"] == "identity"
        assert request.headers["X-Key"] == "secret"
        headers = {"Content-Disposition": "attachment; filename*=UTF-8''%e2%82%ac.csv"}
        return web.Response(body=DATA, content_type="text/csv", headers=headers)

    found = await fetched(
        outbound,
        await served(handle),
        headers={"X-Key": "secret", "Range": "bytes=5-"},
        sha256=hashlib.sha256(DATA).hexdigest().upper(),
        md5=hashlib.md5(DATA).hexdigest(),
    )
    assert found.got == DATA
    assert (found.download.name, found.download.content_type) == ("€.csv", "text/csv")
    assert found.progress[-1] == (len(DATA), len(DATA))
    assert [done for done, _ in found.progress] == sorted({done for done, _ in found.progress})
    assert found.waits == []


async def test_an_empty_file_is_a_file(served, outbound):
    async def handle(request):
        return web.Response(body=b"")

    found = await fetched(outbound, await served(handle) + "/a/empty.txt", md5=hashlib.md5(b"").hexdigest())
    assert (found.got, found.download.name, found.download.total) == (b"", "empty.txt", 0)


async def test_a_file_without_a_length_has_no_total(served, outbound):
    async def handle(request):
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(DATA)
        return response

    found = await fetched(outbound, await served(handle))
    assert found.got == DATA
    assert {total for _, total in found.progress} == {None}


async def test_a_compressed_file_stays_as_it_is_stored(wire, outbound):
    found = await fetched(outbound, (await wire(whole("Content-Encoding: gzip"))).url)
    assert found.got == DATA


async def test_a_broken_download_goes_on_where_it_broke_off(wire, outbound):
    server = await wire(BROKEN, part(CUT))
    found = await fetched(outbound, server.url, sha256=hashlib.sha256(DATA).hexdigest())
    assert found.got == DATA
    assert "Range" not in server.heads[0]
    assert f"Range: bytes={CUT}-\r\n" in server.heads[1]
    assert f"If-Range: {TAG}\r\n" in server.heads[1]
    assert found.waits == [1]


async def test_it_goes_on_as_often_as_it_gets_further(wire, outbound):
    cuts = [CUT + step * 10_000 for step in range(3 * TRIES)]
    parts = [part(start, end=end) for start, end in pairwise(cuts)]
    found = await fetched(outbound, (await wire(BROKEN, *parts, part(cuts[-1]))).url)
    assert found.got == DATA
    assert set(found.waits) == {1}


async def test_it_goes_on_by_the_time_of_change_where_there_is_no_tag(wire, outbound):
    server = await wire(whole(f"Last-Modified: {OLD}", body=DATA[:CUT]), part(CUT))
    assert (await fetched(outbound, server.url)).got == DATA
    assert f"If-Range: {OLD}\r\n" in server.heads[1]


@pytest.mark.parametrize(
    "headers",
    [
        [],
        ['ETag: W/"one"'],
        ['ETag: W/"one"', f"Last-Modified: {OLD}"],
        ["Last-Modified: Sat, 21 Nov 2026 12:00:00 GMT"],
        ["Last-Modified: soon"],
    ],
)
async def test_without_a_strong_name_of_the_bytes_it_starts_again_and_gives_nothing_out_twice(
    headers, wire, outbound
):
    server = await wire(whole(*headers, body=DATA[:CUT]), whole(*headers))
    found = await fetched(outbound, server.url, sha256=hashlib.sha256(DATA).hexdigest())
    assert found.got == DATA
    assert "Range" not in server.heads[1]


async def test_a_server_that_cannot_send_a_part_sends_all_again(wire, outbound):
    server = await wire(BROKEN, whole(f"ETag: {TAG}"))
    assert (await fetched(outbound, server.url)).got == DATA
    assert "Range: " in server.heads[1]


@pytest.mark.parametrize(
    "second",
    [
        whole('ETag: "two"', body=DATA[::-1]),
        whole('ETag: "two"', body=b"x" * 10, length=10),
        whole('ETag: "two"', body=DATA + b"x", length=len(DATA) + 1),
        part(CUT, total=len(DATA) + 5),
        b"HTTP/1.1 200 OK\r\n\r\n" + DATA[:1000],
    ],
)
async def test_a_file_that_was_changed_meanwhile_is_a_failure_that_begins_anew(second, wire, outbound):
    server = await wire(BROKEN, second)
    found = await failed(outbound, server.url)
    assert (found.failure.code, found.failure.retry) == ("bad_answer", True)
    assert "changed" in found.failure.message
    assert DATA.startswith(found.got)
    assert server.connections == 2


@pytest.mark.parametrize(
    "second", [part(CUT + 1), part(0), b"HTTP/1.1 206 X\r\nContent-Length: 3\r\n\r\nabc"]
)
async def test_another_part_than_asked_for_is_a_failure(second, wire, outbound):
    found = await failed(outbound, (await wire(BROKEN, second)).url)
    assert not found.failure.retry
    assert len(found.got) == CUT


async def test_a_server_that_has_no_further_bytes_says_that_all_are_there(wire, outbound):
    first = f"HTTP/1.1 200 OK\r\nETag: {TAG}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n".encode()
    server = await wire(first, status(416, "Content-Range: bytes */3"))
    assert (await fetched(outbound, server.url)).got == b"abc"
    server = await wire(first, status(416, "Content-Range: bytes */2"))
    assert not (await failed(outbound, server.url)).failure.retry


async def test_errors_of_a_while_are_waited_out_once_it_has_begun(wire, outbound):
    server = await wire(BROKEN, status(503), b"", status(429), part(CUT))
    found = await fetched(outbound, server.url)
    assert (found.got, found.waits) == (DATA, [1, 2, 3, 4])


async def test_it_gives_up_when_nothing_comes_any_more(wire, outbound):
    server = await wire(BROKEN, status(503, "Retry-After: 7"))
    found = await failed(outbound, server.url)
    assert (found.failure.retry, found.failure.retry_after_s) == (True, 7)
    assert server.connections == TRIES
    assert found.got == DATA[:CUT]


@pytest.mark.parametrize(
    ("code", "retry"),
    [(404, False), (401, False), (204, False), (206, False), (304, False), (503, True), (429, True)],
)
async def test_an_answer_without_the_file_is_a_failure_at_once(code, retry, wire, outbound):
    server = await wire(status(code, "Retry-After: 7"))
    found = await failed(outbound, server.url)
    assert (found.failure.retry, found.failure.retry_after_s) == (retry, 7 if retry else None)
    assert (server.connections, found.waits) == (1, [])


async def test_a_server_that_does_not_answer_is_a_failure_at_once(wire, outbound):
    found = await failed(outbound, (await wire(b"")).url)
    assert found.failure.retry
    assert found.waits == []


async def test_a_download_that_stands_still_is_gone_on_with(wire, outbound):
    async def hang(reader, writer):
        writer.write(BROKEN)
        await reader.read()

    found = await fetched(outbound, (await wire(hang, part(CUT))).url, idle_s=0.2)
    assert found.got == DATA


@pytest.mark.parametrize("name", ["sha256", "md5"])
async def test_other_bytes_than_the_checksum_names_are_a_failure(name, wire, outbound):
    wrong = hashlib.new(name, b"other").hexdigest()
    found = await failed(outbound, (await wire(whole())).url, **{name: wrong})
    assert name in found.failure.message
    assert wrong in found.failure.message
    assert not found.failure.retry


@pytest.mark.parametrize("headers", [b"Content-Length: 1001\r\n", b""])
async def test_a_file_over_its_limit_is_refused(headers, wire, outbound):
    server = await wire(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n" + b"a" * 1001)
    one = Fetched(outbound, server.url, max_bytes=1000)
    with pytest.raises(Refusal, match="1000") as caught:
        await one.run()
    assert caught.value.code == "too_large"
    assert len(one.got) <= 1000
    assert (await fetched(outbound, server.url, max_bytes=1001)).got == b"a" * 1001


async def test_addresses_inside_are_refused_after_a_redirect_of_the_second_request_too(
    wire, opened, outbound
):
    server = await wire(BROKEN, status(302, "Location: http://10.0.0.1/"))
    one = Fetched(outbound, server.url)
    with pytest.raises(Refusal) as caught:
        await one.run()
    assert caught.value.code == "blocked_address"


async def test_who_stops_reading_ends_the_connection(wire, outbound):
    server = await wire(whole())
    one = Fetched(outbound, server.url)
    chunks = one.download.chunks()
    assert DATA.startswith(await anext(chunks))
    await chunks.aclose()
    assert one.download.done < len(DATA)


@pytest.mark.parametrize(
    "wanted",
    [
        {"sha256": "a" * 63},
        {"sha256": "g" * 64},
        {"md5": "a" * 32 + "\n"},
        {"idle_s": 0},
        {"headers": {"Host": "x"}},
        {"url": ""},
        {"more": 1},
    ],
)
def test_what_cannot_be_wanted_is_refused(wanted):
    with pytest.raises(ValidationError):
        DownloadRequest(**{"url": "http://a.example/", **wanted})


async def test_a_url_that_cannot_be_called_is_refused(outbound):
    with pytest.raises(Refusal, match="https://host"):
        Fetched(outbound, "ftp://a.example/")

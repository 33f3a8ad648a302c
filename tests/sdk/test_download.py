"""Downloads that are cut: they go on with the byte that is missing, begin anew when the file is another, or leave nothing."""

import asyncio
import io

import pytest
from aiohttp import web

from listener_sdk import _download as module
from listener_sdk.errors import ApiError, ConnectionFailed, NotTickwire
from tests.sdk.fake_server import DEADLINE_S

BUFFER = io.DEFAULT_BUFFER_SIZE
"""What a client may have read and not yet written."""
CONTENT = bytes(range(256)) * 4_000
PATH = "/v1/files/us_fl_1/content"


class Files:
    """Serves bytes by ranges; each call does what ``plan`` says next: send so many bytes and cut, or (None) send all.

    It cuts when they stand in ``folder``: what a client has not read by then is lost to it.
    """

    def __init__(self, folder, *plan, tag='"a-1"'):
        self.folder = folder
        self.plan = list(plan)
        self.content = CONTENT
        self.tag = tag
        self.ranges = []
        self.wanted = []

    async def __call__(self, request, _raw):
        step = self.plan.pop(0) if self.plan else None
        if callable(step):
            return step(self)
        self.ranges.append(request.headers.get("Range"))
        self.wanted.append((request.headers.get("If-Range"), request.headers["Accept-Encoding"]))
        start = self._start(request)
        headers = {"Content-Length": str(len(self.content) - start)}
        if self.tag is not None:
            headers["ETag"] = self.tag
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"
        response = web.StreamResponse(status=206 if start else 200, headers=headers)
        await response.prepare(request)
        rest = self.content[start:]
        await response.write(rest if step is None else rest[:step])
        if step is not None:
            await self._written(start + step - BUFFER)
            request.transport.close()
        return response

    async def _written(self, size):
        async with asyncio.timeout(DEADLINE_S):
            while sum(path.stat().st_size for path in self.folder.glob("*.part")) < size:  # noqa: ASYNC110 - a file has no event
                await asyncio.sleep(0)

    def _start(self, request):
        known = request.headers.get("If-Range")
        asked = request.headers.get("Range", "bytes=0-")
        return int(asked.removeprefix("bytes=").rstrip("-")) if known == self.tag else 0


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(module, "LONGEST_PAUSE_S", 0)


@pytest.fixture
def serve(server, tmp_path):
    def begin(*plan, **how):
        files = Files(tmp_path, *plan, **how)
        server.routes["GET", PATH] = files
        return files

    return begin


def refuse(code, status):
    def answer(_files):
        return web.json_response({"errors": [{"code": code, "message": "No."}]}, status=status)

    return answer


async def test_a_cut_download_goes_on_with_the_byte_that_is_missing(serve, client, tmp_path):
    files = serve(300_000, 0, 200_000)
    path = await client.files.download("us_fl_1", tmp_path / "a.bin")
    assert path.read_bytes() == CONTENT
    assert [*tmp_path.iterdir()] == [path]
    starts = [int(one.removeprefix("bytes=").rstrip("-")) for one in files.ranges[1:]]
    assert files.ranges[0] is None
    assert starts == sorted(starts)
    assert 300_000 - BUFFER <= starts[0] <= 300_000
    assert starts[2] >= starts[1] + 200_000 - BUFFER
    assert files.wanted[1:] == [('"a-1"', "identity")] * 3


async def test_a_signed_link_goes_on_too(serve, server, client, tmp_path):
    serve(300_000)
    path = await client.files.download(f"{server.url}{PATH}?expires=1&signature=ab", tmp_path / "a.bin")
    assert path.read_bytes() == CONTENT
    assert "Authorization" not in server.headers[-1]


async def test_a_file_that_is_another_by_now_is_taken_from_its_beginning(serve, client, tmp_path):
    def replaced(files):
        files.content, files.tag = b"another", '"b-2"'
        return refuse("unavailable", 503)(files)

    serve(300_000, replaced)
    path = await client.files.download("us_fl_1", tmp_path / "a.bin")
    assert path.read_bytes() == b"another"


async def test_a_server_that_restarts_is_waited_for(serve, client, tmp_path):
    serve(300_000, refuse("unavailable", 503), refuse("unavailable", 503))
    assert (await client.files.download("us_fl_1", tmp_path / "a.bin")).read_bytes() == CONTENT


async def test_a_file_that_is_removed_meanwhile_is_said_to_be(serve, client, tmp_path):
    serve(300_000, refuse("not_found", 404))
    with pytest.raises(ApiError) as caught:
        await client.files.download("us_fl_1", tmp_path / "a.bin")
    assert caught.value.code == "not_found"
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("tag", [None, 'W/"a-1"'])
async def test_without_a_tag_that_promises_the_same_bytes_a_cut_is_the_end(serve, client, tmp_path, tag):
    files = serve(300_000, tag=tag)
    with pytest.raises(ConnectionFailed):
        await client.files.download("us_fl_1", tmp_path / "a.bin")
    assert len(files.ranges) == 1
    assert [*tmp_path.iterdir()] == []


async def test_it_is_given_up_when_nothing_more_comes(serve, client, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_S", 0)
    files = serve(300_000, 0, 0)
    with pytest.raises(ConnectionFailed):
        await client.files.download("us_fl_1", tmp_path / "a.bin")
    assert len(files.ranges) == 1
    assert [*tmp_path.iterdir()] == []


async def test_another_part_than_was_asked_for_is_not_written(serve, client, tmp_path):
    def wrong(_files):
        headers = {"Content-Range": f"bytes 5-{len(CONTENT) - 1}/{len(CONTENT)}"}
        return web.Response(status=206, body=CONTENT[5:], headers=headers)

    serve(300_000, wrong)
    with pytest.raises(NotTickwire, match="another part"):
        await client.files.download("us_fl_1", tmp_path / "a.bin")
    assert [*tmp_path.iterdir()] == []


async def test_what_stood_there_stays_until_all_bytes_have_come(serve, client, tmp_path):
    target = tmp_path / "a.bin"
    target.write_bytes(b"before")
    serve(300_000, refuse("not_found", 404))
    with pytest.raises(ApiError):
        await client.files.download("us_fl_1", target)
    assert target.read_bytes() == b"before"
    await client.files.download("us_fl_1", target)
    assert target.read_bytes() == CONTENT

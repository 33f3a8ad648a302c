import pytest
from aiohttp import web

from listener_sdk.errors import ApiError, ConnectionFailed
from listener_sdk.protocol.jobs import File
from tests.sdk.fake_server import AT

FILE = {"id": "us_fl_1", "name": "a.csv", "size": 3, "contentType": "text/csv", "createdAt": AT}


@pytest.fixture
def uploads(server):
    server.routes["POST", "/v1/files"] = lambda _request, raw: {"data": FILE | {"size": len(raw)}}
    return server


async def test_bytes_chunks_and_paths_are_uploaded(uploads, client, tmp_path):
    async def chunks():
        yield b"ab"
        yield b"c"

    path = tmp_path / "rows.csv"
    path.write_bytes(b"from a path")
    for source, name, sent in (
        (b"abc", "a.csv", b"abc"),
        (chunks(), "ä b.csv", b"abc"),
        (path, None, b"from a path"),
    ):
        file = await client.files.upload(source, name=name, job_id="us_jb_1")
        assert file.size == len(sent)
        assert uploads.requests[-1][2] == sent
        assert uploads.headers[-1]["Content-Type"] == "text/csv"
    assert uploads.requests[-1][1] == "/v1/files?name=rows.csv&jobId=us_jb_1"
    assert "name=%C3%A4+b.csv" in uploads.requests[1][1]


async def test_an_empty_file_is_a_file(uploads, client, tmp_path):
    (tmp_path / "empty.bin").touch()
    assert (await client.files.upload(tmp_path / "empty.bin")).size == 0
    assert uploads.headers[-1]["Content-Type"] == "application/octet-stream"


async def test_bytes_need_a_name_and_paths_must_exist(uploads, client, tmp_path):
    with pytest.raises(ValueError, match="need a name"):
        await client.files.upload(b"x")
    with pytest.raises(FileNotFoundError):
        await client.files.upload(tmp_path / "missing")


async def test_a_file_is_downloaded_by_id_with_the_key_and_by_link_without(server, client, tmp_path):
    content = b"x" * 700_000
    server.routes["GET", "/v1/files/us_fl_1/content"] = lambda _request, _raw: web.Response(body=content)
    by_id = await client.files.download(File(**FILE), tmp_path / "one.bin")
    assert by_id.read_bytes() == content
    assert "Authorization" in server.headers[-1]
    link = f"{server.url}/v1/files/us_fl_1/content?expires=1&signature=ab"
    by_link = await client.files.download(link, str(tmp_path / "two.bin"))
    assert by_link.read_bytes() == content
    assert "Authorization" not in server.headers[-1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.bin", "two.bin"]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("report.xlsx", "report.xlsx"),
        ("../../etc/passwd", "passwd"),
        ("..\\evil.exe", "evil.exe"),
        ("..", "download"),
    ],
)
async def test_into_a_folder_it_goes_under_its_own_name_and_never_outside(
    server, client, tmp_path, given, name
):
    headers = {"Content-Disposition": f'attachment; filename="{given}"'.replace("\\", "\\\\")}
    server.routes["GET", "/v1/files/us_fl_1/content"] = lambda _request, _raw: web.Response(
        body=b"x", headers=headers
    )
    path = await client.files.download("us_fl_1", tmp_path)
    assert path == tmp_path / name
    assert path.read_bytes() == b"x"


async def test_a_download_that_breaks_leaves_nothing_behind(server, client, tmp_path):
    async def half(request, raw):
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"half")
        request.transport.abort()
        return response

    server.routes["GET", "/v1/files/us_fl_1/content"] = half
    with pytest.raises(ConnectionFailed):
        await client.files.download("us_fl_1", tmp_path / "half.bin")
    assert [*tmp_path.iterdir()] == []


async def test_a_refused_download_says_why(server, client, tmp_path):
    with pytest.raises(ApiError) as caught:
        await client.files.download("us_fl_9", tmp_path / "x")
    assert caught.value.code == "not_found"
    assert [*tmp_path.iterdir()] == []


async def test_get_list_and_delete(server, client):
    server.routes["GET", "/v1/files/us_fl_1"] = {"data": FILE}
    server.routes["GET", "/v1/files"] = {"data": [FILE], "cursor": "c"}
    server.routes["DELETE", "/v1/files/us_fl_1"] = {"data": {"success": True}}
    assert (await client.files.get("us_fl_1")).name == "a.csv"
    page = await client.files.list(job_id="us_jb_1")
    assert ([file.id for file in page.items], page.cursor) == (["us_fl_1"], "c")
    await client.files.delete("us_fl_1")
    assert server.requests[-1][0] == "DELETE"

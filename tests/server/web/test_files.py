"""Files over REST: what goes in comes out, by key or by link, whole or in part."""

import os

import aiohttp
import pytest

from listener_sdk.protocol.ids import decode
from listener_sdk.protocol.jobs import File
from server.commands.retention import OldFiles, remove_files
from server.security.links import Links
from server.store import files as sql
from server.store.command import Command


@pytest.fixture
def settings():
    return {"max_upload_bytes": 3 * 1024 * 1024}


async def upload(server, content=b"hello", query="name=a.txt", **how):
    return await server.call("POST", f"/v1/files?{query}", raw=content, **how)


def on_disk(server):
    return sorted(path.name for path in server.node.blobs.folder.iterdir())


async def test_bytes_come_back_as_they_went_with_name_and_type(server):
    content = os.urandom(700_000)
    stored = (
        await upload(server, content, "name=a%20b.bin", headers={"Content-Type": "application/x-thing"})
    ).data
    File.model_validate(stored)
    assert (stored["size"], stored["name"], stored["contentType"]) == (
        700_000,
        "a b.bin",
        "application/x-thing",
    )
    answer = await server.call("GET", f"/v1/files/{stored['id']}/content")
    assert answer.raw == content
    assert answer.headers["Content-Type"] == "application/x-thing"
    assert (
        answer.headers["Content-Disposition"]
        == "attachment; filename=\"a b.bin\"; filename*=UTF-8''a%20b.bin"
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_chunks_without_a_length_are_taken(server):
    async def chunks():
        for _ in range(10):
            yield b"x" * 1000

    assert (await upload(server, chunks())).data["size"] == 10_000


async def test_an_empty_file_is_a_file(server):
    stored = (await upload(server, b"")).data
    assert stored["size"] == 0
    assert (await server.call("GET", f"/v1/files/{stored['id']}/content")).raw == b""


async def test_the_one_file_of_a_form_is_taken(server):
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("comment", "hello")
    form.add_field("file", b"a,b\n", filename="data/péage.csv", content_type="text/csv")
    stored = (await upload(server, form, "")).data
    assert (stored["name"], stored["contentType"], stored["size"]) == ("péage.csv", "text/csv", 4)


@pytest.mark.parametrize("files", [0, 2])
async def test_a_form_holds_exactly_one_file(server, files):
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("comment", "hello")
    for number in range(files):
        form.add_field(f"f{number}", b"x", filename=f"{number}.txt")
    answer = await upload(server, form, "")
    assert (answer.status, answer.error["code"]) == (400, "bad_request")
    assert on_disk(server) == []


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"garbage",
        b"--x\r\n",
        b"--x\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\nhalf",
        b"--x--\r\n",
        b"--x\r\n\r\n\r\n" * 30,
    ],
)
async def test_malformed_forms_are_refused(server, raw):
    answer = await upload(server, raw, "", headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.status == 400, answer.raw
    assert answer.error["code"] in {"bad_request", "invalid"}
    assert on_disk(server) == []


async def test_a_form_without_a_boundary_is_refused(server):
    answer = await upload(server, b"x", "", headers={"Content-Type": "multipart/form-data"})
    assert (answer.status, answer.error["code"]) == (400, "bad_request")


@pytest.mark.parametrize("name", ["", "a%2Fb", "..", ".", "a%5Cb", "a%0Ab", "x" * 256, "%E2%80%AE", "%20"])
async def test_unfit_names_are_refused(server, name):
    answer = await upload(server, query=f"name={name}")
    assert (answer.status, answer.error["key"]) == (400, "name")
    assert on_disk(server) == []


async def test_a_file_over_the_limit_is_refused_and_leaves_nothing(server):
    answer = await upload(server, b"x" * (3 * 1024 * 1024 + 1))
    assert (answer.status, answer.error["code"]) == (413, "too_large")
    assert on_disk(server) == []


async def test_a_job_that_is_not_there_takes_no_file(server):
    for job in ("x", "us_jb_00000zzzzz"):
        answer = await upload(server, query=f"name=a&jobId={job}")
        assert (answer.status, answer.error["key"]) == (404, "jobId")
    assert on_disk(server) == []


async def test_an_odd_content_type_is_refused(server):
    answer = await upload(server, headers={"Content-Type": "nonsense"})
    assert (answer.status, answer.error["key"]) == (400, "Content-Type")


async def test_lists_are_newest_first_by_job_and_page(server):
    job = await server.job()
    ids = [(await upload(server, query=f"name={n}&jobId={job['id']}")).data["id"] for n in range(3)]
    other = (await upload(server)).data["id"]
    first = await server.call("GET", f"/v1/files?jobId={job['id']}&pageSize=2")
    assert [file["id"] for file in first.data] == ids[:0:-1]
    rest = await server.call("GET", f"/v1/files?jobId={job['id']}&pageSize=2&cursor={first.body['cursor']}")
    assert [file["id"] for file in rest.data] == ids[:1]
    assert rest.body["cursor"] is None
    assert [file["id"] for file in (await server.call("GET", "/v1/files?pageSize=1")).data] == [other]
    for unknown in ("x", "us_jb_00000zzzzz"):
        answer = await server.call("GET", f"/v1/files?jobId={unknown}")
        assert (answer.status, answer.error["key"]) == (404, "jobId")


async def test_a_deleted_file_is_gone_with_its_bytes(server):
    stored = (await upload(server)).data
    link = stored["url"].removeprefix(server.url)
    assert (await server.call("DELETE", f"/v1/files/{stored['id']}")).data == {"success": True}
    assert on_disk(server) == []
    assert (await server.call("GET", f"/v1/files/{stored['id']}")).status == 404
    assert (await server.call("GET", link, key=None)).error["code"] == "not_found"


async def test_what_an_outcome_offers_is_said_to_be_gone_once_retention_has_removed_it(server):
    stored = (await upload(server)).data
    job = await server.job()
    await server.call("POST", f"/v1/jobs/{job['id']}/ack", {})
    outcome = {"message": "Ready", "next": {"type": "download", "fileId": stored["id"], "fileName": "a.txt"}}
    assert (await server.call("POST", f"/v1/jobs/{job['id']}/complete", {"outcome": outcome})).status == 200
    (blob,) = await server.node.submit(Command("old", remove_files), OldFiles((decode("fl", stored["id"]),)))
    await server.node.blobs.remove(blob)
    offered = (await server.call("GET", f"/v1/jobs/{job['id']}")).data["outcome"]["next"]["url"]
    answer = await server.call("GET", offered.removeprefix(server.url), key=None)
    assert (answer.status, answer.error["code"]) == (404, "not_found")
    assert "removed" in answer.error["message"]
    assert on_disk(server) == []


# ---- links


async def test_a_link_opens_its_file_without_a_key_until_it_ends(server):
    stored = (await upload(server)).data
    link = stored["url"].removeprefix(server.url)
    assert stored["url"].startswith(server.url)
    assert (await server.call("GET", link, key=None)).raw == b"hello"
    server.clock.forward(server.settings.link_lifetime_s)
    answer = await server.call("GET", link, key=None)
    assert (answer.status, answer.error["code"]) == (410, "link_expired")


async def test_an_altered_link_opens_nothing(server):
    one, two = (await upload(server)).data, (await upload(server)).data
    link = one["url"].removeprefix(server.url)
    expires, signature = link.partition("expires=")[2].split("&signature=")
    for altered in (
        link.replace(one["id"], two["id"]),
        link.replace(expires, str(int(expires) + 1)),
        link[:-1] + ("0" if link[-1] != "0" else "1"),
        link.replace(signature, "%C3%A9"),
        link.replace(expires, "9" * 30),
        link.replace(one["id"], "us_fl_00000zzzzz"),
        link.replace("space=1", "space=2"),
        link.replace("space=1&", ""),
    ):
        answer = await server.call("GET", altered, key=None)
        assert (answer.status, answer.error["code"]) == (403, "link_invalid"), altered


async def test_the_store_is_not_asked_for_a_link_that_nobody_has_signed(server, monkeypatch):
    link = (await upload(server)).data["url"].removeprefix(server.url)
    monkeypatch.setattr(sql, "load", None)
    assert (await server.call("GET", link[:-8] + "0" * 8, key=None)).error["code"] == "link_invalid"


async def test_a_link_that_was_made_for_readers_of_another_space_opens_nothing(server):
    stored = (await upload(server)).data
    url, _ = Links(server.node.meta.link_secret, "", 60).of(2, server.clock())(stored["id"])
    answer = await server.call("GET", url, key=None)
    assert (answer.status, answer.error["code"]) == (404, "not_found")


async def test_without_key_or_link_there_is_nothing(server):
    stored = (await upload(server)).data
    path = f"/v1/files/{stored['id']}/content"
    for query in ("", "?expires=1", "?signature=x"):
        assert (await server.call("GET", path + query, key=None)).status == 401
    assert (await server.call("GET", stored["url"].removeprefix(server.url), key="wrong")).status == 401


# ---- parts


@pytest.mark.parametrize(
    ("range_", "status", "content"),
    [("bytes=0-1", 206, b"he"), ("bytes=3-", 206, b"lo"), ("bytes=-2", 206, b"lo"), ("bytes=0-99", 206, b"hello"),
     ("pages=1", 200, b"hello"), ("bytes=0-1,3-4", 200, b"hello")],
)  # fmt: skip
async def test_parts_of_a_file(server, range_, status, content):
    stored = (await upload(server)).data
    answer = await server.call("GET", f"/v1/files/{stored['id']}/content", headers={"Range": range_})
    assert (answer.status, answer.raw) == (status, content)


@pytest.mark.parametrize("range_", ["bytes=5-", "bytes=9-", "bytes=x"])
async def test_a_part_that_is_not_there_is_refused_as_json(server, range_):
    stored = (await upload(server, headers={"Content-Type": "text/csv"})).data
    answer = await server.call("GET", f"/v1/files/{stored['id']}/content", headers={"Range": range_})
    assert (answer.status, answer.error["code"], answer.error["size"]) == (416, "bad_range", 5)
    assert answer.headers["Content-Range"] == "bytes */5"
    assert "Content-Disposition" not in answer.headers


async def test_a_condition_that_does_not_hold_is_refused_as_json(server):
    stored = (await upload(server, headers={"Content-Type": "text/csv"})).data
    path = f"/v1/files/{stored['id']}/content"
    answer = await server.call("GET", path, headers={"If-Match": '"x"'})
    assert (answer.status, answer.error["code"], answer.error["key"]) == (
        412,
        "precondition_failed",
        "If-Match",
    )
    tag = (await server.call("GET", path)).headers["ETag"]
    assert (await server.call("GET", path, headers={"If-Match": tag})).raw == b"hello"


async def test_head_tells_size_and_type_without_bytes(server):
    stored = (await upload(server)).data
    answer = await server.call("HEAD", f"/v1/files/{stored['id']}/content")
    assert (answer.status, answer.raw, answer.headers["Content-Length"]) == (200, b"", "5")


async def test_a_file_that_did_not_change_is_not_sent_again(server):
    stored = (await upload(server)).data
    path = f"/v1/files/{stored['id']}/content"
    tag = (await server.call("GET", path)).headers["ETag"]
    assert (await server.call("GET", path, headers={"If-None-Match": tag})).status == 304


async def test_bytes_that_are_missing_from_the_disk_are_said_to_be(server):
    stored = (await upload(server)).data
    (name,) = on_disk(server)
    server.node.blobs.path(name).unlink()
    answer = await server.call("GET", f"/v1/files/{stored['id']}/content")
    assert (answer.status, answer.error["code"]) == (404, "not_found")
    assert "--data-dir" not in answer.error["message"]


async def test_of_bytes_that_another_server_may_have_it_is_said_where_they_should_be(server, monkeypatch):
    stored = (await upload(server)).data
    server.node.blobs.path(on_disk(server)[0]).unlink()
    monkeypatch.setattr(server.node.database, "shared", True)
    answer = await server.call("GET", f"/v1/files/{stored['id']}/content")
    assert (answer.status, answer.error["code"]) == (404, "not_found")
    assert "--data-dir" in answer.error["message"]


@pytest.mark.parametrize("name", ['a"b.txt', "naïve.txt", "日本.csv", "a;b.txt", "a%b.txt", "'x'.txt"])
async def test_any_name_survives_the_download(server, name):
    from urllib.parse import quote, unquote

    stored = (await upload(server, query=f"name={quote(name)}")).data
    header = (await server.call("GET", f"/v1/files/{stored['id']}/content")).headers["Content-Disposition"]
    assert header.isascii()
    assert unquote(header.partition("filename*=UTF-8''")[2]) == name

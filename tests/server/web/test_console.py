"""The console's files and its one page, as browsers ask for them."""

import gzip

import pytest

from server.web.console import FOLDER, HEADERS, TYPES

PLAIN = {"Accept-Encoding": "identity"}
PAGE = (FOLDER / "index.html").read_bytes()
FILES = sorted(
    path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.suffix in TYPES and path.is_file()
)  # fmt: skip


async def test_anybody_gets_every_file(server):
    assert len(FILES) > 20
    for name in FILES:
        answer = await server.call("GET", f"/console/{name}", key=None, headers=PLAIN)
        assert (answer.status, answer.raw) == (200, (FOLDER / name).read_bytes()), name
        assert answer.headers["Content-Type"] == TYPES["." + name.rpartition(".")[2]]
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["", "jobs", "jobs/us_jb_0000000001", "login", "definitions/a.b", "%2e%2e/client/tickwire.js", "..%2fapp.py"])  # fmt: skip
async def test_every_other_address_is_the_page(server, path):
    answer = await server.call("GET", f"/console/{path}", key=None, headers=PLAIN)
    assert (answer.status, answer.raw) == (200, PAGE)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("path", ["nothing.js", "parts/nothing.css"])
async def test_a_file_that_is_not_there_is_not_found(server, path):
    answer = await server.call("GET", f"/console/{path}", key=None, headers=PLAIN)
    assert (answer.status, answer.error["code"]) == (404, "no_route")


async def test_it_comes_packed_to_who_can_unpack_it(server):
    plain = await server.call("GET", "/console/app.js", key=None, headers=PLAIN)
    packed = await server.call("GET", "/console/app.js", key=None, headers={"Accept-Encoding": "gzip"})
    assert plain.headers["ETag"] != packed.headers["ETag"]
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert plain.raw == gzip.decompress(packed.raw) == (FOLDER / "app.js").read_bytes()
    assert len(packed.raw) < len(plain.raw)


async def test_what_a_browser_has_already_is_not_sent_again(server):
    first = await server.call("GET", "/console/jobs", key=None, headers=PLAIN)
    assert first.headers["Cache-Control"] == "no-cache"
    known = PLAIN | {"If-None-Match": first.headers["ETag"]}
    again = await server.call("GET", "/console/jobs", key=None, headers=known)
    assert (again.status, again.raw) == (304, b"")
    other = await server.call("GET", "/console/jobs", key=None, headers=PLAIN | {"If-None-Match": '"other"'})
    assert (other.status, other.raw) == (200, PAGE)


async def test_their_heads_can_be_asked_for(server):
    head = await server.call("HEAD", "/console/app.js", key=None, headers=PLAIN)
    assert (head.status, head.raw) == (200, b"")
    assert head.headers["Content-Length"] == str((FOLDER / "app.js").stat().st_size)


async def test_a_browser_is_sent_on_to_it(server):
    browser = {"Accept": "text/html,application/xhtml+xml"}
    for path, headers in (("/", browser), ("/console", browser), ("/console", {})):
        answer = await server.call("GET", path, key=None, headers=headers)
        assert (answer.status, answer.headers["Location"]) == (302, "/console/")


async def test_a_program_is_told_that_there_is_nothing(server):
    answer = await server.call("GET", "/", key=None, headers={"Accept": "application/json"})
    assert (answer.status, answer.error["code"]) == (404, "no_route")


def test_the_policy_lets_nothing_in_from_elsewhere():
    policy = HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "*" not in policy

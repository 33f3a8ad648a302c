"""The files of the browser client, as browsers ask for them."""

import pytest

from server.web.client import FOLDER

FILES = {
    "tickwire.js": "text/javascript; charset=utf-8",
    "tickwire.d.ts": "text/plain; charset=utf-8",
    "job.js": "text/javascript; charset=utf-8",
    "job.d.ts": "text/plain; charset=utf-8",
}


@pytest.mark.parametrize(("name", "content_type"), FILES.items())
async def test_anybody_gets_them(server, name, content_type):
    answer = await server.call("GET", f"/client/{name}", key=None, headers={"Origin": "https://any.example"})
    assert (answer.status, answer.raw) == (200, (FOLDER / name).read_bytes())
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    # A module is loaded from another origin only with its leave.
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("name", FILES)
async def test_what_a_browser_has_already_is_not_sent_again(server, name):
    first = await server.call("GET", f"/client/{name}", key=None)
    assert first.headers["Cache-Control"] == "no-cache"
    known = {"If-None-Match": first.headers["ETag"]}
    again = await server.call("GET", f"/client/{name}", key=None, headers=known)
    assert (again.status, again.raw) == (304, b"")
    other = await server.call("GET", f"/client/{name}", key=None, headers={"If-None-Match": '"other"'})
    assert (other.status, other.raw) == (200, first.raw)


async def test_their_heads_can_be_asked_for(server):
    head = await server.call("HEAD", "/client/tickwire.js", key=None)
    assert (head.status, head.raw) == (200, b"")
    assert head.headers["Content-Length"] == str((FOLDER / "tickwire.js").stat().st_size)


@pytest.mark.parametrize(
    "path", ["/client/", "/client/other.js", "/client/..%2fsettings.py", "/client/%2e%2e/app.py"]
)
async def test_nothing_else_is_served(server, path):
    answer = await server.call("GET", path, key=None)
    assert (answer.status, answer.error["code"]) == (404, "no_route")


class TestWithNamedOrigins:
    @pytest.fixture
    def settings(self):
        return {"allow_origins": ("https://app.example.com",)}

    @pytest.mark.parametrize("origin", ["https://app.example.com", "https://any.example"])
    async def test_all_others_may_still_load_them(self, server, origin):
        answer = await server.call("GET", "/client/tickwire.js", key=None, headers={"Origin": origin})
        assert answer.headers["Access-Control-Allow-Origin"] in {"*", origin}
        assert answer.headers["Vary"] == "Origin"

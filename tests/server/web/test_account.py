"""What members do with their own account."""

import pytest
from browser import Browser, logged_in

from server.core.logins import FRESH_MS
from server.security import passwords

OLD, NEW = "correct horse battery", "another horse entirely"


@pytest.fixture
def settings():
    return {"auth_failures_per_minute": 5}


async def put(browser, **body):
    return await browser.call("PUT", "/v1/members/me/password", body)


async def by_password(server, password):
    browser = Browser(server)
    return browser, await browser.log_in(email="ada@example.com", password=password)


async def test_one_sees_oneself_whatever_the_role(server):
    browser = await logged_in(server, role="viewer")
    found = (await browser.call("GET", "/v1/members/me")).data
    assert (found["name"], found["email"]) == ("Ada", "ada@example.com")
    assert (await browser.call("GET", f"/v1/members/{found['id']}")).status == 403


async def test_a_key_is_no_member(server):
    for method, path, body in (
        ("GET", "/v1/members/me", None),
        ("DELETE", "/v1/members/me/sessions", None),
        ("PUT", "/v1/members/me/password", {"new": NEW}),
    ):
        answer = await server.call(method, path, body)
        assert (answer.status, answer.error["code"]) == (404, "not_found")
    browser = Browser(server)
    await browser.by_link()
    assert (await browser.call("GET", "/v1/members/me")).status == 404


async def test_after_a_link_the_first_password_is_set_without_an_old_one(server):
    browser = await logged_in(server)
    assert (await put(browser, new=OLD)).data["passwordSetAt"]
    assert (await by_password(server, OLD))[1].status == 200
    assert (await put(browser, new=NEW)).status == 200
    assert (await by_password(server, OLD))[1].status == 401
    assert (await by_password(server, NEW))[1].status == 200


async def test_later_and_after_a_password_the_old_one_is_asked_for(server):
    browser = await logged_in(server)
    await put(browser, new=OLD)
    other, _ = await by_password(server, OLD)
    server.clock.forward(FRESH_MS / 1000)
    for one in (browser, other):
        for body in ({"new": NEW}, {"old": NEW, "new": NEW}, {"old": "", "new": NEW}):
            server.clock.forward(30)
            answer = await put(one, **body)
            assert (answer.status, answer.error["key"]) == (400, "old")
            assert NEW.encode() not in answer.raw
    server.clock.forward(60)
    assert (await put(browser, old=OLD, new=NEW)).status == 200


async def test_a_new_password_ends_the_other_sessions_and_links(server):
    browser = await logged_in(server)
    await put(browser, new=OLD)
    other, _ = await by_password(server, OLD)
    me = (await browser.call("GET", "/v1/members/me")).data["id"]
    link = (await server.call("POST", "/v1/login-links", {"member": me})).data["url"].partition("#")[2]
    async with server.http.ws_connect(f"{server.url}/v1/stream", headers=other.headers(csrf=None)) as socket:
        await socket.send_json({"type": "hello"})
        await socket.receive_json()
        assert (await put(browser, new=NEW)).status == 200
        assert (await socket.receive()).data == 4401
    assert (await other.call("GET", "/v1/whoami")).status == 401
    assert (await browser.call("GET", "/v1/whoami")).status == 200
    assert (await Browser(server).log_in(link=link)).status == 401


async def test_the_old_password_is_guessed_at_slowly(server):
    browser = await logged_in(server)
    await put(browser, new=OLD)
    other, _ = await by_password(server, OLD)
    seen = [(await put(other, old=f"wrong {n}", new=NEW)).status for n in range(7)]
    assert seen == [400] * 5 + [429] * 2


@pytest.mark.parametrize("new", ["", "short", "x" * 11, "x" * 1025, "\u00e4" * 513, None, 5, ["x" * 12]])
async def test_passwords_outside_the_bounds_are_refused_without_work(server, monkeypatch, new):
    browser = await logged_in(server)
    monkeypatch.setattr(passwords, "_hashed", None)
    answer = await put(browser, new=new)
    assert (answer.status, answer.error["code"], answer.error["key"]) == (400, "invalid", "new")


@pytest.mark.parametrize("new", ["x" * 12, "x" * 1024, "\u00e4" * 512, "\U0001f3c1" * 12])
async def test_passwords_at_the_bounds_are_taken(server, new):
    browser = await logged_in(server)
    assert (await put(browser, new=new)).status == 200
    assert (await by_password(server, new))[1].status == 200


async def test_one_logs_oneself_out_everywhere(server):
    browser, other = await logged_in(server), Browser(server)
    await other.by_link((await browser.call("GET", "/v1/members/me")).data["id"])
    kept = browser.cookie
    assert (await browser.call("DELETE", "/v1/members/me/sessions")).data == {"success": True}
    assert browser.cookie is None
    assert (await browser.call("GET", "/v1/whoami", cookie=kept)).status == 401
    assert (await other.call("GET", "/v1/whoami")).status == 401

"""Bodies that come long after their heads: who sends one is looked at again."""

import json

import pytest
from browser import logged_in

from server.web import call as module
from server.web.auth import keyring


async def key(server, role, **fields):
    return (await server.call("POST", "/v1/keys", {"name": role, "role": role} | fields)).data


class Slow:
    """A call whose body ends when it is told to; its key was checked before."""

    def __init__(self, server, made, method, path, body):
        self.server, self.made = server, made
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {made['key']}\r\n"

    async def __aenter__(self):
        self.opened = self.server.connection()
        self.reader, self.writer = await self.opened.__aenter__()
        # A call that is answered shows that its key is known; this one's was, too, once the next is answered.
        ask = f"{self.head.replace(self.head.split(' HTTP')[0], 'GET /v1/whoami')}\r\n"
        self.writer.write(ask.encode())
        length = f"Content-Length: {len(self.body)}\r\n\r\n"
        await self.heard(self.reader)
        self.writer.write((self.head + length).encode() + self.body[:1])
        return self

    async def __aexit__(self, *error):
        await self.opened.__aexit__(*error)

    async def end(self):
        self.writer.write(self.body[1:])
        return await self.heard(self.reader)


@pytest.fixture
def slow(server, heard):
    Slow.heard = staticmethod(heard)
    return lambda *given: Slow(server, *given)


JOB = {"type": "a", "operation": "b", "trigger": "immediate"}


@pytest.mark.parametrize(
    ("role", "path", "body"),
    [
        ("admin", "/v1/keys", {"name": "late", "role": "admin"}),
        ("admin", "/v1/members", {"name": "late", "email": "l@x.org", "role": "admin"}),
        ("admin", "/v1/login-links", {"name": "late"}),
        ("developer", "/v1/secrets", {"name": "late", "value": "late"}),
        ("developer", "/v1/files?name=late.txt", b"late bytes"),
        ("developer", "/v1/jobs", JOB),
        ("developer", "/v1/jobs/bulk", {"jobs": [JOB]}),
        ("developer", "/v1/events", {"topic": "late:event"}),
        ("developer", "/v1/tokens", {"space": True}),
    ],
)
async def test_a_key_that_is_revoked_before_the_body_has_come_does_nothing(
    server, slow, monkeypatch, role, path, body
):
    monkeypatch.setattr(module, "LATE_S", 0)
    made = await key(server, role)
    async with slow(made, "POST", path, body) as call:
        await server.call("DELETE", f"/v1/keys/{made['id']}")
        answer = await call.end()
    assert (answer.status, answer.error["code"]) == (401, "unauthorized")
    assert list(server.node.blobs.path("x").parent.parent.rglob("late*")) == []
    assert (await server.call("GET", "/v1/files")).data == (await server.call("GET", "/v1/jobs")).data == []


async def test_who_may_still_do_it_may_be_slow(server, slow, monkeypatch):
    monkeypatch.setattr(module, "LATE_S", 0)
    async with slow(await key(server, "operator"), "POST", "/v1/jobs", JOB) as call:
        assert (await call.end()).status == 200


async def test_a_key_that_is_restricted_meanwhile_sends_its_call_again(server, slow, monkeypatch):
    monkeypatch.setattr(module, "LATE_S", 0)
    made = await key(server, "operator")
    async with slow(made, "POST", "/v1/jobs", JOB) as call:
        await server.call("PATCH", f"/v1/keys/{made['id']}", {"jobs": ["mine:*"]})
        assert (await call.end()).error["code"] == "conflict"


async def test_the_operators_own_session_and_key_are_looked_at_too(server):
    browser = await logged_in(server)
    actor = await keyring(server.node).visit(browser.cookie, "127.0.0.1")
    await keyring(server.node).check_again(actor)
    await keyring(server.node).check_again(await server.actor(server.key))

"""Keys that end while their connections are open."""

import json
from datetime import UTC, datetime

import pytest
from browser import Browser, logged_in
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from listener_sdk.protocol.members import MemberUpdate
from server.commands.logins import END_SESSION, EndSession
from server.commands.members import UPDATE_MEMBER, UpdateMember
from server.commands.spaces import DELETE_SPACE, DeleteSpace
from server.core.keys import ADMINISTRATOR
from server.web.auth import REMEMBERED_MS
from server.web.key_watch import close_invalid


async def opened(server, key):
    url = server.url.replace("http", "ws") + "/v1/stream"
    socket = await connect(url, additional_headers={"Authorization": f"Bearer {key}"}, proxy=None)
    await socket.send(json.dumps({"type": "hello", "session": "key-watch"}))
    assert json.loads(await socket.recv())[0]["type"] == "welcome"
    return socket


async def test_an_expired_key_loses_its_connections_and_no_other_does(server):
    soon = datetime.fromtimestamp(server.clock() / 1000 + 60, UTC).isoformat()
    made = (
        await server.call("POST", "/v1/keys", {"name": "soon", "role": "listener", "expiresAt": soon})
    ).data
    short = await opened(server, made["key"])
    other = await opened(server, server.key)
    assert await close_invalid(server.node) == set()
    server.clock.forward(61)
    assert await close_invalid(server.node) == {made["id"]}
    with pytest.raises(ConnectionClosed) as ended:
        await short.recv()
    assert ended.value.rcvd.code == 4401
    assert ADMINISTRATOR in {shown.key_id for shown in server.node.sockets.shown()}
    await other.close()


async def visiting(server, browser):
    """The browser's stream, and what was shown for it."""
    url = server.url.replace("http", "ws") + "/v1/stream"
    sent = browser.headers(csrf=None)
    socket = await connect(url, additional_headers=sent, origin=sent.pop("Origin"), proxy=None)
    await socket.send(json.dumps({"type": "hello"}))
    assert json.loads(await socket.recv())[0]["type"] == "welcome"
    (shown,) = server.node.sockets.shown()
    return socket, shown


async def ended(socket):
    with pytest.raises(ConnectionClosed) as found:
        await socket.recv()
    return found.value.rcvd.code


async def elsewhere(server, change):
    """Another server changes the only member."""
    actor = await server.actor(server.key)
    number = (await server.node.read(lambda reader: reader.rows("SELECT id FROM member")))[0][0]
    await server.node.submit(UPDATE_MEMBER, UpdateMember(actor, number, change))


async def test_a_session_that_another_server_ends_loses_its_connections(server):
    browser = await logged_in(server)
    socket, shown = await visiting(server, browser)
    assert await close_invalid(server.node) == set()
    await server.node.submit(END_SESSION, EndSession(await server.actor(server.key), shown.login))
    assert await close_invalid(server.node) == {shown.key_id}
    assert await ended(socket) == 4401
    server.clock.forward(REMEMBERED_MS / 1000)
    assert (await browser.call("GET", "/v1/whoami")).status == 401


async def test_so_does_one_that_is_past_its_time(server):
    socket, shown = await visiting(server, await logged_in(server))
    server.clock.forward(12 * 3600)
    assert await close_invalid(server.node) == {shown.key_id}
    assert await ended(socket) == 4401


@pytest.mark.parametrize(
    ("change", "code", "status"), [({"active": False}, 4401, 401), ({"role": "viewer"}, 4004, 200)]
)
async def test_so_does_a_member_that_another_server_changes(server, change, code, status):
    browser = await logged_in(server)
    socket, shown = await visiting(server, browser)
    await elsewhere(server, MemberUpdate(**change))
    assert await close_invalid(server.node) == {shown.key_id}
    assert await ended(socket) == code
    server.clock.forward(REMEMBERED_MS / 1000)
    answer = await browser.call("GET", "/v1/whoami")
    assert answer.status == status
    if status == 200:
        assert answer.data["role"] == "viewer"


async def test_a_session_of_a_key_ends_with_the_key(server):
    made = (await server.call("POST", "/v1/keys", {"name": "k", "role": "viewer"})).data
    browser = Browser(server)
    await browser.by_link(key=made["key"])
    socket, _ = await visiting(server, browser)
    await server.call("DELETE", f"/v1/keys/{made['id']}")
    assert await ended(socket) == 4401


@pytest.mark.parametrize("by_link", [False, True])
async def test_a_key_of_the_whole_store_loses_its_connections_in_a_space_that_is_gone(server, by_link):
    """Another server deleted it: this one has not heard."""
    acme = (await server.call("POST", "/v1/spaces", {"name": "Acme"})).data["code"]
    url = server.url.replace("http", "ws") + "/v1/stream"
    sent, origin = {"Authorization": f"Bearer {server.key}"}, None
    if by_link:
        browser = Browser(server)
        await browser.by_link()
        sent = browser.headers(csrf=None)
        origin = sent.pop("Origin")
    sockets = []
    for space in ({}, {"space": acme}) if by_link else ({}, {}):
        more = {"X-Customer-Code": acme} if sockets and not by_link else {}
        socket = await connect(url, additional_headers=sent | more, origin=origin, proxy=None)
        await socket.send(json.dumps({"type": "hello", **space}))
        sockets.append((socket, json.loads(await socket.recv())[0]["space"]))
    assert [space for _, space in sockets] == ["default", "acme"]
    assert await close_invalid(server.node) == set()
    actor = await server.actor(server.key)
    number = (await server.node.read(lambda reader: reader.rows("SELECT id FROM space WHERE code = 'acme'")))[
        0
    ][0]
    await server.node.submit(DELETE_SPACE, DeleteSpace(actor, number))
    assert await close_invalid(server.node) == {ADMINISTRATOR}
    (kept, _), (lost, _) = sockets
    assert await ended(lost) == 4401
    await kept.send(json.dumps({"type": "unsubscribe", "sub": "x", "id": 5}))
    assert json.loads(await kept.recv())[0]["id"] == 5
    await kept.close()

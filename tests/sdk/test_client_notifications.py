"""Inboxes by the client, and whether mails can be sent."""

import pytest

from listener_sdk.errors import InvalidError
from tests.sdk.fake_server import AT

NOTE = {"id": "us_nt_1", "at": AT, "title": "Nightly failed", "result": "failed", "jobId": "us_jb_1"}


async def test_an_inbox_is_listed_iterated_and_counted(server, client):
    def page(request, _raw):
        return {"data": [NOTE], "cursor": None if "cursor" in request.query else "us_nt_1", "unread": 7}

    server.routes["GET", "/v1/notifications"] = page
    found = await client.notifications.list(member="us_mem_1", unread=True, page_size=1)
    assert (found.items[0].title, found.items[0].read_at, found.cursor) == ("Nightly failed", None, "us_nt_1")
    assert server.requests[-1][1] == "/v1/notifications?member=us_mem_1&unread=true&pageSize=1"
    assert [one.id async for one in client.notifications.iterate()] == ["us_nt_1"] * 2
    assert await client.notifications.unread() == 7
    assert server.requests[-1][1] == "/v1/notifications?pageSize=1"
    assert await client.notifications.unread("us_mem_1") == 7
    assert server.requests[-1][1] == "/v1/notifications?pageSize=1&member=us_mem_1"
    with pytest.raises(TypeError, match="'read'"):
        await client.notifications.list(read=True)


async def test_one_or_all_are_read(server, client):
    server.routes["POST", "/v1/notifications/us_nt_1/read"] = {"data": NOTE | {"readAt": AT}}
    server.routes["POST", "/v1/notifications/read"] = {"data": {"read": 3}}
    assert (await client.notifications.read("us_nt_1")).read_at is not None
    assert await client.notifications.read_all() == 3
    assert server.requests[-1][2] == {}
    member = "us_mem_0000000001"
    assert await client.notifications.read_all(member, up_to="us_nt_1") == 3
    assert server.requests[-1][2] == {"member": member, "upTo": "us_nt_1"}


async def test_mail_is_tried_and_looked_at(server, client):
    server.routes["POST", "/v1/notifications/test"] = {"data": {"address": "a@b.example", "delivered": True}}
    server.routes["GET", "/v1/notifications/channels"] = {"data": {"configured": True, "reachable": True}}
    await client.notifications.test("a@b.example")
    assert server.requests[-1][2] == {"address": "a@b.example"}
    with pytest.raises(InvalidError, match="one address"):
        await client.notifications.test("a@b, c@d")
    assert (await client.notifications.channels(check=True)).reachable
    assert server.requests[-1][1] == "/v1/notifications/channels?check=true"
    assert (await client.notifications.channels()).configured
    assert server.requests[-1][1] == "/v1/notifications/channels"

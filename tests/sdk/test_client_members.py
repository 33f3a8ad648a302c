"""Members by the client."""

import pytest

from listener_sdk.errors import InvalidError
from tests.sdk.fake_server import AT

ADA = {
    "id": "us_mem_1", "name": "Ada", "email": "ada@example.com", "role": "viewer", "active": True, "createdAt": AT,
    "updatedAt": AT,
}  # fmt: skip


async def test_members_are_added_found_changed_and_removed(server, client):
    server.routes["POST", "/v1/members"] = {"data": ADA}
    server.routes["GET", "/v1/members"] = {"data": [ADA], "cursor": "us_mem_1"}
    server.routes["GET", "/v1/members/us_mem_1"] = {"data": ADA}
    server.routes["PATCH", "/v1/members/us_mem_1"] = {"data": ADA | {"active": False, "deactivatedAt": AT}}
    server.routes["DELETE", "/v1/members/us_mem_1"] = {"data": {"success": True}}
    server.routes["DELETE", "/v1/members/us_mem_1/sessions"] = {"data": {"success": True}}
    made = await client.members.create("Ada", "ada@example.com")
    assert made.role == "viewer"
    assert server.requests[-1][2] == {"name": "Ada", "email": "ada@example.com", "role": "viewer"}
    page = await client.members.list(role="viewer", active=True, page_size=1)
    assert ([one.id for one in page.items], page.cursor) == (["us_mem_1"], "us_mem_1")
    assert (await client.members.get("us_mem_1")).name == "Ada"
    await client.members.update("us_mem_1", role="admin")
    assert server.requests[-1][2] == {"role": "admin"}
    assert (await client.members.deactivate("us_mem_1")).deactivated_at is not None
    assert server.requests[-1][2] == {"active": False}
    await client.members.log_out("us_mem_1")
    assert server.requests[-1][:2] == ("DELETE", "/v1/members/us_mem_1/sessions")
    await client.members.delete("us_mem_1")
    assert server.requests[-1][:2] == ("DELETE", "/v1/members/us_mem_1")


async def test_a_link_is_made_for_a_member_or_the_key_itself(server, client):
    server.routes["POST", "/v1/login-links"] = {"data": {"url": "http://x/console/login#t", "expiresAt": AT}}
    assert (await client.members.login_link("us_mem_1")).url.endswith("#t")
    assert server.requests[-1][2] == {"member": "us_mem_1"}
    await client.members.login_link()
    assert server.requests[-1][2] == {}


async def test_what_the_server_would_refuse_is_not_sent(server, client):
    with pytest.raises(InvalidError, match="for programs"):
        await client.members.create("x", "x@y", "listener")
    with pytest.raises(TypeError, match="'roles'"):
        await client.members.list(roles="viewer")
    with pytest.raises(TypeError, match="'nam'"):
        await client.members.update("us_mem_1", nam="x")
    assert server.requests == []

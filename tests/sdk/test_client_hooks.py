"""Hooks by the client."""

import pytest

from listener_sdk.errors import InvalidError
from tests.sdk.fake_server import AT

HOOK = {
    "id": "us_hk_0000000001",
    "name": "Shop",
    "enabled": True,
    "path": "/v1/hooks/abc",
    "url": "http://127.0.0.1/v1/hooks/abc",
    "verification": {"kind": "github"},
    "replayBy": "body",
    "event": "shop:called",
    "version": 1,
    "createdAt": AT,
    "createdBy": "us_key_1",
    "updatedAt": AT,
    "updatedBy": "us_key_1",
}
PATH = f"/v1/hooks/{HOOK['id']}"
CAME = {"id": "us_hd_0000000001", "hookId": HOOK["id"], "at": AT, "status": "failed", "size": 2}


async def test_they_are_made_changed_and_removed(server, client):
    server.routes["POST", "/v1/hooks"] = {"data": HOOK | {"secret": "canary-of-the-hook"}}
    server.routes["GET", "/v1/hooks"] = {"data": [HOOK], "asOf": "a:1", "cursor": None}
    server.routes["GET", PATH] = server.routes["PATCH", PATH] = {"data": HOOK}
    server.routes["POST", f"{PATH}/rotate"] = {"data": HOOK | {"secret": "another"}}
    server.routes["DELETE", PATH] = {"data": {"success": True}}
    made = await client.hooks.create("Shop", "github", event="shop:called", wait_s=0)
    assert made.secret == "canary-of-the-hook"
    assert "canary" not in repr(made)
    assert server.requests[-1][2] == {
        "name": "Shop", "enabled": True, "verification": {"kind": "github"}, "event": "shop:called", "waitS": 0
    }  # fmt: skip
    page = await client.hooks.list(page_size=5)
    assert ([one.id for one in page.items], page.as_of) == ([HOOK["id"]], "a:1")
    assert (await client.hooks.get(HOOK["id"])).replay_by == "body"
    await client.hooks.update(HOOK["id"], filter=None, enabled=False)
    assert server.requests[-1][2] == {"filter": None, "enabled": False}
    assert (await client.hooks.rotate(HOOK["id"], overlap_s=0)).secret == "another"
    assert server.requests[-1][2] == {"overlapS": 0, "address": False}
    await client.hooks.delete(HOOK["id"])
    assert server.requests[-1][:2] == ("DELETE", PATH)


async def test_what_came_is_looked_at_and_replayed(server, client):
    one = f"/v1/hook-deliveries/{CAME['id']}"
    server.routes["GET", f"{PATH}/deliveries"] = {"data": [CAME], "cursor": None}
    server.routes["GET", one] = {"data": CAME | {"body": "{}"}}
    server.routes["POST", f"{one}/replay"] = {"data": {"deliveryId": "us_hd_0000000002", "status": "started"}}
    assert [found.id for found in (await client.hooks.deliveries(HOOK["id"], status="failed")).items] == [
        CAME["id"]
    ]
    assert server.requests[-1][1].endswith("?status=failed")
    assert (await client.hooks.delivery(CAME["id"])).body == "{}"
    assert (await client.hooks.replay(CAME["id"])).status == "started"


async def test_a_call_is_tried(server, client):
    server.routes["POST", f"{PATH}/try"] = {"data": {"hook": {"body": 1}, "params": {"a": 1}}}
    tried = await client.hooks.try_(HOOK["id"], {"a": 1}, headers={"X-A": "b"}, query={"c": "d"})
    assert tried.params == {"a": 1}
    assert server.requests[-1][2] == {"body": {"a": 1}, "headers": {"X-A": "b"}, "query": {"c": "d"}}


async def test_what_does_not_fit_is_not_sent(server, client):
    with pytest.raises(InvalidError):
        await client.hooks.create("Shop", "md5", event="a:b")
    with pytest.raises(TypeError, match="job_type"):
        await client.hooks.create("Shop", "none", jobtype="noop")
    with pytest.raises(InvalidError) as caught:
        await client.hooks.create("Shop", "standard", event="a:b", secret="canary-of-the-hook")
    assert "canary" not in str(caught.value)
    assert server.requests == []

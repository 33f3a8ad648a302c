"""Secrets by the client."""

import pytest

from listener_sdk.errors import ApiError, InvalidError
from tests.sdk.fake_server import AT

SECRET = {
    "id": "us_sec_0000000001",
    "name": "crm_token",
    "value": "",
    "hidden": True,
    "createdAt": AT,
    "updatedAt": AT,
}
OTHERS = SECRET | {"id": "us_sec_0000000002", "actorId": "us_usr_1"}


async def test_secrets_are_set_listed_and_deleted(server, client):
    server.routes["POST", "/v1/secrets"] = {"data": [OTHERS, SECRET]}
    server.routes["GET", "/v1/secrets"] = {"data": [OTHERS, SECRET], "cursor": None}
    server.routes["DELETE", "/v1/secrets/us_sec_0000000001"] = {"data": {"success": True}}
    made = await client.secrets.set("crm_token", "open sesame")
    assert made.id == SECRET["id"]
    assert server.requests[-1][2] == {"name": "crm_token", "value": "open sesame"}
    made = await client.secrets.set("crm_token", "x", jobs=("a:*",), description="d", actor_id="us_usr_1")
    assert made.id == OTHERS["id"]
    assert server.requests[-1][2] == {
        "name": "crm_token", "value": "x", "jobs": ["a:*"], "description": "d", "actorId": "us_usr_1"
    }  # fmt: skip
    page = await client.secrets.list(actor_id="us_usr_1")
    assert [one.id for one in page.items] == [OTHERS["id"], SECRET["id"]]
    assert server.requests[-1][1] == "/v1/secrets?actorId=us_usr_1"
    for name in ("crm_token", SECRET["id"]):
        await client.secrets.delete(name)
        assert server.requests[-1][:2] == ("DELETE", "/v1/secrets/us_sec_0000000001")


async def test_a_name_that_is_not_there_cannot_be_deleted(server, client):
    server.routes["GET", "/v1/secrets"] = {"data": [OTHERS]}
    with pytest.raises(ApiError) as caught:
        await client.secrets.delete("crm_token")
    assert caught.value.code == "not_found"


async def test_what_the_server_would_refuse_is_not_sent_and_not_shown(server, client):
    for name, value in (("two words", "canary"), ("a", "canary" * 20_000)):
        with pytest.raises(InvalidError) as caught:
            await client.secrets.set(name, value)
        assert "canary" not in f"{caught.value} {caught.value.errors}"
    with pytest.raises(TypeError):
        await client.secrets.list(actor="us_usr_1")
    assert server.requests == []

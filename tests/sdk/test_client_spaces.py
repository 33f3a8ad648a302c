"""Spaces and environments by the client."""

import pytest

from listener_sdk import Client
from listener_sdk.errors import InvalidError
from tests.sdk.fake_server import AT, KEY

SPACE = {
    "id": "us_sp_acme", "code": "acme", "name": "Acme", "environmentId": "us_env_acme", "status": "active",
    "timeZone": "UTC", "createdAt": AT, "updatedAt": AT,
}  # fmt: skip


async def test_spaces_are_made_read_changed_and_deleted(server, client):
    server.routes["POST", "/v1/spaces"] = {"data": SPACE}
    server.routes["GET", "/v1/spaces"] = {"data": [SPACE], "cursor": "us_sp_1"}
    server.routes["GET", "/v1/spaces/acme"] = {"data": SPACE}
    server.routes["PATCH", "/v1/spaces/acme"] = {"data": SPACE | {"status": "archived", "archivedAt": AT}}
    server.routes["DELETE", "/v1/spaces/acme"] = {"data": {"success": True}}
    made = await client.spaces.create("Acme", time_zone="Europe/Paris", retention={"job_days": 3})
    assert made.code == "acme"
    assert server.requests[-1][2] == {
        "name": "Acme", "code": "acme", "timeZone": "Europe/Paris", "retention": {"jobDays": 3.0}
    }  # fmt: skip
    page = await client.spaces.list(page_size=1)
    assert ([one.code for one in page.items], page.cursor) == (["acme"], "us_sp_1")
    assert (await client.spaces.get("acme")).name == "Acme"
    assert (await client.spaces.archive("acme")).status == "archived"
    assert server.requests[-1][2] == {"archived": True}
    await client.spaces.update("acme", link_template=None)
    assert server.requests[-1][2] == {"linkTemplate": None}
    await client.spaces.delete("acme")
    assert server.requests[-1][:2] == ("DELETE", "/v1/spaces/acme")


async def test_a_space_that_the_server_would_refuse_is_not_sent(server, client):
    with pytest.raises(InvalidError):
        await client.spaces.create("Acme", code="A B")
    for call in (
        client.spaces.create("Acme", timezone="UTC"),
        client.spaces.list(size=1),
        client.spaces.update("a", nam="b"),
    ):
        with pytest.raises(TypeError):
            await call
    assert server.requests == []


async def test_environments_are_read(server, client):
    environment = {"id": "us_env_default", "accountId": "a", "name": "Default"}
    server.routes["GET", "/v1/environments"] = {"data": [environment]}
    server.routes["GET", "/v1/environments/us_env_default"] = {"data": environment}
    assert [one.id for one in (await client.environments.list()).items] == ["us_env_default"]
    assert (await client.environments.get("us_env_default")).name == "Default"


async def test_a_client_says_in_which_space_it_acts(server):
    async with Client(server.url, KEY, space="acme") as client:
        assert client.connection.headers["X-Customer-Code"] == "acme"
    async with Client(server.url, KEY) as client:
        assert "X-Customer-Code" not in client.connection.headers

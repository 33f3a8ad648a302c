from datetime import UTC, datetime

from tests.sdk.fake_server import AT

KEY = {"id": "us_key_1", "name": "ci", "role": "listener", "createdAt": AT}


async def test_keys_are_made_listed_and_revoked(server, client):
    server.routes["POST", "/v1/keys"] = {"data": KEY | {"key": "tw_1_secret"}}
    server.routes["GET", "/v1/keys"] = {"data": [KEY | {"revokedAt": AT}], "cursor": None}
    server.routes["DELETE", "/v1/keys/us_key_1"] = {"data": {"success": True}}
    made = await client.keys.create("ci", "listener", expires_at=datetime(2027, 1, 1, tzinfo=UTC))
    assert made.key == "tw_1_secret"
    assert server.requests[-1][2] == {
        "name": "ci",
        "role": "listener",
        "expiresAt": "2027-01-01T00:00:00.000Z",
    }
    page = await client.keys.list()
    assert page.items[0].revoked_at is not None
    await client.keys.revoke("us_key_1")
    assert server.requests[-1][:2] == ("DELETE", "/v1/keys/us_key_1")


async def test_environments_and_spaces_are_read(server, client):
    environment = {"id": "us_env_default", "accountId": "a", "name": "Default"}
    server.routes["GET", "/v1/environments"] = {"data": [environment]}
    server.routes["GET", "/v1/environments/us_env_default"] = {"data": environment}
    server.routes["GET", "/v1/spaces/us_sp_default"] = {"data": {"id": "us_sp_default", "name": "Default"}}
    assert [one.id for one in (await client.environments.list()).items] == ["us_env_default"]
    assert (await client.environments.get("us_env_default")).name == "Default"
    assert (await client.spaces.get("us_sp_default")).name == "Default"

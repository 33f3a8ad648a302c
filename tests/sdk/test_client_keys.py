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
        "everySpace": False,
        "expiresAt": "2027-01-01T00:00:00.000Z",
    }
    page = await client.keys.list()
    assert page.items[0].revoked_at is not None
    await client.keys.revoke("us_key_1")
    assert server.requests[-1][:2] == ("DELETE", "/v1/keys/us_key_1")

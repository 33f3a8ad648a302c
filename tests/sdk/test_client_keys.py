from datetime import UTC, datetime

import pytest

from listener_sdk import InvalidError
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


async def test_keys_are_read_changed_and_rotated(server, client):
    server.routes["GET", "/v1/keys/us_key_1"] = {"data": KEY | {"jobs": ["import:*"], "lastUsedAt": AT}}
    server.routes["PATCH", "/v1/keys/us_key_1"] = {"data": KEY | {"name": "new"}}
    server.routes["POST", "/v1/keys/us_key_1/rotate"] = {"data": KEY | {"key": "tw_1_newer"}}
    found = await client.keys.get("us_key_1")
    assert (found.jobs, found.last_used_at is None) == (["import:*"], False)
    assert (await client.keys.update("us_key_1", name="new", jobs=None)).name == "new"
    assert server.requests[-1][2] == {"name": "new", "jobs": None}
    assert (await client.keys.rotate("us_key_1", 60)).key == "tw_1_newer"
    assert server.requests[-1][2] == {"overlapS": 60.0}


async def test_restrictions_are_sent_as_lists(server, client):
    server.routes["POST", "/v1/keys"] = {"data": KEY | {"key": "tw_1_secret"}}
    await client.keys.create("ci", "listener", jobs=("import:*",), topics=["a:*"])
    assert (server.requests[-1][2]["jobs"], server.requests[-1][2]["topics"]) == (["import:*"], ["a:*"])


async def test_a_change_of_what_a_key_has_not_is_refused(client):
    with pytest.raises(TypeError, match="takes no"):
        await client.keys.update("us_key_1", role="admin")


async def test_what_no_server_would_take_is_not_sent(server, client):
    with pytest.raises(InvalidError) as caught:
        await client.keys.create("ci", "owner")
    assert ([error["key"] for error in caught.value.errors], server.requests) == (["role"], [])

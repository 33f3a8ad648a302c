import pytest

from listener_sdk.errors import ApiError
from tests.sdk.fake_server import AT

SHOWN = {
    "name": "billing",
    "owner": "us_key_1",
    "topics": ["invoice:*"],
    "position": "e:5",
    "behind": 3,
    "connected": False,
    "createdAt": AT,
    "updatedAt": AT,
}


async def test_they_are_listed_shown_and_removed(server, client):
    server.routes["GET", "/v1/subscriptions"] = {"data": [SHOWN], "cursor": "c", "asOf": "e:9"}
    server.routes["GET", "/v1/subscriptions/billing"] = {"data": SHOWN}
    server.routes["DELETE", "/v1/subscriptions/billing"] = {"data": {"success": True}}
    page = await client.subscriptions.list(page_size=1, cursor="b")
    assert (page.items[0].name, page.items[0].behind, page.cursor, page.as_of) == ("billing", 3, "c", "e:9")
    assert await client.subscriptions.get("billing") == page.items[0]
    await client.subscriptions.delete("billing")
    assert [request[1] for request in server.requests] == [
        "/v1/subscriptions?pageSize=1&cursor=b",
        "/v1/subscriptions/billing",
        "/v1/subscriptions/billing",
    ]
    with pytest.raises(ApiError):
        await client.subscriptions.get("a/b")

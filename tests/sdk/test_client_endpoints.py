"""``client.endpoints``: what is sent, and what comes back."""

from datetime import UTC, datetime

import pytest

from listener_sdk.errors import InvalidError

AT = "2026-01-01T12:00:00.000Z"
ENDPOINT = {
    "id": "us_ep_1", "url": "https://a.example", "topics": ["job:*"], "enabled": True, "version": 1, "createdAt": AT,
    "createdBy": "k", "updatedAt": AT, "updatedBy": "k",
}  # fmt: skip
DELIVERY = {
    "id": "us_msg_1", "endpointId": "us_ep_1", "topic": "job:failed", "status": "delivered", "attempt": 1, "createdAt": AT,
    "last": {"number": 1, "at": AT, "durationMs": 5, "delivered": True, "status": 200},
}  # fmt: skip
PATH = "/v1/endpoints/us_ep_1"


@pytest.fixture
def asked(server):
    made = {"data": {**ENDPOINT, "secret": "whsec_x"}}
    server.routes["POST", "/v1/endpoints"] = server.routes["POST", f"{PATH}/rotate"] = made
    server.routes["GET", PATH] = server.routes["PATCH", PATH] = {"data": ENDPOINT}
    server.routes["DELETE", PATH] = {"data": {"success": True}}
    server.routes["GET", "/v1/endpoints"] = {"data": [ENDPOINT], "cursor": None, "asOf": "e:1"}
    server.routes["POST", f"{PATH}/test"] = {"data": DELIVERY}
    server.routes["GET", f"{PATH}/deliveries"] = {"data": [DELIVERY], "cursor": None}
    server.routes["GET", "/v1/endpoint-deliveries/us_msg_1"] = {"data": DELIVERY}
    server.routes["POST", "/v1/endpoint-deliveries/us_msg_1/replay"] = {"data": DELIVERY}
    return lambda: server.requests[-1][2]


async def test_one_is_made_with_its_secret(client, asked):
    made = await client.endpoints.create("https://a.example", "job:*", filter={"status": "failed"}, name="A")
    assert made.secret == "whsec_x"
    assert asked() == {
        "url": "https://a.example", "topics": ["job:*"], "filter": {"status": "failed"}, "name": "A",
    }  # fmt: skip


async def test_what_is_no_endpoint_is_not_sent(client, server):
    with pytest.raises(InvalidError, match="https://"):
        await client.endpoints.create("a.example", "job:*")
    with pytest.raises(InvalidError):
        await client.endpoints.create("https://a.example")
    with pytest.raises(TypeError, match="did you mean 'filter'"):
        await client.endpoints.create("https://a.example", "job:*", filtre={})
    assert server.requests == []


async def test_one_is_shown_changed_rotated_and_removed(client, asked):
    assert (await client.endpoints.get("us_ep_1")).topics == ["job:*"]
    found = await client.endpoints.list(enabled=True)
    assert (found.items[0].id, found.as_of) == ("us_ep_1", "e:1")
    await client.endpoints.update("us_ep_1", filter=None, topics=["a:*"])
    assert asked() == {"filter": None, "topics": ["a:*"]}
    await client.endpoints.enable("us_ep_1")
    assert asked() == {"enabled": True}
    await client.endpoints.disable("us_ep_1")
    assert asked() == {"enabled": False}
    assert (await client.endpoints.rotate("us_ep_1", 60)).secret == "whsec_x"
    assert asked() == {"overlapS": 60.0}
    await client.endpoints.delete("us_ep_1")


async def test_deliveries_are_listed_shown_tried_and_replayed(client, asked):
    assert (await client.endpoints.test("us_ep_1")).last.status == 200
    assert (await client.endpoints.deliveries("us_ep_1", status="failed")).items[0].id == "us_msg_1"
    assert (await client.endpoints.delivery("us_msg_1")).topic == "job:failed"
    assert (await client.endpoints.replay("us_msg_1")).attempt == 1


async def test_a_span_is_replayed_page_by_page(client, server, asked):
    server.routes["POST", f"{PATH}/replay"] = {"data": {"replayed": 3, "cursor": None}}
    assert await client.endpoints.replay_many("us_ep_1", datetime(2026, 1, 1, tzinfo=UTC)) == 3
    assert asked() == {"since": "2026-01-01T00:00:00.000Z", "status": ["failed", "disabled"]}


async def test_what_was_missed_is_delivered_page_by_page(client, server, asked):
    server.routes["POST", f"{PATH}/replay-missed"] = {"data": {"replayed": 2, "cursor": None}}
    begin, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    assert await client.endpoints.replay_missed("us_ep_1", begin, end) == 2
    assert asked() == {"since": "2026-01-01T00:00:00.000Z", "until": "2026-01-02T00:00:00.000Z"}

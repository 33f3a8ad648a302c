import pytest

from listener_sdk import ApiError, InvalidError
from tests.sdk.fake_server import wire_event


async def test_publish_sends_topic_domain_payload_and_context(server, client):
    server.routes["POST", "/v1/events"] = {"data": wire_event(3)}
    event = await client.events.publish(
        "invoice:paid", {"amount": 3}, {"spaceId": "us_sp_default"}, idempotency_key="k"
    )
    assert server.requests[-1][2] == {
        "topic": "invoice:paid", "domain": "invoice", "payload": {"amount": 3}, "context": {"spaceId": "us_sp_default"},
    }  # fmt: skip
    assert server.headers[-1]["Idempotency-Key"] == "k"
    assert event.position == "e:3"


async def test_misspelt_names_and_malformed_contexts_are_refused_before_anything_is_sent(server, client):
    with pytest.raises(TypeError, match="did you mean 'namespaces'"):
        await client.events.publish("invoice:paid", namespace=["a"])
    with pytest.raises(TypeError, match="did you mean 'topics'"):
        await client.events.list(topicss="**")
    with pytest.raises(InvalidError, match=r"context\.jobId"):
        await client.events.publish("invoice:paid", context={"jobId": 7})
    assert server.requests == []


async def test_reserved_topics_are_refused_before_anything_is_sent(server, client):
    with pytest.raises(ApiError, match="Only the server"):
        await client.events.publish("job:ready")
    assert server.requests == []


async def test_list_get_ack_and_iterate(server, client):
    pages = {None: [wire_event(1), wire_event(2)], "e:2": [wire_event(5)], "e:5": []}
    server.routes["GET", "/v1/events"] = lambda request, _raw: {
        "data": pages[request.query.get("after")],
        "asOf": "e:9",
    }
    server.routes["GET", "/v1/events/us_ev_1"] = {"data": wire_event(1)}
    server.routes["POST", "/v1/events/us_ev_1/ack"] = {"data": {"success": True}}
    page = await client.events.list(topics="**", include_acknowledged=True)
    assert server.requests[-1][1] == "/v1/events?topics=**&includeAcknowledged=true"
    assert page.as_of == "e:9"
    assert [event.position async for event in client.events.iterate(topics="**")] == ["e:1", "e:2", "e:5"]
    assert (await client.events.get("us_ev_1")).topic == "invoice:paid"
    await client.events.ack("us_ev_1")
    assert server.requests[-1][:2] == ("POST", "/v1/events/us_ev_1/ack")

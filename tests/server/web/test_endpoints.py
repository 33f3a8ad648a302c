"""Endpoints over HTTP: made, posted to, changed, given new secrets, and removed."""

import asyncio
import base64
import hmac
import json
from hashlib import sha256

import pytest
from notified import receiver
from told import check_event

DEADLINE_S = 20.0


@pytest.fixture
def settings():
    return {"allow_addresses": "127.0.0.0/8"}


@pytest.fixture
async def hook():
    async with receiver() as found:
        yield found


async def made(server, hook, **fields):
    body = {"url": f"{hook.url}/in", "topics": ["invoice:*"], **fields}
    return (await server.call("POST", "/v1/endpoints", body)).data


async def publish(server, topic="invoice:paid", **fields):
    body = {"topic": topic, "domain": topic.partition(":")[0], **fields}
    return (await server.call("POST", "/v1/events", body)).data


async def until(condition):
    async with asyncio.timeout(DEADLINE_S):
        while not (found := await condition()):  # noqa: ASYNC110 - the server says nothing of what is looked at
            await asyncio.sleep(0.01)
    return found


async def delivered(server, endpoint, count=1):
    """The deliveries, once so many have ended."""

    async def look():
        found = (await server.call("GET", f"/v1/endpoints/{endpoint['id']}/deliveries")).data
        return found if sum(one["status"] != "pending" for one in found) >= count else None

    return await until(look)


def signature(secret, headers, raw):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), raw])
    return "v1," + base64.b64encode(hmac.new(key, content, sha256).digest()).decode()


async def test_an_event_is_posted_signed_and_its_delivery_is_shown(server, hook):
    endpoint = await made(server, hook, name="Books", description="ours")
    assert endpoint["secret"].startswith("whsec_")
    assert len(base64.b64decode(endpoint["secret"][6:])) == 32
    event = await publish(server, payload={"é": 1})
    [shown] = await delivered(server, endpoint)
    assert shown["status"] == "delivered"
    assert shown["last"]["status"] == 200
    [raw], [headers] = hook.raw, hook.headers
    assert headers["webhook-id"] == shown["id"]
    assert headers["webhook-signature"] == signature(endpoint["secret"], headers, raw)
    body = json.loads(raw)
    assert (body["type"], body["timestamp"]) == ("invoice:paid", event["createdAt"])
    assert body["data"]["id"] == event["id"]
    assert body["data"]["payload"] == {"é": 1}
    whole = (await server.call("GET", f"/v1/endpoint-deliveries/{shown['id']}")).data
    assert whole["body"] == body
    assert [(one["number"], one["delivered"], one["answer"]) for one in whole["attempts"]] == [
        (1, True, "ok")
    ]
    assert whole["position"] == body["data"]["position"]


async def test_only_what_topics_and_filter_let_pass_is_posted(server, hook):
    endpoint = await made(server, hook, filter={"payload": {"amount": [5, 7]}})
    await publish(server, "other:thing", payload={"amount": 5})
    await publish(server, payload={"amount": 6})
    await publish(server, payload={"amount": 7})
    await delivered(server, endpoint)
    assert [one["data"]["payload"] for one in hook.bodies] == [{"amount": 7}]


async def test_what_happened_before_is_not_posted_nor_while_it_was_disabled(server, hook):
    await publish(server, payload={"n": 1})
    endpoint = await made(server, hook)
    await publish(server, payload={"n": 2})
    await delivered(server, endpoint)
    path = f"/v1/endpoints/{endpoint['id']}"
    assert (await server.call("PATCH", path, {"enabled": False})).data["enabled"] is False
    await publish(server, payload={"n": 3})
    assert (await server.call("PATCH", path, {"enabled": True})).data["enabled"] is True
    await publish(server, payload={"n": 4})
    await delivered(server, endpoint, 2)
    assert [one["data"]["payload"]["n"] for one in hook.bodies] == [2, 4]


async def test_a_secret_is_shown_once_and_rotated_with_an_overlap(server, hook):
    endpoint = await made(server, hook)
    path = f"/v1/endpoints/{endpoint['id']}"
    assert "secret" not in (await server.call("GET", path)).data
    assert "secret" not in (await server.call("GET", "/v1/endpoints")).data[0]
    rotated = (await server.call("POST", f"{path}/rotate", {"overlapS": 60})).data
    assert rotated["secret"] != endpoint["secret"]
    assert "oldSecretUntil" in (await server.call("GET", path)).data
    await publish(server)
    await delivered(server, endpoint)
    both = hook.headers[0]["webhook-signature"].split(" ")
    assert both == [signature(one["secret"], hook.headers[0], hook.raw[0]) for one in (rotated, endpoint)]
    server.clock.forward(61)
    await publish(server)
    await delivered(server, endpoint, 2)
    assert hook.headers[1]["webhook-signature"] == signature(rotated["secret"], hook.headers[1], hook.raw[1])
    events = (await server.call("GET", "/v1/events?topics=endpoint:*")).raw.decode()
    audit = (await server.call("GET", "/v1/audit")).raw.decode()
    for text in (events, audit):
        assert endpoint["id"] in text
        assert endpoint["secret"] not in text
        assert rotated["secret"] not in text


async def test_a_secret_may_be_given_and_a_repeated_call_shows_it_again(server, hook):
    secret = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
    body = {"url": hook.url, "topics": ["**"], "secret": secret}
    key = {"Idempotency-Key": "once"}
    first = (await server.call("POST", "/v1/endpoints", body, headers=key)).data
    again = (await server.call("POST", "/v1/endpoints", body, headers=key)).data
    assert first["secret"] == secret
    assert (again["id"], again["secret"]) == (first["id"], secret)
    assert len((await server.call("GET", "/v1/endpoints")).data) == 1
    await server.call("POST", f"/v1/endpoints/{first['id']}/rotate", {"overlapS": 0})
    late = await server.call("POST", "/v1/endpoints", body, headers=key)
    assert (late.status, late.error["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("fields", "code", "key"),
    [
        ({"url": "ftp://a.example"}, "invalid", "url"),
        ({"url": "http://"}, "invalid", "url"),
        ({"url": "https://me:word@a.example/x"}, "invalid", "url"),
        ({"url": "http://10.0.0.1/x"}, "blocked_address", "url"),
        ({"url": "http://169.254.169.254/latest"}, "blocked_address", "url"),
        ({"url": "http://0x0a000001/"}, "blocked_address", "url"),
        ({"topics": []}, "invalid", "topics"),
        ({"topics": ["a b"]}, "bad_filter", "topics"),
        ({"filter": {"a": {"b": {"c": {"d": {"e": 1}}}}}}, "bad_filter", None),
        ({"secret": "short"}, "invalid", "secret"),
        ({"colour": 1}, "invalid", "colour"),
        ({"name": "a\nb"}, "invalid", "name"),
    ],
)
async def test_what_is_not_taken_is_refused(server, hook, fields, code, key):
    body = {"url": hook.url, "topics": ["**"], **fields}
    answer = await server.call("POST", "/v1/endpoints", body)
    assert answer.error["code"] == code, answer.raw
    assert key is None or answer.error["key"] == key
    assert b"short" not in answer.raw
    assert (await server.call("GET", "/v1/endpoints")).data == []


async def test_a_test_is_posted_at_once_and_told(server, hook):
    endpoint = await made(server, hook, enabled=False)
    path = f"/v1/endpoints/{endpoint['id']}/test"
    found = (await server.call("POST", path, {})).data
    assert (found["status"], found["topic"], found["attempt"]) == ("delivered", "endpoint:test", 1)
    event = hook.bodies[0]["data"]
    assert (event["id"], event["payload"]["endpointId"]) == (found["id"], endpoint["id"])
    check_event(event)
    hook.statuses = [500]
    found = (await server.call("POST", path, {})).data
    assert found["status"] == "failed"
    assert found["last"]["message"].startswith("It was answered 500")
    assert found["last"]["answer"].startswith("no:")
    replay = await server.call("POST", f"/v1/endpoint-deliveries/{found['id']}/replay", {})
    assert replay.error["code"] == "conflict"
    assert "failingSince" not in (await server.call("GET", f"/v1/endpoints/{endpoint['id']}")).data


async def test_a_delivery_is_replayed_under_its_id_and_so_is_a_span(server, hook):
    hook.statuses = [410]
    endpoint = await made(server, hook)
    await publish(server)
    [shown] = await delivered(server, endpoint)
    assert shown["status"] == "disabled"
    path = f"/v1/endpoints/{endpoint['id']}"
    assert (await server.call("GET", path)).data["disabledBecause"] == "gone"
    [event] = (await server.call("GET", "/v1/events?topics=endpoint:disabled")).data
    assert event["payload"]["reason"] == "gone"
    refused = await server.call("POST", f"/v1/endpoint-deliveries/{shown['id']}/replay", {})
    assert refused.error["code"] == "disabled"
    enabled = (await server.call("PATCH", path, {"enabled": True})).data
    assert "disabledBecause" not in enabled
    span = {"since": "2020-01-01T00:00:00Z"}
    answer = (await server.call("POST", f"{path}/replay", span)).data
    assert answer == {"replayed": 1, "cursor": None}
    [again] = await delivered(server, endpoint)
    assert (again["id"], again["status"], again["attempt"]) == (shown["id"], "delivered", 2)
    one = (await server.call("POST", f"/v1/endpoint-deliveries/{shown['id']}/replay", {})).data
    assert one["id"] == shown["id"]
    await delivered(server, endpoint)
    assert [one["webhook-id"] for one in hook.headers] == [shown["id"]] * 3


async def test_lists_go_by_cursor_and_name_their_position(server, hook):
    endpoints = [await made(server, hook) for _ in range(3)]
    first = (await server.call("GET", "/v1/endpoints?pageSize=2")).body
    assert first["asOf"].partition(":")[2].isdigit()
    rest = (await server.call("GET", f"/v1/endpoints?pageSize=2&cursor={first['cursor']}")).body
    assert [one["id"] for one in first["data"] + rest["data"]] == [one["id"] for one in endpoints]
    for _ in range(3):
        await publish(server)
    await delivered(server, endpoints[0], 3)
    path = f"/v1/endpoints/{endpoints[0]['id']}/deliveries?pageSize=2"
    newest = (await server.call("GET", path)).body
    older = (await server.call("GET", f"{path}&cursor={newest['cursor']}")).body
    ids = [one["id"] for one in newest["data"] + older["data"]]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 3
    assert (await server.call("GET", f"{path}&status=failed")).data == []
    assert (await server.call("GET", f"{path}&status=odd")).error["key"] == "status"


async def test_one_that_is_deleted_is_gone_with_its_deliveries(server, hook):
    endpoint = await made(server, hook)
    await publish(server)
    [shown] = await delivered(server, endpoint)
    path = f"/v1/endpoints/{endpoint['id']}"
    assert (await server.call("DELETE", path)).data == {"success": True}
    for gone in (path, f"{path}/deliveries", f"/v1/endpoint-deliveries/{shown['id']}"):
        assert (await server.call("GET", gone)).status == 404
    topics = [one["topic"] for one in (await server.call("GET", "/v1/events?topics=endpoint:*")).data]
    assert topics == ["endpoint:created", "endpoint:deleted"]


async def test_a_restricted_key_has_no_endpoints(server, hook):
    await made(server, hook)
    key = (await server.call("POST", "/v1/keys", {"name": "a", "role": "developer", "jobs": ["a:*"]})).data[
        "key"
    ]
    body = {"url": hook.url, "topics": ["**"]}
    for method, sent in (("GET", None), ("POST", body)):
        answer = await server.call(method, "/v1/endpoints", sent, key=key)
        assert answer.error["code"] == "forbidden"

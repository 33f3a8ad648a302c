"""Deliveries over HTTP: what is shown of them, and calls of replay that are repeated."""

import pytest
from notified import receiver


@pytest.fixture
def settings():
    return {"allow_addresses": "127.0.0.0/8"}


@pytest.fixture
async def path(server):
    async with receiver() as hook:
        body = {"url": hook.url, "topics": ["a:*"]}
        made = (await server.call("POST", "/v1/endpoints", body)).data
        yield f"/v1/endpoints/{made['id']}"


async def test_a_repeated_test_is_posted_once(server, path):
    key = {"Idempotency-Key": "once"}
    first = (await server.call("POST", f"{path}/test", {}, headers=key)).data
    again = (await server.call("POST", f"{path}/test", {}, headers=key)).data
    assert first == again
    assert len((await server.call("GET", f"{path}/deliveries")).data) == 1


async def test_a_span_that_cannot_be_read_is_refused(server, path):
    for body, key in (
        ({}, "since"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-01-01T00:00:00Z", "status": ["pending"]}, "status[0]"),
        ({"since": "2026-01-01T00:00:00Z", "cursor": "x"}, "cursor"),
        ({"since": "2026-01-01T00:00:00Z", "more": 1}, "more"),
    ):
        answer = await server.call("POST", f"{path}/replay", body)
        assert (answer.status, answer.error["key"]) == (400, key), answer.raw


async def test_a_repeated_call_of_replay_is_done_once(server, path):
    body, key = {"since": "2026-01-01T00:00:00Z"}, {"Idempotency-Key": "once"}
    first = (await server.call("POST", f"{path}/replay", body, headers=key)).data
    assert first == (await server.call("POST", f"{path}/replay", body, headers=key)).data
    assert first == {"replayed": 0, "cursor": None}


async def test_what_was_missed_is_delivered_once_however_often_it_is_asked_for(server, path):
    await server.call("PATCH", path, {"enabled": False})
    for n in range(2):
        await server.call("POST", "/v1/events", {"topic": "a:b", "domain": "a", "payload": {"n": n}})
    body, key = {"since": "2020-01-01T00:00:00Z"}, {"Idempotency-Key": "once"}
    assert (await server.call("POST", f"{path}/replay-missed", body)).error["code"] == "disabled"
    await server.call("PATCH", path, {"enabled": True})
    first = (await server.call("POST", f"{path}/replay-missed", body, headers=key)).data
    assert first == {"replayed": 2, "cursor": None}
    assert (await server.call("POST", f"{path}/replay-missed", body, headers=key)).data == first
    assert (await server.call("POST", f"{path}/replay-missed", body)).data == {"replayed": 0, "cursor": None}
    topics = [one["topic"] for one in (await server.call("GET", f"{path}/deliveries")).data]
    assert topics == ["a:b"] * 2
    refused = await server.call("POST", f"{path}/replay-missed", {**body, "cursor": "x"})
    assert (refused.status, refused.error["key"]) == (400, "cursor")

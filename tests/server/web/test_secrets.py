"""Secrets over REST: who sets them, who reads their values, what a lost master key means, and that nothing repeats a value."""

import json

import pytest
from structlog.testing import capture_logs

from server.security.sealing import Sealer, new_master_key, parse_master_key

CANARY = "canary-4f9a77e1-value"


async def put(server, name="crm_token", value=CANARY, **more):
    fields = {key: one for key, one in more.items() if key not in {"key", "headers"}}
    call = {key: one for key, one in more.items() if key in {"key", "headers"}}
    return await server.call("POST", "/v1/secrets", {"name": name, "value": value, **fields}, **call)


async def listed(server, query="", **call):
    return (await server.call("GET", f"/v1/secrets{query}", **call)).data


async def key_of(server, role, **headers):
    return (await server.call("POST", "/v1/keys", {"name": role, "role": role}, headers=headers)).data["key"]


def lose_the_key(server):
    other = Sealer(server.node.meta.account_id, [parse_master_key(new_master_key())])
    server.node.sealer = server.node.hub.sealer = other


async def test_what_is_set_is_listed_without_its_value(server):
    answer = await put(
        server, environmentId="us_env_default", spaceId="us_sp_default", jobs=["crm:*"], description="CRM"
    )
    (secret,) = answer.data
    assert (secret["name"], secret["value"], secret["hidden"], secret["locked"]) == (
        "crm_token",
        "",
        True,
        False,
    )
    assert (secret["environmentId"], secret["spaceId"], secret["actorId"]) == (
        "us_env_default",
        "us_sp_default",
        None,
    )
    assert (secret["jobs"], secret["description"], secret["version"]) == (["crm:*"], "CRM", 1)
    assert await listed(server) == answer.data
    assert (await server.call("GET", f"/v1/secrets/{secret['id']}")).data == secret


@pytest.mark.parametrize("role", ["viewer", "operator", "developer", "admin"])
async def test_no_person_reads_a_value(server, role):
    (secret,) = (await put(server)).data
    key = await key_of(server, role)
    for path in ("/v1/secrets", f"/v1/secrets/{secret['id']}"):
        answer = await server.call("GET", path, key=key)
        assert answer.status == 200
        assert CANARY.encode() not in answer.raw


async def test_a_listener_reads_values_and_sets_none(server):
    (secret,) = (await put(server)).data
    (found,) = await listed(server, key=server.listener)
    assert (found["value"], found["hidden"]) == (CANARY, False)
    assert (await server.call("GET", f"/v1/secrets/{secret['id']}", key=server.listener)).data == found
    assert (await put(server, key=server.listener)).status == 403
    assert (await server.call("DELETE", f"/v1/secrets/{secret['id']}", key=server.listener)).status == 403


async def test_one_for_some_jobs_is_read_by_who_holds_such_a_job(server):
    (secret,) = (await put(server, jobs=["workbook:*"])).data
    path = f"/v1/secrets/{secret['id']}"

    async def value():
        found = (await server.call("GET", path, key=server.listener)).data
        assert [found] == await listed(server, key=server.listener)
        return found["value"]

    assert await value() == ""
    other, job = await server.job(type="sheet"), await server.job()
    await server.call("POST", f"/v1/jobs/{other['id']}/ack", key=server.listener)
    assert await value() == ""
    await server.call("POST", f"/v1/jobs/{job['id']}/ack", key=server.listener)
    assert await value() == CANARY
    await server.call("POST", f"/v1/jobs/{job['id']}/complete", key=server.listener)
    assert await value() == ""


async def test_an_actor_s_own_stands_in_the_place_of_the_general_one(server):
    await put(server, actorId="us_usr_1", value="own")
    await put(server, "other", "general")
    await put(server, value="general")
    every = await listed(server, key=server.listener)
    assert [(one["name"], one["actorId"]) for one in every] == [
        ("other", None), ("crm_token", None), ("crm_token", "us_usr_1"),
    ]  # fmt: skip
    own = await listed(server, "?actorId=us_usr_1", key=server.listener)
    assert {one["name"]: one["value"] for one in own} == {"crm_token": "own", "other": "general"}
    others = await listed(server, "?actorId=us_usr_2", key=server.listener)
    assert {one["name"]: one["value"] for one in others} == {"crm_token": "general", "other": "general"}


async def test_pages_follow_a_cursor(server):
    for number in range(5):
        await put(server, f"s{number}")
    first = await server.call("GET", "/v1/secrets?pageSize=3")
    rest = await server.call("GET", f"/v1/secrets?pageSize=3&cursor={first.body['cursor']}")
    assert [one["name"] for one in first.data + rest.data] == [f"s{number}" for number in range(5)]
    assert rest.body["cursor"] is None
    assert (await server.call("GET", "/v1/secrets?cursor=us_jb_0000000001")).error["code"] == "bad_cursor"


async def test_a_deleted_one_is_gone(server):
    (secret,) = (await put(server)).data
    assert (await server.call("DELETE", f"/v1/secrets/{secret['id']}")).data == []
    assert (await server.call("DELETE", f"/v1/secrets/{secret['id']}")).status == 404
    assert await listed(server) == []


async def test_another_space_s_are_not_found(server):
    await server.call("POST", "/v1/spaces", {"name": "Acme"})
    inside = {"X-Customer-Code": "acme"}
    (secret,) = (await put(server, headers=inside)).data
    assert await listed(server) == []
    for method in ("GET", "DELETE"):
        assert (await server.call(method, f"/v1/secrets/{secret['id']}")).status == 404
    for query in ("?environmentId=us_env_acme", "?spaceId=us_sp_acme"):
        assert (await server.call("GET", f"/v1/secrets{query}")).status == 404
    for field in ({"environmentId": "us_env_acme"}, {"spaceId": "us_sp_acme"}):
        answer = await put(server, **field)
        assert (answer.status, answer.error["key"]) == (404, next(iter(field)))
    assert [one["name"] for one in await listed(server, headers=inside)] == ["crm_token"]


async def test_a_repeated_call_sets_once_and_its_body_cannot_be_guessed_from_the_store(server):
    once = {"Idempotency-Key": "once"}
    first = await put(server, headers=once)
    assert (await put(server, headers=once)).data == first.data
    assert (await put(server, value="other", headers=once)).error["code"] == "idempotency_mismatch"
    rows = await server.node.read(lambda reader: reader.rows("SELECT body_hash, answer FROM idempotency"))
    raw = json.dumps({"name": "crm_token", "value": CANARY}).encode()
    assert rows == [(server.node.sealer.mark(raw), first.data[0]["id"])]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "a"},
        {"value": CANARY},
        {"name": "", "value": CANARY},
        {"name": "two words", "value": CANARY},
        {"name": "a", "value": ""},
        {"name": "a", "value": [CANARY]},
        {"name": "a", "value": {CANARY: CANARY}},
        {"name": "a", "value": CANARY * 4_000},
        {"name": "a", "value": CANARY, "jobs": []},
        {"name": "a", "value": CANARY, "actorId": "a\nb"},
        {"name": "a", "value": CANARY, "description": "x" * 1025},
    ],
)
async def test_bodies_that_are_no_secret_are_refused_without_their_value(server, body):
    answer = await server.call("POST", "/v1/secrets", body)
    assert (answer.status, answer.error["code"]) == (400, "invalid")
    assert b"canary" not in answer.raw


@pytest.mark.parametrize(
    "raw",
    [
        f'{{"name": "a", "value": "{CANARY}',
        f'{{"name": "a", "value": {CANARY}}}',
        f'{{"name": "a", "value": {{"{CANARY}": 1, "{CANARY}": 2}}}}',
        f'{{"name": "a", "{CANARY}": "\\u0000"}}',
        '{"name": "a", "value": 777777777777777777777777777}',
    ],
)
async def test_a_body_that_is_no_json_is_not_quoted(server, raw):
    answer = await server.call("POST", "/v1/secrets", raw=raw.encode())
    assert (answer.status, answer.error["code"]) == (400, "bad_json")
    assert b"canary" not in answer.raw
    assert b"7777" not in answer.raw


async def test_a_lost_master_key_locks_what_it_sealed_until_that_is_set_anew(server):
    (secret,) = (await put(server)).data
    await put(server, "other")
    lose_the_key(server)
    for key in (server.key, server.listener):
        found = (await listed(server, key=key))[0]
        assert (found["value"], found["hidden"], found["locked"]) == ("", True, True)
    path = f"/v1/secrets/{secret['id']}"
    assert (await server.call("GET", path)).data["locked"] is True
    refused = await server.call("GET", path, key=server.listener)
    assert (refused.status, refused.error["code"]) == (409, "secret_locked")
    assert "master.key" in refused.error["message"]
    await put(server, value="new")
    assert (await server.call("GET", path, key=server.listener)).data["value"] == "new"
    assert [one["locked"] for one in await listed(server)] == [False, True]


async def test_neither_logs_nor_events_nor_the_audit_hold_a_value(server):
    with capture_logs() as told:
        (secret,) = (await put(server)).data
        await put(server, value=CANARY + "2")
        await put(server, "bad name")
        await server.call("GET", "/v1/secrets", key=server.listener)
        await server.call("DELETE", f"/v1/secrets/{secret['id']}")
    events = await server.call("GET", "/v1/events?topics=**&pageSize=100")
    lines = await server.node.read(lambda reader: reader.rows("SELECT * FROM audit"))
    assert [line[5] for line in lines if "secret" in line[5]] == [
        "secret:created",
        "secret:updated",
        "secret:deleted",
    ]
    assert b"secret:deleted" in events.raw
    assert "canary" not in f"{told} {lines}"
    assert b"canary" not in events.raw

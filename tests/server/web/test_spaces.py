"""Spaces and environments over REST: those that the key opens, under either name, and no other."""

import asyncio

import pytest

from listener_sdk.protocol.codes import CLOSES
from listener_sdk.protocol.jobs import Environment
from listener_sdk.protocol.spaces import Space


@pytest.fixture
async def acme(server):
    """A second space; a key of its administrator."""
    await server.call("POST", "/v1/spaces", {"name": "Acme"})
    made = await server.call("POST", "/v1/keys", {"name": "a", "role": "admin"}, headers=inside("acme"))
    return made.data["key"]


def inside(code):
    return {"X-Customer-Code": code}


@pytest.mark.parametrize(("kind", "id_"), [("environments", "us_env_default"), ("spaces", "us_sp_default")])
async def test_the_one_that_the_key_opens(server, kind, id_):
    for key in ("", server.listener):
        listed = await server.call("GET", f"/v1/{kind}?pageSize=100", key=key)
        assert [one["id"] for one in listed.data] == [id_]
        assert listed.body["pagination"] == {"currentPage": 1, "pageCount": 1, "totalCount": 1}
        assert (await server.call("GET", f"/v1/{kind}/{id_}", key=key)).data == listed.data[0]
        assert (await server.call("GET", f"/v1/{kind}/default", key=key)).data == listed.data[0]
        assert (await server.call("GET", f"/v1/{kind}?pageNumber=2", key=key)).data == []


async def test_each_is_shaped_for_its_readers(server):
    Environment.model_validate((await server.call("GET", "/v1/environments/default")).data)
    Space.model_validate((await server.call("GET", "/v1/spaces/default")).data)


async def test_the_names_are_not_mixed_up(server):
    assert (await server.call("GET", "/v1/environments/us_sp_default")).status == 404
    assert (await server.call("GET", "/v1/spaces/us_env_default")).status == 404


async def test_who_am_i(server):
    found = (await server.call("GET", "/v1/whoami")).data
    assert (found["keyId"], found["role"], found["everySpace"]) == ("us_key_0000000000", "admin", True)
    assert found["accountId"] == server.node.meta.account_id
    assert {"read", "administer", "own"} <= set(found["permissions"])
    assert found["position"] == str(server.node.log.head)
    listener = (await server.call("GET", "/v1/whoami", key=server.listener)).data
    assert (listener["everySpace"], "own" in listener["permissions"]) == (False, False)


async def test_a_key_of_the_whole_store_acts_where_it_says(server, acme):
    for name in ("acme", "us_sp_acme", "us_env_acme"):
        assert (await server.call("GET", "/v1/whoami", headers=inside(name))).data["space"] == "acme"
    assert (await server.call("GET", "/v1/whoami")).data["space"] == "default"
    body = {"type": "a", "operation": "b"}
    job = (await server.call("POST", "/v1/jobs", body, headers=inside("acme"))).data
    assert job["spaceId"] == "us_sp_acme"
    assert (await server.call("GET", f"/v1/jobs/{job['id']}")).status == 404
    assert (await server.call("GET", f"/v1/jobs/{job['id']}", key=acme)).data["id"] == job["id"]


@pytest.mark.parametrize("name", ["elsewhere", "", "ACME", "us_sp_", "%20", "x" * 5000])
async def test_a_space_that_is_not_there_is_not_found(server, name):
    answer = await server.call("GET", "/v1/whoami", headers=inside(name))
    assert (answer.status, answer.error["code"]) == (404, "not_found")


async def test_a_key_of_one_space_opens_no_other(server, acme):
    answer = await server.call("GET", "/v1/whoami", key=acme, headers=inside("default"))
    assert (answer.status, answer.error["code"]) == (404, "not_found")
    assert (await server.call("GET", "/v1/whoami", key=acme, headers=inside("acme"))).status == 200
    assert [one["code"] for one in (await server.call("GET", "/v1/spaces", key=acme)).data] == ["acme"]
    assert [one["code"] for one in (await server.call("GET", "/v1/spaces")).data] == ["default", "acme"]
    for method, path in (
        ("GET", "/v1/spaces/default"),
        ("GET", "/v1/environments/default"),
        ("PATCH", "/v1/spaces/default"),
    ):
        assert (await server.call(method, path, {"name": "x"}, key=acme)).status == 404
    for method, path in (
        ("POST", "/v1/spaces"),
        ("DELETE", "/v1/spaces/default"),
        ("DELETE", "/v1/spaces/acme"),
    ):
        assert (await server.call(method, path, {"name": "x"}, key=acme)).status == 403


async def test_an_idempotency_key_stands_for_a_call_in_one_space(server, acme):
    body, once = {"type": "a", "operation": "b"}, {"Idempotency-Key": "once"}
    first = (await server.call("POST", "/v1/jobs", body, headers=once)).data
    other = (await server.call("POST", "/v1/jobs", body, headers=once | inside("acme"))).data
    assert (first["spaceId"], other["spaceId"]) == ("us_sp_default", "us_sp_acme")
    assert (await server.call("POST", "/v1/jobs", body, headers=once)).data["id"] == first["id"]


async def test_spaces_are_listed_by_page_or_cursor(server):
    for name in ("A", "B", "C"):
        await server.call("POST", "/v1/spaces", {"name": name})
    page = await server.call("GET", "/v1/spaces?pageSize=2&pageNumber=2")
    assert [one["code"] for one in page.data] == ["b", "c"]
    assert page.body["pagination"] == {"currentPage": 2, "pageCount": 2, "totalCount": 4}
    first = await server.call("GET", "/v1/spaces?pageSize=3")
    rest = await server.call("GET", f"/v1/spaces?pageSize=3&cursor={first.body['cursor']}")
    assert [one["code"] for one in first.data + rest.data] == ["default", "a", "b", "c"]
    assert rest.body["cursor"] is None


async def test_making_a_space_again_under_its_key_gives_the_same(server):
    once = {"Idempotency-Key": "once"}
    first = await server.call("POST", "/v1/spaces", {"name": "Acme"}, headers=once)
    again = await server.call("POST", "/v1/spaces", {"name": "Acme"}, headers=once)
    assert first.data == again.data
    assert (await server.call("POST", "/v1/spaces", {"name": "Acme"})).error["code"] == "conflict"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "x", "code": "A"},
        {"name": "x", "timeZone": "Mars"},
        {"name": "x", "retention": {"jobDays": 0}},
    ],
)
async def test_bodies_that_describe_no_space_are_refused(server, body):
    answer = await server.call("POST", "/v1/spaces", body)
    assert (answer.status, answer.error["code"]) == (400, "invalid")


async def test_settings_are_changed_by_the_space_s_own_administrator(server, acme):
    changed = await server.call("PATCH", "/v1/spaces/acme", {"timeZone": "Europe/Paris"}, key=acme)
    assert changed.data["timeZone"] == "Europe/Paris"
    assert (await server.call("GET", "/v1/spaces/acme", key=acme)).data == changed.data
    await server.call("PATCH", "/v1/spaces/acme", {"archived": True})
    answer = await server.call("POST", "/v1/jobs", {"type": "a", "operation": "b"}, key=acme)
    assert (answer.status, answer.error["code"]) == (409, "space_archived")


async def test_a_deleted_space_opens_nothing_and_its_sockets_end(server, acme):
    async with server.http.ws_connect(
        f"{server.url}/v1/stream", headers={"Authorization": f"Bearer {acme}"}
    ) as socket:
        await socket.send_json({"type": "hello", "id": 1})
        assert (await socket.receive_json())[0]["type"] == "welcome"
        assert (await server.call("DELETE", "/v1/spaces/us_sp_acme")).data == {"success": True}
        async with asyncio.timeout(10):
            while not socket.closed:
                await socket.receive()
        assert socket.close_code == CLOSES["unauthorized"].code
    assert (await server.call("GET", "/v1/whoami", key=acme)).status == 401
    assert (await server.call("GET", "/v1/whoami", headers=inside("acme"))).status == 404
    async with asyncio.timeout(10):
        while "acme" in [one["code"] for one in (await server.call("GET", "/v1/spaces")).data]:  # noqa: ASYNC110 - another process's work has no event here
            await asyncio.sleep(0.01)


async def test_the_space_in_which_one_acts_is_not_deleted(server):
    assert (await server.call("DELETE", "/v1/spaces/default")).error["code"] == "conflict"


async def test_keys_of_the_whole_store_are_made_and_seen_by_their_like_alone(server):
    admin = (await server.call("POST", "/v1/keys", {"name": "a", "role": "admin"})).data["key"]
    refused = await server.call(
        "POST", "/v1/keys", {"name": "b", "role": "admin", "everySpace": True}, key=admin
    )
    assert (refused.status, refused.error["code"]) == (403, "forbidden")
    whole = (await server.call("POST", "/v1/keys", {"name": "b", "role": "admin", "everySpace": True})).data
    assert whole["everySpace"] is True
    assert whole["id"] not in [key["id"] for key in (await server.call("GET", "/v1/keys", key=admin)).data]
    assert (await server.call("DELETE", f"/v1/keys/{whole['id']}", key=admin)).status == 404
    assert (await server.call("GET", "/v1/spaces", key=whole["key"])).status == 200
    assert (await server.call("DELETE", f"/v1/keys/{whole['id']}")).status == 200


async def test_a_key_of_the_whole_store_outlives_the_space_where_it_was_made(server, acme):
    whole = (
        await server.call(
            "POST", "/v1/keys", {"name": "b", "role": "admin", "everySpace": True}, headers=inside("acme")
        )
    ).data
    await server.call("DELETE", "/v1/spaces/acme")
    assert (await server.call("GET", "/v1/whoami", key=whole["key"])).data["space"] == "default"
    assert whole["id"] in [key["id"] for key in (await server.call("GET", "/v1/keys")).data]
    assert (await server.call("DELETE", "/v1/spaces/default", key=whole["key"])).error["code"] == "conflict"

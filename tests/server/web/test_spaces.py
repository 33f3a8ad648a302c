"""Spaces and environments: the key's own, under either name, and no other."""

import pytest

from listener_sdk.protocol.jobs import Environment


@pytest.mark.parametrize(("kind", "id_"), [("environments", "us_env_default"), ("spaces", "us_sp_default")])
async def test_the_one_that_the_key_opens(server, kind, id_):
    listed = await server.call("GET", f"/v1/{kind}?pageSize=100")
    assert [one["id"] for one in listed.data] == [id_]
    assert listed.body["pagination"] == {"currentPage": 1, "pageCount": 1, "totalCount": 1}
    assert (await server.call("GET", f"/v1/{kind}/{id_}")).data == listed.data[0]
    assert (await server.call("GET", f"/v1/{kind}/default")).data == listed.data[0]
    assert (await server.call("GET", f"/v1/{kind}?pageNumber=2")).data == []


async def test_each_is_shaped_for_its_readers(server):
    Environment.model_validate((await server.call("GET", "/v1/environments/default")).data)
    space = (await server.call("GET", "/v1/spaces/default")).data
    assert space["environmentId"] == "us_env_default"
    assert space["createdAt"].endswith("Z")


async def test_the_names_are_not_mixed_up(server):
    assert (await server.call("GET", "/v1/environments/us_sp_default")).status == 404
    assert (await server.call("GET", "/v1/spaces/us_env_default")).status == 404


async def test_who_am_i(server):
    found = (await server.call("GET", "/v1/whoami")).data
    assert (found["keyId"], found["role"], found["accountId"]) == (
        "us_key_0000000000",
        "admin",
        server.node.meta.account_id,
    )
    assert found["position"] == str(server.node.log.head)

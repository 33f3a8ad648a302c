"""Tags over REST: given, changed, listed by, and by which calls about many jobs go."""

import pytest

from listener_sdk.protocol.jobs import Job


async def listed(server, query):
    return [job["id"] for job in (await server.call("GET", f"/v1/jobs?{query}")).data]


async def test_a_job_shows_its_tags(server):
    made = await server.job(tags=["acme", "Q3 2026"])
    assert made["tags"] == ["acme", "Q3 2026"]
    shown = (await server.call("GET", f"/v1/jobs/{made['id']}")).data
    assert Job.model_validate(shown).tags == ["acme", "Q3 2026"]
    assert "tags" not in await server.job()


async def test_a_change_replaces_them(server):
    path = f"/v1/jobs/{(await server.job(tags=['a', 'b']))['id']}"
    assert (await server.call("PATCH", path, {"tags": ["c"]})).data["tags"] == ["c"]
    assert (await server.call("PATCH", path, {"info": "x"})).data["tags"] == ["c"]
    assert "tags" not in (await server.call("PATCH", path, {"tags": []})).data


@pytest.mark.parametrize("tags", ["acme", [""], ["a,b"], ["a*"], ["a\u0007"], ["x"] * 17, [1], [None]])
async def test_what_is_no_list_of_tags_is_named(server, tags):
    for method, path, body in (
        ("POST", "/v1/jobs", {"type": "a", "operation": "b", "tags": tags}),
        ("PATCH", f"/v1/jobs/{(await server.job())['id']}", {"tags": tags}),
    ):
        answer = await server.call(method, path, body)
        assert (answer.status, answer.error["code"]) == (400, "invalid")
        assert answer.error["key"].startswith("tags")


async def test_lists_take_a_tag(server):
    jobs = [await server.job(tags=tags) for tags in (["acme"], ["acme", "vip"], ["Acme"], [])]
    ids = [job["id"] for job in jobs]
    assert await listed(server, "tag=acme") == [ids[1], ids[0]]
    assert await listed(server, "tag=vip&status=ready") == [ids[1]]
    assert await listed(server, "tag=nobody") == []
    answer = await server.call("GET", "/v1/jobs?tag=acme&pageSize=1")
    assert answer.body["pagination"]["totalCount"] == 2
    assert await listed(server, f"tag=acme&pageSize=1&cursor={answer.body['cursor']}") == [ids[0]]
    await server.call("PATCH", f"/v1/jobs/{ids[0]}", {"tags": ["vip"]})
    assert await listed(server, "tag=acme") == [ids[1]]
    assert await listed(server, "tag=vip") == [ids[1], ids[0]]


@pytest.mark.parametrize("tag", ["a*", "a,b", "x" * 65, "a%3F"])
async def test_a_list_of_what_can_be_no_tag_is_refused(server, tag):
    answer = await server.call("GET", f"/v1/jobs?tag={tag}")
    assert (answer.status, answer.error["code"], answer.error["key"]) == (400, "invalid", "tag")
    answer = await server.call("POST", "/v1/jobs/bulk/cancel", {"filter": {"tag": "a*"}})
    assert (answer.status, answer.error["key"]) == (400, "filter.tag")


async def test_calls_about_many_jobs_take_a_tag(server):
    acme, other = await server.job(tags=["acme"]), await server.job(tags=["other"])
    told = {"filter": {"tag": "acme"}}
    dry = (await server.call("POST", "/v1/jobs/bulk/cancel", {**told, "dryRun": True})).data
    assert (dry["matched"], dry["done"]) == (1, 0)
    assert (await server.call("POST", "/v1/jobs/bulk/cancel", told)).data["done"] == 1
    assert (await server.call("GET", f"/v1/jobs/{acme['id']}")).data["status"] == "canceled"
    assert (await server.call("GET", f"/v1/jobs/{other['id']}")).data["status"] == "ready"
    assert (await server.call("POST", "/v1/jobs/bulk/retry", told)).data["done"] == 1
    (newest, _) = (await server.call("GET", "/v1/jobs?tag=acme")).data
    assert newest["rerunOf"] == acme["id"]


async def test_tags_of_another_space_are_its_own(server):
    await server.call("POST", "/v1/spaces", {"name": "Elsewhere", "code": "elsewhere"})
    there = {"X-Customer-Code": "elsewhere"}
    body = {"type": "a", "operation": "b", "tags": ["acme"]}
    theirs = (await server.call("POST", "/v1/jobs", body, headers=there)).data["id"]
    mine = (await server.job(tags=["acme"]))["id"]
    assert await listed(server, "tag=acme") == [mine]
    found = (await server.call("GET", "/v1/jobs?tag=acme", headers=there)).data
    assert [job["id"] for job in found] == [theirs]

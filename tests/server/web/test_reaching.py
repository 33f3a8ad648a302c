"""Restricted keys over REST: jobs beyond them are not there, lists are filtered, and what they may not make is refused."""

import json

import pytest

from server.web.reaching import OF_A_JOB, OF_A_SPACE
from server.web.routes import ROUTES

OF_A_JOB_ID = [route for route in ROUTES if route.path.startswith("/v1/jobs/{id}")]


@pytest.fixture
async def key(server):
    """A key of a developer, who may do what most may, for imports alone."""
    return await restricted(server, jobs=["import:*"])


async def restricted(server, role="developer", **limits):
    return (await server.call("POST", "/v1/keys", {"name": "r", "role": role, **limits})).data["key"]


async def mine_and_theirs(server, **fields):
    return [
        (await server.job(type=kind, operation="csv", **fields))["id"] for kind in ("import", "export")
    ]  # fmt: skip


async def test_every_route_of_a_job_finds_no_other(server, key):
    _, theirs = await mine_and_theirs(server, trigger="manual")
    before = (await server.call("GET", f"/v1/jobs/{theirs}")).data
    for route in OF_A_JOB_ID:
        body = None if route.method in {"GET", "DELETE"} else json.dumps({"parts": 2}).encode()
        answer = await server.call(route.method, route.path.replace("{id}", theirs), raw=body, key=key)
        assert (answer.status, answer.error["code"]) == (404, "not_found"), route
        assert theirs in answer.error["message"]
    assert (await server.call("GET", f"/v1/jobs/{theirs}")).data == before


async def test_its_own_jobs_live_as_others_do(server, key):
    mine, _ = await mine_and_theirs(server)
    for path, body in (("ack", {}), ("complete", {"info": "done"}), ("outcome/ack", {}), ("retry", {})):
        assert (await server.call("POST", f"/v1/jobs/{mine}/{path}", body, key=key)).status == 200, path
    for path in ("", "/log", "/attempts", "/progress", "/plan"):
        assert (await server.call("GET", f"/v1/jobs/{mine}{path}", key=key)).status == 200, path


async def test_lists_show_its_own_alone(server, key):
    mine, theirs = await mine_and_theirs(server)
    listed = await server.call("GET", "/v1/jobs", key=key)
    assert [job["id"] for job in listed.data] == [mine]
    assert listed.body["pagination"]["totalCount"] == 1
    assert (await server.call("GET", "/v1/jobs?job=export:*", key=key)).data == []
    events = (await server.call("GET", "/v1/events?topics=**&pageSize=100", key=key)).data
    assert {event["context"]["jobId"] for event in events} == {mine}
    every = (await server.call("GET", "/v1/events?topics=**&pageSize=100")).data
    for event in every:
        status = (await server.call("GET", f"/v1/events/{event['id']}", key=key)).status
        assert status == (200 if event["context"].get("jobId") == mine else 404)
    of_others = next(event["id"] for event in every if event["context"].get("jobId") == theirs)
    assert (await server.call("POST", f"/v1/events/{of_others}/ack", {}, key=key)).status == 404


async def test_events_are_listed_to_the_end_by_cursor(server, key):
    for _ in range(5):
        await mine_and_theirs(server)
    found, cursor = [], ""
    while cursor is not None:
        answer = await server.call("GET", f"/v1/events?topics=**&pageSize=3&cursor={cursor}", key=key)
        found += answer.data
        cursor = answer.body["cursor"]
    assert [event["topic"] for event in found] == ["job:created", "job:ready"] * 5


async def test_no_job_of_another_name_is_made(server, key):
    for kind, status in (("import", 200), ("export", 403)):
        answer = await server.call("POST", "/v1/jobs", {"type": kind, "operation": "csv"}, key=key)
        assert answer.status == status
    assert (answer.error["code"], answer.error["key"]) == ("forbidden", "job")
    assert "import:*" in answer.error["message"]
    members = [{"type": kind, "operation": "csv"} for kind in ("import", "export")]
    made = (await server.call("POST", "/v1/jobs/bulk?partial=true", {"jobs": members}, key=key)).data["jobs"]
    assert ["id" in one for one in made] == [True, False]
    whole = await server.call("POST", "/v1/jobs/bulk", {"jobs": members}, key=key)
    assert (whole.status, whole.error["code"]) == (403, "forbidden")


async def test_other_jobs_are_neither_parents_nor_predecessors(server, key):
    mine, theirs = await mine_and_theirs(server, trigger="manual")
    new = {"type": "import", "operation": "csv"}
    for extra in ({"parentId": theirs}, {"predecessorIds": [theirs]}):
        answer = await server.call("POST", "/v1/jobs", new | extra, key=key)
        assert (answer.status, answer.error["key"]) == (404, next(iter(extra)))
    answer = await server.call("PATCH", f"/v1/jobs/{mine}", {"predecessorIds": [theirs]}, key=key)
    assert (answer.status, answer.error["key"]) == (404, "predecessorIds")
    assert (await server.call("POST", "/v1/jobs", new | {"parentId": mine}, key=key)).status == 200


async def test_calls_about_many_jobs_leave_others_alone(server, key):
    mine, theirs = await mine_and_theirs(server)
    named = {"ids": [mine, theirs], "filter": None}
    dry = (
        await server.call("POST", "/v1/jobs/bulk/cancel", {"ids": [mine, theirs], "dryRun": True}, key=key)
    ).data
    assert dry["matched"] == 1
    done = (await server.call("POST", "/v1/jobs/bulk/cancel", {"ids": named["ids"]}, key=key)).data
    assert done["done"] == 1
    assert [(one["id"], one["code"]) for one in done["skipped"]] == [(theirs, "not_found")]
    for act in ("cancel", "retry"):
        done = (
            await server.call("POST", f"/v1/jobs/bulk/{act}", {"filter": {"type": "export"}}, key=key)
        ).data
        assert (done["matched"], done["done"]) == (0, 0)
    assert (await server.call("GET", f"/v1/jobs/{theirs}")).data["status"] == "ready"


async def test_files_of_other_jobs_are_not_there(server, key):
    mine, theirs = await mine_and_theirs(server)
    files = {}
    for name, of in (("mine", f"&jobId={mine}"), ("theirs", f"&jobId={theirs}"), ("none", "")):
        files[name] = (await server.call("POST", f"/v1/files?name={name}{of}", raw=b"x")).data["id"]
    listed = (await server.call("GET", "/v1/files", key=key)).data
    assert {one["name"] for one in listed} == {"mine", "none"}
    for name, id_ in files.items():
        for method, path in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
            status = (await server.call(method, f"/v1/files/{id_}{path}", key=key)).status
            assert status == (404 if name == "theirs" else 200), (name, method, path)
    answer = await server.call("POST", f"/v1/files?name=x&jobId={theirs}", raw=b"x", key=key)
    assert (answer.status, answer.error["key"]) == (404, "jobId")


async def test_topics_restrict_what_is_read_and_published(server):
    key = await restricted(server, topics=["invoice:*", "job:created"])
    await server.job()
    for topic in ("invoice:paid", "order:paid"):
        await server.call("POST", "/v1/events", {"topic": topic})
    listed = (await server.call("GET", "/v1/events?topics=**", key=key)).data
    assert [event["topic"] for event in listed] == ["job:created", "invoice:paid"]
    assert (await server.call("POST", "/v1/events", {"topic": "invoice:sent"}, key=key)).status == 200
    answer = await server.call("POST", "/v1/events", {"topic": "order:sent"}, key=key)
    assert (answer.status, answer.error["code"], answer.error["key"]) == (403, "forbidden", "topic")


async def test_a_key_is_told_its_restrictions(server, key):
    told = (await server.call("GET", "/v1/whoami", key=key)).data
    assert (told["jobs"], told["topics"]) == (["import:*"], None)
    assert (await server.call("GET", "/v1/whoami")).data["jobs"] is None


async def test_a_key_of_the_whole_store_is_restricted_in_every_space(server):
    key = await restricted(server, everySpace=True, jobs=["import:*"])
    await server.call("POST", "/v1/spaces", {"name": "Acme"})
    there = {"X-Customer-Code": "acme"}
    assert (await server.call("GET", "/v1/jobs", key=key, headers=there)).data == []
    answer = await server.call(
        "POST", "/v1/jobs", {"type": "export", "operation": "x"}, key=key, headers=there
    )
    assert answer.status == 403


def test_what_tokens_open_are_routes_that_read():
    known = {f"{route.method} {route.path}": route.permission for route in ROUTES}
    assert {known[name] for name in OF_A_SPACE} == {"read"}
    assert OF_A_JOB < OF_A_SPACE

"""Execution plans over REST."""

import pytest

FIELD = {"type": "string", "key": "email", "label": "E-mail"}
EDGE = {"sourceField": FIELD, "destinationField": FIELD, "metadata": {"ours": None}}
LISTS = {"fieldMapping": [], "unmappedSourceFields": [], "unmappedDestinationFields": []}


def ids(job):
    return {"fileId": "us_fl_1", "jobId": job["id"]}


async def plan(server, method, job, body=None):
    return await server.call(method, f"/v1/jobs/{job['id']}/plan", body)


async def test_a_job_without_plan_shows_empty_lists(server):
    job = await server.job(trigger="manual")
    assert (await plan(server, "GET", job)).data == {"job": job, "plan": LISTS}


async def test_a_plan_is_set_changed_and_shown_with_its_job(server):
    job = await server.job(trigger="manual")
    put = (
        await plan(server, "PUT", job, ids(job) | LISTS | {"fieldMapping": [EDGE], "extra": {"a": None}})
    ).data
    assert put["plan"] == LISTS | {"fieldMapping": [EDGE], "extra": {"a": None}}
    assert (put["job"]["id"], put["job"]["status"]) == (job["id"], "planning")
    patched = (await plan(server, "PATCH", job, ids(job) | {"programId": "us_pg_1"})).data
    assert patched["plan"] == put["plan"] | {"programId": "us_pg_1"}
    assert (await plan(server, "GET", job)).data == patched
    assert "plan" not in (await server.call("GET", f"/v1/jobs/{job['id']}")).data
    assert (await server.call("POST", f"/v1/jobs/{job['id']}/execute")).data == {"success": True}


async def test_a_large_plan_of_small_fields_is_taken(server):
    job = await server.job(trigger="manual")
    edge = {"sourceField": {"type": "s", "key": "a"}, "destinationField": {"type": "s", "key": "b"}}
    answer = await plan(server, "PUT", job, ids(job) | LISTS | {"fieldMapping": [edge] * 2500})
    assert len(answer.data["plan"]["fieldMapping"]) == 2500
    answer = await plan(server, "PUT", job, ids(job) | LISTS | {"fieldMapping": [edge] * 5000})
    assert (answer.status, answer.error["code"], answer.error["key"]) == (413, "too_large", "plan")


async def test_plans_of_the_wrong_job_or_shape_are_refused(server):
    job, other = await server.job(trigger="manual", fileId="us_fl_1"), await server.job(trigger="manual")
    whole = ids(job) | LISTS
    for body, status, code, key in (
        (ids(other) | LISTS, 409, "wrong_plan", "jobId"),
        (whole | {"fileId": "us_fl_2"}, 409, "wrong_plan", "fileId"),
        (ids(job), 400, "invalid", "fieldMapping"),
        (
            whole | {"fieldMapping": [{"sourceField": FIELD}]},
            400,
            "invalid",
            "fieldMapping[0].destinationField",
        ),
        ({}, 400, "invalid", "fileId"),
    ):
        answer = await plan(server, "PUT", job, body)
        assert (answer.status, answer.error["code"], answer.error["key"]) == (status, code, key), body
    assert (await plan(server, "PATCH", job, {"fileId": "us_fl_1"})).error["key"] == "jobId"
    assert (await plan(server, "GET", job)).data["job"]["status"] == "created"


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH"])
async def test_unknown_jobs_have_no_plans(server, method):
    for name in ("us_jb_0000000099", "x"):
        body = None if method == "GET" else {"fileId": "f", "jobId": name} | LISTS
        answer = await server.call(method, f"/v1/jobs/{name}/plan", body)
        assert (answer.status, answer.error["code"]) == (404, "not_found")


async def test_a_job_that_executes_or_has_ended_takes_no_plan(server):
    job = await server.job()
    await server.call("POST", f"/v1/jobs/{job['id']}/ack")
    for end in (None, "cancel"):
        if end:
            await server.call("POST", f"/v1/jobs/{job['id']}/{end}")
        answer = await plan(server, "PUT", job, ids(job) | LISTS)
        assert (answer.status, answer.error["code"]) == (409, "illegal_move")
        assert answer.error["status"] == ("executing" if end is None else "canceled")


async def test_planning_without_a_plan_is_not_executed(server):
    job = await server.job(trigger="manual")
    moved = await server.call("PATCH", f"/v1/jobs/{job['id']}", {"status": "planning"})
    assert moved.data["status"] == "planning"
    answer = await server.call("POST", f"/v1/jobs/{job['id']}/execute")
    assert (answer.status, answer.error["code"]) == (409, "no_plan")
    assert f"/v1/jobs/{job['id']}/plan" in answer.error["message"]

"""Splitting over REST: what comes back, what is refused, and that a repeated call splits once."""

import pytest

from listener_sdk.protocol.jobs import Job


async def split(server, job, body, **how):
    return await server.call("POST", f"/v1/jobs/{job['id']}/split", body, **how)


async def parts_of(server, job):
    return (await server.call("GET", f"/v1/jobs?parentId={job['id']}&sortDirection=asc")).data


async def test_the_job_comes_back_and_its_parts_are_listed(server):
    job = await server.job(input={"rows": 9})
    answer = (await split(server, job, {"parts": [{"page": "a"}, {"page": "b"}], "runInParallel": True})).data
    assert (answer["id"], answer["parts"], answer["progress"], answer["total"]) == (job["id"], 2, 0, 2)
    made = await parts_of(server, job)
    assert [(part["part"], part["partData"], part["partExecution"]) for part in made] == [
        (0, {"page": "a"}, "parallel"),
        (1, {"page": "b"}, "parallel"),
    ]
    assert all((part["parentId"], part["input"]) == (job["id"], {"rows": 9}) for part in made)
    assert Job.model_validate(made[1]).part_data == {"page": "b"}
    top = (await server.call("GET", "/v1/jobs?excludeChildJobs=true")).data
    assert [one["id"] for one in top] == [job["id"]]


async def test_left_out_parts_run_one_after_the_other(server):
    job = await server.job()
    await split(server, job, {"parts": 2, "runInParallel": None})
    assert [(part["status"], part["partExecution"]) for part in await parts_of(server, job)] == [
        ("ready", "sequential"),
        ("waiting", "sequential"),
    ]


async def test_a_repeated_call_splits_once(server):
    job = await server.job()
    for headers in ({}, {}, {"Idempotency-Key": "k"}, {"Idempotency-Key": "k"}):
        assert (await split(server, job, {"parts": 3}, headers=headers)).data["parts"] == 3
    assert len(await parts_of(server, job)) == 3
    other = await split(server, job, {"parts": 4})
    assert (other.status, other.error["code"], other.error["key"]) == (409, "already_split", "parts")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "required"),
        ({"parts": 0}, "1 to 1000 parts, not 0"),
        ({"parts": -1}, "1 to 1000 parts"),
        ({"parts": 1_000_000}, "1 to 1000 parts, not 1000000"),
        ({"parts": []}, "1 to 1000 parts, not 0"),
        ({"parts": [{}] * 1001}, "1 to 1000 parts, not 1001"),
        ({"parts": [1, 2]}, "one object for each part"),
        ({"parts": [{}, None]}, "one object for each part"),
        ({"parts": [[]]}, "one object for each part"),
        ({"parts": {"a": 1}}, "a number of parts, or a list"),
        ({"parts": "3"}, "a number of parts, or a list"),
        ({"parts": 2.5}, "a number of parts, or a list"),
        ({"parts": True}, "a number of parts, or a list"),
        ({"parts": None}, "a number of parts, or a list"),
        ({"parts": 2, "runInParallel": "perhaps"}, "runInParallel"),
    ],
)
async def test_what_is_no_split_is_refused_and_says_what_is(server, body, says):
    job = await server.job()
    answer = await split(server, job, body)
    assert (answer.status, answer.error["code"]) == (400, "invalid")
    assert says in answer.error["message"]
    assert await parts_of(server, job) == []


async def test_huge_part_data_is_refused(server):
    job = await server.job()
    one = await split(server, job, {"parts": [{"text": "x" * 300_000}]})
    assert (one.status, one.error["code"], one.error["key"]) == (413, "too_large", "partData")
    whole = await split(server, job, {"parts": [{"text": "x" * 200_000}] * 20})
    assert (whole.status, whole.error["code"]) == (413, "too_large")
    assert await parts_of(server, job) == []


async def test_a_thousand_parts_are_made_at_once(server):
    job = await server.job()
    assert (await split(server, job, {"parts": 1000, "runInParallel": True})).data["parts"] == 1000
    found = await server.call("GET", f"/v1/jobs?parentId={job['id']}&pageSize=1")
    assert found.body["pagination"]["totalCount"] == 1000


async def test_ended_and_unknown_jobs_cannot_be_split(server):
    job = await server.job()
    await server.call("POST", f"/v1/jobs/{job['id']}/cancel")
    ended = await split(server, job, {"parts": 2})
    assert (ended.status, ended.error["code"], ended.error["status"]) == (409, "illegal_move", "canceled")
    unknown = await split(server, {"id": "us_jb_00000zzzzz"}, {"parts": 2})
    assert (unknown.status, unknown.error["code"]) == (404, "not_found")


async def test_a_job_takes_at_most_a_hundred_predecessors(server):
    others = [(await server.job())["id"] for _ in range(2)]
    body = {"type": "workbook", "operation": "export", "predecessorIds": others * 51}
    many = await server.call("POST", "/v1/jobs", body)
    assert (many.status, many.error["code"], many.error["key"]) == (400, "invalid", "predecessorIds")
    job = await server.job(predecessorIds=others)
    assert (job["status"], job["predecessorIds"]) == ("waiting", others)


async def test_circles_are_refused_over_rest_with_the_jobs_named(server):
    first = await server.job(trigger="manual")
    second = await server.job(trigger="manual", predecessorIds=[first["id"]])
    answer = await server.call("PATCH", f"/v1/jobs/{first['id']}", {"predecessorIds": [second["id"]]})
    assert (answer.status, answer.error["code"]) == (409, "cycle")
    assert answer.error["jobs"] == [second["id"], first["id"]]


async def test_a_split_job_tells_how_its_parts_ended_wherever_it_is_read(server):
    job = await server.job()
    await split(server, job, {"parts": 2})
    first, _ = await parts_of(server, job)
    await server.call("POST", f"/v1/jobs/{first['id']}/cancel")
    counts = {"total": 2, "completed": 0, "failed": 0, "canceled": 1}
    assert (await server.call("GET", f"/v1/jobs/{job['id']}")).data["partCounts"] == counts
    listed = {one["id"]: one for one in (await server.call("GET", "/v1/jobs")).data}
    assert listed[job["id"]]["partCounts"] == counts
    assert "partCounts" not in listed[first["id"]]

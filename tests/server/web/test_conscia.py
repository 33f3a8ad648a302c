"""A job as Conscia's clients read it."""

from dataclasses import replace

import pytest

from listener_sdk.protocol.lifecycle import FINAL, Status
from server.store import jobs
from server.web.conscia import job_view


async def short(server, job):
    answer = await server.call("GET", f"/vue/_api/v1/jobs/{job['id']}")
    assert answer.status == 200
    return answer.body


async def act(server, job, *acts, **body):
    for one in acts:
        assert (await server.call("POST", f"/v1/jobs/{job['id']}/{one}", body)).status == 200


async def test_a_job_that_has_not_ended_is_started(server):
    job = await server.job()
    assert await short(server, job) == {"jobId": job["id"], "status": "STARTED", "result": None}
    await act(server, job, "ack")
    assert (await short(server, job))["status"] == "STARTED"


async def test_a_complete_job_shows_its_result(server):
    job = await server.job()
    await act(server, job, "ack")
    await act(server, job, "complete", result={"rows": 3})
    assert await short(server, job) == {"jobId": job["id"], "status": "COMPLETED", "result": {"rows": 3}}


async def test_a_failed_or_canceled_job_says_why(server):
    failed, canceled, silent = [await server.job() for _ in range(3)]
    await act(server, failed, "ack")
    await act(server, failed, "fail", info="No such sheet", result={"rows": 1})
    assert await short(server, failed) == {
        "jobId": failed["id"],
        "status": "FAILED",
        "result": "No such sheet",
    }
    await act(server, canceled, "cancel", info="Not needed")
    await act(server, silent, "cancel")
    assert (await short(server, canceled))["result"] == "Not needed"
    assert await short(server, silent) == {
        "jobId": silent["id"],
        "status": "FAILED",
        "result": "The job is canceled.",
    }


async def test_it_is_the_same_job_as_elsewhere(server):
    answer = await server.call("GET", "/vue/_api/v1/jobs/us_jb_00000zzzzz")
    assert (answer.status, answer.error["code"]) == (404, "not_found")
    answer = await server.call("GET", "/vue/_api/v1/nothing")
    assert (answer.status, answer.error["code"]) == (404, "no_route")
    assert "Conscia" in answer.error["message"]


@pytest.mark.parametrize("status", list(Status))
async def test_every_status_has_its_word(server, status):
    await server.job()
    row = await server.node.read(lambda reader: jobs.load(reader, 1, 1))
    word = job_view(replace(row, status=status.value))["status"]
    assert (word == "STARTED") is (status not in FINAL)

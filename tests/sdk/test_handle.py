import asyncio

import pytest

from listener_sdk.client_jobs import Jobs
from listener_sdk.errors import JobFailed
from listener_sdk.protocol.events import Event
from listener_sdk.subscription import LiveTick
from tests.sdk.fake_server import wire_event, wire_job

PATH = "/v1/jobs/us_jb_0000000001"


@pytest.fixture
def job(server):
    """What the server says the job is, for tests to change."""
    known = wire_job(1)
    server.routes["GET", PATH] = lambda *_: {"data": known}
    server.routes["POST", "/v1/jobs"] = lambda *_: {"data": known}
    server.routes["POST", f"{PATH}/cancel"] = lambda *_: {"data": known}
    server.routes["GET", "/v1/whoami"] = {"data": {"position": "e:5"}}
    return known


def told(seq, topic):
    return {"type": "events", "sub": "events", "prev": f"e:{seq - 1}", "events": [wire_event(seq, topic)]}


async def test_all_events_of_a_started_job_come_from_before_it_was_made(server, client, job):
    handle = await client.jobs.start("workbook:export", {"rows": 3}, priority=2)
    assert handle.id == job["id"]
    found = handle.events(progress=True)
    task = asyncio.ensure_future(anext(found))
    (asked,) = await server.until_said("subscribe")
    assert (asked["after"], asked["filter"], asked["progress"]) == ("e:5", {"jobId": job["id"]}, True)
    await server.send(told(6, "job:created"))
    assert (await task).topic == "job:created"
    await server.send({"type": "progress", "sub": "events", "jobs": [{"id": job["id"], "progress": 5}]})
    assert isinstance(await anext(found), LiveTick)
    await server.send(told(7, "job:failed"), told(8, "job:updated"))
    assert [one.topic async for one in found if isinstance(one, Event)] == ["job:failed"]


async def test_of_a_job_that_has_ended_no_events_come(server, client, job):
    job["status"] = "complete"
    assert [one async for one in client.jobs.handle(job["id"]).events()] == []
    assert server.said("subscribe")[0]["after"] == "now"


async def test_the_result_is_what_the_job_ended_with(server, client, job):
    job |= {"status": "complete", "result": {"rows": 3}}
    handle = client.jobs.handle(await client.jobs.get(job["id"]))
    assert await handle.result() == {"rows": 3}
    assert (await handle.job()).id == job["id"]
    del job["result"]
    assert await handle.result() == {}


@pytest.mark.parametrize("status", ["failed", "canceled"])
async def test_a_job_without_success_is_raised(client, job, status):
    job |= {"status": status, "outcome": {"message": "No such sheet."}}
    with pytest.raises(JobFailed, match=f"ended {status}: No such sheet") as caught:
        await client.jobs.handle(job["id"]).result()
    assert caught.value.job.id == job["id"]


async def test_it_can_be_canceled(server, client, job):
    await client.jobs.handle(job["id"]).cancel("enough")
    assert server.requests[-1] == ("POST", f"{PATH}/cancel", {"info": "enough"})


async def test_who_has_no_client_has_no_handles(client):
    with pytest.raises(RuntimeError):
        Jobs(client.jobs._http, client.jobs._waits).handle("us_jb_0000000001")

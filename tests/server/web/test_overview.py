"""The overview over REST."""

import asyncio

import pytest

from listener_sdk.protocol.overview import Overview
from server.store import activity as sql

DEADLINE_S = 20.0


async def overview(server, query=""):
    answer = await server.call("GET", f"/v1/overview{query}")
    return Overview.model_validate(answer.data)


def total(found):
    return {
        name: sum(getattr(one, name) for one in found.buckets) for name in ("created", "completed", "failed")
    }


async def counted(server, **expected):
    """The overview, once so much is counted."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            found = await overview(server)
            if {name: total(found)[name] for name in expected} == expected:
                return found


async def failed(server, message, **fields):
    """A job that has failed."""
    job = await server.job(**fields)
    await server.call("POST", f"/v1/jobs/{job['id']}/ack")
    body = {"outcome": {"message": message}}
    assert (await server.call("POST", f"/v1/jobs/{job['id']}/fail", body)).status == 200
    return job


async def test_it_says_what_has_happened_and_what_waits(server):
    waiting = await server.job(label="First")
    done = await server.job()
    await server.call("POST", f"/v1/jobs/{done['id']}/ack")
    await server.call("POST", f"/v1/jobs/{done['id']}/complete")
    jobs = [await failed(server, f"Reason {n}", label=f"Label {n}") for n in range(6)]
    found = await counted(server, created=8, completed=1, failed=6)
    assert (found.queue.waiting, found.queue.running) == (1, 0)
    assert found.queue.oldest_ready_at is not None
    assert found.queue.oldest_ready_at.isoformat()[:19] == waiting["readyAt"][:19]
    assert [one.job_id for one in found.failures] == [job["id"] for job in reversed(jobs[1:])]
    assert (found.failures[0].label, found.failures[0].message) == ("Label 5", "Reason 5")
    assert (found.schedules.due, found.listeners, found.hours, found.bucket_s) == (0, 0, 24, 1800)


async def test_what_is_counted_is_there_before_the_store_knows_it_and_after(server):
    await server.job()
    await counted(server, created=1)
    assert await server.node.read(sql.cursor) == 0
    server.clock.forward(20)
    server.node.activity.wake()
    async with asyncio.timeout(DEADLINE_S):
        while not await server.node.read(sql.cursor):  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0)
    await counted(server, created=1)


async def test_a_failed_job_that_is_gone_is_left_out(server):
    job = await failed(server, "No")
    assert (await server.call("DELETE", f"/v1/jobs/{job['id']}")).status == 200
    found = await counted(server, failed=1)
    assert found.failures == []


@pytest.mark.parametrize(("hours", "buckets"), [(1, 6), (6, 36), (24, 48), (72, 36), (168, 42)])
async def test_the_hours_are_chosen(server, hours, buckets):
    found = await overview(server, f"?hours={hours}")
    assert (found.hours, len(found.buckets)) == (hours, buckets)
    assert found.buckets[-1].at <= found.until


@pytest.mark.parametrize("query", ["?hours=0", "?hours=169", "?hours=x", "?days=1"])
async def test_other_spans_are_refused(server, query):
    answer = await server.call("GET", f"/v1/overview{query}")
    assert answer.error["code"] == "invalid"


async def test_other_spaces_are_not_counted(server):
    await server.call("POST", "/v1/spaces", {"code": "other", "name": "Other"})
    await server.call(
        "POST", "/v1/jobs", {"type": "a", "operation": "b"}, headers={"X-Customer-Code": "other"}
    )
    assert sum(one.created for one in (await overview(server)).buckets) == 0


async def test_a_restricted_key_has_none(server):
    body = {"name": "few", "role": "operator", "jobs": ["a:*"]}
    key = (await server.call("POST", "/v1/keys", body)).data["key"]
    refused = await server.call("GET", "/v1/overview", key=key)
    assert (refused.status, refused.error["code"]) == (403, "forbidden")

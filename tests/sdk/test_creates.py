"""Jobs that are created over a stream."""

import asyncio

import pytest

from listener_sdk.client import Client
from listener_sdk.errors import ApiError, ConnectionFailed
from tests.sdk.fake_server import DEADLINE_S, KEY, error, ok, wire_job


@pytest.fixture
async def streaming(server):
    server.answers["create"] = lambda frame: [ok(frame, wire_job(len(server.said("create"))))]
    async with Client(server.url, KEY, stream=True) as made, asyncio.timeout(DEADLINE_S):
        yield made


async def test_what_is_created_at_once_travels_together_over_one_connection(server, streaming):
    jobs = await asyncio.gather(
        *(streaming.jobs.create("workbook:export", {"rows": rows}, priority=3) for rows in range(3))
    )
    assert {job.job for job in jobs} == {"workbook:export"}
    await streaming.jobs.create("workbook:export", idempotency_key="mine")
    assert len(server.hellos) == 1
    assert [len(message) for message in server.messages if message[0]["type"] == "create"] == [3, 1]
    first, *_, last = server.said("create")
    assert first["job"]["input"] == {"rows": 0}
    assert (first["job"]["trigger"], first["job"]["priority"]) == ("immediate", 3)
    assert last["idempotencyKey"] == "mine"
    assert server.requests == []


async def test_a_refused_job_raises_and_the_next_goes_on(server, streaming):
    server.answers["create"] = lambda frame: [
        ok(frame, wire_job()) if frame["job"]["type"] == "good" else error(frame, "invalid", "no such thing")
    ]
    with pytest.raises(ApiError, match="no such thing"):
        await streaming.jobs.create("bad:job")
    assert (await streaming.jobs.create("good:job")).job == "workbook:export"


async def test_a_broken_connection_is_mended_and_the_job_said_again(server, streaming):
    answer = server.answers.pop("create")
    server.answers["create"] = lambda _: []
    creating = asyncio.create_task(streaming.jobs.create("workbook:export"))
    await server.until_said("create")
    server.answers["create"] = answer
    await server.drop()
    assert (await creating).job == "workbook:export"
    one, again = server.said("create")
    assert one["idempotencyKey"] == again["idempotencyKey"]


async def test_why_the_server_refuses_the_connection_is_said_every_time(server, streaming):
    server.refuse_upgrade = (401, {"errors": [{"key": "unauthorized", "message": "no such key"}]})
    for _ in range(2):
        with pytest.raises(ApiError, match="no such key"):
            await streaming.jobs.create("workbook:export")
    server.refuse_upgrade = None
    await streaming.jobs.create("workbook:export")


async def test_a_closed_client_leaves_nobody_waiting(server):
    server.answers["create"] = lambda _: []
    client = Client(server.url, KEY, stream=True)
    creating = asyncio.create_task(client.jobs.create("workbook:export"))
    await server.until_said("create")
    await client.close()
    with pytest.raises(ConnectionFailed, match="the stream was closed"):
        await creating
    await client.close()

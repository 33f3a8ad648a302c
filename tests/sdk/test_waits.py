"""Waits against a fake server: they look when something may have happened, and never in between."""

import asyncio

import pytest

from listener_sdk._waits import MOST_SLOTS, PARTS
from listener_sdk.errors import ApiError
from tests.sdk.fake_server import DEADLINE_S, error, wire_event, wire_job

JOB = "us_jb_0000000001"
OTHER = "us_jb_0000000002"


def shows(server, job_id=JOB, **fields):
    """The server shows the job with these fields from now on."""
    server.routes["GET", f"/v1/jobs/{job_id}"] = {"data": wire_job(id=job_id, **fields)}


def looks(server, job_id=JOB):
    return [path for method, path, _ in server.requests if path == f"/v1/jobs/{job_id}"]


def ended(seq, job_id=JOB, topic="job:completed"):
    return wire_event(seq, topic, context={"jobId": job_id})


async def tell(server, sub, *events, prev="e:0"):
    await server.send({"type": "events", "sub": sub, "prev": prev, "events": [*events]})


async def done(*tasks):
    async with asyncio.timeout(DEADLINE_S):
        return await asyncio.gather(*tasks)


async def test_it_looks_once_the_subscription_stands_and_again_at_the_end(server, client):
    shows(server, status="executing")
    waiting = asyncio.create_task(client.jobs.wait(JOB))
    (asked,) = await server.until_said("subscribe")
    assert (asked["filter"], asked["after"]) == ({"jobId": [JOB]}, "now")
    await server.until(lambda: looks(server))
    await tell(server, asked["sub"], ended(1, OTHER))
    shows(server, status="complete", result={"n": 1})
    await tell(server, asked["sub"], ended(2), prev="e:1")
    (job,) = await done(waiting)
    assert (job.status, job.result) == ("complete", {"n": 1})
    assert len(looks(server)) == 2
    assert await server.until_said("unsubscribe", sub=asked["sub"])


async def test_what_has_ended_already_needs_no_event(server, client):
    shows(server, status="failed", info="No.")
    (job,) = await done(client.jobs.wait(JOB))
    assert job.info == "No."


async def test_an_end_during_a_lost_connection_is_seen_on_the_next(server, client):
    shows(server, status="executing")
    waiting = asyncio.create_task(client.jobs.wait(JOB))
    await server.until(lambda: looks(server))
    shows(server, status="canceled")
    await server.drop()
    (job,) = await done(waiting)
    assert job.status == "canceled"
    assert server.said("subscribe")[-1]["after"] == "e:0"


async def test_where_the_log_cannot_be_continued_it_begins_anew_and_looks(server, client):
    shows(server, status="executing")
    waiting = asyncio.create_task(client.jobs.wait(JOB))
    await server.until(lambda: looks(server))
    server.answers["subscribe"] = lambda frame: (
        [error(frame, "epoch_changed", "Another log.", sub=frame["sub"])]
        if frame["after"] != "now"
        else [{"type": "subscribed", "id": frame["id"], "sub": frame["sub"], "from": "f:3", "head": "f:3", "oldest": "f:1"}]
    )  # fmt: skip
    shows(server, status="complete")
    await server.drop()
    (job,) = await done(waiting)
    assert job.status == "complete"


async def test_a_server_that_is_away_is_asked_again(server, client, monkeypatch):
    monkeypatch.setattr("listener_sdk._patience.LONGEST_PAUSE_S", 0)
    monkeypatch.setattr("listener_sdk._patience.PATIENCE_S", 0)
    answers = iter(["gone", "gone"])

    def answer(request, _raw):
        if next(answers, None):
            request.transport.abort()
        return {"data": wire_job(status="complete")}

    server.routes["GET", f"/v1/jobs/{JOB}"] = answer
    (job,) = await done(client.jobs.wait(JOB))
    assert job.status == "complete"


async def test_an_unknown_job_and_one_that_is_deleted_are_errors(server, client):
    with pytest.raises(ApiError, match="There is no such thing"):
        await done(client.jobs.wait(JOB))
    shows(server, status="executing")
    waiting = asyncio.create_task(client.jobs.wait(JOB))
    asked = (await server.until_said("subscribe", 2))[-1]
    await server.until(lambda: len(looks(server)) == 2)
    del server.routes["GET", f"/v1/jobs/{JOB}"]
    await tell(server, asked["sub"], ended(1, topic="job:deleted"))
    with pytest.raises(ApiError) as caught:
        await done(waiting)
    assert caught.value.code == "not_found"


async def test_a_refused_subscription_and_a_refused_key_are_raised(server, client):
    server.answers["subscribe"] = lambda frame: [error(frame, "limit", "Too many.", sub=frame["sub"])]
    with pytest.raises(ApiError, match="Too many"):
        await done(client.jobs.wait(JOB))
    await client._waits.close()
    server.refuse_upgrade = (401, {"errors": [{"code": "unauthorized", "message": "Unknown key."}]})
    for _ in range(2):
        with pytest.raises(ApiError, match="Unknown key"):
            await done(client.jobs.wait(JOB))


async def test_a_canceled_wait_leaves_the_others_alone(server, client):
    for job_id in (JOB, OTHER):
        shows(server, job_id, status="executing")
    first, second = (asyncio.create_task(client.jobs.wait(job_id)) for job_id in (JOB, OTHER))
    asked = await server.until_said("subscribe", 2)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await server.until_said("unsubscribe", sub=asked[0]["sub"])
    await server.until(lambda: looks(server, OTHER))
    shows(server, OTHER, status="complete")
    await tell(server, asked[1]["sub"], ended(1, OTHER))
    (job,) = await done(second)
    assert job.status == "complete"
    assert len(server.hellos) == 1


async def test_many_waits_share_subscriptions_and_none_is_missed(server, client):
    ids = [f"us_jb_{number:010d}" for number in range(3 * MOST_SLOTS)]
    for job_id in ids:
        shows(server, job_id, status="complete")
    jobs = await done(*(client.jobs.wait(job_id) for job_id in ids))
    assert [job.id for job in jobs] == ids
    names = {frame["sub"] for frame in server.said("subscribe")}
    assert len(names) == MOST_SLOTS


async def test_one_subscription_serves_all_who_wait_for_parts(server, client):
    for job_id in (JOB, OTHER):
        shows(server, job_id, status="executing", parts=1)
    open_, closed = (
        [wire_job(5, part=0, parentId=JOB)],
        [wire_job(5, part=0, parentId=JOB, status="complete")],
    )
    children = {JOB: open_, OTHER: open_}

    def listed(request, _raw):
        found = children[request.query["parentId"]]
        return {"data": [one for one in found if one["status"] in request.query.get("status", one["status"])]}

    server.routes["GET", "/v1/jobs"] = listed
    first = asyncio.create_task(client.jobs.wait_for_parts(JOB))
    (asked,) = await server.until_said("subscribe")
    assert (asked["topics"], "filter" in asked) == ([*PARTS], False)
    await server.until(lambda: len(server.requests) == 2)
    second = asyncio.create_task(client.jobs.wait_for_parts(OTHER))
    await server.until(lambda: len(server.requests) == 4)
    children[JOB] = closed
    await tell(server, asked["sub"], ended(1, JOB, "job:parts-completed"))
    (result,) = await done(first)
    assert (result.total, result.completed) == (1, 1)
    children[OTHER] = closed
    await tell(server, asked["sub"], ended(2, OTHER, "job:parts-completed"), prev="e:1")
    await done(second)
    assert len(server.said("subscribe")) == 1


async def test_a_rerun_after_the_end_of_the_job_is_not_waited_for(server, client):
    shows(server, status="failed", parts=1)
    runs = [
        wire_job(5, part=0, parentId=JOB, status="failed"),
        wire_job(6, part=0, parentId=JOB, status="executing", rerunOf="us_jb_0000000005"),
    ]
    server.routes["GET", "/v1/jobs"] = lambda _request, _raw: {"data": runs}
    (result,) = await done(client.jobs.wait_for_parts(JOB))
    assert [part.id for part in result.jobs] == [runs[1]["id"]]

"""Workers whose connection breaks or whose server is away: what must arrive is sent again."""

import asyncio

from aiohttp import web
from served_listener import JOB, served

from listener_sdk import Job, Listener
from tests.sdk.fake_server import AT, ok, wire_job

FILE = {"id": "us_fl_1", "name": "a.csv", "size": 1, "contentType": "text/csv", "createdAt": AT}


async def test_an_outcome_whose_answer_was_lost_is_sent_again_with_the_same_fence(server):
    listener = Listener()
    runs = []
    server.answers["complete"] = lambda _frame: []

    @listener.job("workbook:export")
    async def export(job: Job) -> str:
        runs.append(job.id)
        await job.tick(50)
        return "done"

    async with served(listener, server):
        await server.grant(wire_job(fence=7))
        await server.until_said("complete")
        server.answers["complete"] = lambda frame: [ok(frame)]
        # The server had stored the outcome: its lease is over.
        server.stale = [{"job": JOB, "fence": 7}]
        await server.drop()
        ends = await server.until_said("complete", 2)

    assert server.hellos[1]["session"] == server.hellos[0]["session"]
    assert server.hellos[1]["held"] == [{"job": JOB, "fence": 7}]
    assert [end["fence"] for end in ends] == [7, 7]
    assert ends[0]["id"] == ends[1]["id"]
    assert runs == [JOB]


async def test_after_a_reconnect_a_running_job_goes_on_and_its_last_tick_is_sent_again(server):
    listener = Listener()
    go_on = asyncio.Event()

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        await job.tick(30, "third")
        await go_on.wait()

    async with served(listener, server):
        await server.grant(wire_job())
        await server.until_said("tick")
        await server.drop()
        ticks = await server.until_said("tick", 2)
        go_on.set()
        await server.until_said("complete")

    assert ticks[0] == ticks[1] == {"type": "tick", "job": JOB, "fence": 1, "percent": 30.0, "text": "third"}
    assert server.hellos[1]["held"] == [{"job": JOB, "fence": 1}]
    assert len(server.said("ack")) == 2


async def test_lines_whose_answers_were_lost_are_sent_again_in_their_place(server):
    listener = Listener()
    go_on = asyncio.Event()
    server.answers["log"] = lambda _frame: []

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        job.log.info("first")
        await go_on.wait()
        job.log.info("second")

    async with served(listener, server):
        await server.grant(wire_job())
        (lost,) = await server.until_said("log")
        server.answers["log"] = lambda frame: [ok(frame)]
        await server.drop()
        (_, again) = await server.until_said("log", 2)
        go_on.set()
        await server.until_said("complete")

    assert lost == again
    assert [(frame["first"], frame["lines"][0]["message"]) for frame in server.said("log")] == [
        (0, "first"),
        (0, "first"),
        (1, "second"),
    ]


async def test_a_restart_of_the_server_does_not_fail_an_upload(server):
    listener = Listener()
    answers = iter([web.Response(status=503, text="starting"), {"data": FILE}])
    server.routes["POST", "/v1/files"] = lambda _request, _raw: next(answers)

    @listener.job("workbook:export")
    async def export(job: Job) -> str:
        return (await job.attach(b"x", "a.csv")).id

    async with served(listener, server):
        await server.grant(wire_job())
        (end,) = await server.until_said("complete")
    assert end["outcome"]["message"] == "us_fl_1"
    assert [path for _, path, _ in server.requests] == [f"/v1/files?name=a.csv&jobId={JOB}"] * 2

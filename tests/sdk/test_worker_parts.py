"""Handlers that split their job: the parts run beside it, and a stop ends the wait."""

import asyncio

import pytest
from served_listener import JOB, served

from listener_sdk import Canceled, Job, Listener, Outcome, SyncJob
from tests.sdk.fake_server import ok, wire_event, wire_job

WORKER, WAITS = 0, 1
"""The connections, in the order in which they were made."""


def part(number, **fields):
    facts = {"part": number, "partData": {"part": number}, "parentId": JOB, "partExecution": "parallel"}
    return wire_job(number + 2, **facts, **fields)


class Splitting:
    """Routes of a server on which the job is split into two parts."""

    def __init__(self, server):
        self.server = server
        self.parts = []
        server.routes["POST", f"/v1/jobs/{JOB}/split"] = self._split
        server.routes["GET", f"/v1/jobs/{JOB}"] = {"data": wire_job(status="executing", parts=2)}
        server.routes["GET", "/v1/jobs"] = self._list
        server.answers["complete"] = self._complete

    def _split(self, request, raw):
        self.parts = self.parts or [part(number) for number in range(2)]
        return {"data": wire_job(status="executing", parts=2)}

    def _list(self, request, _raw):
        assert request.query["parentId"] == JOB
        found = [one for one in self.parts if one["status"] in request.query.get("status", one["status"])]
        return {"data": found}

    def _complete(self, frame):
        for one in self.parts:
            if one["id"] == frame["job"]:
                one |= {"status": "complete", "result": frame.get("result")}
        return [ok(frame)]

    async def tell(self):
        """The last part has ended."""
        (asked,) = await self.server.until_said("subscribe")
        event = wire_event(1, "job:parts-completed", context={"jobId": JOB})
        events = {"type": "events", "sub": asked["sub"], "prev": "e:0", "events": [event]}
        await self.server.send(events, socket=WAITS)


async def both(job: Job) -> Outcome | dict:
    if job.is_part:
        return {"square": job.part_data["part"] ** 2 + job.input["add"]}
    parts = await job.split(2)
    result = await parts.wait()
    return Outcome(
        f"{result.completed} of {parts.total}", data={"sum": sum(p.result["square"] for p in result.jobs)}
    )


def both_sync(job: SyncJob) -> Outcome | dict:
    if job.is_part:
        return {"square": job.part_data["part"] ** 2 + job.input["add"]}
    parts = job.split(2)
    result = parts.wait()
    assert [one.status for one in parts.list()] == ["complete"] * 2
    return Outcome(
        f"{result.completed} of {parts.total}", data={"sum": sum(p.result["square"] for p in result.jobs)}
    )


@pytest.mark.parametrize("handler", [both, both_sync])
async def test_a_listener_of_one_slot_runs_the_parts_that_its_own_handler_waits_for(server, handler):
    listener = Listener()
    listener.job("workbook:export")(handler)
    splitting = Splitting(server)
    async with served(listener, server, concurrency=1):
        await server.grant(wire_job(input={"add": 1}))
        await server.until(lambda: splitting.parts)
        # The server counts no job that waits for its parts, so it grants beyond what the listener asked for.
        await server.grant(*(part(number, input={"add": 1}) for number in range(2)), socket=WORKER)
        await server.until_said("complete", 2)
        await splitting.tell()
        (end,) = await server.until_said("complete", job=JOB)
    assert end["outcome"]["message"] == "2 of 2"
    assert end["result"] == {"sum": 3}


async def test_a_second_attempt_splits_again_and_gets_the_same_parts(server):
    listener = Listener()
    listener.job("workbook:export")(both)
    splitting = Splitting(server)
    splitting.parts = [part(number, status="complete", result={"square": number}) for number in range(2)]
    async with served(listener, server):
        await server.grant(wire_job(attempt=2, fence=3))
        (end,) = await server.until_said("complete", job=JOB)
    assert end["result"] == {"sum": 1}
    posts = [body for method, _, body in server.requests if method == "POST"]
    assert posts == [{"parts": 2, "runInParallel": True}]


async def test_a_split_outlasts_a_restart_of_the_server(server, monkeypatch):
    monkeypatch.setattr("listener_sdk._patience.LONGEST_PAUSE_S", 0)
    listener = Listener()
    splitting = Splitting(server)
    answers = iter(["cut", "starting"])

    def split(request, raw):
        match next(answers, None):
            case "cut":
                request.transport.abort()
            case "starting":
                raise unavailable()
        return splitting._split(request, raw)

    server.routes["POST", f"/v1/jobs/{JOB}/split"] = split

    @listener.job("workbook:export")
    async def export(job: Job) -> dict:
        return {"parts": (await job.split([{"a": 1}, {"a": 2}], parallel=False)).total}

    async with served(listener, server):
        await server.grant(wire_job())
        (end,) = await server.until_said("complete")
    assert end["result"] == {"parts": 2}
    posts = [body for method, _, body in server.requests if method == "POST"]
    assert posts == [{"parts": [{"a": 1}, {"a": 2}], "runInParallel": False}] * 3


def unavailable():
    from aiohttp import web

    text = '{"errors": [{"code": "unavailable", "message": "The server is starting."}]}'
    return web.HTTPServiceUnavailable(text=text, content_type="application/json")


@pytest.mark.parametrize("in_thread", [True, False])
async def test_a_cancel_ends_the_wait_for_parts(server, in_thread):
    listener = Listener()
    Splitting(server)
    stopped = []

    async def wait(job: Job) -> None:
        try:
            await (await job.split(2)).wait()
        except asyncio.CancelledError:
            stopped.append("async")
            raise

    def wait_sync(job: SyncJob) -> None:
        try:
            job.split(2).wait()
        except Canceled:
            stopped.append("sync")
            raise

    listener.job("workbook:export")(wait_sync if in_thread else wait)
    async with served(listener, server):
        await server.grant(wire_job())
        await server.until_said("subscribe")
        await server.send({"type": "cancel", "job": JOB, "fence": 1, "graceS": 30}, socket=WORKER)
        await server.until_said("release")
    assert stopped == ["sync" if in_thread else "async"]


async def test_the_end_of_a_child_is_waited_for(server):
    listener = Listener()
    child = "us_jb_0000000099"
    server.routes["GET", f"/v1/jobs/{child}"] = {
        "data": wire_job(99, "sheet:check", status="failed", info="No rows.")
    }

    @listener.job("workbook:export")
    async def export(job: Job) -> str:
        started = await job.start("sheet:check", {"rows": 1})
        ended = await job.wait_for_end(started)
        return f"{ended.status}: {(await job.wait_for_end(ended.id)).info}"

    @listener.job("workbook:copy")
    def copy(job: SyncJob) -> str:
        return job.wait_for_end(job.start("sheet:check")).status

    async with served(listener, server):
        await server.grant(wire_job(), wire_job(2, "workbook:copy"))
        ends = await server.until_said("complete", 2)
    assert {end["outcome"]["message"] for end in ends} == {"failed: No rows.", "failed"}


async def test_a_wait_that_is_not_awaited_is_named(server):
    listener = Listener()
    Splitting(server)

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        (await job.split(2)).wait()

    async with served(listener, server):
        await server.grant(wire_job())
        (fail,) = await server.until_said("fail")
    assert fail["message"] == "parts.wait(...) was not awaited: write await parts.wait(...)"

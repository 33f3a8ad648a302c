"""Workers that stop: handlers finish within the grace, and what is left is given back."""

import asyncio
import threading

import pytest
from served_listener import JOB, served

from listener_sdk import Job, Listener, SyncJob
from tests.sdk.fake_server import DEADLINE_S, KEY, wire_job


async def test_a_graceful_stop_lets_handlers_finish(server):
    listener = Listener()
    go_on = asyncio.Event()

    @listener.job("workbook:export")
    async def export(job: Job) -> str:
        await go_on.wait()
        return "finished"

    async with served(listener, server) as stop:
        await server.grant(wire_job())
        await server.until_said("ack")
        stop.set()
        await server.until_said("listen", credit=0)
        go_on.set()
    (end,) = server.said("complete")
    assert end["outcome"]["message"] == "finished"
    assert not server.said("release")


async def test_a_stop_gives_back_what_does_not_finish_in_time(server):
    listener = Listener()

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        await asyncio.Event().wait()

    async with served(listener, server, grace_s=0):
        await server.grant(wire_job())
        await server.until_said("ack")
    (release,) = server.said("release")
    assert release["leases"] == [{"job": JOB, "fence": 1}]


async def test_a_handler_that_will_not_end_keeps_the_stop_waiting_for_a_while_only(server, monkeypatch):
    monkeypatch.setattr("listener_sdk.worker.UNWIND_S", 0.01)
    listener = Listener()
    go_on = threading.Event()

    @listener.job("workbook:export")
    def export(job: SyncJob) -> None:
        go_on.wait(DEADLINE_S)

    async with served(listener, server, grace_s=0):
        await server.grant(wire_job())
        await server.until_said("ack")
    assert len(server.said("release")) == 1
    go_on.set()


async def test_jobs_that_come_while_it_stops_are_given_back_unrun(server):
    listener = Listener()
    go_on = asyncio.Event()

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        await go_on.wait()

    async with served(listener, server) as stop:
        await server.grant(wire_job())
        await server.until_said("ack")
        stop.set()
        await server.until_said("listen", credit=0)
        await server.grant(wire_job(2))
        (release,) = await server.until_said("release")
        go_on.set()
    assert release["leases"] == [{"job": "us_jb_0000000002", "fence": 1}]
    assert len(server.said("ack")) == len(server.said("complete")) == 1


async def test_a_cancelled_serve_gives_its_jobs_back_at_once(server):
    listener = Listener()

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        await asyncio.Event().wait()

    task = asyncio.create_task(listener.serve(server.url, KEY))
    await server.grant(wire_job())
    await server.until_said("ack")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (release,) = server.said("release")
    assert release["leases"] == [{"job": JOB, "fence": 1}]

"""What a worker does within one turn of the loop: the frames by hand, without a connection."""

import asyncio
import json

from session_frames import kinds

from listener_sdk import Job, Listener
from listener_sdk.client import Client
from listener_sdk.worker import Worker
from tests.sdk.fake_server import AT, KEY, wire_job

listener = Listener()
began = []


@listener.job("workbook:export")
async def export(job: Job) -> None:
    began.append(job.id)
    if job.input:
        await asyncio.Event().wait()


def frames(*given):
    return json.dumps(given).encode()


def grants(*jobs):
    return {"type": "grants", "jobs": [{"job": job, "fence": 1, "attempt": 1} for job in jobs]}


async def connected():
    worker = Worker(Client("http://127.0.0.1:1", KEY), listener.handlers, 10)
    await worker.stream._take_message(
        frames({
            "type": "welcome", "version": 1, "session": "s", "server": "x", "space": "default", "leaseS": 30,
            "graceS": 30, "now": AT,
        })
    )  # fmt: skip
    worker.stream.session.take()
    began.clear()
    return worker


async def test_handlers_that_end_at_once_have_said_so_a_turn_after_their_grant_and_need_no_ack():
    worker = await connected()
    await worker.stream._take_message(
        frames(grants(wire_job(1), wire_job(2, input={"wait": True}), wire_job(3)))
    )
    await asyncio.sleep(0)
    assert [(frame.type, frame.job[-1]) for frame in worker.stream.session.take()] == [
        ("ack", "2"),
        ("complete", "1"),
        ("complete", "3"),
    ]
    await worker.abandon()


async def test_a_job_that_is_canceled_in_the_message_that_grants_it_is_given_back_unbegun():
    worker = await connected()
    cancel = {"type": "cancel", "job": wire_job()["id"], "fence": 1, "graceS": 30}
    await worker.stream._take_message(frames(grants(wire_job()), cancel))
    await asyncio.sleep(0)
    assert kinds(worker.stream.session.take()) == ["ack", "release"]
    assert began == []

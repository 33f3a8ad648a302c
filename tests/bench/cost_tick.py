"""What a tick costs a handler: merged ``tick`` and ``track``, in a listener that is connected to a server."""

import asyncio
import time
from importlib.metadata import version

import marks
from tickwire_server import KEY, Server

from listener_sdk import Client, Listener

TICKS = max(1000, int(200_000 * marks.SCALE))
ITEMS = max(1000, int(2_000_000 * marks.SCALE))
RUNS = 3

listener = Listener()


@listener.job("bench:tick")
async def tick(job):
    job_result = []
    for _ in range(RUNS):
        t = time.perf_counter()
        for done in range(TICKS):
            await job.tick(done=done, total=TICKS)
        job_result.append((time.perf_counter() - t) / TICKS * 1e6)
    return {"us": job_result}


@listener.job("bench:track")
async def track(job):
    found = []
    for _ in range(RUNS):
        t = time.perf_counter()
        async for _ in job.track(range(ITEMS)):
            pass
        tracked = time.perf_counter() - t
        t = time.perf_counter()
        for _ in range(ITEMS):
            pass
        found.append((tracked - (time.perf_counter() - t)) / ITEMS * 1e6)
    return {"us": found}


async def measured(client, name):
    job = await client.jobs.create(name)
    end = time.monotonic() + 60
    while (job := await client.jobs.get(job.id)).status not in {"complete", "failed"}:
        if time.monotonic() > end:
            raise TimeoutError(f"{name} did not end")
        await asyncio.sleep(0.05)
    return [round(us, 3) for us in job.result["us"]]


async def main():
    server = Server()
    stop = asyncio.Event()
    async with Client(server.url, KEY) as client:
        serving = asyncio.create_task(listener.serve(server.url, KEY, stop=stop))
        try:
            return {
                "tick_us": await measured(client, "bench:tick"),
                "track_us": await measured(client, "bench:track"),
            }
        finally:
            stop.set()
            await serving
            server.stop()


if __name__ == "__main__":
    cal = marks.cal_ms()
    try:
        out = asyncio.run(main())
    except Exception as error:
        out = marks.explained(error)
    marks.emit(kind="tick", name="tickwire", version=version("tickwire"), cal_ms=[cal, marks.cal_ms()], **out)

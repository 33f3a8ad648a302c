"""Prefect background tasks: task.delay() to a REST server, task.serve() fed over its websocket."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from importlib.metadata import version

import jobs
import marks


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


home = str(marks.WORK / "prefect-home")
port = os.environ.setdefault("BENCH_PREFECT_PORT", str(free_port()))
os.environ.update(
    PREFECT_HOME=home,
    PREFECT_API_URL=f"http://127.0.0.1:{port}/api",
    PREFECT_LOGGING_LEVEL="ERROR",
    DO_NOT_TRACK="1",
    PREFECT_SERVER_ANALYTICS_ENABLED="false",
    PREFECT_SERVER_UI_ENABLED="false",
    PREFECT_LOGGING_SERVER_LEVEL="ERROR",
)

import prefect  # noqa: E402 - it reads the environment when it is imported
import prefect.task_worker  # noqa: E402 - the same


@prefect.task(name="noop", log_prints=False)
async def noop(i: int):
    marks.mark(i)


class Prefect(jobs.Peer):
    name = "prefect server (sqlite)"
    version = version("prefect")
    broker = "its REST server + SQLite"
    durability = "SQLite as Prefect opens it (WAL, synchronous=NORMAL)"
    poll = "push (websocket)"
    n_life = 200  # the end is the last handler's start: its states are recorded a little later
    n_single = 100
    concurrent = False
    lat_samples = 60
    ready_s = 60

    async def setup(self):
        shutil.rmtree(home, ignore_errors=True)
        address = ["--host", "127.0.0.1", "--port", port]
        with (marks.WORK / "prefect-server.log").open("wb") as log:
            self.server = marks.child(
                [sys.executable, "-m", "prefect", "server", "start", *address, "--no-ui"],
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=2).read()
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                await asyncio.sleep(0.3)

    async def enqueue(self, i):
        r = noop.apply_async(kwargs={"i": i})
        if asyncio.iscoroutine(r):
            await r

    async def clear(self):
        """Nothing: runs deleted over REST are still delivered by the server, so the warm-up finishes them."""

    async def close(self):
        self.server.terminate()
        try:
            self.server.wait(8)
        except subprocess.TimeoutExpired:
            self.server.kill()

    def worker(self):
        prefect.task_worker.serve(noop, limit=marks.CONC)


if __name__ == "__main__":
    jobs.main(Prefect)

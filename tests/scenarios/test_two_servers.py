"""Two server processes on one PostgreSQL database, listeners and subscribers at both, and one of the servers killed."""

import asyncio
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from postgres import postgres
from processes import DEADLINE_S, listener, server

from listener_sdk import Client

pytestmark = pytest.mark.must_run

KEY = "an-administrator-key-of-this-test-alone"
JOBS = 120
SCRIPT = """
import os
from listener_sdk import Job, Listener

listener = Listener()

@listener.job("pair:test", concurrency=20)
async def run(job: Job) -> str:
    await job.tick(50)
    with open(os.environ["RECORD"], "a") as file:
        file.write(f"{job.id} {job.fence}\\n")
    return "done"

listener.run()
"""


class Pair:
    """Two servers on one database, a listener at each, and all that their subscribers have seen."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        script, self.record = folder / "pair.py", folder / "record"
        script.write_text(SCRIPT)
        self.record.touch()
        url = postgres().store()
        self.servers = [
            stack.enter_context(server(folder / name, cold=True, database_url=url, admin_key=KEY))
            for name in ("one", "two")
        ]
        for home in self.servers:
            env = {"TICKWIRE_API_KEY": KEY, "TICKWIRE_URL": home.url, "RECORD": str(self.record)}
            stack.enter_context(listener(script, env))
        self.clients = [Client(home.url, KEY) for home in self.servers]
        self.seen: list[list[Any]] = [[], []]
        self.came = asyncio.Event()

    async def follow(self, n: int) -> None:
        async for event in self.clients[n].subscribe("**", after="oldest"):
            self.seen[n].append(event)
            self.came.set()

    async def create(self, count: int, *clients: Client) -> None:
        async with asyncio.TaskGroup() as group:
            for n in range(count):
                group.create_task(clients[n % len(clients)].jobs.create("pair:test"))

    async def completed(self, n: int, count: int) -> None:
        """So many jobs are complete, as this server tells."""
        async with asyncio.timeout(DEADLINE_S):
            while sum(event.topic == "job:completed" for event in self.seen[n]) < count:
                self.came.clear()
                await self.came.wait()


async def test_every_job_runs_once_and_every_subscriber_sees_all_in_order(tmp_path: Path) -> None:
    with ExitStack() as stack:
        pair = Pair(tmp_path, stack)
        followers = [asyncio.create_task(pair.follow(n)) for n in range(2)]
        try:
            await pair.create(JOBS, *pair.clients)
            await pair.completed(1, JOBS // 4)
            pair.servers[0].kill()
            await pair.create(JOBS, pair.clients[1])
            pair.servers[0].start()
            for n in range(2):
                await pair.completed(n, 2 * JOBS)
        finally:
            for follower in followers:
                follower.cancel()
            await asyncio.gather(*followers, return_exceptions=True)
            for client in pair.clients:
                await client.close()
    first, second = ([event.position for event in seen] for seen in pair.seen)
    assert first == second
    assert [int(position.split(":")[1]) for position in first] == list(range(1, len(first) + 1))
    ends = Counter(event.job_id for event in pair.seen[0] if event.topic == "job:completed")
    assert set(ends.values()) == {1}
    runs = Counter(line.split()[0] for line in pair.record.read_text().splitlines())
    assert set(runs) == set(ends)
    assert sum(runs.values()) == 2 * JOBS, "no lease was lost, so no job ran twice"

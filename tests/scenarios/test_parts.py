"""Split jobs with real processes: listeners and the server die in the middle, and every part is counted once."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from processes import DEADLINE_S, Server, listener, server, until

from listener_sdk import Client

pytestmark = pytest.mark.must_run

SCRIPT = """
import json, os, time
from pathlib import Path
from listener_sdk import Fatal, Job, Listener, SyncJob

listener = Listener()
gate, record = Path(os.environ["GATE"]), Path(os.environ["RECORD"])

def note(job, what):
    with record.open("a") as file:
        file.write(json.dumps({"who": os.getpid(), "part": job.part, "attempt": job.attempt, "what": what}) + "\\n")

def part(job):
    while not (gate / str(job.part)).exists():
        job.tick()
        time.sleep(0.01)
    note(job, "done")
    if job.part == 1:
        raise Fatal("no luck")
    return {"square": job.part ** 2}

@listener.job("parts:test")
def run(job: SyncJob[dict]):
    if job.is_part:
        return part(job)
    note(job, "split")
    result = job.split(job.input["parts"], parallel=job.input["parallel"]).wait()
    note(job, "waited")
    squares = [one.result["square"] for one in result.jobs if one.result]
    return {"counts": [result.total, result.completed, result.failed, result.canceled], "squares": squares}

listener.run(concurrency=1)
"""


class Bench:
    """The script, a gate for each part, and the record of what was done."""

    def __init__(self, folder: Path) -> None:
        self.script = folder / "parts.py"
        self.script.write_text(SCRIPT)
        self.gate = folder / "gate"
        self.gate.mkdir()
        self.record = folder / "record"
        self.record.touch()

    def open(self, *parts: int) -> None:
        for part in parts:
            (self.gate / str(part)).touch()

    def env(self, home: Server) -> dict[str, str]:
        return {**home.environment, "GATE": str(self.gate), "RECORD": str(self.record)}

    def notes(self, what: str) -> list[dict[str, Any]]:
        every = [json.loads(line) for line in self.record.read_text().splitlines()]
        return [note for note in every if note["what"] == what]


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


async def create(client: Client, *, parts: int, parallel: bool) -> str:
    return (await client.jobs.create("parts:test", {"parts": parts, "parallel": parallel})).id


async def ended(client: Client, job_id: str) -> Any:
    async with asyncio.timeout(DEADLINE_S):
        return await client.jobs.wait(job_id)


async def told(client: Client, job_id: str) -> list[Any]:
    """The payloads of ``job:parts-completed`` about the job."""
    events = client.events.iterate(topics="job:parts-completed", after="oldest", page_size=100)
    return [event.payload["parts"] async for event in events if event.job_id == job_id]


@pytest.mark.parametrize("parallel", [True, False])
async def test_a_listener_that_takes_one_job_at_a_time_runs_its_own_parts(tmp_path, bench, parallel):
    bench.open(0, 1, 2)
    with server(tmp_path / "server") as home, listener(bench.script, bench.env(home)):
        async with Client(home.url, home.key) as client:
            job_id = await create(client, parts=3, parallel=parallel)
            job = await ended(client, job_id)
            assert job.result == {"counts": [3, 2, 1, 0], "squares": [0, 4]}
            assert [note["part"] for note in bench.notes("done")] == [0, 1, 2]
            assert await told(client, job_id) == [{"total": 3, "completed": 2, "failed": 1, "canceled": 0}]


async def test_a_listener_that_dies_is_followed_by_one_that_gets_the_same_parts(tmp_path, bench):
    with server(tmp_path / "server", lease_s=2) as home:
        with listener(bench.script, bench.env(home)) as first:
            async with Client(home.url, home.key) as client:
                job_id = await create(client, parts=3, parallel=True)
                bench.open(0)
                until(lambda: bench.notes("done"), "the first part is done")
                first.kill()
        bench.open(1, 2)
        with listener(bench.script, bench.env(home)):
            async with Client(home.url, home.key) as client:
                job = await ended(client, job_id)
                parts = await client.jobs.parts(job_id)
        assert job.result["counts"] == [3, 2, 1, 0]
        assert [note["attempt"] for note in bench.notes("split")] == [1, 2]
        assert [(part.part, part.status) for part in parts] == [
            (0, "complete"),
            (1, "failed"),
            (2, "complete"),
        ]
        assert sum(note["part"] == 2 for note in bench.notes("done")) == 1


async def test_a_server_that_dies_keeps_the_handler_waiting_and_the_counts_right(tmp_path, bench):
    home = Server(tmp_path / "server", lease_s=5).start()
    try:
        with listener(bench.script, bench.env(home)):
            async with Client(home.url, home.key) as client:
                job_id = await create(client, parts=3, parallel=True)
                bench.open(0)
                await asyncio.to_thread(until, lambda: bench.notes("done"), "the first part is done")
                waiting = asyncio.create_task(client.jobs.wait_for_parts(job_id))
                home.kill()
                bench.open(1)
                home.start()
                bench.open(2)
                job = await ended(client, job_id)
                async with asyncio.timeout(DEADLINE_S):
                    result = await waiting
                counts = await told(client, job_id)
        assert job.result == {"counts": [3, 2, 1, 0], "squares": [0, 4]}
        assert (result.total, result.completed, result.failed) == (3, 2, 1)
        assert counts == [{"total": 3, "completed": 2, "failed": 1, "canceled": 0}]
        assert len(bench.notes("split")) == len(bench.notes("waited")) == 1
    finally:
        home.stop()


async def test_a_cancel_of_the_job_ends_its_parts_and_the_wait(tmp_path, bench):
    with server(tmp_path / "server") as home, listener(bench.script, bench.env(home)):
        async with Client(home.url, home.key) as client:
            job_id = await create(client, parts=3, parallel=True)
            bench.open(0)
            await asyncio.to_thread(until, lambda: bench.notes("done"), "the first part is done")
            started = time.monotonic()
            await client.jobs.cancel(job_id)
            job = await ended(client, job_id)
            async with asyncio.timeout(DEADLINE_S):
                result = await client.jobs.wait_for_parts(job_id)
        assert job.status == "canceled"
        assert (result.completed, result.canceled) == (1, 2)
        assert time.monotonic() - started < 20, "no grace was waited out"
        assert bench.notes("waited") == []


async def test_jobs_follow_each_other_by_bulk(tmp_path, bench):
    bench.open(0)
    with server(tmp_path / "server") as home:
        async with Client(home.url, home.key) as client:
            facts = {"name": "parts:test", "input": {"parts": 1, "parallel": True}}
            made = await client.jobs.create_many(
                [facts, {**facts, "predecessor_ids": ["#0"]}, {**facts, "priority": 3}]
            )
            assert [one.status for one in made] == ["ready", "waiting", "ready"]
            with listener(bench.script, bench.env(home)):
                jobs = await asyncio.gather(*(ended(client, one.id) for one in made))
            assert [job.result["counts"] for job in jobs] == [[1, 1, 0, 0]] * 3
            assert jobs[2].started_at < jobs[0].started_at <= jobs[0].finished_at <= jobs[1].started_at
            again = await client.jobs.retry_many(status="complete", job="parts:*", exclude_child_jobs=True)
            assert (again.done, again.more) == (3, False)
            canceled = await client.jobs.cancel_many(all=True)
            assert (canceled.matched, canceled.done) == (3, 3)

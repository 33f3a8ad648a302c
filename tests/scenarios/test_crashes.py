"""Crashes of real processes: a server or a listener is killed in the middle of a run, and the promises hold."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from processes import DEADLINE_S, Server, listener, server, until

from listener_sdk import ApiError, Client

pytestmark = pytest.mark.must_run

SCRIPT = """
import json, os, sys, time
from pathlib import Path
from listener_sdk import Canceled, Listener, Outcome, SyncJob

listener = Listener()
gate, steps = Path(os.environ["GATE"]), Path(os.environ["STEPS"])

def note(job, step):
    with steps.open("a") as file:
        file.write(json.dumps({"who": os.getpid(), "attempt": job.attempt, "fence": job.fence, "step": step}) + "\\n")

@listener.job("crash:test")
def run(job: SyncJob[dict]) -> Outcome:
    for step in range(job.input["steps"]):
        try:
            while int(gate.read_text() or 0) <= step:
                job.tick()
                time.sleep(0.01)
        except Canceled:
            note(job, "stopped")
            raise
        note(job, step)
        job.tick(done=step + 1, total=job.input["steps"], text=f"step {step}")
    return Outcome("All steps done")

listener.run()
"""


class Bench:
    """The listener's script with a gate that lets it take so many steps, and the record of those taken."""

    def __init__(self, folder: Path) -> None:
        self.script = folder / "steps.py"
        self.script.write_text(SCRIPT)
        self.gate = folder / "gate"
        self.record = folder / "record"
        self.record.touch()
        self.open(0)

    def open(self, steps: int) -> None:
        fresh = self.gate.with_suffix(".new")
        fresh.write_text(str(steps))
        fresh.replace(self.gate)

    def env(self, home: Server) -> dict[str, str]:
        return {**home.environment, "GATE": str(self.gate), "STEPS": str(self.record)}

    @property
    def steps(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.record.read_text().splitlines()]

    def reached(self, step: int) -> None:
        until(lambda: self.steps and self.steps[-1]["step"] >= step, f"step {step} is taken")


async def collect(client: Client, seen: list[Any]) -> None:
    """Follow the whole log from its start."""
    async for event in client.subscribe("**", after="oldest"):
        seen.append(event)  # noqa: PERF401 - the test looks at the list while it grows


async def status(client: Client, job_id: str, *wanted: str) -> Any:
    """The job, once it has one of these statuses."""
    return await job_when(client, job_id, lambda job: job.status in wanted)


async def job_when(client: Client, job_id: str, test: Callable[[Any], bool]) -> Any:
    """The job, once it passes the test."""
    job = await client.jobs.get(job_id)
    end = time.monotonic() + DEADLINE_S
    while not test(job):
        assert time.monotonic() < end, job
        await asyncio.sleep(0.05)
        job = await client.jobs.get(job_id)
    return job


async def eventually(test: Callable[[], Any], what: str) -> None:
    """Wait in a thread, so that the loop goes on."""
    await asyncio.to_thread(until, test, what)


async def whole_log(client: Client) -> list[Any]:
    """Every event, by REST."""
    return [event async for event in pages(client)]


async def pages(client: Client) -> AsyncIterator[Any]:
    number = 1
    while page := (await client.events.list(topics="**", page_size=100, page_number=number)).items:
        for event in page:
            yield event
        number += 1


async def test_server_killed_in_the_middle_of_a_run(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    with server(tmp_path / "home", cold=True) as home, listener(bench.script, bench.env(home)) as worker:
        async with Client(home.url, home.key) as client:
            seen: list[Any] = []
            follower = asyncio.create_task(collect(client, seen))
            job = await client.jobs.create("crash:test", input={"steps": 8})
            bench.open(3)
            await asyncio.to_thread(bench.reached, 2)
            await status(client, job.id, "executing")
            home.kill()
            bench.open(6)
            await asyncio.to_thread(bench.reached, 5)
            await asyncio.to_thread(home.start)
            before = await status(client, job.id, "executing")
            bench.open(8)
            after = await status(client, job.id, "complete")

            assert [s["step"] for s in bench.steps] == list(range(8)), worker.text
            assert {(s["attempt"], s["fence"]) for s in bench.steps} == {(1, 1)}
            assert (before.attempt, before.fence, after.attempt, after.fence) == (1, 1, 1, 1)
            log = await whole_log(client)
            await eventually(lambda: len(seen) >= len(log), "the follower has seen the whole log")
            follower.cancel()
            assert [e.position for e in seen] == [e.position for e in log]
            assert [e.position.split(":")[1] for e in seen] == [str(n) for n in range(1, len(seen) + 1)]
            mine = [e for e in seen if e.job_id == job.id]
            assert [e.topic for e in mine if e.topic in {"job:completed", "job:failed", "job:canceled"}] == [
                "job:completed"
            ]
            last_tick = [e for e in mine if e.topic == "job:updated"][-1]
            assert (last_tick.payload["done"], last_tick.payload["info"]) == (8, "step 7")
            assert mine[-1].topic == "job:completed"


async def test_last_tick_is_sent_again_after_a_restart(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    with server(tmp_path / "home", cold=True) as home, listener(bench.script, bench.env(home)):
        async with Client(home.url, home.key) as client:
            job = await client.jobs.create("crash:test", input={"steps": 8})
            bench.open(2)
            await asyncio.to_thread(bench.reached, 1)
            home.kill()
            bench.open(5)
            await asyncio.to_thread(bench.reached, 4)
            await asyncio.to_thread(home.start)
            found = await job_when(client, job.id, lambda job: job.info == "step 4")
            assert (found.status, found.done, found.attempt) == ("executing", 5, 1)
            bench.open(8)
            await status(client, job.id, "complete")


async def test_listener_killed_in_the_middle_of_a_run(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    with server(tmp_path / "home", cold=True, lease_s=2, ack_deadline_s=2) as home:
        async with Client(home.url, home.key) as client:
            job = await client.jobs.create("crash:test", input={"steps": 4})
            with listener(bench.script, bench.env(home)) as first:
                bench.open(2)
                await asyncio.to_thread(bench.reached, 1)
                first.kill()
            with listener(bench.script, bench.env(home)) as second:
                await asyncio.to_thread(
                    until, lambda: any(s["attempt"] == 2 for s in bench.steps), "another listener takes over"
                )
                taken = await client.jobs.get(job.id)
                assert taken.fence > 1
                with pytest.raises(ApiError) as late:
                    await client.jobs.complete(job.id, fence=1)
                assert (late.value.status, late.value.code) == (409, "stale_lease")
                bench.open(4)
                done = await status(client, job.id, "complete")
                assert done.attempt == 2, second.text
            again = [s for s in bench.steps if s["attempt"] == 2]
            assert [s["step"] for s in again] == [0, 1, 2, 3]
            assert {s["fence"] for s in again} == {done.fence}
            attempts = await client.jobs.attempts(job.id)
            assert [(a.attempt, a.fence, a.reason) for a in attempts] == [(1, 1, "lease lost")]
            topics = [e.topic for e in await whole_log(client) if e.job_id == job.id]
            assert topics.count("job:attempt-failed") == 1
            assert [t for t in topics if t in {"job:completed", "job:failed", "job:canceled"}] == [
                "job:completed"
            ]


async def test_a_paused_listener_comes_back_too_late(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    with server(tmp_path / "home", cold=True, lease_s=2, ack_deadline_s=2) as home:
        async with Client(home.url, home.key) as client:
            job = await client.jobs.create("crash:test", input={"steps": 3})
            with listener(bench.script, bench.env(home)) as first:
                bench.open(1)
                await asyncio.to_thread(bench.reached, 0)
                first.pause()
                with listener(bench.script, bench.env(home)):
                    await eventually(
                        lambda: any(s["attempt"] > 1 for s in bench.steps),
                        "another listener takes over",
                    )
                    first.go_on()
                    await asyncio.to_thread(
                        until, lambda: "lease" in first.text, "the first hears of its loss"
                    )
                    await eventually(
                        lambda: any(s["step"] == "stopped" for s in bench.steps), "its handler has stopped"
                    )
                    bench.open(3)
                    done = await status(client, job.id, "complete")
            taken = [(s["attempt"], s["step"]) for s in bench.steps]
            assert [step for attempt, step in taken if attempt == 1] == [0, "stopped"]
            assert [step for attempt, step in taken if attempt == 2] == [0, 1, 2]
            assert done.attempt == 2
            topics = [e.topic for e in await whole_log(client) if e.job_id == job.id]
            assert topics.count("job:completed") == 1

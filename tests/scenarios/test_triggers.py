"""Event triggers in real server processes: killed in the middle of a burst, two on one store, and jobs that start each other."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from postgres import postgres
from processes import DEADLINE_S, Server, listener, server

from listener_sdk import ApiError, Client, ConnectionFailed

pytestmark = pytest.mark.must_run

KEY = "an-administrator-key-of-this-test-alone"
EVENTS = 200
MAPPING = {"echo": "{{ event.payload.n }}"}
SCRIPT = """
from listener_sdk import Job, Listener

listener = Listener()

@listener.job("circle:go")
async def go(job: Job) -> None:
    await job.publish("circle:turned", {"echo": (job.input or {}).get("echo", 0)})

@listener.on("circle:turned")
async def note(event):
    await listener.client.jobs.create("circle:noted", {"turn": event.id}, unique_key=event.id)

@listener.job("circle:noted")
async def noted(job: Job) -> dict:
    return job.input

listener.run()
"""


@contextmanager
def servers(folder: Path, *, shared: bool) -> Iterator[list[Server]]:
    """One server with a store of its own, or two that share one."""
    settings: dict[str, Any] = {"admin_key": KEY, "lease_s": 2}
    if shared:
        settings["database_url"] = postgres().store()
    with ExitStack() as stack:
        yield [stack.enter_context(server(folder / str(n), **settings)) for n in range(1 + shared)]


async def published(client: Client, topic: str, n: int) -> None:
    """An event is stored once, whatever happens to the server meanwhile."""
    while True:
        try:
            await client.events.publish(topic, {"n": n}, idempotency_key=f"{topic} {n}")
        except (ConnectionFailed, ApiError):
            await asyncio.sleep(0.05)
        else:
            return


async def jobs_of(client: Client, definition: str) -> AsyncIterator[Any]:
    async for job in client.jobs.iterate(definition=definition, page_size=100):
        yield job


async def started(client: Client, definition: str, count: int) -> list[Any]:
    """The jobs of a definition, once there are so many."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            try:
                found = [job async for job in jobs_of(client, definition)]
            except (ConnectionFailed, ApiError):
                found = []
            if len(found) >= count:
                return found
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("shared", [False, True], ids=["sqlite", "postgresql"])
async def test_a_kill_in_the_middle_of_a_burst_loses_and_doubles_nothing(
    tmp_path: Path, shared: bool
) -> None:
    with servers(tmp_path, shared=shared) as homes:
        clients = [Client(home.url, KEY) for home in homes]
        try:
            trigger = {"topic": "burst:fired", "params": MAPPING, "max_per_minute": 6000}
            made = clients[0].definitions.create
            await made("burst", "noop", enabled=True, triggers=[trigger])
            await made("last", "noop", enabled=True, triggers=[{"topic": "burst:over"}])
            sending = [
                asyncio.create_task(published(clients[n % len(clients)], "burst:fired", n))
                for n in range(EVENTS)
            ]
            async with asyncio.timeout(DEADLINE_S):
                while sum(task.done() for task in sending) < EVENTS // 4:
                    await asyncio.wait(
                        [task for task in sending if not task.done()], return_when="FIRST_COMPLETED"
                    )
            homes[0].kill()
            await asyncio.to_thread(homes[0].start)
            await asyncio.gather(*sending)
            await published(clients[0], "burst:over", 0)
            await started(clients[0], "last", 1)
            found = await started(clients[-1], "burst", EVENTS)
            assert sorted(job.input["echo"] for job in found) == list(range(EVENTS))
            assert set(Counter(job.started_by["eventId"] for job in found).values()) == {1}
            assert {(job.depth, job.created_by) for job in found} == {(1, "system")}
        finally:
            for client in clients:
                await client.close()


async def test_a_circle_of_listener_and_trigger_ends_and_is_told(tmp_path: Path) -> None:
    script = tmp_path / "circle.py"
    script.write_text(SCRIPT)
    with (
        servers(tmp_path, shared=False) as [home],
        listener(script, {"TICKWIRE_API_KEY": KEY, "TICKWIRE_URL": home.url}),
    ):
        async with Client(home.url, KEY) as client:
            # The built-in job publishes what turns the circle as the listener does: each names its job.
            again = {"topic": "circle:turned", "context": {"actionId": "us_ac_1"}}
            await client.definitions.create(
                "turn", "publishEvent", again, enabled=True, triggers=[{"topic": "circle:turned"}]
            )
            first = await client.jobs.create("circle:go", {"echo": 1})
            seen: list[Any] = []
            async with asyncio.timeout(DEADLINE_S):
                async for event in client.subscribe("definition:trigger-stopped", after="oldest"):
                    seen.append(event)
                    break
            assert (seen[0].payload["definition"], seen[0].payload["reason"]) == ("turn", "depth")
            turns = [job async for job in jobs_of(client, "turn")]
            assert sorted(job.depth for job in turns) == list(range(1, 9))
            shown = await client.definitions.get("turn")
            assert (shown.trigger_stops, shown.trigger_problem.reason) == (1, "depth")
            events = (await client.events.list(topic="circle:turned", topics="**")).items
            assert events[0].context["jobId"] == first.id
            noted = client.subscribe("job:completed", where={"job": "circle:noted"}, after="oldest")
            turns_noted: set[str] = set()
            async with asyncio.timeout(DEADLINE_S):
                async for event in noted:
                    turns_noted.add((await client.jobs.get(event.job_id)).result["turn"])
                    if len(turns_noted) == len(events):
                        break
            assert turns_noted == {event.id for event in events}

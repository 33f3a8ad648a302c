"""An import in full and in delta with real processes: a source that grows, a copy of it, and the watermark between them."""

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from postgres import postgres
from processes import DEADLINE_S, Server, listener, server, until

from listener_sdk import Client
from listener_sdk.protocol.jobs import Job

pytestmark = pytest.mark.must_run

KEY = "an-administrator-key-of-this-test-alone"
SCRIPT = """
import json, os, time
from pathlib import Path
from listener_sdk import Fatal, Listener, SyncJob

listener = Listener()
folder = Path(os.environ["FOLDER"])

def rows(name):
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]

@listener.job("crm:import", modes=["full", "delta"])
def run(job: SyncJob[dict]):
    since = int(job.watermark.since or 0)
    new = [row for row in rows("source") if job.run_mode == "full" or row["changed"] > since]
    with (folder / "seen").open("a") as file:
        for row in new:
            file.write(json.dumps({"job": job.id, "mode": job.run_mode, "since": job.watermark.since, **row}) + "\\n")
    job.watermark.advance(max([since, *(row["changed"] for row in new)]))
    (folder / f"read-{job.id}").touch()
    while (folder / "wait").exists() and not (folder / f"go-{job.id}").exists():
        job.tick()
        time.sleep(0.01)
    if (folder / "fail").exists():
        raise Fatal("the source is away")
    return f"{len(new)} rows"

listener.run()
"""


class Import:
    """The source, what each run has read of it, and the definition on its server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.script = folder / "import.py"
        self.script.write_text(SCRIPT)
        for name in ("source", "seen"):
            (folder / name).touch()

    def add(self, *changed: int) -> None:
        with (self.folder / "source").open("a") as file:
            for number in changed:
                file.write(json.dumps({"id": f"row-{number}", "changed": number}) + "\n")

    def seen(self, job: Job | str) -> list[tuple[str, str | None, int]]:
        """What a run has read, and how."""
        job_id = job if isinstance(job, str) else job.id
        lines = [json.loads(line) for line in (self.folder / "seen").read_text().splitlines()]
        return [(row["mode"], row["since"], row["changed"]) for row in lines if row["job"] == job_id]

    def env(self, home: Server) -> dict[str, str]:
        return {"TICKWIRE_API_KEY": KEY, "TICKWIRE_URL": home.url, "FOLDER": str(self.folder)}

    def read(self, job_id: str) -> bool:
        return (self.folder / f"read-{job_id}").exists()

    def let_go(self, job_id: str) -> None:
        (self.folder / f"go-{job_id}").touch()


async def declared(client: Client) -> None:
    """A listener has said what it can do."""
    async with asyncio.timeout(DEADLINE_S):
        async for event in client.subscribe("job-type:declared", after="oldest"):
            assert event.payload["jobType"] == "crm:import"
            return


async def run(client: Client, **fields: Any) -> Job:
    job = await client.definitions.execute("nightly", **fields)
    async with asyncio.timeout(DEADLINE_S):
        return await client.jobs.wait(job.id)


async def began(found: Import, client: Client) -> str:
    """A run that has read, and waits to be let go."""
    job_id = (await client.definitions.execute("nightly")).id
    await asyncio.to_thread(until, lambda: found.read(job_id), "the run has read")
    return job_id


async def value(client: Client) -> str | None:
    return (await client.definitions.watermark("nightly")).value


async def follow_the_story(found: Import, client: Client) -> None:
    """First full, then delta with the new rows alone; failed, canceled and partial-by-mistake runs change nothing."""
    found.add(1, 2, 3)
    first = await run(client)
    assert found.seen(first) == [("full", None, 1), ("full", None, 2), ("full", None, 3)]
    assert await value(client) == "3"

    found.add(4, 5)
    second = await run(client)
    assert found.seen(second) == [("delta", "3", 4), ("delta", "3", 5)]
    assert second.watermark == {"since": "3", "version": 1, "to": "5", "moved": True}

    found.add(6)
    (found.folder / "fail").touch()
    third = await run(client)
    assert (third.status, found.seen(third)) == ("failed", [("delta", "5", 6)])
    assert await value(client) == "5"

    (found.folder / "fail").unlink()
    fourth = await run(client)
    assert found.seen(fourth) == [("delta", "5", 6)]
    assert await value(client) == "6"

    whole = await run(client, mode="full")
    assert [row[:2] for row in found.seen(whole)] == [("full", None)] * 6

    await client.definitions.reset_watermark("nightly")
    again = await run(client)
    assert [row[:2] for row in found.seen(again)] == [("full", None)] * 6


async def race(found: Import, clients: list[Client]) -> None:
    """Two runs at once: whoever ends first moves the watermark, the other says in its log that it did not."""
    found.add(7)
    (found.folder / "wait").touch()
    one, two = [await began(found, client) for client in clients]
    assert found.seen(one) == found.seen(two) == [("delta", "6", 7)]
    for job_id, client in ((two, clients[1]), (one, clients[0])):
        found.let_go(job_id)
        async with asyncio.timeout(DEADLINE_S):
            await client.jobs.wait(job_id)
    ends = [(await clients[0].jobs.get(job_id)).watermark for job_id in (one, two)]
    assert [end and end["moved"] for end in ends] == [False, True]
    assert await value(clients[0]) == await value(clients[1]) == "7"
    lines = [line.message for line in await clients[1].jobs.log(one) if line.level == "warning"]
    assert ["was not moved to 7" in line for line in lines] == [True]


@pytest.mark.parametrize("servers", [1, 2], ids=["one on SQLite", "two on PostgreSQL"])
async def test_first_full_then_delta_and_a_failed_run_leaves_the_watermark(
    tmp_path: Path, servers: int
) -> None:
    settings = {"admin_key": KEY} | ({"database_url": postgres().store()} if servers > 1 else {})
    found = Import(tmp_path)
    async with AsyncExitStack() as stack:
        homes = [
            stack.enter_context(server(tmp_path / f"server-{number}", **settings))
            for number in range(servers)
        ]
        for home in homes:
            stack.enter_context(listener(found.script, found.env(home)))
        clients = [await stack.enter_async_context(Client(home.url, KEY)) for home in homes]
        await declared(clients[0])
        modes = {"default": "delta"}
        await clients[0].definitions.create("nightly", "crm:import", enabled=True, modes=modes)
        await follow_the_story(found, clients[-1])
        await race(found, [clients[0], clients[-1]])

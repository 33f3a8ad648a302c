"""Built-in jobs in real server processes: what they do, a server that is killed in the middle, and two that share the work."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from own_jobs import until, website
from postgres import postgres
from processes import DEADLINE_S, Server, server

from listener_sdk import Client

pytestmark = pytest.mark.must_run

KEY = "an-administrator-key-of-this-test-alone"
DATA = os.urandom(300_000)
SETTINGS = {"allow_addresses": "127.0.0.0/8", "lease_s": 2, "admin_key": KEY}


class Site:
    """A server on loopback; ``/held`` answers when it is let, ``/file`` sends half and the rest when it is let."""

    def __init__(self) -> None:
        self.inside = 0
        self.most = 0
        self.calls = 0
        self.changed = asyncio.Event()
        self.let = asyncio.Event()
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.calls += 1
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.changed.set()
        try:
            return await self._answer(request)
        finally:
            self.inside -= 1

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/held":
            await self.let.wait()
            return web.json_response({"held": True})
        if request.path != "/file":
            return web.json_response({"path": request.path, "sent": await request.text()})
        response = web.StreamResponse(headers={"Content-Length": str(len(DATA)), "ETag": '"one"'})
        await response.prepare(request)
        await response.write(DATA[:100_000])
        await self.let.wait()
        await response.write(DATA[100_000:])
        return response

    async def holds(self, count: int) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while self.inside < count:
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    found = Site()
    async with website(found.handle) as found.url:
        yield found
        found.let.set()


def databases() -> list[Any]:
    return [
        pytest.param(dict, id="sqlite"),
        pytest.param(lambda: {"database_url": postgres().store()}, id="postgresql"),
    ]


async def ended(client: Client, *jobs: Any) -> list[Any]:
    async with asyncio.timeout(DEADLINE_S):
        return [await client.jobs.wait(job.id) for job in jobs]


@pytest.mark.parametrize("database", databases())
async def test_each_type_does_what_it_says_and_a_killed_server_loses_nothing(
    tmp_path: Path, site: Site, database: Any
) -> None:
    with server(tmp_path / "one", **SETTINGS, **database()) as home:
        async with Client(home.url, KEY) as client:
            await each_type(client, site, tmp_path)
            await killed_in_the_middle(client, site, home, tmp_path)


async def each_type(client: Client, site: Site, folder: Path) -> None:
    site.let.set()
    called, fetched, told, nothing, blocked = await ended(
        client,
        await client.jobs.create(
            "system:callWebserviceEndpoint", {"url": f"{site.url}/a", "method": "POST", "body": "hi"}
        ),
        await client.jobs.create("system:downloadDataFile", {"url": f"{site.url}/file"}),
        await client.jobs.create("system:publishEvent", {"topic": "invoice:paid", "payload": {"n": 1}}),
        await client.jobs.create("system:noop", {"echo": "back"}),
        await client.jobs.create("system:callWebserviceEndpoint", {"url": "http://169.254.169.254/latest"}),
    )
    assert called.result["body"] == {"path": "/a", "sent": "hi"}
    assert await content(client, fetched, folder) == DATA
    events = (await client.events.list(topic="invoice:paid")).items
    assert [event.id for event in events] == [told.result["eventId"]]
    assert nothing.result == {"echo": "back"}
    assert (blocked.status, blocked.attempt, blocked.outcome["code"]) == ("failed", 1, "blocked_address")
    site.let.clear()


async def content(client: Client, job: Any, folder: Path) -> bytes:
    assert job.status == "complete", job
    assert job.result["sha256"] == hashlib.sha256(DATA).hexdigest()
    path = await client.files.download(job.result["fileId"], folder / job.id)
    return path.read_bytes()


async def killed_in_the_middle(client: Client, site: Site, home: Server, folder: Path) -> None:
    jobs = [
        await client.jobs.create("system:callWebserviceEndpoint", {"url": f"{site.url}/held"}),
        await client.jobs.create("system:downloadDataFile", {"url": f"{site.url}/file"}),
    ]
    await site.holds(2)
    home.kill()
    site.let.set()
    home.start()
    called, fetched = await ended(client, *jobs)
    assert (called.status, called.result["body"], called.attempt) == ("complete", {"held": True}, 2)
    assert await content(client, fetched, folder) == DATA
    files = home.folder / "data" / "files"
    stored = [file for file in files.rglob("*") if file.is_file() and not file.name.endswith(".part")]
    assert len(stored) == 2


async def test_two_servers_share_the_work_and_one_goes_on_alone(tmp_path: Path, site: Site) -> None:
    with ExitStack() as stack:
        url = postgres().store()
        one, two = [
            stack.enter_context(server(tmp_path / name, database_url=url, built_in_jobs=2, **SETTINGS))
            for name in ("one", "two")
        ]
        async with Client(one.url, KEY) as client:
            jobs = [
                await client.jobs.create("system:callWebserviceEndpoint", {"url": f"{site.url}/held"})
                for _ in range(8)
            ]
            await site.holds(4)
            two.kill()
            site.let.set()
            done = await ended(client, *jobs)
    assert {job.status for job in done} == {"complete"}
    assert site.most <= 6, "at most two at once on each, and two whose server was killed"
    assert sum(job.attempt > 1 for job in done) <= 2
    assert site.calls <= 10


async def test_a_server_that_stops_gives_back_what_takes_too_long(tmp_path: Path) -> None:
    with server(tmp_path / "one", **SETTINGS) as home:
        async with Client(home.url, KEY) as client:
            job = await client.jobs.create("system:noop", {"seconds": 600})

            async def begun() -> Any:
                found = await client.jobs.get(job.id)
                return found if found.status == "executing" else None

            await until(begun, "the job runs")
            assert await asyncio.to_thread(home.stop) == 0
            assert home.started is not None
            assert "Traceback" not in home.started.text
            home.start()
            assert (await until(begun, "the job runs again")).attempt == 1
            await client.jobs.cancel(job.id)
            (done,) = await ended(client, job)
            assert done.status == "canceled"

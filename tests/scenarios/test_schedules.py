"""Schedules in real server processes: two on one store that race for the same seconds, one of them killed now and then."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from postgres import postgres
from processes import DEADLINE_S, Server, server

from listener_sdk import ApiError, Client, ConnectionFailed
from listener_sdk.protocol.times import to_datetime
from server.engine.node import wall_ms

pytestmark = pytest.mark.must_run

KEY = "an-administrator-key-of-this-test-alone"
RACE_S = int(os.environ.get("TICKWIRE_TEST_RACE_S", "0"))
"""How long the long race goes on; 0 leaves it out."""
RACERS = 200
EACH_S = 10
SECONDS, OF_A_SECOND = 3, 20


@contextmanager
def servers(folder: Path) -> Iterator[tuple[Server, Server]]:
    """Two that share a store."""
    settings: dict[str, Any] = {
        "admin_key": KEY,
        "database_url": postgres().store(),
        "schedules_per_definition": RACERS,
        "built_in_jobs": 2,
    }
    with server(folder / "one", **settings) as one, server(folder / "two", **settings) as two:
        yield one, two


@asynccontextmanager
async def clients(homes: tuple[Server, ...]) -> AsyncIterator[list[Client]]:
    made = [Client(home.url, KEY) for home in homes]
    try:
        yield made
    finally:
        for client in made:
            await client.close()


def now() -> datetime:
    """The time by this machine's clock."""
    return to_datetime(wall_ms())


async def runs(client: Client) -> list[tuple[str, str]]:
    """(schedule, due time) of each job that schedules have started."""
    try:
        found = [job async for job in client.jobs.iterate(definition="race", page_size=1000)]
    except (ConnectionFailed, ApiError):
        return []
    return [(job.started_by["scheduleId"], job.started_by["dueTime"]) for job in found]


async def many(client: Client, count: int) -> list[tuple[str, str]]:
    """The same, once there are so many."""
    found: list[tuple[str, str]] = []
    async with asyncio.timeout(DEADLINE_S):
        while len(found) < count:
            await asyncio.sleep(0.1)
            found = await runs(client)
    return found


def again(home: Server) -> None:
    """The server is killed, and comes back."""
    home.kill()
    home.start()


async def test_two_servers_run_each_due_time_once_though_one_is_killed(tmp_path: Path) -> None:
    with servers(tmp_path) as homes:
        async with clients(homes) as (first, second):
            await first.definitions.create("race", "noop", enabled=True)
            begin = now().replace(microsecond=0) + timedelta(seconds=8)
            times = [begin + timedelta(seconds=second) for second in range(SECONDS)]
            made = await asyncio.gather(*(
                (first, second)[number % 2].schedules.create("race", once=at, overlap="allow")
                for at in times
                for number in range(OF_A_SECOND)
            ))  # fmt: skip
            await many(second, OF_A_SECOND // 2)
            await asyncio.to_thread(again, homes[0])
            found = await many(second, len(made))
            assert set(Counter(found).values()) == {1}
            assert {name for name, _ in found} == {one.id for one in made}
            states = Counter(one.state for one in (await second.schedules.list(page_size=1000)).items)
            assert states == {"finished": len(made)}


if RACE_S:

    @pytest.mark.timeout(RACE_S + 300)
    async def test_a_long_race(tmp_path: Path) -> None:
        with servers(tmp_path) as homes:
            async with clients(homes) as (first, second):
                await first.definitions.create("race", "noop", enabled=True)
                start = now() + timedelta(seconds=20)
                start -= timedelta(seconds=start.second % EACH_S, microseconds=start.microsecond)
                last = start + timedelta(seconds=RACE_S)
                timing: dict[str, Any] = {
                    "dialect": "quartz",
                    "start": start,
                    "end": last,
                    "time_zone": "UTC",
                }
                racers = [
                    await first.schedules.create(
                        "race", f"*/{EACH_S} * * * * ?", overlap="allow", late="all", **timing
                    )
                    for _ in range(RACERS)
                ]
                number = 0
                while now() < last:
                    await asyncio.sleep(3 + number % 5)
                    await asyncio.to_thread(again, homes[number % 2])
                    number += 1
                grid = [start + timedelta(seconds=at) for at in range(0, RACE_S + 1, EACH_S)]
                found = await many(second, len(grid) * RACERS)
                due = {f"{at:%Y-%m-%dT%H:%M:%S}.000Z" for at in grid}
                assert Counter(found) == Counter({(one.id, at): 1 for one in racers for at in due})

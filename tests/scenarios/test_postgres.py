"""A server on PostgreSQL, with real processes: a job's whole life, a restart, and the death of every session in between."""

import asyncio
import json
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import pytest
from postgres import postgres
from processes import DEADLINE_S, ROOT, SERVE, listener, server, until

from listener_sdk import ApiError, Client
from listener_sdk.protocol.jobs import Job as JobInfo

pytestmark = pytest.mark.must_run

SCRIPT = """
from listener_sdk import Job, Listener, Outcome

listener = Listener()

@listener.job("sheet:count")
async def count(job: Job[dict]) -> Outcome:
    for number in range(job.input["rows"]):
        await job.tick(done=number + 1, total=job.input["rows"])
    return Outcome(f"{job.input['rows']} rows counted")

listener.run()
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    found = tmp_path / "count.py"
    found.write_text(SCRIPT)
    return found


async def created(client: Client, rows: int) -> JobInfo:
    """A new job; asked for again by the same key where a lost connection leaves in doubt whether it was made."""
    key = uuid.uuid4().hex
    while True:
        try:
            return await client.jobs.create("sheet:count", input={"rows": rows}, idempotency_key=key)
        except ApiError as refused:
            if refused.code != "unavailable":
                raise


async def ended(client: Client, rows: int) -> tuple[str, list[str]]:
    """Create a job, and follow it to its end: its message, and the topics of its events."""
    seen = []
    async with asyncio.timeout(DEADLINE_S):
        job = await created(client, rows)
        async for event in client.subscribe("job:**", after="oldest"):
            if event.job_id == job.id:
                seen.append(event.topic)
                if event.topic == "job:completed":
                    break
    return (await client.jobs.get(job.id)).outcome["message"], seen


async def test_a_job_lives_its_life_on_postgresql(tmp_path: Path, script: Path) -> None:
    address = postgres().store()
    with server(tmp_path / "home", database_url=address) as home, listener(script, home.environment):
        async with Client(home.url, home.key) as client:
            message, topics = await ended(client, 1_000)
    assert message == "1000 rows counted"
    assert topics[0] == "job:created"
    assert topics[-1] == "job:completed"
    assert not (tmp_path / "home" / "data" / "tickwire.db").exists()


async def test_every_session_may_end_and_the_server_goes_on(tmp_path: Path, script: Path) -> None:
    name = postgres().create()
    with (
        server(tmp_path / "home", database_url=postgres().url(name)) as home,
        listener(script, home.environment),
    ):
        async with Client(home.url, home.key) as client:
            before = await ended(client, 10)
            gone = postgres().run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                f"WHERE datname = '{name}' AND application_name = 'tickwire'"
            )
            after = await ended(client, 10)
    assert len(gone) >= 2, "the writer and a reader"
    assert before[0] == after[0] == "10 rows counted"


def readiness(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=20) as answer:
            return answer.status, json.load(answer)["status"]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)["status"]


def test_a_server_is_not_ready_while_its_database_is_away_and_is_again_by_itself(tmp_path: Path) -> None:
    name = postgres().create()
    with server(tmp_path / "home", database_url=postgres().url(name)) as home:
        assert readiness(home.url) == (200, "ready")
        postgres().run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        postgres().run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        until(lambda: readiness(home.url) == (503, "store_away"), "it says that the store is away")
        postgres().run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        until(lambda: readiness(home.url) == (200, "ready"), "it is ready again")


async def test_servers_start_at_once_on_an_empty_database(tmp_path: Path) -> None:
    address = postgres().url(postgres().create())
    key = "the-key-of-both-servers-0123456789abcdef"
    made = [server(tmp_path / name, database_url=address, admin_key=key) for name in "ab"]
    homes = await asyncio.gather(*(asyncio.to_thread(one.__enter__) for one in made))
    try:
        async with Client(homes[0].url, key) as first, Client(homes[1].url, key) as second:
            job = await first.jobs.create("sheet:count", input={"rows": 1})
            assert (await second.jobs.get(job.id)).id == job.id
            assert (await second.whoami()).space == (await first.whoami()).space
    finally:
        for one in made:
            one.__exit__(None, None, None)


def test_a_server_without_its_database_says_so_and_keeps_the_password_to_itself(tmp_path: Path) -> None:
    address = postgres().url("no_such_database", password="opensesame")
    found = subprocess.run(
        [sys.executable, "-I", "-c", SERVE.format(root=str(ROOT)), "--database-url", address, "--data-dir", str(tmp_path)],
        capture_output=True, text=True, timeout=DEADLINE_S, check=False,
    )  # fmt: skip
    assert found.returncode != 0
    assert "no_such_database" in found.stderr
    assert "CREATE DATABASE" in found.stderr
    assert "opensesame" not in found.stderr + found.stdout

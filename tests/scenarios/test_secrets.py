"""A secret on its way from a person to a handler, through real processes: nothing that they write, answer or keep shows it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from postgres import postgres
from processes import DEADLINE_S, Server, listener, server, until
from terminals import Terminal

from listener_sdk import Client

pytestmark = pytest.mark.must_run

CANARY = "canary-7d1f0b-of-the-scenario"
SCRIPT = """
import hashlib, logging
from listener_sdk import Job, Listener, Outcome, SyncJob

logging.basicConfig(level=logging.DEBUG)
listener = Listener()

@listener.job("crm:sync", secrets=["crm_token"])
async def sync(job: Job) -> Outcome:
    value = job.secrets["crm_token"]
    job.log.info(f"signing in with {value}", header=value)
    await job.tick(50, f"as {value}")
    if job.attempt == 1 and job.input.get("fail"):
        raise ValueError(f"401 for {value}")
    return Outcome(f"in by {value}", data={"digest": hashlib.sha256(value.encode()).hexdigest(), "token": value})

@listener.job("crm:plain", secrets=["crm_token"])
def plain(job: SyncJob) -> str:
    print(job, job.secrets, [job.secrets])
    return f"plain by {job.secrets['crm_token']}"

listener.run()
"""


def databases() -> list[Any]:
    return [
        pytest.param(dict, id="sqlite"),
        pytest.param(lambda: {"database_url": postgres().store()}, id="postgresql"),
    ]


def tickwire(home: Server, *arguments: str, typed: str = "") -> str:
    done = Terminal(home).done(*arguments, typed=typed)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


async def run(client: Client, name: str, **given: Any) -> Any:
    job = await client.jobs.create(name, given)
    async with asyncio.timeout(DEADLINE_S):
        return await client.jobs.wait(job.id)


async def answers(home: Server) -> str:
    """What every list of the server shows to its administrator."""
    shown = []
    headers = {"Authorization": f"Bearer {home.key}"}
    async with aiohttp.ClientSession(headers=headers) as http:
        jobs = await (await http.get(f"{home.url}/v1/jobs?pageSize=100")).json()
        paths = [
            f"/v1/jobs/{job['id']}{part}"
            for job in jobs["data"]
            for part in ("", "/log", "/attempts", "/progress")
        ]
        for path in (
            "/v1/jobs",
            "/v1/events?topics=**&pageSize=1000",
            "/v1/secrets",
            "/v1/files",
            "/v1/keys",
            *paths,
        ):
            async with http.get(home.url + path) as answer:
                assert answer.status == 200
                shown.append(await answer.text())
    return "".join(shown)


def kept(folder: Path) -> bytes:
    """All bytes below a folder: of the database and its log, of files and keys."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def rows(home: Server, settings: dict[str, str]) -> str:
    """The whole text of a database on PostgreSQL."""
    if "database_url" not in settings:
        return ""
    import psycopg

    with psycopg.connect(settings["database_url"]) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        assert ("secret",) in tables
        return str([connection.execute(f'SELECT * FROM "{table}"').fetchall() for (table,) in tables])


@pytest.mark.parametrize("database", databases())
async def test_nothing_shows_a_secret(tmp_path: Path, database: Callable[[], dict[str, str]]) -> None:
    settings = database()
    script = tmp_path / "crm.py"
    script.write_text(SCRIPT)
    with server(tmp_path / "home", log_level="debug", **settings) as home:
        said = tickwire(home, "secrets", "set", "crm_token", "--jobs", "crm:*", typed=CANARY + "\n")
        with listener(script, home.environment) as process:
            async with Client(home.url, home.key) as client:
                done = await run(client, "crm:sync", fail=True)
                assert done.outcome["message"] == "in by ***"
                assert (len(done.result["digest"]), done.result["token"]) == (64, "***")
                assert (await run(client, "crm:plain")).outcome["message"] == "plain by ***"
                assert "signing in with ***" in await answers(home)
            said += process.text
        shown = await answers(home)
        said += tickwire(home, "secrets", "list", "--json") + tickwire(home, "doctor", "--json")
        home.kill()
        written = kept(home.folder)
        assert home.started is not None
        assert b"crm_token" in written or "crm_token" in rows(home, settings)
        for text in (said, shown, home.started.text, rows(home, settings)):
            assert CANARY not in text
        assert CANARY.encode() not in written


def test_a_master_key_that_was_left_behind_is_told_and_put_back(tmp_path: Path) -> None:
    with server(tmp_path / "home") as home:
        tickwire(home, "secrets", "set", "crm_token", typed=CANARY)
        home.stop()
        path = home.folder / "data" / "master.key"
        own = path.read_text()
        path.unlink()
        home.start()
        listed = tickwire(home, "secrets")
        assert "locked" in listed
        until(lambda: "secrets_locked" in home.started.text, "the loss is told")
        home.stop()
        path.write_text(path.read_text() + own)
        home.start()
        assert "locked" not in tickwire(home, "secrets")
        home.stop()
        assert "secrets_locked" not in home.started.text

"""A listener dies after it has changed the workbook and before it could say so: the next one changes nothing twice."""

import asyncio
import sqlite3
from contextlib import closing

import pytest
from processes import DEADLINE_S, ROOT, listener, server, until

from listener_sdk import Client
from workbook import Field, Sheet, Workbook

pytestmark = pytest.mark.must_run

SCRIPT = """
import os, sys, time
from pathlib import Path

sys.path.insert(0, {examples!r})
import mutate_records

told, gate = mutate_records.told, Path(os.environ["GATE"])

def told_behind_the_gate(job, sheet, done):
    gate.with_name("reached").write_text(str(job.attempt))
    while not gate.exists():
        job.tick()
        time.sleep(0.01)
    return told(job, sheet, done)

mutate_records.told = told_behind_the_gate
mutate_records.listener.run()
"""
SHEET = Sheet(key="prices", fields=[Field(key="price", type="number")])
DEARER = {"sheet": "prices", "changes": [{"do": "calculate", "field": "price", "times": 2}], "rows_a_part": 4}


def prices(path):
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT json_extract(data, '$.price') FROM record ORDER BY id")
        return [price for (price,) in rows]


async def scheduled(client, job_id):
    """Wait until the lease of the dead listener has run out."""
    async with asyncio.timeout(DEADLINE_S):
        async for _ in client.subscribe("job:*", where={"jobId": job_id}, after="oldest"):
            if (await client.jobs.get(job_id)).status == "scheduled":
                return


async def test_every_price_is_doubled_once_whoever_dies(tmp_path):
    path, script = tmp_path / "workbook.db", tmp_path / "behind_a_gate.py"
    script.write_text(SCRIPT.format(examples=str(ROOT / "examples")))

    def setup(change):
        change.define(SHEET)
        return {"ids": [change.insert(SHEET, {"price": number}) for number in range(1, 11)]}

    with Workbook(path) as book:
        book.once("setup", setup)
    with server(tmp_path / "server", lease_s=2) as home:
        env = {**home.environment, "WORKBOOK": str(path), "GATE": str(tmp_path / "gate")}
        async with Client(home.url, home.key) as client:
            with listener(script, env) as first:
                job = await client.jobs.create("sheet:mutate-records", DEARER)
                reached = tmp_path / "reached"
                await asyncio.to_thread(until, reached.exists, "the prices are changed")
                first.kill()
            assert prices(path) == [2 * number for number in range(1, 11)]
            await scheduled(client, job.id)
            await client.jobs.execute(job.id)
            (tmp_path / "gate").touch()
            with listener(script, env):
                async with asyncio.timeout(DEADLINE_S):
                    ended = await client.jobs.wait(job.id)
            parts = await client.jobs.parts(job.id)
    assert (ended.status, ended.attempt) == ("complete", 2)
    assert reached.read_text() == "2"
    assert ended.outcome["message"] == "Changed 10 records of prices; 10 met the conditions."
    assert [part.result["changed"] for part in parts] == [4, 4, 2]
    assert prices(path) == [2 * number for number in range(1, 11)]

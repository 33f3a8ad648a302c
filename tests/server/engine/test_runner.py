"""The server's own runner: it comes where built-in jobs wait, runs a bounded number of them, and goes."""

import asyncio

import pytest
from stage import ADMIN, DEADLINE_S, STRANGER


async def ended(stage, job):
    """The job, once it has ended."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            row = await stage.row(job)
            if row.ended:
                return row
            await asyncio.sleep(0.005)


async def test_noop(stage):
    job = await stage.create("system:noop", input={"echo": [1, {"a": "b"}]})
    row = await ended(stage, job)
    print(row)
    assert row.status == "complete"

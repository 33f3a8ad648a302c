"""Jobs of built-in types on the stage: what they call, what they wait for, and how they ended."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import web
from stage import ADMIN, DEADLINE_S, Stage

from server.commands import jobs, moves
from server.core.jobs import JobRow
from server.engine.own_work import Done, Work
from server.outbound.addresses import Guard, read_networks
from server.outbound.requests import Outbound
from server.store.command import Command
from server.store.transaction import Transaction

LOOPBACK = Guard(read_networks(["127.0.0.0/8"]))


async def until(test: Callable[[], Awaitable[Any]], what: str) -> Any:
    """The first true value of a test that is asked again and again."""
    try:
        async with asyncio.timeout(DEADLINE_S):
            while not (found := await test()):  # noqa: ASYNC110 - what it looks at may be in the store, which has no event
                await asyncio.sleep(0.002)
            return found
    except TimeoutError:
        raise AssertionError(f"it never came about: {what}") from None


async def having(stage: Stage, job: JobRow | int, *statuses: str) -> JobRow:
    """The job, once it has one of these statuses."""
    found: list[JobRow] = []

    async def has() -> JobRow | None:
        found[:] = [await stage.row(job)]
        return found[0] if found[0].status in statuses else None

    return await until(has, f"{statuses}: {found}")


async def ended(stage: Stage, job: JobRow | int) -> JobRow:
    """The job, once it has ended."""
    return await having(stage, job, "complete", "failed", "canceled")


async def ran(stage: Stage, code: str, params: Any = None, **fields: Any) -> JobRow:
    """A job of a built-in type, once its only attempt is over."""
    given = {} if params is None else {"input": params}
    job = await stage.create(f"system:{code}", **{"maxAttempts": 1, **given, **fields})
    return await ended(stage, job)


def result(row: JobRow) -> Any:
    """The result of a job that ended well."""
    assert row.status == "complete", row
    return orjson.loads(row.result or "null")


def outcome(row: JobRow) -> Any:
    return orjson.loads(row.outcome or "null")


async def with_refs(stage: Stage, code: str, params: Any, *refs: list[Any], actor: Any = ADMIN) -> JobRow:
    """A job in whose parameters secrets belong at these places, as a launch stores it."""
    job = await stage.create(f"system:{code}", actor=actor, trigger="manual", input=params, maxAttempts=1)

    def refer(tx: Transaction, job_id: int) -> None:
        row = tx.job(job_id)
        assert row is not None
        row.spec = orjson.dumps({**row.described(), "secretRefs": list(refs)}).decode()
        moves.touch(tx, row)

    await stage.do(Command("refer", refer, lambda job_id: (job_id,)), job.id)
    await stage.do(jobs.EXECUTE, jobs.JobAct(actor, job.id))
    return job


class Gate:
    """Work that goes on only when it is let through; ``inside`` are the jobs that wait there."""

    def __init__(self) -> None:
        self.inside: list[Work] = []
        self.most = 0
        self.stopped: list[str] = []
        self._open = asyncio.Event()

    async def __call__(self, work: Work, _params: Any) -> Done:
        self.inside.append(work)
        self.most = max(self.most, len(self.inside))
        try:
            await self._open.wait()
        except asyncio.CancelledError:
            self.stopped.append(work.job["id"])
            raise
        finally:
            self.inside.remove(work)
        return Done({"let": "through"})

    def open(self) -> None:
        self._open.set()

    async def holds(self, count: int) -> list[Work]:
        """So many wait there."""

        async def enough() -> bool:
            return len(self.inside) == count

        await until(enough, f"{count} at the gate")
        return self.inside


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def website(handler: Handler) -> AsyncIterator[str]:
    """The address of a server on loopback that answers every path by the handler."""
    application = web.Application(client_max_size=4 * 1024 * 1024)
    application.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def allow_loopback(stage: Stage, resolver: Any = None, guard: Guard = LOOPBACK) -> None:
    """The stage's jobs may call servers of the test, and keep files."""
    stage.node.runner.outbound = Outbound(guard, resolver=resolver)
    stage.node.blobs.prepare(set(), 0, 0)

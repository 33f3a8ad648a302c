import asyncio
from importlib.metadata import version

import jobs
import marks
import procrastinate
import psycopg


def make_app():
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=marks.pg_uri()))

    @app.task(name="noop")
    async def noop(i: int):
        marks.mark(i)

    return app, noop


class Procrastinate(jobs.Peer):
    name = "procrastinate"
    version = version("procrastinate")
    broker = "PostgreSQL 18"
    durability = "synchronous_commit=on, fsync=on"
    poll = "LISTEN/NOTIFY push (and a 5 s poll)"
    has_batch = True

    async def setup(self):
        async with await psycopg.AsyncConnection.connect(marks.pg_uri(), autocommit=True) as c:
            await c.execute("drop schema public cascade")
            await c.execute("create schema public")
        self.app, self.noop = make_app()
        await self.app.open_async()
        await self.app.schema_manager.apply_schema_async()
        self.c = await psycopg.AsyncConnection.connect(marks.pg_uri(), autocommit=True)

    async def enqueue(self, i):
        await self.noop.defer_async(i=i)

    async def enqueue_many(self, ids):
        await self.noop.batch_defer_async(*({"i": i} for i in ids))

    async def unfinished(self):
        r = await self.c.execute("select count(*) from procrastinate_jobs where status in ('todo', 'doing')")
        return (await r.fetchone())[0]

    async def clear(self):
        await self.c.execute("truncate procrastinate_jobs cascade")

    async def close(self):
        await self.app.close_async()
        await self.c.close()

    def worker(self):
        async def go():
            app, _ = make_app()
            async with app.open_async():
                await app.run_worker_async(concurrency=marks.CONC)

        asyncio.run(go())


jobs.main(Procrastinate)

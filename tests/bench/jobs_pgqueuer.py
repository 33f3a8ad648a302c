import asyncio
from importlib.metadata import version

import asyncpg
import jobs
import marks
from pgqueuer import AsyncpgDriver, PgQueuer, Queries


class PgQueuerPeer(jobs.Peer):
    name = "pgqueuer"
    version = version("pgqueuer")
    broker = "PostgreSQL 18"
    durability = "synchronous_commit=on, all tables logged (its default)"
    poll = "LISTEN/NOTIFY push (and a 30 s poll)"
    has_batch = True
    concurrent = False  # one asyncpg connection

    async def setup(self):
        self.c = await asyncpg.connect(marks.pg_uri())
        await self.c.execute("drop schema public cascade; create schema public")
        self.q = Queries(AsyncpgDriver(self.c))
        await self.q.install()

    async def enqueue(self, i):
        await self.q.enqueue("noop", str(i).encode())

    async def enqueue_many(self, ids):
        await self.q.enqueue(["noop"] * len(ids), [str(i).encode() for i in ids], [0] * len(ids))

    async def unfinished(self):
        return await self.c.fetchval("select count(*) from pgqueuer")

    async def clear(self):
        await self.c.execute("truncate pgqueuer")

    async def close(self):
        await self.c.close()

    def worker(self):
        async def go():
            c = await asyncpg.connect(marks.pg_uri())
            pgq = PgQueuer.from_asyncpg_connection(c)

            @pgq.entrypoint("noop")
            async def noop(job):
                marks.mark(int(job.payload))

            await pgq.run(batch_size=marks.CONC)

        asyncio.run(go())


jobs.main(PgQueuerPeer)

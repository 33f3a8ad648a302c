import asyncio
from importlib.metadata import version

import jobs
import marks
import saq


async def noop(ctx, *, i):
    marks.mark(i)


class SaqRedis(jobs.Peer):
    name = "saq (redis)"
    version = version("saq")
    broker = "Redis 7"
    durability = "RDB snapshots only: up to minutes lost on a crash"
    poll = "push (blocking pop)"

    async def setup(self):
        self.q = saq.Queue.from_url(marks.redis_url())
        await self.q.connect()
        await self.q.redis.flushdb()

    async def enqueue(self, i):
        await self.q.enqueue("noop", i=i)

    async def unfinished(self):
        return await self.q.count("incomplete")

    async def clear(self):
        await self.q.redis.flushdb()

    async def close(self):
        await self.q.disconnect()

    def worker(self):
        async def go():
            q = saq.Queue.from_url(marks.redis_url())
            await q.connect()
            await saq.Worker(q, [noop], concurrency=marks.CONC).start()

        asyncio.run(go())


jobs.main(SaqRedis)

from importlib.metadata import version

import arq
import jobs
import marks
from arq.connections import RedisSettings


async def noop(ctx, i):
    marks.mark(i)


def redis_settings():
    return RedisSettings.from_dsn(marks.redis_url())


class Arq(jobs.Peer):
    name = "arq"
    version = version("arq")
    broker = "Redis 7"
    durability = "RDB snapshots only: up to minutes lost on a crash"
    poll = "0.5 s (default poll_delay)"

    async def setup(self):
        self.r = await arq.create_pool(redis_settings())
        await self.r.flushdb()

    async def enqueue(self, i):
        await self.r.enqueue_job("noop", i)

    async def unfinished(self):
        return await self.r.zcard("arq:queue")

    async def clear(self):
        await self.r.flushdb()

    async def close(self):
        await self.r.aclose()

    def worker(self):
        settings = {"functions": [noop], "max_jobs": marks.CONC, "redis_settings": redis_settings()}
        arq.run_worker(type("Settings", (), settings))


jobs.main(Arq)

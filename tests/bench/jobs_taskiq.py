import sys
from importlib.metadata import version

import jobs
import marks
import redis.asyncio
import taskiq_redis

broker = taskiq_redis.RedisStreamBroker(marks.redis_url()).with_result_backend(
    taskiq_redis.RedisAsyncResultBackend(marks.redis_url(), result_ex_time=600)
)


@broker.task(task_name="noop")
async def noop(i: int) -> None:
    marks.mark(i)


class Taskiq(jobs.Peer):
    name = "taskiq (redis stream)"
    version = version("taskiq") + " / taskiq-redis " + version("taskiq-redis")
    broker = "Redis 7"
    durability = "RDB snapshots only: up to minutes lost on a crash"
    poll = "push (blocking stream read)"

    async def setup(self):
        self.r = redis.asyncio.Redis.from_url(marks.redis_url())
        await self.r.flushdb()
        await broker.startup()

    async def enqueue(self, i):
        await noop.kiq(i)

    async def unfinished(self):
        return (await self.r.xpending("taskiq", "taskiq"))["pending"]

    async def clear(self):
        await self.r.xtrim("taskiq", maxlen=0, approximate=False)

    async def close(self):
        await broker.shutdown()
        await self.r.aclose()

    def worker_argv(self):
        return [
            sys.executable,
            "-m",
            "taskiq",
            "worker",
            "jobs_taskiq:broker",
            "-w",
            "1",
            "--max-async-tasks",
            str(marks.CONC),
            "--log-level",
            "WARNING",
        ]


if __name__ == "__main__":
    jobs.main(Taskiq)

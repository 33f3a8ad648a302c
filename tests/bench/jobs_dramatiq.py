import sys
from importlib.metadata import version

import dramatiq
import jobs
import marks
from dramatiq.brokers.redis import RedisBroker

broker = RedisBroker(url=marks.redis_url())
dramatiq.set_broker(broker)


@dramatiq.actor(actor_name="noop")
def noop(i):
    marks.mark(i)


class Dramatiq(jobs.Peer):
    name = "dramatiq"
    version = version("dramatiq")
    broker = "Redis 7"
    durability = "RDB snapshots only: up to minutes lost on a crash"
    poll = "polls with exponential backoff to 1 s (default)"
    concurrent = False

    async def setup(self):
        broker.flush_all()
        broker.client.flushdb()

    async def enqueue(self, i):
        noop.send(i)

    async def unfinished(self):
        return broker.client.hlen("dramatiq:default.msgs")

    async def clear(self):
        broker.client.flushdb()

    def worker_argv(self):
        return [sys.executable, "-m", "dramatiq", "jobs_dramatiq", "-p", "1", "-t", str(marks.CONC)]


if __name__ == "__main__":
    jobs.main(Dramatiq)

from importlib.metadata import version

import celery
import jobs
import marks
import redis

app = celery.Celery("bench", broker=marks.redis_url(), backend=marks.redis_url())
app.conf.update(broker_connection_retry_on_startup=True, worker_hijack_root_logger=False)


@app.task(name="noop")
def noop(i):
    marks.mark(i)


class Celery(jobs.Peer):
    name = "celery (threads 100)"
    version = version("celery")
    broker = "Redis 7"
    durability = "RDB snapshots only; acks early, so a worker crash loses its jobs"
    poll = "push (blocking pop)"
    concurrent = False
    pool = ["--pool=threads", "--concurrency=100"]

    async def setup(self):
        self.r = redis.Redis.from_url(marks.redis_url())
        self.r.flushdb()
        self.results = []

    async def enqueue(self, i):
        self.results.append(noop.delay(i).id)

    async def unfinished(self):
        # a result is written after the handler ran
        return (
            0 if self.r.exists("celery-task-meta-" + self.results[-1]) and not self.r.hlen("unacked") else 1
        )

    async def clear(self):
        self.r.flushdb()

    async def close(self):
        self.r.close()

    def worker(self):
        app.worker_main(["worker", "--loglevel=warning", "--without-gossip", "--without-mingle", *self.pool])


class CeleryPrefork(Celery):
    name = "celery (prefork 2)"
    pool = ["--pool=prefork", "--concurrency=2"]


jobs.main(Celery, CeleryPrefork)

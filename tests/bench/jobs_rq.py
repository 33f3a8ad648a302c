from importlib.metadata import version

import jobs
import marks
import redis
import rq


class Rq(jobs.Peer):
    name = "rq (fork per job)"
    version = version("rq")
    broker = "Redis 7"
    durability = "RDB snapshots only: up to minutes lost on a crash"
    poll = "push (blocking pop); one job at a time"
    concurrent = False
    has_batch = True
    n_life = 300
    n_single = 300
    worker_class = rq.Worker

    async def setup(self):
        self.r = redis.Redis.from_url(marks.redis_url())
        self.r.flushdb()
        self.q = rq.Queue(connection=self.r)

    async def enqueue(self, i):
        self.q.enqueue("marks.mark", i)

    async def enqueue_many(self, ids):
        self.q.enqueue_many([rq.Queue.prepare_data("marks.mark", (i,)) for i in ids])

    async def unfinished(self):
        return len(self.q) + self.q.started_job_registry.count

    async def clear(self):
        self.r.flushdb()

    def worker(self):
        r = redis.Redis.from_url(marks.redis_url())
        self.worker_class([rq.Queue(connection=r)], connection=r).work(logging_level="WARNING")


class RqSimple(Rq):
    name = "rq (SimpleWorker, no fork)"
    worker_class = rq.SimpleWorker
    n_life = 2000
    n_single = 1000


jobs.main(Rq, RqSimple)

from importlib.metadata import version

import jobs
import marks
from huey import SqliteHuey
from huey.consumer import Consumer

path = str(marks.WORK / "huey.db")
huey = SqliteHuey("bench", filename=path)


@huey.task()
def noop(i):
    marks.mark(i)


class Huey(jobs.Peer):
    name = "huey (sqlite, 8 threads)"
    version = version("huey")
    broker = "SQLite WAL"
    durability = (
        "synchronous=FULL (SQLite's default); a job is deleted when taken, so a worker crash loses it"
    )
    poll = "0.1 s growing by 1.15 to 10 s (default)"
    concurrent = False
    workers = 8

    async def setup(self):
        huey.storage.flush_all()

    async def enqueue(self, i):
        noop(i)

    async def unfinished(self):
        return huey.pending_count()

    async def clear(self):
        huey.storage.flush_all()

    def worker(self):
        Consumer(huey, workers=self.workers).run()


jobs.main(Huey)

"""Tickwire: create over REST, in flight over REST and in bulk calls; or all over the stream, as a handler's ``job.start`` does."""

import asyncio
from contextlib import suppress
from importlib.metadata import version

import jobs
import marks
from tickwire_server import KEY, Server

from listener_sdk import Client, Listener
from listener_sdk._stream import Stream
from listener_sdk.protocol.jobs import JobCreate
from listener_sdk.protocol.lifecycle import FINAL, Status

NAME = "bench:noop"
JOB = {"type": "bench", "operation": "noop", "trigger": "immediate"}
UNFINISHED = [status.value for status in Status if status not in FINAL]


class Tickwire(jobs.Peer):
    name = "tickwire (sqlite, REST)"
    version = version("tickwire")
    broker = "its own server + SQLite"
    durability = "SQLite WAL, synchronous=FULL"
    poll = "push (websocket)"
    has_batch = True
    batch_way = " in a bulk call"
    fill_s = 600
    postgres = False
    over_stream = False
    start = ("-m", "server")

    async def setup(self):
        await self.open()

    async def open(self):
        self.server = Server(postgres=self.postgres, start=self.start)
        self.env = self.server.environment
        self.client = Client(self.server.url, KEY)
        self.stream = Stream(self.client.connection, ignore)
        self.streaming = asyncio.create_task(self.stream.run())

    async def enqueue(self, i):
        if self.over_stream:
            await self.create_on_stream(i)
        else:
            await self.client.jobs.create(NAME, {"i": i})

    async def enqueue_many(self, ids):
        """One bulk call; over the stream, which has none, frames that are joined into one message."""
        if self.over_stream:
            await asyncio.gather(*(self.create_on_stream(i) for i in ids))
        else:
            await self.client.jobs.create_many([{"name": NAME, "input": {"i": i}} for i in ids])

    async def create_on_stream(self, i):
        await self.stream.create(JobCreate(**JOB, input={"i": i}))

    async def unfinished(self):
        page = await self.client.jobs.list(status=UNFINISHED, page_size=1)
        return page.pagination["totalCount"]

    async def clear(self):
        """A new server, on an empty store."""
        await self.close()
        await self.open()

    async def close(self):
        self.streaming.cancel()
        with suppress(asyncio.CancelledError):
            await self.streaming
        await self.client.close()
        self.server.stop()

    def worker(self):
        serve()


class WithCpu(jobs.Run):
    """Notes beside each rate what a life cost the server's process: a figure that a busy machine moves less."""

    cpu_us = {}

    async def life(self, way, n):
        before = self.p.server.cpu_s()
        found, count = await super().life(way, n)
        self.cpu_us[f"server_cpu_us_{way.__name__}"] = round((self.p.server.cpu_s() - before) * 1e6 / count)
        return found, count

    async def lives(self, out):
        await super().lives(out)
        out |= self.cpu_us


class TickwireStream(Tickwire):
    name = "tickwire (sqlite, stream)"
    batch_way = " create frames in a message"
    over_stream = True


class TickwirePg(Tickwire):
    name = "tickwire (postgres, REST)"
    broker = "its own server + PostgreSQL 18"
    durability = "synchronous_commit=on, fsync=on"
    postgres = True


class TickwirePgStream(TickwirePg):
    name = "tickwire (postgres, stream)"
    batch_way = TickwireStream.batch_way
    over_stream = True


async def ignore(call):
    """The client's stream listens to nothing."""


def serve():
    """The listener: concurrency 100, a handler that leaves its mark, and the job completes."""
    listener = Listener()

    @listener.job(NAME)
    async def noop(job):
        marks.mark(job.input["i"])

    listener.run(concurrency=marks.CONC)


if __name__ == "__main__":
    jobs.main(Tickwire, TickwireStream, TickwirePg, TickwirePgStream, run=WithCpu)

"""Tickwire with jobs waiting: E as for every peer, then the rate of claims again and again, the memory, and the drain.

python backlog_tickwire.py backlog 1000 100000 1000000
"""

import asyncio
import time

import jobs
import jobs_tickwire
from marks import SCALE, rate

CLAIMS = max(1, round(5 * SCALE))
DRAIN_S = 60


class Backlogs(jobs.Run):
    async def at_backlog(self, size, out):
        server = self.p.server
        out["memory_idle"] = server.memory_mib()
        await super().at_backlog(size, out)
        self.stop_worker()
        out["memory_waiting"] = server.memory_mib()
        out["data_mib"] = server.data_mib()
        out["claims_s"] = [await self.claims(size) for _ in range(CLAIMS)]
        await self.refill(size)
        out["drain_rate"] = await self.drain()
        out["memory_drained"] = server.memory_mib()

    async def claims(self, size):
        """The dequeue rate once more, with as many jobs waiting as at first."""
        await self.refill(size)
        found = await self.dequeue(0, min(2000, int(size * 0.8)))
        self.stop_worker()
        return found

    async def refill(self, size):
        missing = size - self.waiting()
        if missing > 0:
            await self.batched(self.ids(missing))

    async def drain(self):
        """Handlers started a second, by a worker that has the backlog for itself, until it is empty or the time is over."""
        before = self.waiting()
        t = time.monotonic()
        await self.start_worker()
        while (left := self.waiting()) and time.monotonic() - t < DRAIN_S:
            await asyncio.sleep(0.25)
        return rate(before - left, time.monotonic() - t)

    def waiting(self):
        """Seen from here: the server is not asked to count a million."""
        return self.next - len(self.started(0))


class TickwireBacklog(jobs_tickwire.Tickwire):
    name = "tickwire (sqlite)"


class TickwirePgBacklog(jobs_tickwire.TickwirePg):
    name = "tickwire (postgres)"


if __name__ == "__main__":
    jobs.main(TickwireBacklog, TickwirePgBacklog, run=Backlogs)

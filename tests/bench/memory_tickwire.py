"""Memory of the server process: idle, and with 10,000 finished jobs."""

import jobs
import jobs_tickwire
from marks import cal_ms

FINISHED = 10_000


class Memory(jobs.Run):
    async def jobs(self):
        out = {"cal_ms": [cal_ms()]}
        await self.p.setup()
        try:
            out |= {f"idle_{name}": mib for name, mib in self.p.server.memory_mib().items()}
            await self.start_worker()
            await self.ready()
            done = 20
            while done < FINISHED:
                _, n = await self.life(self.batched, min(FINISHED - done, 5000))
                done += n
            out |= {f"finished_{name}": mib for name, mib in self.p.server.memory_mib().items()}
            out["n"] = done
        finally:
            self.stop_worker()
            await self.p.close()
        out["cal_ms"].append(cal_ms())
        return out


class TickwireMemory(jobs_tickwire.Tickwire):
    name = "tickwire (sqlite)"


class TickwirePgMemory(jobs_tickwire.TickwirePg):
    name = "tickwire (postgres)"


if __name__ == "__main__":
    jobs.main(TickwireMemory, TickwirePgMemory, run=Memory, kind="memory")

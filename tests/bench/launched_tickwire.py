"""Life cycles of plain jobs, of jobs of a job type and of a definition, in turns on one server; then among many definitions.

All are created over REST with 100 in flight, by one call each. Of a type and a definition the server looks up what the job is made of,
checks its parameters against a JSON schema, and keeps where it came from. Jobs of a definition stand in its history, too, and their ends turn
its health and wake its schedules: *unrecorded* are the same on a server in which that is left out, so that validation and look-up remain.
"""

import asyncio
from contextlib import asynccontextmanager

import jobs
import jobs_tickwire
import marks
import orjson
from marks import SCALE, cal_ms
from pydantic import BaseModel

from listener_sdk import Job, Listener

NAME = "bench:launched"
CODE = "bench-launched"
DEFINITIONS = max(100, int(100_000 * SCALE))
TURNS = 20
"""Many short ones, every other one in the opposite order: what else the machine does, and what the store grows by, meets all ways alike."""
PLAIN = ("/v1/jobs", "input", {"type": "bench", "operation": "launched", "trigger": "immediate"})
WAYS = {
    "plain": PLAIN,
    "of_type": (f"/v1/job-types/{NAME}/_execute", "params", {}),
    "of_definition": (f"/v1/job-definitions/{CODE}/_execute", "params", {}),
}


UNRECORDED = """
import sys
from server.commands import run_ends
run_ends.begun = run_ends.ended = lambda *_, **__: None
from server.__main__ import main
sys.exit(main())
"""


class Input(BaseModel):
    i: int


class Launched(jobs.Run):
    async def jobs(self):
        out = {"cal_ms": [cal_ms()]}
        async with self.server():
            await self.turns(out, [*WAYS], "")
            out["few"] = self.p.server.memory_mib()
            await self.fill(DEFINITIONS - 1)
            out["definitions"] = DEFINITIONS
            await self.turns(out, ("plain", "of_definition"), "_among_many")
            out["many"] = self.p.server.memory_mib()
        self.p.start = ("-c", UNRECORDED)
        async with self.server():
            await self.turns(out, ("plain", "of_definition"), "_unrecorded")
        out["cal_ms"].append(cal_ms())
        return out

    @asynccontextmanager
    async def server(self):
        self.p.way = PLAIN
        await self.p.setup()
        try:
            await self.start_worker()
            await self.ready()
            await self.p.define(CODE, enabled=True)
            yield
        finally:
            self.stop_worker()
            await self.p.close()

    async def turns(self, out, ways, among):
        """The first turn warms up, and is not counted."""
        for turn in range(TURNS + 1):
            for way in ways if turn % 2 else reversed(ways):
                self.p.way = WAYS[way]
                before = self.p.server.cpu_s()
                found, count = await self.life(self.gathered, self.p.n_life)
                spent = (self.p.server.cpu_s() - before) * 1e6 / count
                if turn:
                    out.setdefault(f"life_{way}{among}", []).append(found)
                    out.setdefault(f"server_cpu_us_{way}{among}", []).append(round(spent))

    async def fill(self, count):
        codes = iter(range(count))

        async def lane():
            for number in codes:
                await self.p.define(f"{CODE}-{number:06d}", enabled=False)

        await asyncio.gather(*(lane() for _ in range(marks.CONC)))


class TickwireLaunched(jobs_tickwire.Tickwire):
    name = "tickwire (sqlite)"
    n_life = 1000
    way = PLAIN

    async def enqueue(self, i):
        path, field, body = self.way
        await self.call(path, {**body, field: {"i": i}})

    async def define(self, code, *, enabled):
        made = {"jobDefinitionCode": code, "jobType": NAME, "params": {"i": 0}, "enabled": enabled}
        await self.call("/v1/job-definitions", {"jobDefinition": made})

    async def call(self, path, body):
        """The same bare call for all ways: a client of one's own would ask for the job afterwards."""
        await self.client._http.call("POST", path, orjson.dumps(body))

    def worker(self):
        serve()


class TickwirePgLaunched(TickwireLaunched):
    name = "tickwire (postgres)"
    broker = jobs_tickwire.TickwirePg.broker
    durability = jobs_tickwire.TickwirePg.durability
    postgres = True


def serve():
    listener = Listener()

    @listener.job(NAME)
    async def launched(job: Job[Input]):
        marks.mark(job.input.i)

    listener.run(concurrency=marks.CONC)


if __name__ == "__main__":
    jobs.main(TickwireLaunched, TickwirePgLaunched, run=Launched, kind="launched")

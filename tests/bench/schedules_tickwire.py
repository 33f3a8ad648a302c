"""10,000 schedules, 1,000 in each of ten spaces, that are due in the same second: what they cost while nothing is due, and how late they run.

Each is alone in its minute with its job: no listener takes one, and they may overlap. ``last_job_s`` is how long after the due time the last of
the jobs was made, ``idle_cpu_percent`` the share of a core that the server's process takes while all schedules wait; beside it the same without
a schedule.
"""

import asyncio
import time
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime

import jobs
import jobs_tickwire
import marks
from marks import SCALE, cal_ms
from tickwire_server import KEY

from listener_sdk import Client, Listener

SPACES = 10
OF_DEFINITION = 10
DEFINITIONS = max(1, int(100 * SCALE))
DUE = SPACES * DEFINITIONS * OF_DEFINITION
NAME = "bench:scheduled"
IDLE_S = 20
MADE_WITHIN_S = 60 + 120 * SCALE
FIRED_WITHIN_S = 120


class Schedules(jobs.Run):
    async def jobs(self):
        out = {"cal_ms": [cal_ms()], "schedules": DUE}
        await self.p.setup()
        try:
            out["idle_cpu_percent_without"] = await self.idle()
            async with AsyncExitStack() as stack:
                spaces = [await self.space(stack, f"space-{number}") for number in range(SPACES)]
                due = datetime.fromtimestamp(int(time.time() + MADE_WITHIN_S), UTC)
                await asyncio.gather(*(self.fill(client, due) for client in spaces))
                if due.timestamp() - time.time() < IDLE_S + 4:
                    raise RuntimeError(f"{DUE} schedules were not made within {MADE_WITHIN_S:.0f} s")
                out["idle_cpu_percent"] = await self.idle()
                before = self.p.server.cpu_s()
                await asyncio.sleep(max(0, due.timestamp() - time.time()))
                out["last_job_s"] = await self.last(spaces, due)
                out["fire_cpu_us"] = round((self.p.server.cpu_s() - before) * 1e6 / DUE)
        finally:
            await self.p.close()
        out["cal_ms"].append(cal_ms())
        return out

    async def idle(self):
        """What the server's process takes of a core, in percent."""
        await asyncio.sleep(2)
        before, begun = self.p.server.cpu_s(), time.monotonic()
        await asyncio.sleep(IDLE_S)
        return round(100 * (self.p.server.cpu_s() - before) / (time.monotonic() - begun), 2)

    async def space(self, stack, code):
        """A client of a new space, in which the job type is declared."""
        await self.p.client.spaces.create(code, code)
        client = await stack.enter_async_context(Client(self.p.server.url, KEY, space=code))
        made = await client.keys.create("bench", role="listener")
        listener = Listener()
        listener.job(NAME)(never)
        serving = asyncio.create_task(listener.serve(self.p.server.url, made.key))
        try:
            while NAME not in {one.name for one in (await client.job_types.list()).items}:
                await asyncio.sleep(0.05)
        finally:
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving
        return client

    async def fill(self, client, due):
        numbers = iter(range(DEFINITIONS))

        async def lane():
            for number in numbers:
                code = f"scheduled-{number}"
                await client.definitions.create(code, NAME, {}, enabled=True)
                for _ in range(OF_DEFINITION):
                    await client.schedules.create(code, once=due, time_zone="UTC", overlap="allow")

        await asyncio.gather(*(lane() for _ in range(marks.CONC // SPACES)))

    async def last(self, spaces, due):
        """Seconds from the due time to the making of the last job; an error where one is missing or too many."""
        end = time.monotonic() + FIRED_WITHIN_S
        while (count := sum([await number_of(client) for client in spaces])) < DUE:
            if time.monotonic() > end:
                raise TimeoutError(f"{count} of {DUE} due times became jobs in {FIRED_WITHIN_S} s")
            await asyncio.sleep(0.5)
        if count > DUE:
            raise RuntimeError(f"{DUE} due times became {count} jobs")
        newest = [(await client.jobs.list(job=NAME, page_size=1)).items[0].created_at for client in spaces]
        return round((max(newest) - due).total_seconds(), 3)


async def number_of(client):
    return (await client.jobs.list(job=NAME, page_size=1)).pagination["totalCount"]


async def never(job):
    raise AssertionError(f"{job.id} was not to be taken")


class TickwireSchedules(jobs_tickwire.Tickwire):
    name = "tickwire (sqlite)"


class TickwirePgSchedules(jobs_tickwire.TickwirePg):
    name = "tickwire (postgres)"


if __name__ == "__main__":
    jobs.main(TickwireSchedules, TickwirePgSchedules, run=Schedules, kind="schedules")

"""Signed calls of hooks, accepted: what was started is durable when the answer comes.

Calls are signed as Standard Webhooks says, each with an id of its own and a body of half a KiB, and prepared beforehand. 100 are in flight over as
many connections from one client, in turns: ``events_s`` of a hook that publishes an event by templates, ``jobs_s`` of one that starts a job of a
definition, which no listener takes. ``paced_*``: 1,000 a second come, each at its own time; milliseconds from that time to the answer.
"""

import asyncio
import json
import re
import time
from contextlib import suppress
from urllib.parse import urlsplit

import jobs
import jobs_tickwire
import marks
from marks import SCALE, cal_ms, pct, rate
from tickwire_server import KEY

from listener_sdk import Listener
from listener_sdk.protocol.signatures import sign, way_of

NAME = "bench:called"
CODE = "bench-called"
CALLS = max(500, int(10_000 * SCALE))
TURNS = 3
PACE = 1_000
PACED_S = max(1, int(10 * min(1, SCALE)))
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
PARAMS = {"number": "{{ hook.body.number }}", "by": "{{ hook.body.pusher.name }}"}
TARGETS = {
    "events": ({"event": "bench:called"}, b'"published"'),
    "jobs": ({"definition": CODE}, b'"started"'),
}


class Calls(jobs.Run):
    async def jobs(self):
        out = {"cal_ms": [cal_ms()]}
        await self.p.setup()
        try:
            await self.declare()
            self.hooks = {
                what: await self.p.client.hooks.create(what, "standard", params=PARAMS, **target)
                for what, (target, _) in TARGETS.items()
            }
            self.lanes = [await self.connect() for _ in range(marks.CONC)]
            await self.turns(out)
            for what in TARGETS:
                found = await self.paced(what)
                out |= {f"paced_{what}_p{q}_ms": round(pct(found, q / 100), 2) for q in (50, 99)}
            await self.check()
        finally:
            for _, writer in getattr(self, "lanes", ()):
                writer.close()
            await self.p.close()
        out["cal_ms"].append(cal_ms())
        return out

    async def declare(self):
        """A job type, which a listener declares that takes nothing, and a definition of it."""
        listener = Listener()
        listener.job(NAME)(never)
        client = self.p.client
        serving = asyncio.create_task(listener.serve(self.p.server.url, KEY))
        try:
            while NAME not in {one.name for one in (await client.job_types.list()).items}:
                await asyncio.sleep(0.05)
        finally:
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving
        await client.definitions.create(CODE, NAME, {}, enabled=True)

    async def connect(self):
        url = urlsplit(self.p.server.url)
        return await asyncio.open_connection(url.hostname, url.port)

    async def turns(self, out):
        """The first turn warms up, and is not counted."""
        for turn in range(TURNS + 1):
            for what in TARGETS:
                calls = self.prepared(what, CALLS)
                before, begun = self.p.server.cpu_s(), time.monotonic()
                await self.sent(what, calls)
                took, spent = time.monotonic() - begun, self.p.server.cpu_s() - before
                if turn:
                    out.setdefault(f"{what}_s", []).append(rate(CALLS, took))
                    out.setdefault(f"server_cpu_us_{what}", []).append(round(spent * 1e6 / CALLS))

    def prepared(self, what, count):
        hook, way = self.hooks[what], way_of("standard", {})
        found = []
        for number in self.ids(count):
            body = json.dumps({"number": number, "pusher": {"name": "ada"}, "more": "x" * 450}).encode()
            signed = sign(way, hook.secret, body, at_s=int(time.time()), id_=f"msg_{number}")
            head = {
                "Host": "bench",
                "Content-Type": "application/json",
                "Content-Length": len(body),
                **signed,
            }
            lines = [f"POST {hook.path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
            found.append("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return found

    async def sent(self, what, calls):
        left = iter(calls)

        async def go(lane):
            for raw in left:
                await accepted(lane, raw, TARGETS[what][1])

        async with asyncio.timeout(60):
            await asyncio.gather(*(go(lane) for lane in self.lanes))

    async def paced(self, what):
        """Milliseconds of each call; one that finds no free connection waits for it."""
        free, found = asyncio.Queue(), []
        for lane in self.lanes:
            free.put_nowait(lane)
        calls = self.prepared(what, PACE * PACED_S)
        begun = time.monotonic() + 0.1

        async def call(number, raw):
            due = begun + number / PACE
            await asyncio.sleep(max(0, due - time.monotonic()))
            lane = await free.get()
            await accepted(lane, raw, TARGETS[what][1])
            free.put_nowait(lane)
            found.append((time.monotonic() - due) * 1e3)

        async with asyncio.timeout(60 + PACED_S):
            await asyncio.gather(*(call(number, raw) for number, raw in enumerate(calls)))
        return found

    async def check(self):
        """Each call that was accepted has made one job, and none two."""
        made = (await self.p.client.jobs.list(job=NAME, page_size=1)).pagination["totalCount"]
        wanted = CALLS * (TURNS + 1) + PACE * PACED_S
        if made != wanted:
            raise RuntimeError(f"{wanted} calls have made {made} jobs")


async def accepted(lane, raw, status):
    """Send a call; an error unless it was accepted."""
    reader, writer = lane
    writer.write(raw)
    head = await reader.readuntil(b"\r\n\r\n")
    body = await reader.readexactly(int(LENGTH.search(head)[1]))
    if not head.startswith(b"HTTP/1.1 202") or status not in body:
        raise RuntimeError(f"{head[:40]!r}: {body[:200]!r}")


async def never(job):
    raise AssertionError(f"{job.id} was not to be taken")


class TickwireHooks(jobs_tickwire.Tickwire):
    name = "tickwire (sqlite)"


class TickwirePgHooks(jobs_tickwire.TickwirePg):
    name = "tickwire (postgres)"


if __name__ == "__main__":
    jobs.main(TickwireHooks, TickwirePgHooks, run=Calls, kind="hooks")

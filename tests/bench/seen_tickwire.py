"""Progress seen in a browser: 200 running jobs tick four times a second each, and one page watches them all.

``seen_p50_ms``, ``seen_p95_ms``: from the call of ``tick`` in a handler to the callback of the browser client, over 15 seconds, both by the
machine's clock in whole milliseconds. ``seen_s``: how many of them a second the page was told; the server tells each job's newest at most four
times a second. ``seen_jobs``: of how many jobs, without which the figures would be those of a few.
"""

import asyncio
import json
import os
import sys
import time
from pathlib import Path

import jobs
import jobs_tickwire
import marks
from marks import Skipped, cal_ms, pct, rate
from tickwire_server import KEY

from listener_sdk import Listener

sys.path.append(str(Path(__file__).resolve().parents[1] / "support"))
import chromium

NAME = "bench:ticking"
JOBS = max(20, int(200 * min(1, marks.SCALE)))
EVERY_S = 0.25
WATCHED_S = 15 if marks.SCALE >= 1 else 3
PAGE = """
import('/client/tickwire.js').then(({ connect }) => {
    globalThis.seen = []
    globalThis.state = 'connecting'
    connect({ token: KEY }).subscribe({ topics: ['job:*'], after: 'now', progress: true }, {
        onProgress: ({ id, info }) => info && seen.push([id, Date.now() - Number(info)]),
        onState: (one) => { state = one },
        onError: (refusal) => { state = refusal.message },
    })
})
"""


class Seen(jobs.Run):
    async def jobs(self):
        if chromium.BINARY is None:
            raise Skipped("there is no Chromium: apt-get install chromium")
        out = {"cal_ms": [cal_ms()]}
        await self.p.setup()
        try:
            await self.start_worker()
            await self.p.client.jobs.create_many([{"name": NAME} for _ in range(JOBS)])
            while (await self.p.client.jobs.list(status="executing", page_size=1)).pagination[
                "totalCount"
            ] < JOBS:
                await asyncio.sleep(0.1)
            out |= await asyncio.to_thread(self.watched)
        finally:
            self.stop_worker()
            await self.p.close()
        out["cal_ms"].append(cal_ms())
        return out

    def watched(self):
        """What the page was told, without the first two seconds."""
        with chromium.chromium(marks.fresh_dir(f"chromium-{os.getpid()}"), chromium.BINARY) as page:
            page.open(f"{self.p.server.url}/client/tickwire.d.ts")
            page.ask(PAGE.replace("KEY", json.dumps(KEY)))
            page.until("state === 'live'")
            time.sleep(2)
            page.ask("seen.length = 0")
            begun, before = time.monotonic(), self.p.server.cpu_s()
            time.sleep(WATCHED_S)
            found = page.ask("seen.splice(0)")
            took, spent = time.monotonic() - begun, self.p.server.cpu_s() - before
            assert page.faults == [], page.faults
        delays = [delay for _, delay in found]
        if len({id_ for id_, _ in found}) < JOBS:
            raise RuntimeError(f"the page was told of {len({id_ for id_, _ in found})} of {JOBS} jobs")
        return {
            **{f"seen_p{q}_ms": pct(delays, q / 100) for q in (50, 95)},
            "seen_s": rate(len(delays), took),
            "seen_jobs": JOBS,
            "server_cpu_percent": round(100 * spent / took, 1),
        }


class TickwireSeen(jobs_tickwire.Tickwire):
    name = "tickwire (sqlite)"

    def worker(self):
        serve()


class TickwirePgSeen(jobs_tickwire.TickwirePg):
    name = "tickwire (postgres)"

    def worker(self):
        serve()


def serve():
    """Ticks that carry the time of their call, until the listener is ended."""
    listener = Listener()

    @listener.job(NAME)
    async def ticking(job):
        for number in range(1_000_000):
            await job.tick(number % 100, text=str(time.time_ns() // 1_000_000))
            await asyncio.sleep(EVERY_S)

    listener.run(concurrency=JOBS)


if __name__ == "__main__":
    jobs.main(TickwireSeen, TickwirePgSeen, run=Seen, kind="seen")

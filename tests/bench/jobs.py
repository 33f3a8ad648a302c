"""A, B and E: what a job system is asked. Every system is measured by this one file.

A job system is a subclass of Peer in a script of its own that ends with ``jobs.main(ThePeer)``.
One client process (this), one worker process (the same script with ``worker``), one broker or store.

A  enqueue_single  sequential enqueues from one client, no worker running, jobs/s
   enqueue_conc    100 enqueues in flight from one client, jobs/s (asynchronous clients only)
   enqueue_batch   calls of 100 jobs each, jobs/s (where the system has such a call)
   life_best       N jobs by the fastest enqueue way, idle worker of concurrency 100 already up,
                   from the first enqueue call to the last job recorded as finished, jobs/s
   life_single     the same with sequential single enqueues
   life_conc       the same with 100 enqueues in flight (asynchronous clients only)
B  lat_p50, lat_p99  one job at a time to an idle worker, from before the enqueue call to the first
                   line of the handler, milliseconds (200 samples or 20 s, whichever ends first)
E  ``backlog 1000 100000``: enqueue rate and dequeue rate with that many jobs waiting

The handler does one thing: it writes time.monotonic_ns() into slot i of a shared mapped file, so that
neither the broker nor the handler is loaded by the measuring itself.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from marks import CONC, MARKS, SCALE, WORK, cal_ms, child, emit, explained, open_marks, pct, rate

SCRIPT = Path(sys.argv[0]).resolve()
HERE = SCRIPT.parent


class Peer:
    name = version = broker = durability = poll = ""
    n_life = 5000
    n_single = 2000
    batch = 100
    batch_way = ""
    """More about a batch than its size."""
    has_batch = False
    concurrent = True
    """May 100 enqueues be in flight from one client?"""
    lat_samples = 200
    ready_s = 40
    fill_s = 240
    env = {}

    async def setup(self):
        """An empty store, a connected client. Skipped when the system cannot run here."""

    async def enqueue(self, i):
        """Return once the system has accepted the job."""

    async def enqueue_many(self, ids):
        """As ``enqueue``, all in one call; only with ``has_batch``."""

    async def unfinished(self):
        """How many jobs are not yet recorded as finished."""
        return 0

    async def clear(self):
        """Drop every waiting job."""

    async def close(self): ...

    def worker_argv(self):
        return [sys.executable, str(SCRIPT), "worker"]

    def worker(self):
        """The body of the worker process; it runs until SIGTERM."""


class Run:
    """One client, which measures one peer."""

    def __init__(self, peer):
        self.p = peer
        self.m = open_marks(create=True)
        self.next = 0
        self.proc = None

    def ids(self, n):
        a = self.next
        self.next += n
        return range(a, a + n)

    # ---- ways to enqueue

    async def single(self, ids):
        for i in ids:
            await self.p.enqueue(i)

    async def gathered(self, ids):
        it = iter(ids)

        async def lane():
            for i in it:
                await self.p.enqueue(i)

        await asyncio.gather(*(lane() for _ in range(CONC)))

    async def batched(self, ids):
        b = self.p.batch
        for k in range(0, len(ids), b):
            await self.p.enqueue_many(ids[k : k + b])

    def fastest(self):
        if self.p.has_batch:
            return self.batched, f"batches of {self.p.batch}{self.p.batch_way}"
        return (self.gathered, f"{CONC} in flight") if self.p.concurrent else (self.single, "single")

    async def timed(self, way, n, limit=60):
        ids = self.ids(max(1, int(n * SCALE)))
        t = time.monotonic()
        await asyncio.wait_for(way(ids), limit)
        return ids, t, rate(len(ids), time.monotonic() - t)

    # ---- the worker

    async def start_worker(self):
        env = dict(os.environ, BENCH_MARKS=str(MARKS), BENCH_TMP=str(WORK), **self.p.env)
        path = WORK / f"{self.p.name.replace('/', '_').replace(' ', '_')}.worker.log"
        with path.open("ab") as log:
            self.proc = child(
                self.p.worker_argv(),
                env=env,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=HERE,
            )

    async def ready(self):
        for _ in range(4):
            ids = self.ids(5)
            await self.single(ids)
            await self.wait(ids, self.p.ready_s)
        await asyncio.sleep(0.3)

    def stop_worker(self):
        if self.proc and self.proc.poll() is None:
            self.proc.terminate()
            try:
                self.proc.wait(4)
            except subprocess.TimeoutExpired:
                self.end_worker_session()
                self.proc.wait()
        if self.proc:
            self.end_worker_session()
        self.proc = None

    def end_worker_session(self):
        """Its own session, started above."""
        try:
            os.killpg(self.proc.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    async def wait(self, ids, limit):
        """Until the last of these jobs is recorded as finished."""
        lo, hi = ids[0], ids[-1] + 1
        end = time.monotonic() + limit
        while True:
            left = self.m[lo:hi].tolist().count(0)
            if not left:
                break
            if time.monotonic() > end:
                raise TimeoutError(f"{left} of {hi - lo} jobs unfinished after {limit} s")
            await asyncio.sleep(0.003)
        while await self.p.unfinished() > 0:
            if time.monotonic() > end:
                raise TimeoutError("not recorded as finished")
            await asyncio.sleep(0.003)

    # ---- A and B

    async def jobs(self):
        p, out = self.p, {"cal_ms": [cal_ms()]}
        await p.setup()
        try:
            await self.enqueue_rates(out)
            await p.clear()
            await self.start_worker()
            await self.ready()
            await self.lives(out)
            await self.latency(out)
        finally:
            self.stop_worker()
            await p.close()
        out["cal_ms"].append(cal_ms())
        return out

    async def enqueue_rates(self, out):
        p = self.p
        _, _, out["enqueue_single"] = await self.timed(self.single, p.n_single)
        if p.concurrent:
            _, _, out["enqueue_conc"] = await self.timed(self.gathered, p.n_single)
        if p.has_batch:
            _, _, out["enqueue_batch"] = await self.timed(self.batched, p.n_life)

    async def lives(self, out):
        p = self.p
        way, out["life_way"] = self.fastest()
        out["life_best"], out["n"] = await self.life(way, p.n_life)
        out["life_single"] = out["life_best"]
        if way != self.single:
            out["life_single"], _ = await self.life(self.single, p.n_single)
        if way == self.gathered:
            out["life_conc"] = out["life_best"]
        elif p.concurrent:
            out["life_conc"], _ = await self.life(self.gathered, p.n_life)

    async def life(self, way, n):
        ids, t, _ = await self.timed(way, n)
        await self.wait(ids, 60)
        found = rate(len(ids), time.monotonic() - t)
        await asyncio.sleep(0.5)
        return found, len(ids)

    async def latency(self, out):
        lat, end = [], time.monotonic() + 20
        samples = max(20, int(self.p.lat_samples * min(1, SCALE)))
        while len(lat) < samples and time.monotonic() < end:
            (i,) = self.ids(1)
            t = time.monotonic_ns()
            await self.p.enqueue(i)
            while not self.m[i]:
                await asyncio.sleep(0.001)
                if time.monotonic() > end + 20:
                    raise TimeoutError("latency sample")
            lat.append((self.m[i] - t) / 1e6)
            await asyncio.sleep(random.uniform(0.01, 0.03))
        out.update(lat_n=len(lat), lat_p50=round(pct(lat, 0.5), 2), lat_p99=round(pct(lat, 0.99), 2))

    # ---- E

    async def backlog(self, sizes):
        for size in sizes:
            out = {"backlog": size, "cal_ms": [cal_ms()]}
            await self.p.setup()
            try:
                await self.at_backlog(size, out)
            except Exception as error:
                out |= explained(error)
            finally:
                self.stop_worker()
                await self.p.clear()
                await self.p.close()
            emit(kind="backlog", name=self.p.name, version=self.p.version, **out)

    async def at_backlog(self, size, out):
        ids, _, out["fill_rate"] = await self.timed(self.fastest()[0], size / SCALE, self.p.fill_s)
        _, _, out["enqueue_single"] = await self.timed(self.single, 500)
        out["dequeue_rate"] = await self.dequeue(ids[0], min(2000, int(size * 0.8)))

    async def dequeue(self, lo, take, skip=200):
        """Handlers started a second, wherever in the backlog their jobs are, without the first 200."""
        before = len(self.started(lo))
        await self.start_worker()
        end = time.monotonic() + 60
        while len(self.started(lo)) < before + take and time.monotonic() < end:
            await asyncio.sleep(0.25)
        xs = sorted(self.started(lo))[before:][: max(take, 2)]
        if len(xs) <= skip + 50:
            return None
        return rate(len(xs) - skip - 1, (xs[-1] - xs[skip]) / 1e9)

    def started(self, lo):
        """The times of the handlers that have started since a number was handed out."""
        return [x for x in self.m[lo : self.next].tolist() if x]


def main(peer_cls, *variants, run=Run, kind="jobs"):
    """``variants``: other subclasses, chosen with BENCH_VARIANT=<their name>."""
    pick = os.environ.get("BENCH_VARIANT")
    peer_cls = next((one for one in variants if one.__name__ == pick), peer_cls)
    peer = peer_cls()
    if sys.argv[1:2] == ["worker"]:
        return peer.worker()
    if pick and peer_cls.__name__ != pick:
        sys.exit(f"no variant {pick}")
    running = run(peer)
    try:
        if sys.argv[1:2] == ["backlog"]:
            asyncio.run(running.backlog([int(x) for x in sys.argv[2:]] or [1000, 100000]))
        else:
            measure(peer, running, kind)
    finally:
        MARKS.unlink()


def measure(peer, running, kind):
    try:
        out = asyncio.run(running.jobs())
    except Exception as error:
        out = explained(error)
    if peer.broker.startswith("Redis") and os.environ.get("BENCH_REDIS_AOF"):
        peer.durability = "append-only file, appendfsync " + os.environ["BENCH_REDIS_AOF"]
    emit(
        kind=kind,
        name=peer.name,
        version=peer.version,
        broker=peer.broker,
        durability=peer.durability,
        poll=peer.poll,
        python=sys.version.split()[0],
        **out,
    )

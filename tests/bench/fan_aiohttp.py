"""aiohttp: send_str to each connection (BENCH_FRAME=each), one ready frame written to each transport (shared),
or the frames of 2 ms joined once and written to each transport in one write (coalesced)."""

import asyncio
import os
import struct
from importlib.metadata import version

import fan
from aiohttp import web

HOW = os.environ.get("BENCH_FRAME", "each")


def frame(text):
    b = text.encode()
    return b"\x81" + (bytes([len(b)]) if len(b) < 126 else b"\x7e" + struct.pack("!H", len(b))) + b


class Aiohttp(fan.Fan):
    name = (
        "aiohttp ws"
        + {"each": "", "shared": " (one shared frame)", "coalesced": " (shared frames, 2 ms joined)"}[HOW]
    )
    version = version("aiohttp")

    async def start(self, port):
        self.all = set()

        async def handler(request):
            ws = web.WebSocketResponse(heartbeat=None)
            await ws.prepare(request)
            key = (ws, request.transport)
            self.all.add(key)
            try:
                async for _ in ws:
                    pass
            finally:
                self.all.discard(key)
            return ws

        app = web.Application()
        app.router.add_get("/", handler)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()

    waiting = None

    def flush(self):
        data, self.waiting = b"".join(self.waiting), None
        for _, tr in list(self.all):
            tr.write(data)

    async def publish(self, text):
        if HOW == "coalesced":
            if self.waiting is None:
                self.waiting = []
                asyncio.get_running_loop().call_later(0.002, self.flush)
            self.waiting.append(frame(text))
        elif HOW == "shared":
            f = frame(text)
            for _, tr in list(self.all):
                tr.write(f)
        else:
            for ws, _ in list(self.all):
                await ws.send_str(text)


fan.main(Aiohttp)

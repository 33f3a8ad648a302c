import json
from importlib.metadata import version

import fan
import socketio
from aiohttp import web


class SocketIo(fan.Fan):
    name = "python-socketio (aiohttp)"
    version = version("python-socketio")
    client = "socketio"
    path = "/socket.io/?EIO=4&transport=websocket"

    async def start(self, port):
        self.sio = socketio.AsyncServer(async_mode="aiohttp")
        app = web.Application()
        self.sio.attach(app)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()

    async def publish(self, text):
        await self.sio.emit("m", json.loads(text))


fan.main(SocketIo)

from importlib.metadata import version

import fan
from websockets.asyncio.server import broadcast, serve


class Websockets(fan.Fan):
    name = "websockets broadcast()"
    version = version("websockets")

    async def start(self, port):
        async def handler(ws):
            async for _ in ws:
                pass

        self.s = await serve(handler, "127.0.0.1", port, compression=None)

    async def publish(self, text):
        broadcast(self.s.connections, text)


fan.main(Websockets)

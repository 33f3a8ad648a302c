from importlib.metadata import version

import fan
import picows


class Picows(fan.Fan):
    name = "picows"
    version = version("picows")

    async def start(self, port):
        self.all = all_ = set()

        class L(picows.WSListener):
            def on_ws_connected(self, tr):
                all_.add(tr)

            def on_ws_disconnected(self, tr):
                all_.discard(tr)

        self.s = await picows.ws_create_server(lambda _: L(), "127.0.0.1", port)

    async def publish(self, text):
        b = text.encode()
        for tr in self.all:
            tr.send(picows.WSMsgType.TEXT, b)


fan.main(Picows)

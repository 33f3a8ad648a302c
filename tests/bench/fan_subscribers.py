"""The subscribers: many connections in one process, in C frames where the system speaks websocket.

    python fan_subscribers.py KIND PORT PATH

Told by standard input: ``connect N`` (up to N connections), ``expect N`` (answers ``armed``, then the end once N messages have
come on each connection, with the delays), ``watch`` (what has come since the last time, counted only).
"""

import asyncio
import json
import os
import sys

import marks
import picows
from fan import answer, listen_to_stdin, run

T = b'"t":'
LIMIT_S = 50


class Stats:
    def __init__(self):
        self.reset(1 << 60)
        self.finished = None
        self.count = self.bytes = 0

    def reset(self, expect):
        self.left, self.delays = expect, []

    def got(self, payload, start=0):
        """One message, or with ``start`` the next of several in a frame; where it was found, or -1."""
        now = marks.time.monotonic_ns()
        k = payload.find(T, start)
        if k < 0:
            return k
        self.delays.append(now - int(payload[k + 4 : payload.find(b",", k)]))
        self.left -= 1
        if not self.left:
            self.finished.set_result(now)
        return k


stats = Stats()


class WebSocket(picows.WSListener):
    headers = {}

    def on_ws_connected(self, transport):
        self.up = asyncio.get_running_loop().create_future()
        self.opened(transport)

    def opened(self, transport):
        self.up.set_result(None)

    def on_ws_frame(self, transport, frame):
        if frame.msg_type == picows.WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
        elif frame.msg_type in {picows.WSMsgType.TEXT, picows.WSMsgType.BINARY}:
            self.take(transport, frame.get_payload_as_bytes())

    def take(self, transport, payload):
        stats.got(payload)


class SocketIo(WebSocket):
    def opened(self, transport):
        """Up once the server has confirmed the namespace."""

    def take(self, transport, payload):
        if payload[:1] == b"0":
            transport.send(picows.WSMsgType.TEXT, b"40")
        elif payload[:2] == b"40":
            self.up.set_result(None)
        elif payload == b"2":
            transport.send(picows.WSMsgType.TEXT, b"3")
        else:
            stats.got(payload)


class Tickwire(WebSocket):
    """Up once the subscription to every event is confirmed. A frame may hold several events."""

    headers = {"Authorization": f"Bearer {os.environ.get('BENCH_TICKWIRE_KEY', '')}"}
    frames = (
        b'[{"type":"hello","id":1,"session":"%s"},{"type":"subscribe","id":2,"sub":"all","topics":["**"]}]'
    )

    def opened(self, transport):
        transport.send(picows.WSMsgType.TEXT, self.frames % os.urandom(12).hex().encode())

    def take(self, transport, payload):
        if not self.up.done():
            if b'"subscribed"' in payload:
                self.up.set_result(None)
            return
        stats.count += payload.count(b'"topic":"job:completed"')
        stats.bytes += len(payload)
        k = stats.got(payload)
        while k >= 0:
            k = stats.got(payload, k + 4)


class Nats(asyncio.Protocol):
    """A parser in Python: the messages have one length."""

    def connection_made(self, transport):
        self.transport, self.buffer = transport, b""
        self.up = asyncio.get_running_loop().create_future()
        transport.write(b'CONNECT {"verbose":false}\r\nSUB bench 1\r\nPING\r\n')

    def data_received(self, data):
        if self.up.done():
            self.buffer = self.rest(self.buffer + data)
        elif b"PONG" in data:
            self.up.set_result(None)

    def rest(self, buffer):
        while True:
            if buffer.startswith(b"PING\r\n"):
                self.transport.write(b"PONG\r\n")
                buffer = buffer[6:]
                continue
            k = buffer.find(b"\r\n")
            if k < 0 or not buffer.startswith(b"MSG") or len(buffer) < k + 2 + 258:
                return buffer
            stats.got(buffer[k + 2 : k + 258])
            buffer = buffer[k + 260 :]


KINDS = {"ws": WebSocket, "socketio": SocketIo, "tickwire": Tickwire}


async def one(kind, port, path):
    if kind == "nats":
        _, made = await asyncio.get_running_loop().create_connection(Nats, "127.0.0.1", port)
    else:
        listener = KINDS[kind]
        _, made = await picows.ws_connect(
            listener,
            f"ws://127.0.0.1:{port}{path}",
            extra_headers=listener.headers or None,
            max_frame_size=1 << 26,
        )
    await made.up
    return made


async def main(kind, port, path):
    subscribers, orders = [], listen_to_stdin()
    while (order := await orders.get()) is not None:
        match order:
            case ["connect", n]:
                while len(subscribers) < int(n):
                    few = min(50, int(n) - len(subscribers))
                    subscribers += await asyncio.gather(*(one(kind, port, path) for _ in range(few)))
                answer(up=len(subscribers))
            case ["expect", n]:
                await expect(int(n) * len(subscribers))
            case ["watch"]:
                answer(completed=stats.count, bytes=stats.bytes)
                stats.count = stats.bytes = 0


async def expect(count):
    stats.finished = asyncio.get_running_loop().create_future()
    stats.reset(count)
    answer(armed=1)
    try:
        end = await asyncio.wait_for(stats.finished, LIMIT_S)
    except TimeoutError:
        end = None
    d = sorted(stats.delays)
    delays = {"p50": d[len(d) // 2] / 1e6, "p99": d[int(len(d) * 0.99)] / 1e6} if d else {}
    print(json.dumps({"end": end, "n": len(d), **delays}), flush=True)


if __name__ == "__main__":
    run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))

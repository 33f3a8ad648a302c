"""Tickwire: events published over the SDK's stream, stored, and delivered to subscriptions of every event."""

import asyncio
import json
from importlib.metadata import version

import fan
from jobs_tickwire import ignore
from tickwire_server import KEY, Server

from listener_sdk import Client
from listener_sdk._stream import Stream
from listener_sdk.protocol.events import EventCreate


class Tickwire(fan.Fan):
    name = "tickwire (sqlite)"
    version = version("tickwire")
    durability = "SQLite WAL, synchronous=FULL"
    client = "tickwire"
    path = "/v1/stream"
    joins = True
    postgres = False

    async def start(self, port):
        self.server = Server(postgres=self.postgres, port=port)
        self.stream = Stream(Client(self.server.url, KEY).connection, ignore)
        self.running = asyncio.create_task(self.stream.run())
        self.handed_over = set()

    def pid(self):
        return self.server.process.pid

    async def publish(self, text):
        """Handed over without waiting for the answer, as to a socket; a refusal ends the measurement by what is missing."""
        task = asyncio.create_task(self.publish_kept(text))
        self.handed_over.add(task)
        task.add_done_callback(self.handed_over.discard)

    async def publish_kept(self, text):
        await self.stream.publish(EventCreate(topic="bench:message", payload=json.loads(text)))


class TickwirePg(Tickwire):
    name = "tickwire (postgres)"
    durability = "synchronous_commit=on, fsync=on"
    postgres = True


fan.main(Tickwire, TickwirePg)

"""A thousand broken connections under a load of events: no subscriber of any kind loses one, or gets one twice."""

import asyncio
import contextlib
import random

import aiohttp
import pytest
from postgres import postgres
from server_sent import event_source

from listener_sdk import ApiError, Client, Listener, _stream
from listener_sdk.protocol.events import EventCreate
from listener_sdk.protocol.subscriptions import WINDOW_EVENTS
from server.app import running
from server.commands.events import PUBLISH, PublishEvent
from server.settings import Settings
from server.web.auth import authenticate

DROPS = 1_000
LAST = "load:ended"
DEADLINE_S = 120.0


@pytest.fixture
async def served(tmp_path, monkeypatch):
    """A server in this process, to whose clients a broken connection is nothing to wait for."""
    monkeypatch.setattr(_stream, "backoff_s", lambda *_: 0.001)
    settings = Settings(port=0, data_dir=tmp_path, drain_s=5)
    async with running(settings) as (node, url):
        key = (tmp_path / "admin.key").read_text().strip()
        yield node, url, key


class Load:
    """Publishes, and breaks connections meanwhile."""

    def __init__(self, node, actor):
        self.node = node
        self.actor = actor
        self.random = random.Random(7)
        self.dropped = {"stream": 0, "sse": 0}

    async def run(self):
        number = 0
        while sum(self.dropped.values()) < DROPS:
            for _ in range(self.random.randint(0, 4)):
                await self.publish("load:step", n=number)
                number += 1
            self.drop()
            await asyncio.sleep(0.002)
        await self.publish(LAST)

    async def publish(self, topic, **payload):
        event = EventCreate(topic=topic, payload=payload)
        await self.node.submit(PUBLISH, PublishEvent(self.actor, event))

    def drop(self):
        readers = list(self.node.sockets.peers)
        if readers:
            reader = self.random.choice(readers)
            request = reader._call.request if hasattr(reader, "_call") else reader.shell._request
            if request.transport is not None:
                self.dropped["sse" if hasattr(reader, "_call") else "stream"] += 1
                request.transport.abort()


async def live(client):
    """A subscription of the SDK."""
    found = []
    async for event in client.subscribe("load:*", after="oldest"):
        found.append(event.position)
        if event.topic == LAST:
            break
    return found


async def durable_lives(client):
    """A durable one, by one subscriber after another, each of which deals with a few events."""
    found, lives = [], random.Random(11)
    while True:
        async with client.subscribe("load:*", after="oldest", name="lives") as events:
            for _ in range(lives.randint(1, 60)):
                event = await anext(events)
                found.append(event.position)
                if event.topic == LAST:
                    return found
            await events.ack()


async def durable_listener(url, key):
    """A callback with a name."""
    listener, found, stop = Listener(), [], asyncio.Event()

    @listener.on("load:*", name="callback", start="oldest")
    async def note(event):
        found.append(event.position)
        if event.topic == LAST:
            stop.set()

    await listener.serve(url, key, stop=stop)
    return found


async def browser(url, key):
    """Server-sent events, resumed by the last id."""
    found, last = [], ""
    async with aiohttp.ClientSession() as http:
        while True:
            with contextlib.suppress(aiohttp.ClientError, EOFError, ConnectionError):
                path = f"{url}/v1/events/stream?topics=load:*&after=oldest"
                async with event_source(http, path, key, last) as source:
                    while True:
                        try:
                            message = await source.next("message")
                        finally:
                            last = source.last or last
                        found.append(message.id)
                        if message.data["topic"] == LAST:
                            return found


async def named(url, key):
    """Server-sent events by name: each one is acked, and one that was cut off goes on where its acks stand in the store."""
    found = []
    async with aiohttp.ClientSession(url, headers={"Authorization": f"Bearer {key}"}) as http:
        while True:
            with contextlib.suppress(aiohttp.ClientError, EOFError, ConnectionError):
                path = f"{url}/v1/events/stream?topics=load:*&after=oldest&name=page"
                async with event_source(http, path, key, found[-1] if found else "") as source:
                    while True:
                        message = await source.next("message")
                        found.append(message.id)
                        await http.post("/v1/subscriptions/page/acked", json={"position": message.id})
                        if message.data["topic"] == LAST:
                            return found


async def test_every_kind_of_subscriber_sees_each_event_once_and_in_order(served):
    node, url, key = served
    load = Load(node, await authenticate(node, key, "127.0.0.1"))
    async with asyncio.timeout(DEADLINE_S), Client(url, key) as client:
        kinds = (
            live(client),
            live(client),
            durable_lives(client),
            durable_listener(url, key),
            browser(url, key),
            named(url, key),
        )
        _, *seen = await asyncio.gather(load.run(), *kinds)
        history = [event.position async for event in client.events.iterate(topics=["load:*"], page_size=500)]
    assert len(history) > DROPS
    assert min(load.dropped.values()) > DROPS // 20
    for found in seen:
        assert found == history


async def to_the_end(events):
    return [event async for event in events]


@pytest.mark.must_run
async def test_on_another_server_of_the_store_it_goes_on_and_the_first_is_told(tmp_path):
    key, url = "an-administrator-key-of-this-test-alone", postgres().store()
    chosen = [
        Settings(port=0, data_dir=tmp_path / name, drain_s=5, database_url=url, admin_key=key)
        for name in ("one", "two")
    ]
    async with (
        asyncio.timeout(DEADLINE_S),
        running(chosen[0]) as (_, first_url),
        running(chosen[1]) as (_, second_url),
        Client(first_url, key) as first,
        Client(second_url, key) as second,
    ):
        for n in range(4):
            await first.events.publish("load:step", {"n": n})
        older = first.subscribe("load:*", after="oldest", name="billing")
        assert [(await anext(older)).payload["n"] for _ in range(2)] == [0, 1]
        await older.ack()
        newer = second.subscribe("load:*", name="billing")
        assert (await anext(newer)).payload["n"] == 2
        with pytest.raises(ApiError) as told:
            await to_the_end(older)
        assert told.value.code == "subscription_taken"
        # What the first acked after it had lost the subscription counts for nothing.
        assert (await anext(newer)).payload["n"] == 3
        await newer.ack()
        shown = await first.subscriptions.get("billing")
        assert (shown.position, shown.connected) == (newer.position, True)
        await newer.aclose()


@pytest.mark.must_run
async def test_acks_that_come_to_another_server_open_the_window(tmp_path):
    key, url = "an-administrator-key-of-this-test-alone", postgres().store()
    chosen = [
        Settings(port=0, data_dir=tmp_path / name, drain_s=5, database_url=url, admin_key=key)
        for name in ("one", "two")
    ]
    async with (
        asyncio.timeout(DEADLINE_S),
        running(chosen[0]) as (node, first),
        running(chosen[1]) as (_, second),
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as http,
    ):
        actor = await authenticate(node, key, "127.0.0.1")
        made = [PublishEvent(actor, EventCreate(topic="load:step")) for _ in range(WINDOW_EVENTS + 10)]
        await asyncio.gather(*(node.submit(PUBLISH, item) for item in made))
        path = f"{first}/v1/events/stream?topics=load:*&after=oldest&name=page"
        async with event_source(http, path, key) as source:
            for _ in range(WINDOW_EVENTS):
                last = await source.next("message")
            answer = await http.post(f"{second}/v1/subscriptions/page/acked", json={"position": last.id})
            assert answer.status == 200, await answer.text()
            assert len(await source.events(10)) == 10

"""Subscribers of a stage that check what the stream promises them."""

import asyncio

from stage import ADMIN, DEADLINE_S

from listener_sdk.protocol.events import EventCreate
from server.commands.events import PUBLISH, PublishEvent


async def publish(stage, count=1, topic="invoice:paid", actor=ADMIN, **payload):
    """Events with a number each; their sequence numbers."""
    items = [PublishEvent(actor, EventCreate(topic=topic, payload={"n": n, **payload})) for n in range(count)]
    made = await asyncio.gather(*(stage.do(PUBLISH, item) for item in items))
    return [event.seq for event in made]


class Reader:
    """A subscriber that checks what the protocol promises: each frame follows the one before it."""

    def __init__(self, listener, sub="s"):
        self.listener = listener
        self.sub = sub
        self.position = None
        self.events = []

    async def begin(self, after="now", topics=("**",), **more):
        answer = await self.listener.ask(
            type="subscribe", sub=self.sub, after=after, topics=[*topics], **more
        )
        assert answer is None or answer["type"] == "error"
        return answer

    def take(self):
        """All that has come so far."""
        mine = [f for f in self.listener.seen("subscribed", "events", "position") if f["sub"] == self.sub]
        for frame in mine:
            self.listener.frames.remove(frame)
            if frame["type"] == "subscribed":
                self.position = frame["from"]
                continue
            assert frame["prev"] == self.position, "a gap, or a repetition"
            if frame["type"] == "events":
                assert frame["events"]
                self.events += frame["events"]
                self.position = frame["events"][-1]["position"]
            else:
                self.position = frame["position"]
        return self.events

    @property
    def seqs(self):
        return [int(event["position"].rpartition(":")[2]) for event in self.take()]

    async def reach(self, count):
        async with asyncio.timeout(DEADLINE_S):
            while len(self.take()) < count:
                self.listener._came.clear()
                await self.listener._came.wait()
        return self.seqs


def at(stage, seq):
    return f"{stage.node.epoch}:{seq}"

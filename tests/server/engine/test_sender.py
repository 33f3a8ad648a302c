"""What sends has room for so much at once, tells ends as long as the store is away, and begins nothing when it drains."""

import asyncio

from server.engine.sender import TELLS, Sender
from server.store.database import StoreError


class Slow(Sender[int]):
    name = "slow"
    at_once = 2

    def __init__(self, submit=None):
        super().__init__(submit, None, lambda: 0)
        self.free = asyncio.Event()
        self.asked = []

    async def _look(self, free):
        self.asked.append(free)
        for _ in range(free):
            self._begin(self._wait(), free)
        return free

    async def _wait(self):
        await self.free.wait()


async def test_it_begins_as_much_as_there_is_room_for():
    sender = Slow()
    assert [await sender.look(), await sender.look()] == [2, 0]
    sender.free.set()
    await sender.settle()
    assert await sender.look() == 2
    assert sender.asked == [2, 2]
    await sender.stop()


async def test_it_looks_until_nothing_more_begins():
    sender = Slow()
    loop = asyncio.create_task(sender.run())
    async with asyncio.timeout(20):
        while len(sender._tasks) < 2:  # noqa: ASYNC110 - it has no event for what has begun
            await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert sender.asked == [2]
    assert list(sender._tasks.values()) == [2, 2]
    sender.free.set()
    async with asyncio.timeout(20):
        while len(sender.asked) < 2:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    await sender.stop()


async def test_an_end_makes_it_look_again():
    sender = Slow()
    await sender.look()
    sender._wake.clear()
    sender.free.set()
    await sender.settle()
    async with asyncio.timeout(20):
        await sender._wake.wait()
    await sender.stop()


async def test_a_drained_one_begins_nothing():
    sender = Slow()
    sender.drain()
    assert await sender.look() == 0
    assert sender.asked == []


async def test_an_end_is_told_until_the_store_hears_it(monkeypatch):
    monkeypatch.setattr("server.engine.sender.TELL_AGAIN_S", 0)
    told = []

    async def submit(command, item):
        told.append(item)
        if len(told) < 3:
            raise StoreError("away")
        return command

    assert await Slow(submit)._tell("command", "item") == "command"
    assert len(told) == 3

    async def never(command, item):
        told.append(item)
        raise StoreError("away")

    told.clear()
    assert await Slow(never)._tell("command", "item") is None
    assert len(told) == TELLS

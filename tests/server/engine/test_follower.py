"""A loop that follows the log gets what is next from memory, else from the store, looks at what concerns it, and keeps its place."""

import asyncio

import pytest

from server.engine.follower import WRITE_EVERY_MS, Follower, following
from server.engine.log import Log
from server.store.database import StoreError
from server.store.log import Head, Stored


def stored(seq):
    return Stored(seq, 1, "a:b", None, 0, '{"topic":"a:b"}')


def page(oldest, *seqs):
    async def read(after, upto, count):
        return oldest, [stored(seq) for seq in seqs]

    return read


async def test_the_ring_gives_what_it_has_and_the_store_what_is_older():
    log = Log(Head("e1", 2, 1))
    log.take([stored(3), stored(4)])
    assert [one.seq for one in await following(log, page(1), 2)] == [3, 4]
    assert [one.seq for one in await following(log, page(1, 1, 2), 0)] == [1, 2]


async def test_where_events_were_removed_the_oldest_is_told():
    log = Log(Head("e1", 9, 1))
    assert await following(log, page(5, 5, 6), 2) == 5


async def test_a_store_that_is_behind_is_asked_again_later():
    log = Log(Head("e1", 9, 1))
    with pytest.raises(StoreError):
        await following(log, page(1), 2)


class Counting(Follower):
    """Counts what it is given; nothing is for it until it is ``asked``."""

    name = "counting"

    def __init__(self, log, clock):
        super().__init__(log, None, None, page(1), clock)
        self.asked = True
        self.taken, self.moved, self.looks = [], [], 0

    def _is_asked(self):
        return self.asked

    def _watches(self, entry):
        return entry.seq % 5 == 0

    async def _load(self):
        return 2, 0

    async def _take(self, entries):
        self.taken += [one.seq for one in entries]
        return len(entries)

    async def _skip(self, oldest):
        raise AssertionError("nothing is removed here")

    async def _move(self, seq):
        self.moved.append(seq)

    async def _besides(self):
        self.looks += 1
        return 0


def told(log, loop, *seqs):
    loop.publish(log.take([stored(seq) for seq in seqs]))


async def test_what_it_does_not_watch_is_passed_over_once_it_has_caught_up():
    log = Log(Head("e1", 2, 1))
    loop = Counting(log, lambda: 0)
    told(log, loop, 3)
    assert await loop.look() == 1
    loop._wake.clear()
    told(log, loop, 4)
    assert not loop._wake.is_set()
    told(log, loop, 5)
    assert loop._wake.is_set()
    assert await loop.look() == 1
    assert loop.taken == [3, 5]


async def test_its_place_is_noted_now_and_then_where_it_is_asked_for_anything():
    now = [0]
    log = Log(Head("e1", 2, 1))
    loop = Counting(log, lambda: now[0])
    await loop.look()
    told(log, loop, 3)
    await loop.look()
    assert loop.moved == []
    now[0] += WRITE_EVERY_MS
    await loop.look()
    assert loop.moved == [3]
    loop.asked = False
    now[0] += WRITE_EVERY_MS
    told(log, loop, 4)
    await loop.look()
    assert loop.moved == [3]


@pytest.mark.parametrize("asked", [True, False])
async def test_it_looks_again_by_itself_only_where_it_is_asked_for_anything(asked):
    log = Log(Head("e1", 2, 1))
    loop = Counting(log, lambda: 0)
    loop.asked, loop.longest_s = asked, lambda: 0.0
    task = asyncio.create_task(loop.run())
    for _ in range(50):
        await asyncio.sleep(0)
    assert (loop.looks > 1) is asked
    told(log, loop, 3, 4, 5)
    async with asyncio.timeout(20):
        while not loop.taken:  # noqa: ASYNC110 - it has no event for what it has taken
            await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

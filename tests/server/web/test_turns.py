"""What is large waits for its turn."""

import asyncio

import pytest

from server.web.turns import Turns


class Guest:
    """Something of a size that stays inside until it is told to go."""

    def __init__(self, turns, size):
        self.came, self.go = asyncio.Event(), asyncio.Event()
        self.task = asyncio.create_task(self._stay(turns, size))

    async def _stay(self, turns, size):
        async with turns.taking(size):
            self.came.set()
            await self.go.wait()

    async def leave(self):
        self.go.set()
        await self.task


async def settle():
    """Whatever can go on has gone on."""
    for _ in range(20):
        await asyncio.sleep(0)


async def inside(*guests):
    await settle()
    return [guest.came.is_set() for guest in guests]


async def test_as_much_goes_in_as_there_is_room_for():
    turns = Turns(10)
    a, b, c = (Guest(turns, size) for size in (4, 6, 1))
    assert await inside(a, b, c) == [True, True, False]
    await a.leave()
    assert await inside(c) == [True]
    await b.leave()
    await c.leave()
    assert turns.inside == 0


async def test_who_came_first_goes_first_even_when_smaller_ones_would_fit():
    turns = Turns(10)
    a, large, small = (Guest(turns, size) for size in (4, 8, 1))
    assert await inside(a, large, small) == [True, False, False]
    await a.leave()
    assert await inside(large, small) == [True, True]
    await large.leave()
    await small.leave()


async def test_what_is_larger_than_all_goes_in_alone():
    turns = Turns(10)
    a, giant, b = (Guest(turns, size) for size in (1, 99, 1))
    assert await inside(a, giant, b) == [True, False, False]
    await a.leave()
    assert await inside(giant, b) == [True, False]
    await giant.leave()
    assert await inside(b) == [True]
    await b.leave()


async def test_who_gives_up_leaves_its_place_to_the_next():
    turns = Turns(10)
    a, b, c = (Guest(turns, 10) for _ in range(3))
    await settle()
    b.task.cancel()
    assert await inside(c) == [False]
    await a.leave()
    assert await inside(c) == [True]
    await c.leave()
    assert turns.inside == 0


async def test_an_error_inside_gives_the_room_back():
    turns = Turns(1)
    with pytest.raises(ValueError, match="inside"):
        async with turns.taking(1):
            raise ValueError("inside")
    assert turns.inside == 0

"""Rests end at the look at which something may be due, and at no other instant than a look would be."""

import asyncio

import pytest

from server.virtual.loop import run
from server.virtual.rests import Rests


def rested(*, due, change=None, every_s=0.2):
    """When a rest ends that began at 100 s; ``change`` is (when, what is due then)."""

    async def main():
        loop = asyncio.get_running_loop()
        await asyncio.sleep(100)
        now = {"due": due}
        rests = Rests(loop, lambda: now["due"])

        def changes():
            now["due"] = change[1]
            rests.committed()

        if change is not None:
            loop.call_at(change[0], changes)
        async with asyncio.timeout(1e6):
            await rests.rest(every_s)
        return loop.time() - 100

    return run(main())


@pytest.mark.parametrize(
    ("due", "expected"), [(50, 0.2), (100, 0.2), (100.1, 0.2), (100.2, 0.2), (100.3, 0.4), (86_500, 86_400)]
)
def test_it_ends_at_the_first_look_that_finds_something(due, expected):
    assert rested(due=due) == pytest.approx(expected)


def test_without_anything_due_it_lasts_until_a_commit_makes_something_so():
    assert rested(due=None, change=(160.05, 200.3)) == pytest.approx(100.4)


def test_a_commit_may_make_something_due_earlier():
    assert rested(due=86_500, change=(110.1, 110.0)) == pytest.approx(10.2)


def test_a_commit_may_make_nothing_due():
    with pytest.raises(TimeoutError):
        rested(due=200, change=(110, None))


def test_when_the_wall_clock_is_set_it_looks_at_once():
    async def main():
        loop = asyncio.get_running_loop()
        rests = Rests(loop, lambda: None)
        loop.call_at(1000.05, rests.wake)
        await rests.rest(0.2)
        return loop.time()

    assert run(main()) == pytest.approx(1000.2)


def test_a_commit_before_that_look_does_not_put_it_off():
    async def main():
        loop = asyncio.get_running_loop()
        rests = Rests(loop, lambda: 5_000.0)
        loop.call_at(1000.05, rests.wake)
        loop.call_at(1000.1, rests.committed)
        await rests.rest(0.2)
        looked = loop.time()
        await rests.rest(0.2)
        return looked, loop.time()

    assert run(main()) == (pytest.approx(1000.2), pytest.approx(5_000.0))

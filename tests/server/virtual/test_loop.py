"""The loop whose clock jumps: no time passes outside, and all of it inside."""

import asyncio
import gc
import time

import pytest

from server.virtual.loop import GARBAGE, StuckError, VirtualLane, VirtualLoop, run


def test_a_year_is_over_at_once():
    async def year():
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await asyncio.sleep(365 * 86_400)
        return loop.time() - begun

    begun = time.monotonic()
    assert run(year()) == pytest.approx(365 * 86_400)
    assert time.monotonic() - begun < 60, "it did not wait"


def test_timers_fire_in_their_order_whatever_order_they_were_set_in():
    async def race():
        order = []

        async def runner(seconds):
            await asyncio.sleep(seconds)
            order.append(seconds)

        await asyncio.gather(*(runner(seconds) for seconds in (5, 0.2, 3600, 0.1, 60)))
        return order

    assert run(race()) == [0.1, 0.2, 5, 60, 3600]


def test_timers_of_one_instant_fire_in_the_order_in_which_they_were_set():
    async def race():
        loop, order = asyncio.get_running_loop(), []
        for number in range(50):
            (loop.call_at if number % 2 else loop.at)(10, order.append, number)
        await asyncio.sleep(11)
        return order

    assert run(race()) == list(range(50))


def test_timers_that_were_taken_back_neither_fire_nor_pile_up():
    async def waits():
        loop, fired = asyncio.get_running_loop(), []
        loop.call_later(3600, fired.append, "kept")
        for _ in range(10_000):
            loop.call_later(86_400, fired.append, "taken back").cancel()
            await asyncio.sleep(0)
        left = len(loop._timers)
        await asyncio.sleep(2 * 86_400)
        return fired, left

    fired, left = run(waits())
    assert fired == ["kept"]
    assert left < 200


def test_a_loop_that_was_closed_takes_nothing_more():
    loop = VirtualLoop()
    loop.close()
    for take in (loop.call_soon, lambda act: loop.call_later(1, act)):
        with pytest.raises(RuntimeError, match="closed"):
            take(list)


def test_garbage_is_looked_for_as_before_when_the_run_is_over():
    async def threshold():
        return gc.get_threshold()

    before = gc.get_threshold()
    assert run(threshold())[0] == GARBAGE
    assert gc.get_threshold() == before


def test_a_time_out_needs_no_time():
    async def wait():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await asyncio.Event().wait()
        return asyncio.get_running_loop().time()

    assert run(wait()) == pytest.approx(3600)


def test_work_for_threads_is_done_on_the_loop():
    async def work():
        import threading

        thread = await asyncio.to_thread(threading.current_thread)
        return thread is threading.current_thread()

    assert run(work())


def test_what_work_for_threads_raises_is_raised_where_it_is_awaited():
    async def work():
        await asyncio.to_thread(lambda: {}["missing"])

    with pytest.raises(KeyError):
        run(work())


def test_work_that_nobody_awaits_any_more_keeps_nobody():
    async def work():
        task = asyncio.ensure_future(asyncio.to_thread(list))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(1)
        return task.cancelled()

    assert run(work())


def test_what_nobody_will_do_is_told_instead_of_waited_for():
    with pytest.raises(StuckError, match="nobody will do"):
        run(asyncio.Event().wait())


def test_a_callback_that_fails_ends_the_run():
    async def main():
        asyncio.get_running_loop().call_later(1, lambda: {}["missing"])
        await asyncio.sleep(2)

    with pytest.raises(KeyError):
        run(main())


def test_the_seed_alone_decides_who_overtakes_whom():
    async def order():
        found = []

        async def one(number):
            await asyncio.to_thread(list)
            found.append(number)

        await asyncio.gather(*map(one, range(20)))
        return found

    assert run(order(), 1) == run(order(), 1)
    assert len({tuple(run(order(), seed)) for seed in range(10)}) > 1


def test_a_lane_that_was_cut_does_nothing_more_and_tells_nobody():
    async def main():
        loop = asyncio.get_running_loop()
        lane, done, told = VirtualLane(loop, loop.chance("lane"), 0.01), [], []
        lane.run(lambda: done.append(1), told.append)
        await asyncio.sleep(1)
        lane.run(lambda: done.append(2), told.append)
        lane.cut()
        await asyncio.sleep(1)
        return done, told

    assert run(main()) == ([1], [None])


def test_a_lane_may_be_cut_between_the_work_and_the_telling():
    """What a client then knows is nothing: it was done all the same."""

    async def main(seed):
        loop = asyncio.get_running_loop()
        lane, done, told = VirtualLane(loop, loop.chance("lane"), 1.0), [], []
        lane.run(lambda: done.append(1), told.append)
        await asyncio.sleep(0.7)
        lane.cut()
        await asyncio.sleep(9)
        return len(done), len(told)

    assert {run(main(seed), seed) for seed in range(40)} == {(0, 0), (1, 0), (1, 1)}

"""What a server takes from its machine: the lane of its writer, and chance."""

import asyncio
import threading

from server.machine import MACHINE, ThreadLane


async def test_work_is_done_beside_the_loop_one_piece_after_the_other():
    lane, told, done = ThreadLane(), [], asyncio.Event()
    lane.start()
    for number in range(100):
        lane.run(lambda number=number: (number, threading.current_thread()), told.append)
    lane.run(lambda: None, lambda _: done.set())
    await asyncio.wait_for(done.wait(), 20)
    assert [number for number, _ in told] == list(range(100))
    assert {thread.name for _, thread in told} == {"tickwire-writer"}
    await lane.end()


async def test_the_end_of_a_lane_waits_for_its_work():
    lane, gate, told = ThreadLane(), threading.Event(), []
    lane.start()
    lane.run(gate.wait, told.append)
    ending = asyncio.ensure_future(lane.end())
    gate.set()
    await ending
    assert not lane._thread.is_alive()
    await asyncio.sleep(0)
    assert told == [True]


def test_the_machine_draws_what_cannot_be_foreseen():
    assert MACHINE.random.randbytes(16) != MACHINE.random.randbytes(16)
    MACHINE.random.seed(1)
    first = MACHINE.random.random()
    MACHINE.random.seed(1)
    assert first != MACHINE.random.random()

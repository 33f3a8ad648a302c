"""What a server takes from its machine: the lane of its writer, and chance."""

import asyncio
import ctypes
import subprocess
import sys
import threading

import pytest

from server.machine import MACHINE, ThreadLane

HEAPS = """
import ctypes, sys, threading
from server.machine import share_arena
if sys.argv[2] == "shared":
    assert share_arena()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.fopen.restype = ctypes.c_void_p
gate = threading.Barrier(4)
def take():
    gate.wait(20)
    assert all(libc.malloc(1_000) for _ in range(2_000))
threads = [threading.Thread(target=take) for _ in range(4)]
for one in threads: one.start()
for one in threads: one.join()
file = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""
"""A program whose threads take memory, and that writes down from how many places."""


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


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="another C library than glibc")
@pytest.mark.parametrize("how", ["apart", "shared"])
def test_threads_take_memory_from_one_place(tmp_path, how):
    told = tmp_path / "told"
    subprocess.run([sys.executable, "-c", HEAPS, str(told), how], check=True, timeout=60)
    assert (told.read_text().count("<heap nr=") == 1) is (how == "shared")

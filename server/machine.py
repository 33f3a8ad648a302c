"""What a server takes from the machine that it runs on, beside the event loop: a clock, chance, and a lane for its writer.

A simulation gives others (`server.virtual`), so that all that happens follows from a seed.
"""

import asyncio
import ctypes
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from random import Random, SystemRandom
from typing import Any, Final, Protocol, TypeVar

T = TypeVar("T")
Work = Callable[[], Any]
Then = Callable[[Any], None]


_M_ARENA_MAX: Final = -8
"""Of mallopt(3)."""


def share_arena() -> bool:
    """Let all threads take memory from one place; whether the machine's C library can (glibc's does). To be called before there are others.

    It would give each thread that ever had to wait an arena of its own, which keeps what its busiest moment took. Python's lock lets few of
    them ask at a time, anyway.
    """
    try:
        return bool(ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1))
    except (AttributeError, OSError):
        return False


class Lane(Protocol):
    """Where work is done beside the event loop, one piece after the other. Made on the loop; ``run`` is called there."""

    def start(self) -> None: ...

    def run(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Do the work, which never raises; then give its result to ``then``, on the loop."""
        ...

    async def end(self) -> None:
        """Return when all work is done. Nothing is given afterwards."""
        ...


class ThreadLane:
    """One thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[tuple[Work, Then] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="tickwire-writer", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def run(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """As `Lane.run`."""
        self._queue.put((work, then))

    async def end(self) -> None:
        """As `Lane.end`."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        while (one := self._queue.get()) is not None:
            work, then = one
            self._loop.call_soon_threadsafe(then, work())


def monotonic_ms() -> int:
    """A clock that nobody sets, in milliseconds."""
    return time.monotonic_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Machine:
    """``timer_s`` measures how long work takes; ``random`` draws jitter and names that must not be guessed."""

    monotonic_ms: Callable[[], int] = monotonic_ms
    timer_s: Callable[[], float] = time.perf_counter
    random: Random = field(default_factory=SystemRandom)
    lane: Callable[[], Lane] = ThreadLane


MACHINE: Final = Machine()
"""The machine itself."""

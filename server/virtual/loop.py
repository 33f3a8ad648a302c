"""An event loop whose clock jumps to the next timer when nothing is ready: what takes days is over in moments.

Work for threads (``run_in_executor``, ``asyncio.to_thread``) is done on the loop itself, in one piece, some virtual time after it was
asked for, and its result comes some time later. How long is drawn from the seed, so that what may overtake another does so in some runs.
"""

import asyncio
import gc
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context
from heapq import heapify, heappop, heappush
from itertools import count
from random import Random
from typing import Any, Final, TypeVar, TypeVarTuple

T = TypeVar("T")
Args = TypeVarTuple("Args")

THREAD_S: Final = 0.002
"""How long work for a thread waits at most, and its result once more."""
SAME_S: Final = 1e-6
"""Timers of the same instant must not be told apart by rounding, nor an instant be missed by it."""
GARBAGE: Final = 50_000
"""Objects that are made before garbage is looked for."""
_CANCELED: Final = 100
"""So many timers that were taken back may lie about, and more while they are fewer than the others."""


class StuckError(RuntimeError):
    """Nothing will ever happen again, and something waits for it."""


class _Act:
    """A handle of what nobody takes back, without what makes one dear."""

    __slots__ = ("_act", "_args", "_scheduled")
    _cancelled = False

    def __init__(self, act: Callable[..., object], args: tuple[Any, ...]) -> None:
        self._act = act
        self._args = args

    def _run(self) -> None:
        self._act(*self._args)


class VirtualLoop(asyncio.SelectorEventLoop):
    """See the module. ``now_s`` is the seconds since the loop was made.

    It has a turn of its own, since nothing can come from outside: a day is millions of timers, and asyncio's compares them in Python, looks
    at the clock of each and asks for sockets. Timers of one instant fire in the order in which they were set.
    """

    _ready: deque[asyncio.Handle | _Act]
    _stopping: bool
    _closed: bool

    def __init__(self, seed: int = 0) -> None:
        self.now_s = 0.0
        self.seed = seed
        self._delays = self.chance("threads")
        self._timers: list[tuple[float, int, Any]] = []
        self._numbers = count()
        self._canceled = 0
        """Timers that were taken back, and lie about."""
        super().__init__()

    # ---- one turn

    def _run_once(self) -> None:
        """Do all that is ready; where nothing is, the time of the next timer has come."""
        ready, timers = self._ready, self._timers
        if not ready and not self._stopping:
            self._jump()
        until = self.now_s + SAME_S
        while timers and timers[0][0] < until:
            ready.append(self._next())
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()

    def _jump(self) -> None:
        timers = self._timers
        while timers and timers[0][2]._cancelled:
            self._next()
        if not timers:
            raise StuckError(
                "Nothing is ready and no timer is set: something is awaited that nobody will do. "
                "A socket or a thread of its own cannot be waited for in virtual time."
            )
        ahead_s = timers[0][0] - self.now_s
        if ahead_s > 0:
            self.now_s += ahead_s

    def _next(self) -> Any:
        handle = heappop(self._timers)[2]
        handle._scheduled = False
        if handle._cancelled:
            self._canceled -= 1
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """A timer was taken back. It lies about until its time has come, unless too many do."""
        timer: Any = handle
        if not timer._scheduled:
            return
        self._canceled += 1
        if self._canceled > _CANCELED and 2 * self._canceled > len(self._timers):
            # This one is marked when we return.
            self._timers[:] = [one for one in self._timers if not one[2]._cancelled and one[2] is not handle]
            heapify(self._timers)
            self._canceled = 0

    def call_soon(
        self, callback: Callable[[*Args], object], *args: *Args, context: Context | None = None
    ) -> asyncio.Handle:
        """As of any loop."""
        self._refuse_if_closed()
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(
        self, delay: float, callback: Callable[[*Args], object], *args: *Args, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """As of any loop."""
        return self.call_at(self.now_s + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[[*Args], object], *args: *Args, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """As of any loop."""
        self._refuse_if_closed()
        handle: Any = asyncio.TimerHandle(when, callback, args, self, context)
        heappush(self._timers, (when, next(self._numbers), handle))
        handle._scheduled = True
        timer: asyncio.TimerHandle = handle
        return timer

    def at(self, when: float, act: Callable[[*Args], object], *args: *Args) -> None:
        """As ``call_at``, for what is never taken back and has no context."""
        heappush(self._timers, (when, next(self._numbers), _Act(act, args)))

    def after(self, delay: float, act: Callable[[*Args], object], *args: *Args) -> None:
        """As ``call_later``, for what is never taken back and has no context."""
        heappush(self._timers, (self.now_s + delay, next(self._numbers), _Act(act, args)))

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise RuntimeError("Event loop is closed")

    # ---- what else is different
    def chance(self, of: str) -> Random:
        """A source of chance of its own, so that who draws more does not change what others draw."""
        return Random(f"{self.seed}/{of}")  # noqa: S311 - it must be foreseeable

    def time(self) -> float:
        """The virtual time, in seconds."""
        return self.now_s

    def run_in_executor(  # type: ignore[override]  # the future is of this loop, as its callers see it
        self, executor: Any, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Do the work on the loop."""
        future: asyncio.Future[T] = self.create_future()
        self.after(self._delays.uniform(0, THREAD_S), self._work, future, func, args)
        return future

    def _work(self, future: asyncio.Future[T], func: Callable[..., T], args: tuple[Any, ...]) -> None:
        settle: Callable[[], None]
        try:
            result = func(*args)
            settle = lambda: future.set_result(result)  # noqa: E731 - one of two ends
        except Exception as error:  # noqa: BLE001 - it is raised where the future is awaited
            failed = error
            settle = lambda: future.set_exception(failed)  # noqa: E731 - one of two ends
        self.after(self._delays.uniform(0, THREAD_S), lambda: None if future.cancelled() else settle())

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """A callback that fails ends the run: nobody else would hear of it."""
        if "handle" in context and isinstance(context.get("exception"), Exception):
            raise context["exception"]
        super().call_exception_handler(context)


class VirtualLane:
    """Batches of the writer on the loop: each begins and lands some virtual time after it was asked for.

    ``commit_s`` is how long that takes at most. A lane that was ``cut`` does nothing more: what it had begun has happened, and
    nobody hears of it.
    """

    def __init__(self, loop: VirtualLoop, random: Random, commit_s: float) -> None:
        self._loop = loop
        self._random = random
        self._commit_s = commit_s
        self._cut = False
        self.done: Callable[[Any], None] = lambda _: None
        """Called with the result of each piece of work as soon as it is done."""

    def start(self) -> None:
        """It needs no beginning."""

    def run(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """As `Lane.run`."""
        self._loop.after(self._random.uniform(0, self._commit_s), self._work, work, then)

    def _work(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        if not self._cut:
            result = work()
            self.done(result)
            self._loop.after(self._random.uniform(0, self._commit_s), self._land, result, then)

    def _land(self, result: T, then: Callable[[T], None]) -> None:
        if not self._cut:
            then(result)

    async def end(self) -> None:
        """As `Lane.end`: the writer ends it when nothing is under way."""
        self.cut()

    def cut(self) -> None:
        """As the end of a process does."""
        self._cut = True


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """What a run makes lasts until its end, for the most part: a tenth of its time went into looking for garbage among it."""
    before = gc.get_threshold()
    gc.set_threshold(GARBAGE, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def run(main: Coroutine[Any, Any, T], seed: int = 0) -> T:
    """As `asyncio.run`, in virtual time. StuckError when nothing is left that could go on."""
    with _seldom_collecting(), asyncio.Runner(loop_factory=lambda: VirtualLoop(seed)) as runner:
        return runner.run(main)

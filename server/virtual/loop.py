"""An event loop whose clock jumps to the next timer when nothing is ready: what takes days is over in moments.

Work for threads (``run_in_executor``, ``asyncio.to_thread``) is done on the loop itself, in one piece, some virtual time after it was
asked for, and its result comes some time later. How long is drawn from the seed, so that what may overtake another does so in some runs.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, Final, TypeVar

T = TypeVar("T")

THREAD_S: Final = 0.002
"""How long work for a thread waits at most, and its result once more."""


class StuckError(RuntimeError):
    """Nothing will ever happen again, and something waits for it."""


class _Jumps(selectors.SelectSelector):
    """Never waits: the time that the loop would have slept is over at once."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise StuckError(
                "Nothing is ready and no timer is set: something is awaited that nobody will do. "
                "A socket or a thread of its own cannot be waited for in virtual time."
            )
        if timeout > 0:
            self.loop.now_s += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """See the module. ``now_s`` is the seconds since the loop was made."""

    def __init__(self, seed: int = 0) -> None:
        self.now_s = 0.0
        self.seed = seed
        self._delays = self.chance("threads")
        jumps = _Jumps()
        jumps.loop = self
        super().__init__(jumps)
        # Timers of the same instant must not be told apart by rounding, nor an instant be missed by it.
        self._clock_resolution = 1e-6

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
        self.call_later(self._delays.uniform(0, THREAD_S), self._work, future, func, args)
        return future

    def _work(self, future: asyncio.Future[T], func: Callable[..., T], args: tuple[Any, ...]) -> None:
        settle: Callable[[], None]
        try:
            result = func(*args)
            settle = lambda: future.set_result(result)  # noqa: E731 - one of two ends
        except Exception as error:  # noqa: BLE001 - it is raised where the future is awaited
            failed = error
            settle = lambda: future.set_exception(failed)  # noqa: E731 - one of two ends
        self.call_later(self._delays.uniform(0, THREAD_S), lambda: None if future.cancelled() else settle())

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
        self._loop.call_later(self._random.uniform(0, self._commit_s), self._work, work, then)

    def _work(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        if not self._cut:
            result = work()
            self.done(result)
            self._loop.call_later(self._random.uniform(0, self._commit_s), self._land, result, then)

    def _land(self, result: T, then: Callable[[T], None]) -> None:
        if not self._cut:
            then(result)

    async def end(self) -> None:
        """As `Lane.end`: the writer ends it when nothing is under way."""
        self.cut()

    def cut(self) -> None:
        """As the end of a process does."""
        self._cut = True


def run(main: Coroutine[Any, Any, T], seed: int = 0) -> T:
    """As `asyncio.run`, in virtual time. StuckError when nothing is left that could go on."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(seed)) as runner:
        return runner.run(main)

"""What loops have in common that send something elsewhere: so much at once, each taken with a lease, and each attempt shorter than that."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Final, Generic, TypeVar

import structlog

from ..store.command import Command
from ..store.database import StoreError
from .calm import calmly

LOOK_EVERY_S: Final = 1.0
AFTER_ERROR_S: Final = 1.0
TELL_AGAIN_S: Final = 1.0
TELLS: Final = 30
"""How often the store is told of an end before it is left to the end of the lease."""
FINISH_S: Final = 5.0
About = TypeVar("About")


class Sender(ABC, Generic[About]):
    """``submit`` and ``read`` are the node's. Of what is under way it knows what that is about."""

    name: ClassVar[str]
    """As its log tells of failures: ``<name>_failed``."""
    at_once: ClassVar[int]

    def __init__(
        self, submit: Callable[..., Any], read: Callable[..., Any], clock: Callable[[], int]
    ) -> None:
        self._submit = submit
        self._read = read
        self._clock = clock
        self._tasks: dict[asyncio.Task[None], About] = {}
        self._wake = asyncio.Event()
        self._told = structlog.get_logger(f"tickwire.{self.name}")
        self._draining = False
        self.longest_s: Callable[[], float] = lambda: LOOK_EVERY_S
        """How long it rests where nobody wakes it."""

    def wake(self) -> None:
        """There is something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            self._wake.clear()
            if not await calmly(self._look_on, f"{self.name}_failed", self._told):
                await asyncio.sleep(AFTER_ERROR_S)
            elif not self._wake.is_set():
                await self._rest()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self.longest_s()):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _look_on(self) -> None:
        while await self.look():
            pass

    async def look(self) -> int:
        """Begin what is due, as far as there is room; how many were begun. Raises StoreError."""
        free = self.at_once - len(self._tasks)
        return 0 if self._draining or free <= 0 else await self._look(free)

    @abstractmethod
    async def _look(self, free: int) -> int:
        """Begin so many at most."""

    def _begin(self, work: Coroutine[Any, Any, None], about: About) -> None:
        task = asyncio.create_task(work)
        self._tasks[task] = about
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        self._wake.set()

    async def _tell(self, command: Command[Any, Any], item: Any) -> Any:
        """Tell the store how it went, again and again where it is away; None where that was in vain."""
        for _ in range(TELLS):
            try:
                return await self._submit(command, item)
            except StoreError:
                await asyncio.sleep(TELL_AGAIN_S)
        return None

    def drain(self) -> None:
        """Begin nothing more."""
        self._draining = True

    async def settle(self) -> None:
        """Until what was begun has ended."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def abandon(self) -> None:
        """End in the midst of it: nobody is told."""
        for task in self._tasks:
            task.cancel()

    async def stop(self) -> None:
        """What is under way has a moment to end; the rest is sent once more when its lease has run out."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=FINISH_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

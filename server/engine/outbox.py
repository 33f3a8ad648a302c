"""What waits to be sent on one connection: bounded, and joined into one message a turn."""

import asyncio
from collections.abc import Callable
from typing import Final

import orjson

LARGEST_MESSAGE: Final = 512 * 1024

HARD: Final = 8
PATIENCE_S: Final = 1.0

Bounds = tuple[int, int, float]
"""Frames, bytes, and seconds that the oldest may wait."""


class Outbox:
    """Frames as JSON texts. ``wake`` is called when the first one comes, and when the first that is urgent comes (True then).

    ``cut`` is called when the reader is too slow.

    ``now_s`` is a monotonic clock.
    """

    __slots__ = (
        "_bounds",
        "_bytes",
        "_cut",
        "_ended",
        "_frames",
        "_now_s",
        "_since",
        "_taken",
        "_urgent",
        "_wake",
    )

    def __init__(
        self,
        wake: Callable[[bool], None],
        now_s: Callable[[], float],
        cut: Callable[[], None],
        bounds: Bounds = (1_000, 1024 * 1024, 10.0),
    ) -> None:
        self._wake = wake
        self._now_s = now_s
        self._cut = cut
        self._bounds = bounds
        # An empty deque takes ten times the memory, and nearly always all frames are taken at once.
        self._frames: list[str] = []
        self._bytes = 0
        self._since = 0.0
        self._urgent = False
        """Whether the last ``wake`` was for a frame that is."""
        self._ended = False
        self._taken: asyncio.Future[None] | None = None

    def __bool__(self) -> bool:
        return bool(self._frames)

    def put(self, frame: str, *, urgent: bool = True) -> None:
        """Add one frame; a reader that is too slow is cut, and what waited for it is dropped.

        What many get at once is not urgent: it lets the others' answers and grants pass.
        """
        if self._ended:
            return
        first = not self._frames
        if first:
            self._since = self._now_s()
        if first or urgent > self._urgent:
            self._urgent = urgent
            self._wake(urgent)
        self._frames.append(frame)
        self._bytes += len(frame)
        self.check()

    def check(self) -> None:
        """Cut the reader if it is too slow."""
        if self.overdue():
            self.end()
            self._cut()

    def end(self) -> None:
        """Drop what waits, and all that comes: nobody will read it."""
        self._ended = True
        self._frames = []
        self._bytes = 0
        self._release()

    def send(self, frame: object, *, urgent: bool = True) -> None:
        """Add one frame, given as a JSON object."""
        self.put(orjson.dumps(frame).decode(), urgent=urgent)

    def overdue(self) -> bool:
        """Whether the reader is too slow.

        A burst may pass the bounds for a moment, since the sender has had no turn yet; a reader that stands still may not,
        and ``HARD`` times the bytes are too much for anyone.
        """
        if not self._frames:
            return False
        most_frames, most_bytes, longest_s = self._bounds
        waited_s = self._now_s() - self._since
        over = len(self._frames) > most_frames or self._bytes > most_bytes
        return self._bytes > HARD * most_bytes or waited_s > (PATIENCE_S if over else longest_s)

    def room(self) -> bool:
        """Whether a reader of history may be given another page."""
        most_frames, most_bytes, _ = self._bounds
        return self._bytes < most_bytes // 4 and len(self._frames) < most_frames // 4

    async def until_room(self) -> None:
        """Wait until a reader of history may be given another page."""
        while not self.room():
            await self._taking()

    async def until_empty(self) -> None:
        """Wait until all has been taken, or dropped."""
        while self._frames:
            await self._taking()

    def take(self) -> list[str]:
        """Take the frames of the next message: as many as fit."""
        if self._bytes <= LARGEST_MESSAGE:
            taken, self._frames, self._bytes = self._frames, [], 0
        else:
            taken = self._part()
        self._since = self._now_s()
        self._release()
        return taken

    def _part(self) -> list[str]:
        size = count = 0
        for frame in self._frames:
            if count and size + len(frame) > LARGEST_MESSAGE:
                break
            size += len(frame)
            count += 1
        taken = self._frames[:count]
        del self._frames[:count]
        self._bytes -= size
        return taken

    async def _taking(self) -> None:
        if self._taken is None:
            self._taken = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._taken)

    def _release(self) -> None:
        if self._taken is not None:
            self._taken.set_result(None)
            self._taken = None


def message(frames: list[str]) -> str:
    """Frames as one message: a JSON list."""
    return f"[{','.join(frames)}]"

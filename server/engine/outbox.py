"""What waits to be sent on one connection: bounded, and joined into one message a wake-up."""

from collections import deque
from collections.abc import Callable
from typing import Final

import orjson

LARGEST_MESSAGE: Final = 512 * 1024

HARD: Final = 8
PATIENCE_S: Final = 1.0

Bounds = tuple[int, int, float]
"""Frames, bytes, and seconds that the oldest may wait."""


class Outbox:
    """Frames as JSON texts. ``wake`` is called when the first one comes, ``cut`` when the reader is too slow.

    ``now_s`` is a monotonic clock.
    """

    def __init__(
        self,
        wake: Callable[[], None],
        now_s: Callable[[], float],
        cut: Callable[[], None],
        bounds: Bounds = (1_000, 1024 * 1024, 10.0),
    ) -> None:
        self._wake = wake
        self._now_s = now_s
        self._cut = cut
        self._most_frames, self._most_bytes, self._longest_s = bounds
        self._frames: deque[str] = deque()
        self._bytes = 0
        self._since = 0.0
        self._ended = False

    def __bool__(self) -> bool:
        return bool(self._frames)

    def put(self, frame: str) -> None:
        """Add one frame; a reader that is too slow is cut, and what waited for it is dropped."""
        if self._ended:
            return
        if not self._frames:
            self._since = self._now_s()
            self._wake()
        self._frames.append(frame)
        self._bytes += len(frame)
        self.check()

    def check(self) -> None:
        """Cut the reader if it is too slow."""
        if self.overdue():
            self._ended = True
            self._frames.clear()
            self._bytes = 0
            self._cut()

    def send(self, frame: object) -> None:
        """Add one frame, given as a JSON object."""
        self.put(orjson.dumps(frame).decode())

    def overdue(self) -> bool:
        """Whether the reader is too slow.

        A burst may pass the bounds for a moment, since the sender has had no turn yet; a reader that stands still may not,
        and ``HARD`` times the bytes are too much for anyone.
        """
        if not self._frames:
            return False
        waited_s = self._now_s() - self._since
        over = len(self._frames) > self._most_frames or self._bytes > self._most_bytes
        return self._bytes > HARD * self._most_bytes or waited_s > (PATIENCE_S if over else self._longest_s)

    def room(self) -> bool:
        """Whether a reader of history may be given another page."""
        return self._bytes < self._most_bytes // 4 and len(self._frames) < self._most_frames // 4

    def message(self) -> str:
        """Take the next message: as many frames as fit, as a JSON list."""
        taken = [self._frames.popleft()]
        size = len(taken[0])
        while self._frames and size + len(self._frames[0]) <= LARGEST_MESSAGE:
            taken.append(self._frames.popleft())
            size += len(taken[-1])
        self._bytes -= size
        self._since = self._now_s()
        return f"[{','.join(taken)}]"

"""Log lines of one attempt until the server has stored them: bounded in memory, numbered, and parcelled into frames. Pure."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from .protocol.frames import Log
from .protocol.jobs import LogLine

LINES_A_FRAME: Final = 500
WEIGHT_A_FRAME: Final = 128 * 1024
WEIGHT_A_NAME: Final = 32
MOST_LINES: Final = 20_000
MOST_WEIGHT: Final = 8 * 1024 * 1024
LONGEST_NOTICE: Final = 1_000


@dataclass(frozen=True, slots=True)
class _Sent:
    frame: Log
    weight: int
    stands_in: bool = False
    """Whether it only says that other lines were refused."""


class Lines:
    """The lines of one attempt, in order, kept until they are answered. What does not fit is counted, and the count stands in its place.

    Each line has its index from the first frame on that carries it, so that the server knows a repetition.
    """

    __slots__ = (
        "_dropped", "_fence", "_job", "_lines", "_next_id", "_next_index", "_sent", "_waiting", "_weight",
    )  # fmt: skip

    def __init__(self, job: str, fence: int, next_id: Callable[[], int]) -> None:
        self._job = job
        self._fence = fence
        self._next_id = next_id
        self._waiting: list[tuple[LogLine, int]] = []
        self._sent: dict[int, _Sent] = {}
        self._next_index = 0
        self._lines = 0
        self._weight = 0
        self._dropped = 0

    def __contains__(self, request: object) -> bool:
        return request in self._sent

    @property
    def written(self) -> bool:
        """Whether any line has gone into a frame."""
        return self._next_index > 0

    def add(self, line: LogLine) -> None:
        weight = _weight(line)
        if self._lines >= MOST_LINES or self._weight + weight > MOST_WEIGHT:
            self._dropped += 1
            return
        self._say_dropped()
        self._keep(line, weight)

    def flush(self, *, last: bool = False) -> list[Log]:
        """Frames with the lines that were not sent yet; ``last`` when no more will come."""
        # Else each flush of a full box would add a line that says so.
        if self._waiting or last:
            self._say_dropped()
        parcels = [*_parcels(self._waiting)]
        self._waiting = []
        return [self._frame(parcel) for parcel in parcels]

    def again(self) -> list[Log]:
        """Frames with all lines that are not known to be stored, those that were sent before as they were."""
        return [*(sent.frame for sent in self._sent.values()), *self.flush()]

    def unanswered(self) -> list[int]:
        """The ids of the frames that were sent."""
        return [*self._sent]

    def answered(self, request: int) -> None:
        """The lines of this frame need not be sent again."""
        sent = self._sent.pop(request)
        self._count(-len(sent.frame.lines), -sent.weight)

    def leave_out(self, request: int, why: str) -> list[Log]:
        """Give up the lines of a frame that the server will never take; a line in their place says so, unless it is that line."""
        sent = self._sent[request]
        self.answered(request)
        if sent.stands_in:
            return []
        line = _left_out(len(sent.frame.lines), why)
        weight = _weight(line)
        self._count(1, weight)
        return [self._send(sent.frame.first, [line], weight, stands_in=True)]

    def _say_dropped(self) -> None:
        if self._dropped:
            line = _left_out(self._dropped, "too many at once")
            self._dropped = 0
            self._keep(line, _weight(line))

    def _keep(self, line: LogLine, weight: int) -> None:
        self._waiting.append((line, weight))
        self._count(1, weight)

    def _count(self, lines: int, weight: int) -> None:
        self._lines += lines
        self._weight += weight

    def _frame(self, parcel: list[tuple[LogLine, int]]) -> Log:
        first = self._next_index
        self._next_index += len(parcel)
        return self._send(first, [line for line, _ in parcel], sum(weight for _, weight in parcel))

    def _send(self, first: int | None, lines: list[LogLine], weight: int, *, stands_in: bool = False) -> Log:
        request = self._next_id()
        frame = Log(id=request, job=self._job, fence=self._fence, lines=lines, first=first)
        self._sent[request] = _Sent(frame, weight, stands_in)
        return frame


def _left_out(count: int, why: str) -> LogLine:
    what = "1 line was" if count == 1 else f"{count} lines were"
    return LogLine(level="warning", message=f"{what} left out here: {why}"[:LONGEST_NOTICE])


def _parcels(lines: list[tuple[LogLine, int]]) -> Iterator[list[tuple[LogLine, int]]]:
    parcel: list[tuple[LogLine, int]] = []
    total = 0
    for line, weight in lines:
        if parcel and (len(parcel) >= LINES_A_FRAME or total + weight > WEIGHT_A_FRAME):
            yield parcel
            parcel, total = [], 0
        parcel.append((line, weight))
        total += weight
    if parcel:
        yield parcel


def _weight(line: LogLine) -> int:
    """Characters on the wire, more for names: a message may have 10,000."""
    fields = json.dumps(line.fields) if line.fields else ""
    return 64 + len(line.message) + len(fields) + WEIGHT_A_NAME * fields.count('":')

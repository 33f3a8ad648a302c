"""Log lines that wait to be sent: bounded in memory, and parcelled into frames that the server takes. Pure."""

import json
from collections.abc import Iterator
from typing import Final

from .protocol.jobs import LogLine

LINES_A_FRAME: Final = 500
WEIGHT_A_FRAME: Final = 128 * 1024
WEIGHT_A_NAME: Final = 32
MOST_LINES: Final = 20_000
MOST_WEIGHT: Final = 8 * 1024 * 1024


class Lines:
    """The lines of one job, in order. What does not fit is counted, and the count stands in its place."""

    def __init__(self) -> None:
        self._lines: list[tuple[LogLine, int]] = []
        self._weight = 0
        self._dropped = 0

    def add(self, line: LogLine) -> None:
        weight = _weight(line)
        if len(self._lines) >= MOST_LINES or self._weight + weight > MOST_WEIGHT:
            self._dropped += 1
        else:
            self._lines.append((line, weight))
            self._weight += weight

    def take(self) -> list[list[LogLine]]:
        """All lines, in parcels for one frame each; they are forgotten here."""
        if self._dropped:
            text = f"{self._dropped} lines were left out here: too many at once"
            self._lines.append((LogLine(level="warning", message=text), len(text)))
        found = [*_parcels(self._lines)]
        self._lines = []
        self._weight = self._dropped = 0
        return found


def _parcels(lines: list[tuple[LogLine, int]]) -> Iterator[list[LogLine]]:
    parcel: list[LogLine] = []
    total = 0
    for line, weight in lines:
        if parcel and (len(parcel) >= LINES_A_FRAME or total + weight > WEIGHT_A_FRAME):
            yield parcel
            parcel, total = [], 0
        parcel.append(line)
        total += weight
    if parcel:
        yield parcel


def _weight(line: LogLine) -> int:
    """Characters on the wire, more for names: a message may have 10,000."""
    fields = json.dumps(line.fields) if line.fields else ""
    return 64 + len(line.message) + len(fields) + WEIGHT_A_NAME * fields.count('":')

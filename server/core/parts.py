"""What became of the parts of a job: how many ended how, and how much of the others is done.

Kept in step as each part changes, so that a tick costs the same however many parts there are.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import orjson

from listener_sdk.protocol.lifecycle import Status, is_final

from .jobs import JobRow

Standing = tuple[str | None, float]
"""What a part counts for: how it ended (None: it has not), and the percent that it has done until then."""
UNBEGUN: Final[Standing] = (None, 0.0)


@dataclass(slots=True)
class Split:
    """One row of table ``job_split``, its fields in the table's order, and whether its job is about to end.

    ``percent`` is the sum of the parts that have not ended; each of the others counts for a hundred.
    """

    job_id: int
    digest: str
    parallel: int
    total: int
    completed: int = 0
    failed: int = 0
    canceled: int = 0
    percent: float = 0.0
    closing: bool = False
    """No part begins any more."""

    @property
    def ended(self) -> int:
        """How many parts have ended."""
        return self.completed + self.failed + self.canceled

    @property
    def open(self) -> bool:
        """Whether some part has not ended."""
        return self.ended < self.total

    @property
    def progress(self) -> float:
        """The mean of the parts' percents."""
        return min(100.0, (100.0 * self.ended + self.percent) / self.total)

    def account(self, before: Standing, after: Standing) -> None:
        """A part has gone on from one standing to another."""
        self._count(before, -1)
        self._count(after, 1)
        self.percent = max(0.0, self.percent) if self.open else 0.0

    def _count(self, standing: Standing, by: int) -> None:
        status, percent = standing
        if status is None:
            self.percent += by * percent
        elif status == Status.COMPLETE:
            self.completed += by
        elif status == Status.FAILED:
            self.failed += by
        else:
            self.canceled += by

    def counts(self) -> dict[str, int]:
        """What ``job:parts-completed`` says."""
        return {
            "total": self.total,
            "completed": self.completed,
            "failed": self.failed,
            "canceled": self.canceled,
        }


COLUMNS: Final = ("job_id", "digest", "parallel", "total", "completed", "failed", "canceled", "percent")
"""The fields that are stored."""


def standing(row: JobRow) -> Standing:
    """What a part counts for as it is now."""
    return (row.status, 0.0) if is_final(row.status) else (None, row.progress or 0.0)


def parts_data(parts: int | list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The ``partData`` of each part: as given, or its number."""
    return [{"part": number} for number in range(parts)] if isinstance(parts, int) else parts


def digest(parts: int | list[dict[str, Any]], *, parallel: bool) -> str:
    """What tells one split of a job from another."""
    text = orjson.dumps([parts_data(parts), parallel], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()

"""Progress: a tick, how ticks merge (newest wins), and its percent."""

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: percent (0 to 100), or done of total items, with a text and, if known, its end (ms)."""

    percent: float | None = None
    done: float | None = None
    total: float | None = None
    text: str | None = None
    eta_ms: int | None = None

    def value(self) -> float | None:
        """Percent between 0 and 100, from the percent given or else from done and total."""
        if self.percent is not None:
            return min(100.0, max(0.0, self.percent))
        if self.done is not None and self.total:
            return min(100.0, max(0.0, 100.0 * self.done / self.total))
        return None

    def merged(self, newer: "Progress") -> "Progress":
        """This progress overtaken by a newer tick: what the newer leaves out stays; the percent never goes back."""
        counted = newer.percent is None and newer.done is not None
        base = replace(
            self,
            percent=None if counted else _either(newer.percent, self.percent),
            done=_either(newer.done, self.done),
            total=_either(newer.total, self.total),
            text=_either(newer.text, self.text),
            eta_ms=_either(newer.eta_ms, self.eta_ms),
        )
        before, after = self.value(), base.value()
        if before is not None and (after is None or after < before):
            return replace(base, percent=before)
        return base


def _either(newer: Any, older: Any) -> Any:
    return older if newer is None else newer


def whole(percent: float | None) -> int | None:
    """The integer that stands on the wire: Flatfile's Python client refuses 12.5. 100 only when all is done."""
    if percent is None:
        return None
    return 100 if percent >= 100 else min(99, int(percent))

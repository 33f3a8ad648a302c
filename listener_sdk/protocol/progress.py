"""Progress: a tick, how ticks merge (newest wins), and its percent."""

from dataclasses import dataclass


@dataclass(slots=True)
class Progress:
    """How far a job is: percent (0 to 100), or done of total items, with a text and, if known, its end (ms)."""

    percent: float | None = None
    done: float | None = None
    total: float | None = None
    text: str | None = None
    eta_ms: int | None = None

    def value(self) -> float | None:
        """Percent between 0 and 100, from the percent given or else from done and total."""
        found = self.percent
        if found is None:
            if self.done is None or not self.total:
                return None
            found = 100.0 * self.done / self.total
        if 0.0 <= found <= 100.0:
            return found
        return 0.0 if found < 0.0 else 100.0

    def merged(self, newer: "Progress") -> "Progress":
        """This progress overtaken by a newer tick: what the newer leaves out stays; the percent never goes back."""
        found = Progress(self.percent, self.done, self.total, self.text, self.eta_ms)
        found.overtake(newer)
        return found

    def overtake(self, newer: "Progress") -> None:
        """Become `merged`: a handler may tick a million times a minute."""
        before = self.value()
        if newer.percent is not None or newer.done is not None:
            self.percent = newer.percent
        if newer.done is not None:
            self.done = newer.done
        if newer.total is not None:
            self.total = newer.total
        if newer.text is not None:
            self.text = newer.text
        if newer.eta_ms is not None:
            self.eta_ms = newer.eta_ms
        after = self.value()
        if before is not None and (after is None or after < before):
            self.percent = before


def whole(percent: float | None) -> int | None:
    """The integer that stands on the wire: Flatfile's Python client refuses 12.5. 100 only when all is done."""
    if percent is None:
        return None
    return 100 if percent >= 100 else min(99, int(percent))

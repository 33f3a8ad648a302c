"""What happens in a space, counted in stretches of ten minutes. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

STRETCH_MS: Final = 600_000
KEPT_MS: Final = 8 * 86_400_000
"""How long it is known: people may ask for a week."""
NAMED: Final = 5
"""Jobs that failed last in a stretch, which are named."""
COUNTED: Final = {
    "job:created": "created",
    "job:completed": "completed",
    "job:failed": "failed",
    "job:canceled": "canceled",
}
"""Topics of the log, and what they count as."""


@dataclass(slots=True)
class Tally:
    """What happened in one stretch. ``failures`` are the numbers of the last jobs that failed, the newest last."""

    created: int = 0
    completed: int = 0
    failed: int = 0
    canceled: int = 0
    failures: list[int] = field(default_factory=list)
    waited_ms: int = 0

    def fail(self, numbers: Iterable[int]) -> None:
        """These have failed, after those that are known."""
        self.failures = [*self.failures, *numbers][-NAMED:]

    def join(self, later: "Tally") -> None:
        """More of the same stretch."""
        for name in COUNTED.values():
            setattr(self, name, getattr(self, name) + getattr(later, name))
        self.fail(later.failures)
        self.waited_ms = max(self.waited_ms, later.waited_ms)


Tallies = dict[tuple[int, int], Tally]
"""By space, and by the time at which the stretch begins."""


def stretch(at: int) -> int:
    """When the stretch begins in which this time lies."""
    return at - at % STRETCH_MS


def count(tallies: Tallies, topic: str, space_id: int, at: int, job_id: int | None) -> None:
    """Count an event, one of `COUNTED`."""
    key = (space_id, stretch(at))
    tally = tallies.get(key)
    if tally is None:
        tally = tallies[key] = Tally()
    name = COUNTED[topic]
    setattr(tally, name, getattr(tally, name) + 1)
    if name == "failed" and job_id is not None:
        tally.fail((job_id,))


def joined(tallies: Tallies, others: Mapping[tuple[int, int], Tally]) -> None:
    """Put others to these."""
    for key, tally in others.items():
        tallies.setdefault(key, Tally()).join(tally)

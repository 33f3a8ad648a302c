"""Whether the clock may be believed: how far schedules have seen it go, and what to make of one that goes back. Pure.

A clock that was far ahead for a while has taken schedules along: they wait for times that are long from now. One that is put behind must run
nothing again. They are told apart by the leap before: in the time over which a clock has leapt nothing ran.
"""

from enum import Enum
from typing import Final, NamedTuple

LEAP_MS: Final = 180_000
"""The clock is looked at each minute; who has not looked for so long was away, or the clock was put ahead."""
FALL_MS: Final = 60_000
"""Clocks that are put right by less are none that go back: due times wait."""
BEFORE_MS: Final = 3_600_000
"""A clock that was ahead may come back to a time that lies so long before its leap: what ran then is known."""
KNOWN_MS: Final = 86_400_000
"""What ran since a leap is known for so long, and before it too."""


class Clock(NamedTuple):
    """``seen_at`` is the latest time that was seen, ``leapt_from`` and ``leapt_at`` the last leap before."""

    seen_at: int
    leapt_from: int | None = None
    leapt_at: int | None = None

    def remembers(self, at: int) -> bool:
        """Whether what ran since the last leap is still known at a time."""
        return self.leapt_at is not None and at - self.leapt_at < KNOWN_MS

    def forgets(self, now: int) -> int:
        """What ran before this time need not be known any more."""
        start = self.leapt_from if self.leapt_from is not None and self.remembers(now) else now
        return min(start, now) - KNOWN_MS


class Seen(Enum):
    """What a look at the clock shows."""

    ON = "on"
    BEHIND = "behind"
    """It was put back: due times that have been wait until it has caught up."""
    RETURNED = "returned"
    """It had been ahead, and is back where nothing ran."""


def looked(before: Clock | None, now: int) -> tuple[Clock, Seen]:
    """What is known of the clock after one more look."""
    if before is None:
        return Clock(now), Seen.ON
    if now < before.seen_at - FALL_MS:
        return before, Seen.RETURNED if _is_back(before, now) else Seen.BEHIND
    if now > before.seen_at + LEAP_MS:
        return Clock(now, before.seen_at, now), Seen.ON
    return before._replace(seen_at=max(now, before.seen_at)), Seen.ON


def _is_back(clock: Clock, now: int) -> bool:
    if clock.leapt_from is None or clock.leapt_at is None or not clock.remembers(clock.seen_at):
        return False
    return clock.leapt_from - BEFORE_MS <= now < clock.leapt_at

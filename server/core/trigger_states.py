"""The guards of event triggers: how deep and how often they may start jobs, and what is told of those that were stopped. Pure."""

from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

DEEPEST: Final = 8
"""So many triggers in a row may lead to a job: the event of one's end starts the next."""
WINDOW_S: Final = 60
TELL_EVERY_MS: Final = 60_000
"""How often stops of one trigger are told: each time with how many there were since."""
LARGEST_MESSAGE: Final = 1_000
MOST_PROBLEMS: Final = 20
"""Places of one event's mapping that are told."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What is known of one trigger: how many jobs it was to start in each of the last seconds, and which stops are not told yet."""

    seconds: tuple[tuple[int, int], ...] = ()
    untold: int = 0
    told_at: int | None = None

    def taken(self, at: int, most: int) -> "Guard | None":
        """After one more start at this time (ms); None where that is one too many for a minute.

        A minute is never shorter than 60 s, and at most one longer. Times that go back count as the newest; behind one that lies more
        than a minute ahead, since a clock was, all begins anew.
        """
        newest = self.seconds[-1][0] if self.seconds else 0
        second = at // 1000 if newest - at // 1000 > WINDOW_S else max(at // 1000, newest)
        kept = [one for one in self.seconds if second - WINDOW_S <= one[0] <= second]
        if sum(count for _, count in kept) >= most:
            return None
        here = kept.pop()[1] if kept and kept[-1][0] == second else 0
        return replace(self, seconds=(*kept, (second, here + 1)))

    def stopped(self, at: int) -> tuple["Guard", int]:
        """After a start that was stopped, and how many are to be told now: none while others were told less than a minute ago."""
        untold = self.untold + 1
        if self.told_at is not None and 0 <= at - self.told_at < TELL_EVERY_MS:
            return replace(self, untold=untold), 0
        return replace(self, untold=0, told_at=at), untold


@dataclass(frozen=True, slots=True)
class TriggerState:
    """What is known of the triggers of a definition since they became as they are, which was at the place ``after`` in the log.

    ``stops`` is how many starts the guards have prevented, ``problem`` the newest that was stopped or failed, as readers see it.
    """

    after: int
    guards: dict[int, Guard] = field(default_factory=dict)
    stops: int = 0
    problem: dict[str, Any] | None = None

    def guard(self, number: int) -> Guard:
        """That of the trigger of this number."""
        return self.guards.get(number) or Guard()

    def with_guard(self, number: int, guard: Guard) -> "TriggerState":
        """With the guard as it is now."""
        return replace(self, guards={**self.guards, number: guard})

    def shown(self) -> dict[str, Any]:
        """What readers see of it with the definition; nothing where all is well."""
        stops = {"triggerStops": self.stops} if self.stops else {}
        return stops | ({"triggerProblem": self.problem} if self.problem is not None else {})

    def stored(self) -> str:
        """As JSON text."""
        guards = {
            str(number): [guard.seconds, guard.untold, guard.told_at] for number, guard in self.guards.items()
        }
        whole = {"after": self.after, "guards": guards, "stops": self.stops, "problem": self.problem}
        return orjson.dumps(whole).decode()


def read_state(text: str) -> TriggerState:
    """What `TriggerState.stored` made."""
    whole = orjson.loads(text)
    guards = {
        int(number): Guard(tuple((second, count) for second, count in seconds), untold, told_at)
        for number, (seconds, untold, told_at) in whole["guards"].items()
    }
    return TriggerState(whole["after"], guards, whole["stops"], whole["problem"])

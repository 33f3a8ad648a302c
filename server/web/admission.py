"""Who is let in: how many connections may be open, and how many of one address before they have shown a valid key."""

from collections.abc import Callable
from typing import Final, Protocol

from listener_sdk.protocol.codes import Refusal

PATIENCE_S: Final = 1.0
"""A connection that is younger may be about to show its key."""
HERD: Final = 5
"""How many times the bound on strangers may come at once: listeners behind one address start together."""


class Stranger(Protocol):
    """A connection that has not shown a valid key."""

    def give_way(self) -> None:
        """Close: another wants its place."""
        ...


class Admission:
    """The connections of one server, counted by ``enter`` and ``leave``; ``now_s`` is a monotonic clock.

    A connection is its address's stranger until it shows a valid key. At the bound on strangers a new one takes the place of
    the oldest, so that an address cannot be locked out by connections that stand still.
    """

    def __init__(self, most: int, most_strangers: int, now_s: Callable[[], float]) -> None:
        self._most = most
        self._most_strangers = most_strangers
        self._now_s = now_s
        self._strangers: dict[str, dict[Stranger, float]] = {}
        self.open = 0

    def enter(self, address: str, stranger: Stranger) -> Refusal | None:
        """Count a connection; the reason why it must be closed again, if any."""
        refusal = self._refusal(address)
        self.open += 1
        self._strangers.setdefault(address, {})[stranger] = self._now_s()
        return refusal

    def meet(self, address: str, stranger: Stranger) -> Refusal | None:
        """A connection that is counted begins to speak for this address; the reason why it may not, if any."""
        refusal = self._crowd(address)
        self._strangers.setdefault(address, {})[stranger] = self._now_s()
        return refusal

    def know(self, address: str, stranger: Stranger) -> None:
        """A connection of this address has shown a valid key."""
        strangers = self._strangers.get(address, {})
        strangers.pop(stranger, None)
        if not strangers:
            self._strangers.pop(address, None)

    def leave(self, address: str, stranger: Stranger) -> None:
        """A connection has ended."""
        self.open -= 1
        self.know(address, stranger)

    def strangers(self, address: str) -> int:
        """Connections of this address that have not shown a valid key."""
        return len(self._strangers.get(address, {}))

    def _refusal(self, address: str) -> Refusal | None:
        if self.open >= self._most:
            return Refusal("unavailable", f"The server has {self._most} connections, as many as it takes.")
        return self._crowd(address)

    def _crowd(self, address: str) -> Refusal | None:
        strangers = self._strangers.get(address, {})
        if len(strangers) < self._most_strangers:
            return None
        oldest = next(iter(strangers))
        if strangers[oldest] <= self._now_s() - PATIENCE_S:
            self.know(address, oldest)
            oldest.give_way()
        elif len(strangers) >= HERD * self._most_strangers:
            return Refusal(
                "rate_limited",
                f"This address opened {len(strangers)} connections at once that sent no valid key yet: wait a second.",
            )
        return None

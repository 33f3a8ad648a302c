"""Who is let in: how many connections may be open, and how many of one address before they have shown a valid key."""

from collections import Counter

from listener_sdk.protocol.codes import Refusal


class Admission:
    """The connections of one server, counted by ``enter`` and ``leave``.

    A connection is its address's stranger until it shows a valid key, so that no address can take the place of others.
    """

    def __init__(self, most: int, most_strangers: int) -> None:
        self._most = most
        self._most_strangers = most_strangers
        self._strangers: Counter[str] = Counter()
        self.open = 0

    def enter(self, address: str) -> Refusal | None:
        """Count a connection; the reason why it must be closed again, if any."""
        refusal = self._refusal(address)
        self.open += 1
        self._strangers[address] += 1
        return refusal

    def know(self, address: str) -> None:
        """A connection of this address has shown a valid key."""
        self._strangers[address] -= 1
        if not self._strangers[address]:
            del self._strangers[address]

    def leave(self, address: str, *, known: bool) -> None:
        """A connection has ended."""
        self.open -= 1
        if not known:
            self.know(address)

    def strangers(self, address: str) -> int:
        """Connections of this address that have not shown a valid key."""
        return self._strangers[address]

    def _refusal(self, address: str) -> Refusal | None:
        if self.open >= self._most:
            return Refusal("unavailable", f"The server has {self._most} connections, as many as it takes.")
        if self._strangers[address] >= self._most_strangers:
            return Refusal(
                "rate_limited",
                f"This address has {self._most_strangers} connections that sent no valid key, as many as it may.",
            )
        return None

"""How many connections there are: of the node, and of each key."""

from collections import Counter
from typing import Protocol

from ..core.actors import Actor, Shown
from .outbox import Outbox


class Beating(Protocol):
    """What is between a connection and its socket."""

    def beat(self) -> None: ...


class Reader(Protocol):
    """An open connection, of the stream or of server-sent events."""

    @property
    def actor(self) -> Actor: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def shell(self) -> Beating: ...

    def close(self, code: int) -> None:
        """End after what waits has been sent."""
        ...

    def drain(self, code: int) -> None:
        """The same, because the server stops."""
        ...


class Sockets:
    """The open connections, by key; revoking a key closes its own."""

    def __init__(self, most: int, most_per_key: int, most_per_token: int | None = None) -> None:
        self._most = most
        self._most_per_key = most_per_key
        self._most_per_token = most_per_token or most_per_key
        self._count: Counter[str] = Counter()
        self._nameless = 0
        self.peers: dict[Reader, None] = {}
        """In the order of their coming."""

    def knock(self) -> bool:
        """Count a connection that has not shown its key yet; False when the node has too many. ``vanish`` follows."""
        if len(self.peers) + self._nameless >= self._most:
            return False
        self._nameless += 1
        return True

    def vanish(self) -> None:
        """A connection that was counted by ``knock`` has ended, or shown its key."""
        self._nameless -= 1

    def enter(self, peer: Reader) -> bool:
        """Count a connection; False when the key or the node has too many."""
        key = peer.actor.key_id
        most = self._most_per_token if peer.actor.is_token else self._most_per_key
        if len(self.peers) >= self._most or self._count[key] >= most:
            return False
        self._count[key] += 1
        self.peers[peer] = None
        return True

    def leave(self, peer: Reader) -> None:
        """A counted connection ended."""
        if peer in self.peers:
            del self.peers[peer]
            self._count[peer.actor.key_id] -= 1
            if not self._count[peer.actor.key_id]:
                del self._count[peer.actor.key_id]

    def shown(self) -> set[Shown]:
        """What was shown for the open connections."""
        return {peer.actor.shown for peer in self.peers if peer.actor.shown is not None}

    def close_shown(self, shown: Shown, code: int) -> None:
        """End all connections for which this was shown."""
        for peer in [peer for peer in self.peers if peer.actor.shown == shown]:
            peer.close(code)

    def close_login(self, number: int, code: int) -> None:
        """End all connections of a browser's session."""
        for peer in [peer for peer in self.peers if peer.actor.login == number]:
            peer.close(code)

    def close_key(self, key_id: str, code: int, *, but_login: int | None = None) -> None:
        """End all connections of a key or member, and of the tokens that the key made, but those of one session."""
        for peer in [peer for peer in self.peers if key_id in _keys_of(peer)]:
            if but_login is None or peer.actor.login != but_login:
                peer.close(code)

    def close_space(self, space_id: int, code: int) -> None:
        """End all connections that act in a space."""
        for peer in [peer for peer in self.peers if peer.actor.space.id == space_id]:
            peer.close(code)

    def drain(self, code: int) -> None:
        """Say so to every connection, and end it."""
        for peer in list(self.peers):
            peer.drain(code)


def _keys_of(peer: Reader) -> tuple[str, str | None]:
    shown = peer.actor.shown
    return peer.actor.key_id, None if shown is None else shown.key_id

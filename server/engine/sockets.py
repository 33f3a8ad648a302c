"""How many connections there are: of the node, and of each key."""

from collections import Counter

from .peers import Peer


class Sockets:
    """The open connections, by key; revoking a key closes its own."""

    def __init__(self, most: int, most_per_key: int) -> None:
        self._most = most
        self._most_per_key = most_per_key
        self._count: Counter[str] = Counter()
        self._nameless = 0
        self.peers: set[Peer] = set()

    def knock(self) -> bool:
        """Count a connection that has not shown its key yet; False when the node has too many. ``vanish`` follows."""
        if len(self.peers) + self._nameless >= self._most:
            return False
        self._nameless += 1
        return True

    def vanish(self) -> None:
        """A connection that was counted by ``knock`` has ended, or shown its key."""
        self._nameless -= 1

    def enter(self, peer: Peer) -> bool:
        """Count a connection; False when the key or the node has too many."""
        key = peer.actor.key_id
        if len(self.peers) >= self._most or self._count[key] >= self._most_per_key:
            return False
        self._count[key] += 1
        self.peers.add(peer)
        return True

    def leave(self, peer: Peer) -> None:
        """A counted connection ended."""
        if peer in self.peers:
            self.peers.discard(peer)
            self._count[peer.actor.key_id] -= 1
            if not self._count[peer.actor.key_id]:
                del self._count[peer.actor.key_id]

    def keys(self) -> set[str]:
        """The keys that have a connection."""
        return set(self._count)

    def close_key(self, key_id: str, code: int) -> None:
        """End all connections of a key."""
        for peer in [peer for peer in self.peers if peer.actor.key_id == key_id]:
            peer.close(code)

    def close_space(self, space_id: int, code: int) -> None:
        """End all connections that act in a space."""
        for peer in [peer for peer in self.peers if peer.actor.space.id == space_id]:
            peer.close(code)

    def drain(self, code: int) -> None:
        """Say so to every connection, and end it."""
        for peer in list(self.peers):
            peer.outbox.send({"type": "drain"})
            peer.close(code)

"""Listeners as people see them: a row for each session that takes jobs, how it stands, and how that looks outside. Pure."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson

from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.listeners import MOST_NAMES
from listener_sdk.protocol.times import to_wire, to_wire_or_none

KIND: Final = "lsn"
DRAINED: Final = "listener:drained"
RESUMED: Final = "listener:resumed"
TURNED: Final = frozenset({DRAINED, RESUMED})
"""Topics that tell other servers whose drains to read anew."""
CONNECTED: Final = "connected"
DRAINING: Final = "draining"
AWAY: Final = "away"
SEEN_EVERY_MS: Final = 15_000
"""How often a server says on a shared database that it is there."""
SEEN_MS: Final = 45_000
"""After so long without a word a server is gone, and its sessions with it."""
KEPT_MS: Final = 3_600_000
"""How long a session is known that has gone."""
DRAINED_MS: Final = 86_400_000
"""And one that somebody has drained: when it comes again it gets nothing still."""


@dataclass(frozen=True, slots=True)
class ListenerRow:
    """One row of table ``listener``: ``jobs`` is a JSON list of the names that it takes, the first of ``wishes``. Times are milliseconds.

    ``server`` is the one that it is connected to, or was.
    """

    id: int
    space_id: int
    holder: str
    key_id: str
    client: str | None
    host: str | None
    server: str
    jobs: str
    wishes: int
    credit: int
    connected_at: int
    left_at: int | None = None
    drained_at: int | None = None
    drained_by: str | None = None

    @property
    def public_id(self) -> str:
        """Its id outside."""
        return encode(KIND, self.id)

    @property
    def names(self) -> list[str]:
        """What it takes."""
        return orjson.loads(self.jobs)  # type: ignore[no-any-return]  # the column holds a JSON list

    def state(self, servers: Collection[str]) -> str:
        """How it stands, while these servers are there."""
        if self.left_at is not None or self.server not in servers:
            return AWAY
        return DRAINING if self.drained_at is not None or not self.credit else CONNECTED


class Hands(NamedTuple):
    """What a session holds: how many jobs, and the numbers of the first."""

    total: int
    first: list[int]


def names_text(patterns: Collection[str]) -> str:
    """The first of these names as a row keeps them."""
    return orjson.dumps([*patterns][:MOST_NAMES]).decode()


def listener_wire(
    row: ListenerRow, state: str, hands: Hands, heard_at: int | None, online: Callable[[str], bool]
) -> dict[str, Any]:
    """The session as JSON object; ``online`` says of a name whether anybody takes its jobs."""
    found = {
        "id": row.public_id,
        "keyId": row.key_id,
        "host": row.host,
        "client": row.client,
        "state": state,
        "server": row.server,
        "jobs": [{"job": name, "online": state == CONNECTED or online(name)} for name in row.names],
        "jobCount": row.wishes,
        "credit": row.credit,
        "inFlight": hands.total,
        "jobIds": [encode("jb", number) for number in hands.first],
        "connectedAt": to_wire(row.connected_at),
        "lastHeardAt": to_wire_or_none(heard_at),
        "leftAt": to_wire_or_none(row.left_at),
        "drainedAt": to_wire_or_none(row.drained_at),
        "drainedBy": row.drained_by,
    }
    return {name: value for name, value in found.items() if value is not None}


def told(row: ListenerRow) -> dict[str, Any]:
    """What events say of it."""
    found = {"listenerId": row.public_id, "keyId": row.key_id, "host": row.host, "client": row.client}
    return {name: value for name, value in found.items() if value is not None}

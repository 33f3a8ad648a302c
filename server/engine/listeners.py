"""Which sessions take jobs: those of this server in memory, and what the store is told of them, for people who look."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson
import structlog

from listener_sdk.protocol.ids import decode

from ..core.actors import Actor
from ..core.later import later
from ..core.listeners import KIND, SEEN_EVERY_MS, SEEN_MS, TURNED, ListenerRow, names_text
from ..store import listeners as sql
from ..store.database import Reader
from ..store.log import Stored
from .calm import calmly

if TYPE_CHECKING:
    from ..commands import listeners as commands
else:
    commands = later("..commands.listeners", __package__)

SOON_S: Final = 1.0
"""So long after a session has come or gone the store is told, with all that have since."""
TIDY_EVERY_MS: Final = 600_000
"""How often a server that has its store for itself forgets sessions of long ago."""
PAGE: Final = 100
"""Sessions that one command tells of."""
_log = structlog.get_logger("tickwire.listeners")


class Taking(Protocol):
    """What is to be known of a connection that takes jobs."""

    holder: str
    number: int
    actor: Actor
    client: str | None
    host: str | None
    heard_at: int


class Present:
    """The sessions that take jobs through this server, and which of them the store is yet to be told of. Used on the event loop alone."""

    def __init__(self, server_id: str, clock: Callable[[], int]) -> None:
        self.server_id = server_id
        self.changed = asyncio.Event()
        """Set when the store is to be told something."""
        self._clock = clock
        self._here: dict[str, tuple[Taking, ListenerRow]] = {}
        self._untold: dict[str, ListenerRow] = {}
        """Sessions that have come, changed or gone, by holder."""

    def listens(self, peer: Taking, patterns: Sequence[str], credit: int) -> None:
        """A session takes these from now on; one that takes nothing is none of them."""
        if not patterns:
            self.leaves(peer.holder)
            return
        known = self._here.get(peer.holder)
        since = known[1].connected_at if known is not None and known[0] is peer else self._clock()
        row = ListenerRow(
            id=0,
            space_id=peer.actor.space.id,
            holder=peer.holder,
            key_id=peer.actor.key_id,
            client=peer.client,
            host=peer.host,
            server=self.server_id,
            # A fleet of thousands takes the same.
            jobs=sys.intern(names_text(patterns)),
            wishes=len(patterns),
            credit=credit,
            connected_at=since,
        )
        self._here[peer.holder] = (peer, row)
        self._tell(row)

    def leaves(self, holder: str) -> None:
        """Its connection has ended, or takes nothing any more."""
        known = self._here.pop(holder, None)
        if known is not None:
            self._tell(replace(known[1], left_at=self._clock()))

    def _tell(self, row: ListenerRow) -> None:
        self._untold[row.holder] = row
        self.changed.set()

    def heard_at(self, holder: str) -> int | None:
        """When a session of this server said something last."""
        found = self._here.get(holder)
        return None if found is None else found[0].heard_at

    def all_anew(self) -> None:
        """The store knows nothing of this server's sessions."""
        for _, row in self._here.values():
            self._tell(row)

    def take(self) -> list[ListenerRow]:
        """Of whom the store is to be told; with this it counts as told."""
        self.changed.clear()
        found, self._untold = list(self._untold.values()), {}
        return found

    def put_back(self, rows: Iterable[ListenerRow]) -> None:
        """The store was not told of these after all; what has changed since is newer."""
        for row in rows:
            self._tell(self._untold.get(row.holder, row))


class Listeners:
    """Tells the store of sessions soon after they come and go, and at once when somebody looks. ``read``, ``submit`` and ``post`` are the node's.

    On a ``shared`` store it says again and again that this server is there, and buries others that are not.
    """

    def __init__(
        self,
        present: Present,
        read: Callable[..., Awaitable[Any]],
        submit: Callable[..., Awaitable[Any]],
        post: Callable[..., None],
        clock: Callable[[], int],
        *,
        shared: bool,
    ) -> None:
        self.present = present
        self.shared = shared
        self._read = read
        self._submit = submit
        self._post = post
        self._clock = clock
        self._beaten_at: int | None = None
        self._turn = asyncio.Lock()

    async def note(self) -> int:
        """Tell the store of all that it does not know yet; of how many sessions. Raises StoreError."""
        told = 0
        async with self._turn:
            rows = self.present.take()
            for first in range(0, len(rows), PAGE):
                some = rows[first : first + PAGE]
                try:
                    await self._submit(commands.NOTE, self._noted(some))
                except BaseException:
                    self.present.put_back(rows[first:])
                    raise
                told += len(some)
        return told

    def _noted(self, rows: Sequence[ListenerRow]) -> "commands.Note":
        here = tuple(row for row in rows if row.left_at is None)
        gone = tuple(row for row in rows if row.left_at is not None)
        return commands.Note(self.present.server_id, here, gone)

    def servers(self, reader: Reader) -> dict[str, int]:
        """The servers that are there, and when each said so last."""
        now = self._clock()
        others = sql.servers(reader, now - SEEN_MS) if self.shared else {}
        return {**others, self.present.server_id: now}

    def heard_at(self, row: ListenerRow, servers: dict[str, int]) -> int | None:
        """When a session said something last, as far as it is known here."""
        if row.left_at is not None:
            return row.left_at
        if row.server == self.present.server_id:
            return self.present.heard_at(row.holder)
        return servers.get(row.server)

    def heard(self, events: list[Stored], done: Callable[..., None]) -> None:
        """Other servers have drained or resumed some."""
        named = [_named(event) for event in events if event.topic in TURNED]
        ids = tuple(number for number in named if number is not None)
        if ids:
            self._post(commands.HEED, ids, done)

    # ---- the loop

    async def run(self) -> None:
        """Tell the store, until cancelled."""
        while True:
            await calmly(self.look, "noting_listeners_failed", _log)
            with suppress(TimeoutError):
                async with asyncio.timeout(SEEN_EVERY_MS / 1000 if self.shared else None):
                    await self.present.changed.wait()
            await asyncio.sleep(SOON_S)

    async def look(self) -> int:
        """Tell of sessions, and from time to time that the server is there; of how many sessions it was told."""
        told = await self.note()
        if self._is_beat_due() and (told or self.shared):
            await self._beat()
        return told

    def _is_beat_due(self) -> bool:
        every = SEEN_EVERY_MS - 1_000 if self.shared else TIDY_EVERY_MS
        return self._beaten_at is None or abs(self._clock() - self._beaten_at) >= every

    async def _beat(self) -> None:
        now = self._clock()
        silent_since = now - SEEN_MS if self.shared else now + 1
        known = await self._submit(commands.BEAT, commands.Beat(self.present.server_id, silent_since))
        if not known and self._beaten_at is not None:
            # Others took this server for dead, and its sessions with it.
            self.present.all_anew()
        self._beaten_at = now


def _named(event: Stored) -> int | None:
    return decode(KIND, orjson.loads(event.body)["payload"]["listenerId"])

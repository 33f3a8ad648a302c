"""The loop that makes deliveries of events: it follows the log in order, and knows which endpoints hear what."""

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from listener_sdk.protocol.events import PRIVATE_TOPICS
from listener_sdk.protocol.ids import decode

from ..core.later import later
from ..store import log as log_sql
from ..store import spaces
from ..store.database import Reader
from ..store.log import Head
from .follower import Follower, ReadPage
from .log import Entry, Log

if TYPE_CHECKING:
    from ..commands import endpoint_messages as commands
    from ..core import endpoint_deliveries as deliveries
    from ..core import endpoints as core
    from ..store import endpoints as sql
else:
    commands = later("..commands.endpoint_messages", __package__)
    deliveries = later("..core.endpoint_deliveries", __package__)
    core = later("..core.endpoints", __package__)
    sql = later("..store.endpoints", __package__)

LOADED: Final = 500
"""Endpoints that are read at once."""
CHUNK: Final = 200
CHUNK_BYTES: Final = 4 * 1024 * 1024
"""Deliveries that one transaction makes, about: those of one event stay together."""
TURN_S: Final = 0.002
"""How long filters may be tested before others of the loop have their turn."""
_RENEWING: Final = frozenset(
    f"endpoint:{what}" for what in ("created", "updated", "enabled", "disabled", "deleted")
)
_SPACE_GONE: Final = "space:deleted"


class EndpointLoop(Follower):
    """``submit`` and ``read`` are the node's; ``made`` hears that deliveries wait."""

    name = "endpoints"

    def __init__(
        self,
        log: Log,
        submit: Callable[..., Any],
        read: Callable[..., Any],
        read_page: ReadPage,
        clock: Callable[[], int],
        made: Callable[[], None],
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        super().__init__(log, submit, read, read_page, clock)
        self._made = made
        self._timer = timer
        self._turn_ends = 0.0
        self._known: core.Watches | None = None
        """None where there is no endpoint, as on most servers."""

    def _is_asked(self) -> bool:
        return self._known is not None

    def _watches(self, entry: Entry) -> bool:
        if entry.topic in _RENEWING:
            return True
        if self._known is None:
            return False
        return entry.topic == _SPACE_GONE or bool(self._of(self._known, entry))

    @staticmethod
    def _of(known: "core.Watches", entry: Entry) -> "tuple[core.Watch, ...]":
        return () if entry.topic in PRIVATE_TOPICS else known.of(entry.space_id, entry.topic)

    # ---- knowing

    async def _load(self) -> tuple[int, int]:
        cursor, head, rows = await self._read(_everything)
        self._known = core.Watches() if rows else None
        for row in rows:
            self._put(row, head.seq)
        first = head.seq if self._known is None else self._known.first_after
        assert first is not None, "there are rows"
        seq = min(max(cursor.seq, first), head.seq)
        if seq < head.oldest - 1:
            await self._skip(head.oldest, seq)
            seq = head.oldest - 1
        return seq, cursor.seq

    def _put(self, row: "core.EndpointRow", newest: int | None = None) -> None:
        """Know an endpoint. A log that was restored may end before the place at which it has begun."""
        if self._known is None:
            self._known = core.Watches()
        self._known.put(row.space_id, core.watch(row, newest))

    async def _renew(self, entries: Sequence[Entry]) -> None:
        """Know the endpoints of which some of these tell."""
        told = {
            number: one.space_id
            for one in entries
            if one.topic in _RENEWING
            and (number := decode("ep", str(one.data["payload"].get("endpointId")))) is not None
        }
        if told:
            found = await self._read(partial(sql.hearing_of, ids=list(told)))
            for number in told.keys() - {row.id for row in found}:
                if self._known is not None:
                    self._known.drop(told[number], number)
            for row in found:
                self._put(row)
        # The space from which it was deleted hears of it as well.
        heard = {one.space_id for one in entries if one.topic == _SPACE_GONE}
        if heard and self._known is not None:
            for space_id in await self._read(partial(spaces.gone, space_ids=heard)):
                self._known.drop(space_id)

    # ---- making

    async def _take(self, entries: Sequence[Entry]) -> int:
        await self._renew(entries)
        known = self._known
        made, size = 0, 0
        wanted: list[commands.Wanted] = []
        for entry in entries if known is not None else ():
            assert known is not None
            found = await self._wanted(self._of(known, entry), entry)
            wanted += found
            size += sum(len(one.body) for one in found[:1])
            if len(wanted) >= CHUNK or size >= CHUNK_BYTES:
                made += await self._make(wanted, entry.seq)
                wanted, size = [], 0
        if wanted:
            made += await self._make(wanted, entries[-1].seq)
        return made

    async def _wanted(self, watches: "Sequence[core.Watch]", entry: Entry) -> "list[commands.Wanted]":
        if not watches:
            return []
        event = entry.data
        heard: list[int] = []
        for one in watches:
            if one.after < entry.seq and one.hears(event):
                heard.append(one.endpoint_id)
            await self._breathe()
        entry.forget_data()
        body = deliveries.posted(entry.topic, entry.at, entry.text) if heard else ""
        return [commands.Wanted(entry.space_id, one, entry.seq, entry.topic, body) for one in heard]

    async def _breathe(self) -> None:
        now = self._timer()
        if now > self._turn_ends:
            await asyncio.sleep(0)
            self._turn_ends = self._timer() + TURN_S

    async def _make(self, wanted: "Sequence[commands.Wanted]", upto: int) -> int:
        """Decide, and have it done; once more where another server was faster."""
        while True:
            noted: commands.Noted = await self._read(partial(commands.decide, wanted=wanted, upto=upto))
            if not noted.wanted and not noted.missed:
                return 0
            count: int | None = await self._submit(commands.MAKE_DELIVERIES, noted)
            if count is not None:
                self._wrote(upto)
                self._made()
                return count

    # ---- the cursor

    async def _skip(self, oldest: int, behind: int | None = None) -> None:
        after = self._seq if behind is None else behind
        spaces = [] if self._known is None else self._known.begun_by(oldest - 1)
        cursor = await self._read(sql.cursor)
        if spaces and cursor.seq < oldest - 1:
            self._told.warning("events_missed", after=after, before=oldest, spaces=len(spaces))
            missed = commands.Missed(cursor, after, oldest, tuple(spaces))
            await self._submit(commands.MISS_ENDPOINT_EVENTS, missed)

    async def _move(self, seq: int) -> None:
        await self._submit(commands.MOVE_ENDPOINTS, seq)


def _everything(reader: Reader) -> "tuple[sql.Cursor, Head, list[core.EndpointRow]]":
    """The cursor, the log's ends, and all enabled endpoints, on one view of the store."""
    found: list[core.EndpointRow] = []
    page = sql.hearing(reader, 0, LOADED)
    while page:
        found += page
        page = sql.hearing(reader, page[-1].id, LOADED)
    return sql.cursor(reader), log_sql.head(reader), found

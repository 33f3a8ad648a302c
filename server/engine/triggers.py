"""The loop that starts jobs on events: it follows the log in order, its own events and those of other servers.

Which triggers there are is known in memory, and renewed by the events that tell of definitions. An event that none looks at costs
a look at its topic, and does not wake the loop. Every server runs the loop; the cursor in the store lets each event start each trigger
once.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from listener_sdk.protocol.events import PRIVATE_TOPICS

from ..core.later import later
from ..core.trigger_index import Triggers
from ..core.triggers import Group, Watch
from ..store import log as log_sql
from ..store import spaces as spaces_sql
from ..store import triggers as sql
from ..store.database import Reader, StoreError
from ..store.log import Head
from ..store.transaction import Facts
from ..store.triggers import WHOLE, Place, Waiting
from .follower import Follower, ReadPage
from .log import Entry, Log

if TYPE_CHECKING:
    from ..commands import trigger_decisions as decisions
    from ..commands import triggers as commands
else:
    decisions = later("..commands.trigger_decisions", __package__)
    commands = later("..commands.triggers", __package__)

LOADED: Final = 500
"""Definitions that are read at once."""
CHUNK: Final = 100
"""Starts of one transaction."""
TURN_S: Final = 0.002
"""How long filters may be tested before others of the loop have their turn."""
RETRY_EVERY_MS: Final = 1_000
_SPACE_GONE: Final = "space:deleted"
_RENEWING: Final = frozenset(
    f"definition:{what}" for what in ("created", "updated", "enabled", "disabled", "deleted")
)


class TriggerLoop(Follower):
    """``submit`` and ``read`` are the node's; ``read_page`` gives the oldest event's place, and events of the store."""

    name = "triggers"

    def __init__(
        self,
        log: Log,
        facts: Facts,
        submit: Callable[..., Any],
        read: Callable[..., Any],
        read_page: ReadPage,
        clock: Callable[[], int],
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        super().__init__(log, submit, read, read_page, clock)
        self._facts = facts
        self._timer = timer
        self.triggers = Triggers()
        self._retried_at = 0
        self._turn_ends = 0.0

    def _is_asked(self) -> bool:
        return bool(self.triggers)

    def _watches(self, entry: Entry) -> bool:
        if entry.topic in _RENEWING or entry.topic == _SPACE_GONE:
            return True
        known = self.triggers.of(entry.space_id, entry.topic)
        return known is None or any(known)

    # ---- the cursor

    async def _load(self) -> tuple[int, int]:
        self.triggers.clear()
        cursor, head, known = await self._read(_everything)
        for one in known:
            self.triggers.put(one.space_id, one.code, one.triggers)
            await self._breathe()
        done = cursor.seq if cursor.definition_id == WHOLE else cursor.seq - 1
        first = min((one.triggers[0].after for one in known), default=head.seq)
        seq = min(max(done, first), head.seq)
        if seq < head.oldest - 1:
            await self._skip(head.oldest, seq)
            seq = head.oldest - 1
        return seq, cursor.seq

    async def _skip(self, oldest: int, behind: int | None = None) -> None:
        after = self._seq if behind is None else behind
        spaces = {space_id for space_id, triggers in self.triggers.every() if triggers[0].after < oldest - 1}
        cursor = await self._read(sql.cursor)
        if cursor.seq < oldest - 1:
            self._told.warning("triggers_missed", after=after, before=oldest, spaces=len(spaces))
            missed = commands.Missed(cursor, after, oldest, tuple(sorted(spaces)))
            await self._submit(commands.MISS_EVENTS, missed)

    async def _move(self, seq: int) -> None:
        await self._submit(commands.MOVE_TRIGGERS, seq)

    # ---- matching

    async def _take(self, entries: Sequence[Entry]) -> int:
        """Deal with what these match: how many jobs were made."""
        await self._renew(entries)
        made, found = 0, list["decisions.Match"]()
        for entry in entries:
            watches = () if entry.topic in PRIVATE_TOPICS else await self._found(entry)
            if any(watches):
                found += await self._matches(watches, entry)
            while len(found) >= CHUNK:
                made += await self._start(found[:CHUNK], found[CHUNK - 1].place)
                del found[:CHUNK]
        if found:
            made += await self._start(found, (entries[-1].seq, WHOLE, 0))
        await self._breathe()
        return made

    async def _renew(self, entries: Iterable[Entry]) -> None:
        """Know the definitions of which some of these tell. Where a trigger begins in the log is known with it."""
        told = [one for one in entries if one.topic in _RENEWING]
        codes = {(one.space_id, str(one.data["payload"].get("definition"))) for one in told}
        if codes:
            for known in await self._read(partial(sql.coded, codes=sorted(codes))):
                self.triggers.put(known.space_id, known.code, known.triggers)
                await self._breathe()
        # The space from which it was deleted hears of it as well.
        heard = {one.space_id for one in entries if one.topic == _SPACE_GONE}
        if heard:
            for space_id in await self._read(partial(spaces_sql.gone, space_ids=heard)):
                self.triggers.drop(space_id)

    async def _found(self, entry: Entry) -> Sequence[Watch]:
        found = self.triggers.of(entry.space_id, entry.topic)
        if found is None:
            for _ in self.triggers.search(entry.space_id, entry.topic):
                await self._breathe()
            found = self.triggers.of(entry.space_id, entry.topic)
        return found or ()

    async def _matches(self, watches: Iterable[Watch], entry: Entry) -> list["decisions.Match"]:
        event = entry.data
        found: dict[Place, decisions.Match] = {}
        for watch in watches:
            for group in watch.candidates(event):
                if group is not None and group.passes(event):
                    await self._join(found, group, entry, event)
                await self._breathe()
        entry.forget_data()
        return [found[place] for place in sorted(found)]

    async def _join(
        self, found: "dict[Place, decisions.Match]", group: Group, entry: Entry, event: dict[str, Any]
    ) -> None:
        """The triggers of the group start on the event. One that names several patterns may stand there already."""
        for one in group.triggers:
            if one.after < entry.seq:
                match = decisions.Match(
                    entry.space_id, entry.seq, entry.at, event, one.definition_id, one.number
                )
                found[match.place] = match
            await self._breathe()

    async def _breathe(self) -> None:
        now = self._timer()
        if now > self._turn_ends:
            await asyncio.sleep(0)
            self._turn_ends = self._timer() + TURN_S

    # ---- starting

    async def _start(self, matches: list["decisions.Match"], upto: Place) -> int:
        """Start these; where one of them brings the store or the server to a fault, all others, and tell of that one."""
        try:
            return await self._once(matches, upto)
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - only the guilty start may fail
            self._told.exception("start_failed", matches=len(matches))
            if len(matches) == 1:
                return await self._once(matches, upto, "The server failed; the reason stands in its log.")
        made = 0
        for match in matches:
            made += await self._start([match], match.place)
        return made

    async def _once(self, matches: list["decisions.Match"], upto: Place, failed: str | None = None) -> int:
        while True:
            spaces = self._facts.spaces
            batch: decisions.Batch = await self._read(
                partial(decisions.decide, matches=matches, upto=upto, spaces=spaces, failed=failed)
            )
            if not batch.decisions:
                return 0
            report: commands.Report | None = await self._submit(commands.START_TRIGGERED, batch)
            if report is not None:
                self._wrote(upto[0])
                self._tell(report)
                return report.started

    async def _besides(self) -> int:
        """Start what has waited for its time."""
        is_time = abs(self._clock() - self._retried_at) >= RETRY_EVERY_MS
        return await self._retry() if self.triggers and is_time else 0

    async def _retry(self) -> int:
        made = 0
        while True:
            now = self._retried_at = self._clock()
            rows: list[Waiting] = await self._read(partial(sql.due, now=now, count=CHUNK))
            if not rows:
                return made
            matches = await self._read(partial(decisions.matches_waiting, rows=rows))
            made += await self._start(matches, (0, 0, 0))

    def _tell(self, report: "commands.Report") -> None:
        for one in report.told:
            topic = one["topic"].partition(":")[2].replace("-", "_")
            self._told.warning(topic, **{name: one[name] for name in one if name != "topic"})
        if report.waiting:
            self._told.info("triggers_wait", starts=report.waiting, reason="queue_full")


def _everything(reader: Reader) -> tuple[sql.Cursor, Head, list[sql.Known]]:
    """The cursor, the log's ends, and all definitions with triggers, on one view of the store."""
    found: list[sql.Known] = []
    after: int | None = 0
    while after is not None:
        page, after = sql.every(reader, after, LOADED)
        found += page
    return sql.cursor(reader), log_sql.head(reader), found

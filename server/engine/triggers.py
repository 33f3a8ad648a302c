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

import structlog

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
from .calm import calmly
from .follower import ReadPage, following
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
WRITE_EVERY_MS: Final = 10_000
LOOK_EVERY_S: Final = 1.0
AFTER_ERROR_S: Final = 1.0
_SPACE_GONE: Final = "space:deleted"
_RENEWING: Final = frozenset(
    f"definition:{what}" for what in ("created", "updated", "enabled", "disabled", "deleted")
)
_log = structlog.get_logger("tickwire.triggers")


class TriggerLoop:
    """``submit`` and ``read`` are the node's; ``read_page`` gives the oldest event's place, and events of the store."""

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
        self._log = log
        self._facts = facts
        self._submit = submit
        self._read = read
        self._read_page = read_page
        self._clock = clock
        self._timer = timer
        self.triggers = Triggers()
        self._seq = 0
        """All up to and with this event is looked at, and its matches are dealt with."""
        self._written = 0
        self._written_at = 0
        self._retried_at = 0
        self._turn_ends = 0.0
        self._loaded = False
        self._idle = False
        """Whether all that was told is looked at, and the loop waits for more."""
        self._wake = asyncio.Event()
        self.longest_s: Callable[[], float] = lambda: LOOK_EVERY_S
        """How long it rests where nobody wakes it."""

    # ---- what others say

    def publish(self, entries: Sequence[Entry]) -> None:
        """Events that follow on those before."""
        if self._idle and not any(map(self._concerns, entries)):
            self._seq = entries[-1].seq
        else:
            self._idle = False
            self._wake.set()

    def _concerns(self, entry: Entry) -> bool:
        if entry.topic in _RENEWING or entry.topic == _SPACE_GONE:
            return True
        watches = self.triggers.of(entry.space_id, entry.topic)
        return watches is None or any(watches)

    def wake(self) -> None:
        """Look now."""
        self._wake.set()

    def begin_anew(self) -> None:
        """The log is not the one that it was."""
        self._loaded = self._idle = False
        self._wake.set()

    # ---- the loop

    async def run(self) -> None:
        """Start jobs until cancelled."""
        while True:
            self._wake.clear()
            if await calmly(self.look, "triggers_failed", _log):
                await self._rest()
            else:
                await asyncio.sleep(AFTER_ERROR_S)

    async def _rest(self) -> None:
        if self._wake.is_set() or self._seq < self._log.seq:
            return
        try:
            async with asyncio.timeout(self.longest_s() if self.triggers else None):
                await self._wake.wait()
        except TimeoutError:
            return

    async def look(self) -> int:
        """Deal with all events that there are by now, and with starts whose time has come: how many jobs were made. Raises StoreError."""
        self._idle = False
        if not self._loaded:
            await self._load()
        made = 0
        while self._loaded and self._seq < self._log.seq:
            made += await self._page()
            await self._breathe()
        if self.triggers:
            if abs(self._clock() - self._retried_at) >= LOOK_EVERY_S * 1000:
                made += await self._retry()
            await self._note()
        self._idle = self._loaded and self._seq >= self._log.seq
        return made

    async def _load(self) -> None:
        self.triggers.clear()
        cursor, head, known = await self._read(_everything)
        for one in known:
            self.triggers.put(one.space_id, one.code, one.triggers)
            await self._breathe()
        done = cursor.seq if cursor.definition_id == WHOLE else cursor.seq - 1
        first = min((one.triggers[0].after for one in known), default=head.seq)
        self._seq = min(max(done, first), head.seq)
        self._written, self._written_at = cursor.seq, self._clock()
        self._loaded = True
        await self._skip_removed(head.oldest)

    async def _skip_removed(self, oldest: int) -> None:
        if self._seq >= oldest - 1:
            return
        behind = self._seq
        spaces = {space_id for space_id, triggers in self.triggers.every() if triggers[0].after < oldest - 1}
        cursor = await self._read(sql.cursor)
        if cursor.seq < oldest - 1:
            _log.warning("triggers_missed", after=behind, before=oldest, spaces=len(spaces))
            await self._submit(
                commands.MISS_EVENTS, commands.Missed(cursor, behind, oldest, tuple(sorted(spaces)))
            )
        self._seq = oldest - 1

    async def _page(self) -> int:
        """Look at the next events, and deal with what they match: how many jobs were made."""
        entries = await following(self._log, self._read_page, self._seq)
        if isinstance(entries, int):
            await self._skip_removed(entries)
            return 0
        await self._renew(entries)
        made, found = 0, list["decisions.Match"]()
        for entry in entries:
            watches = () if entry.topic in PRIVATE_TOPICS else await self._watches(entry)
            if any(watches):
                found += await self._matches(watches, entry)
            while len(found) >= CHUNK:
                made += await self._start(found[:CHUNK], found[CHUNK - 1].place)
                del found[:CHUNK]
        if found:
            made += await self._start(found, (entries[-1].seq, WHOLE, 0))
        if self._loaded:
            self._seq = entries[-1].seq
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

    async def _watches(self, entry: Entry) -> Sequence[Watch]:
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
            _log.exception("start_failed", matches=len(matches))
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
                self._written, self._written_at = max(self._written, upto[0]), self._clock()
                _tell(report)
                return report.started

    async def _retry(self) -> int:
        made = 0
        while True:
            now = self._retried_at = self._clock()
            rows: list[Waiting] = await self._read(partial(sql.due, now=now, count=CHUNK))
            if not rows:
                return made
            matches = await self._read(partial(decisions.matches_waiting, rows=rows))
            made += await self._start(matches, (0, 0, 0))

    async def _note(self) -> None:
        """Write down now and then how far the log was looked through, where nothing was started."""
        if self._seq > self._written and self._clock() - self._written_at >= WRITE_EVERY_MS:
            seq = self._seq
            await self._submit(commands.MOVE_TRIGGERS, seq)
            self._written, self._written_at = seq, self._clock()


def _everything(reader: Reader) -> tuple[sql.Cursor, Head, list[sql.Known]]:
    """The cursor, the log's ends, and all definitions with triggers, on one view of the store."""
    found: list[sql.Known] = []
    after: int | None = 0
    while after is not None:
        page, after = sql.every(reader, after, LOADED)
        found += page
    return sql.cursor(reader), log_sql.head(reader), found


def _tell(report: "commands.Report") -> None:
    for one in report.told:
        _log.warning(
            one["topic"].partition(":")[2].replace("-", "_"), **{k: one[k] for k in one if k != "topic"}
        )
    if report.waiting:
        _log.info("triggers_wait", starts=report.waiting, reason="queue_full")

"""The loop that tells people of runs: it follows the log in order, decides what each rule tells, and sends what was folded in time.

Events of jobs without a definition cost a look at their topic and a search in their text. Every server runs the loop; the cursor in the
store lets each event be told once.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import structlog

from ..core.later import later
from ..core.notifications import ENDS, WATCHED
from ..store import log as log_sql
from ..store import notification_rules as sql
from ..store.database import Reader
from ..store.log import Head
from .calm import calmly
from .follower import ReadPage, following
from .log import Entry, Log

if TYPE_CHECKING:
    from ..commands import notification_decisions as decisions
    from ..commands import notification_messages as messages
else:
    decisions = later("..commands.notification_decisions", __package__)
    messages = later("..commands.notification_messages", __package__)

FLUSHED: Final = 50
"""Rules whose messages one transaction sends."""
WRITE_EVERY_MS: Final = 10_000
LOOK_EVERY_S: Final = 1.0
GATHERED_S: Final = 0.1
"""What ends within so long is looked at together: many short runs cost a fifth less of a server that need not look after each."""
AFTER_ERROR_S: Final = 1.0
_OF_A_DEFINITION: Final = '"definition":"'
_log = structlog.get_logger("tickwire.notifier")


class Notifier:
    """``submit`` and ``read`` are the node's; ``made`` hears that deliveries are on their way."""

    def __init__(
        self,
        log: Log,
        submit: Callable[..., Any],
        read: Callable[..., Any],
        read_page: ReadPage,
        clock: Callable[[], int],
        made: Callable[[], None],
    ) -> None:
        self._log = log
        self._submit = submit
        self._read = read
        self._read_page = read_page
        self._clock = clock
        self._made = made
        self._seq = 0
        """All up to and with this event is looked at, and told or counted."""
        self._written = 0
        self._written_at = 0
        self._loaded = False
        self._idle = False
        """Whether all that was published is looked at."""
        self._wake = asyncio.Event()
        self.longest_s: Callable[[], float] = lambda: LOOK_EVERY_S
        """How long it rests where nobody wakes it."""

    # ---- what others say

    def publish(self, entries: Sequence[Entry]) -> None:
        """Events that follow on those before."""
        if self._idle:
            self._idle = not any(map(_is_watched, entries))
        if self._idle:
            self._seq = entries[-1].seq
        else:
            self._wake.set()

    def wake(self) -> None:
        """Look now."""
        self._wake.set()

    def begin_anew(self) -> None:
        """The log is not the one that it was."""
        self._loaded = self._idle = False
        self._wake.set()

    # ---- the loop

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            self._wake.clear()
            if await calmly(self.look, "notifier_failed", _log):
                await self._rest()
            else:
                await asyncio.sleep(AFTER_ERROR_S)

    async def _rest(self) -> None:
        await asyncio.sleep(GATHERED_S)
        if self._wake.is_set():
            return
        try:
            async with asyncio.timeout(self.longest_s()):
                await self._wake.wait()
        except TimeoutError:
            return

    async def look(self) -> int:
        """Tell of all events that there are by now, and send what was folded and is due: how many messages were made. Raises StoreError."""
        if not self._loaded:
            await self._load()
        made = 0
        while self._loaded and self._seq < self._log.seq:
            made += await self._page()
        made += await self._flush()
        await self._write_down()
        self._idle = self._seq >= self._log.seq
        return made

    async def _load(self) -> None:
        cursor, head = await self._read(_where)
        self._seq = min(cursor.seq, head.seq)
        self._written, self._written_at = cursor.seq, self._clock()
        self._loaded = True

    async def _page(self) -> int:
        entries = await following(self._log, self._read_page, self._seq)
        if isinstance(entries, int):
            _log.warning("events_missed", after=self._seq, before=entries)
            self._seq = entries - 1
            return 0
        seen = [_seen(one) for one in entries if _is_watched(one)]
        made = await self._note(seen, entries[-1].seq) if seen else 0
        if self._loaded:
            self._seq = entries[-1].seq
        return made

    async def _note(self, seen: "list[decisions.Seen]", upto: int) -> int:
        """Decide, and have it done; once more where another server was faster."""
        while True:
            noted: decisions.Noted = await self._read(partial(decisions.decide, seen=seen, upto=upto))
            if not noted.groups:
                return 0
            report: messages.Report | None = await self._submit(messages.NOTE, noted)
            if report is not None:
                self._written, self._written_at = max(self._written, upto), self._clock()
                return self._told(report)

    async def _flush(self) -> int:
        made = 0
        while await self._read(partial(sql.are_due, now=self._clock())):
            found: list[decisions.Due] = await self._read(
                partial(decisions.due, now=self._clock(), count=FLUSHED)
            )
            if found:
                made += self._told(await self._submit(messages.FLUSH, found))
            if len(found) < FLUSHED:
                break
        return made

    def _told(self, report: "messages.Report") -> int:
        if report.deliveries:
            self._made()
        return report.messages

    async def _write_down(self) -> None:
        """Note now and then how far the log was looked through, where nothing was told."""
        if self._seq > self._written and self._clock() - self._written_at >= WRITE_EVERY_MS:
            seq = self._seq
            await self._submit(messages.MOVE_NOTICES, seq)
            self._written, self._written_at = seq, self._clock()


def _is_watched(entry: Entry) -> bool:
    return entry.topic in WATCHED and (entry.topic not in ENDS or entry.mentions(_OF_A_DEFINITION))


def _seen(entry: Entry) -> "decisions.Seen":
    return decisions.Seen(entry.space_id, entry.seq, entry.topic, entry.job_id, entry.text)


def _where(reader: Reader) -> tuple[sql.Cursor, Head]:
    return sql.cursor(reader), log_sql.head(reader)

"""The loop that tells people of runs: it follows the log in order, decides what each rule tells, and sends what was folded in time.

Events of jobs without a definition cost a look at their topic and a search in their text. Every server runs the loop; the cursor in the
store lets each event be told once.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ..core.later import later
from ..core.notifications import ENDS, WATCHED
from ..store import log as log_sql
from ..store import notification_rules as sql
from ..store.database import Reader
from ..store.log import Head
from .follower import Follower, ReadPage
from .log import Entry, Log

if TYPE_CHECKING:
    from ..commands import notification_decisions as decisions
    from ..commands import notification_messages as messages
else:
    decisions = later("..commands.notification_decisions", __package__)
    messages = later("..commands.notification_messages", __package__)

FLUSHED: Final = 50
"""Rules whose messages one transaction sends."""
GATHERED_S: Final = 0.25
"""What ends within so long is looked at together: many short runs cost a fifth less of a server that need not look after each."""
OF_A_DEFINITION: Final = '"definition":"'
"""Stands in the events of jobs that were made of one."""


class Notifier(Follower):
    """``submit`` and ``read`` are the node's; ``made`` hears that deliveries are on their way."""

    name = "notifier"
    gathered_s = GATHERED_S

    def __init__(
        self,
        log: Log,
        submit: Callable[..., Any],
        read: Callable[..., Any],
        read_page: ReadPage,
        clock: Callable[[], int],
        made: Callable[[], None],
    ) -> None:
        super().__init__(log, submit, read, read_page, clock)
        self._made = made

    def _watches(self, entry: Entry) -> bool:
        return entry.topic in WATCHED and (entry.topic not in ENDS or entry.mentions(OF_A_DEFINITION))

    # ---- the cursor

    async def _load(self) -> tuple[int, int]:
        cursor, head = await self._read(_where)
        return min(cursor.seq, head.seq), cursor.seq

    async def _skip(self, oldest: int) -> None:
        self._told.warning("events_missed", after=self._seq, before=oldest)

    async def _move(self, seq: int) -> None:
        await self._submit(messages.MOVE_NOTICES, seq)

    # ---- telling

    async def _take(self, entries: Sequence[Entry]) -> int:
        seen = [_seen(one) for one in entries if self._watches(one)]
        return await self._note(seen, entries[-1].seq) if seen else 0

    async def _note(self, seen: "list[decisions.Seen]", upto: int) -> int:
        """Decide, and have it done; once more where another server was faster."""
        while True:
            noted: decisions.Noted = await self._read(partial(decisions.decide, seen=seen, upto=upto))
            if not noted.groups:
                return 0
            report: messages.Report | None = await self._submit(messages.NOTE, noted)
            if report is not None:
                self._wrote(upto)
                return self._sent(report)

    async def _besides(self) -> int:
        """Send what was folded and is due."""
        made = 0
        while await self._read(partial(sql.are_due, now=self._clock())):
            found: list[decisions.Due] = await self._read(
                partial(decisions.due, now=self._clock(), count=FLUSHED)
            )
            if found:
                made += self._sent(await self._submit(messages.FLUSH, found))
            if len(found) < FLUSHED:
                break
        return made

    def _sent(self, report: "messages.Report") -> int:
        if report.deliveries:
            self._made()
        return report.messages


def _seen(entry: Entry) -> "decisions.Seen":
    return decisions.Seen(entry.space_id, entry.seq, entry.topic, entry.job_id, lambda: entry.text)


def _where(reader: Reader) -> tuple[sql.Cursor, Head]:
    return sql.cursor(reader), log_sql.head(reader)

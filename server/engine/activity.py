"""The loop that counts what happens in spaces, for people who look how it goes.

It follows the log as the others do. While it is at the end it counts what is published as it comes, in memory, and adds it to the store
every ten seconds with the move of its cursor: so each event is counted once, whatever becomes of this server and however many there are.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..core.activity import COUNTED, Tallies, Tally, count, joined, stretch
from ..core.later import later
from ..store import activity as sql
from ..store import jobs
from ..store import log as log_sql
from ..store.database import Reader
from .follower import WRITE_EVERY_MS, Follower, ReadPage
from .log import Entry, Log

if TYPE_CHECKING:
    from ..commands import activity as commands
else:
    commands = later("..commands.activity", __package__)

MOST_SPACES: Final = 100
"""Spaces whose queues are looked at each time."""
FAR: Final = 5_000
"""Events at which there was nothing to count, after which the cursor is moved all the same."""


class Uncounted(NamedTuple):
    """What the store does not know yet: counted of the events behind this place."""

    after: int
    tallies: Tallies


class Activity(Follower):
    """``submit`` and ``read`` are the node's."""

    name = "activity"

    def __init__(
        self,
        log: Log,
        submit: Callable[..., Any],
        read: Callable[..., Any],
        read_page: ReadPage,
        clock: Callable[[], int],
    ) -> None:
        super().__init__(log, submit, read, read_page, clock)
        self.longest_s = lambda: WRITE_EVERY_MS / 1000
        self._tallies: Tallies = {}
        self._sent: Uncounted | None = None
        """What is on its way to the store."""
        self._sent_upto = 0
        self._waiting: set[int] = set()
        """Spaces in which a job waited when that was looked at last."""

    # ---- counting

    def publish(self, entries: Sequence[Entry]) -> None:
        """Events that follow on those before: counted at once where all before are."""
        if not self._idle or entries[0].seq != self._seq + 1:
            self._idle = False
            self._wake.set()
            return
        was_asked = self._is_asked()
        self._count(entries)
        self._seq = entries[-1].seq
        if not was_asked and self._is_asked():
            self._wake.set()

    def _count(self, entries: Sequence[Entry]) -> int:
        counted = [entry for entry in entries if entry.topic in COUNTED]
        for entry in counted:
            count(self._tallies, entry.topic, entry.space_id, entry.at, entry.job_id)
        return len(counted)

    def uncounted(self) -> list[Uncounted]:
        """What is to be put to what the store knows: those parts that lie behind its cursor."""
        copied = {key: Tally(**_fields(tally)) for key, tally in self._tallies.items()}
        if self._sent is None:
            return [Uncounted(self._written, copied)]
        return [self._sent, Uncounted(self._sent_upto, copied)]

    # ---- the loop

    def begin_anew(self) -> None:
        """The log is not the one that it was: what was counted of it may not be in this one."""
        self._forget()
        super().begin_anew()

    def _forget(self) -> None:
        self._tallies = {}
        self._loaded = self._idle = False

    def _is_asked(self) -> bool:
        return bool(self._tallies or self._waiting) or self._seq - self._written > FAR

    def _watches(self, entry: Entry) -> bool:
        return entry.topic in COUNTED

    async def _load(self) -> tuple[int, int]:
        seq, head = await self._read(_where)
        self._tallies = {}
        return min(seq, head), seq

    async def _take(self, entries: Sequence[Entry]) -> int:
        return self._count(entries)

    async def _skip(self, oldest: int) -> None:
        """What was removed before it was counted is not counted."""

    async def _besides(self) -> int:
        is_old = abs(self._clock() - self._written_at) >= WRITE_EVERY_MS
        if not self._loaded or not is_old or not (self._tallies or self._waiting):
            return 0
        await self._look_at_queues()
        return await self._write()

    async def _move(self, seq: int) -> None:
        await self._write()

    async def _look_at_queues(self) -> None:
        """How long a job has waited by now, in each space where something happens or a job waited before."""
        spaces = sorted({space for space, _ in self._tallies} | self._waiting)[:MOST_SPACES]
        now = self._clock()
        found: dict[int, int] = await self._read(partial(_oldest, spaces=spaces))
        self._waiting = set(found)
        for space_id, ready_at in found.items():
            joined(self._tallies, {(space_id, stretch(now)): Tally(waited_ms=max(0, now - ready_at))})

    async def _write(self) -> int:
        after, upto, tallies = self._written, self._seq, self._tallies
        self._tallies = {}
        self._sent, self._sent_upto = Uncounted(after, tallies), upto
        rows = tuple((space, at, tally) for (space, at), tally in tallies.items())
        try:
            done = await self._submit(commands.NOTE_ACTIVITY, commands.Counted(after, upto, rows))
        except BaseException:
            newer, self._tallies = self._tallies, tallies
            joined(self._tallies, newer)
            raise
        finally:
            self._sent = None
        if done:
            self._wrote(upto)
            return len(rows)
        # Another server has counted these: go on behind what it has counted.
        self._forget()
        self._wake.set()
        return 0


def _fields(tally: Tally) -> dict[str, Any]:
    found = {name: getattr(tally, name) for name in Tally.__dataclass_fields__}
    return {**found, "failures": [*tally.failures]}


def _where(reader: Reader) -> tuple[int, int]:
    return sql.cursor(reader), log_sql.head(reader).seq


def _oldest(reader: Reader, spaces: Sequence[int]) -> dict[int, int]:
    found = {space: jobs.oldest_ready(reader, space) for space in spaces}
    return {space: ready_at for space, ready_at in found.items() if ready_at is not None}

"""The loop that removes what is old, in the background: by small pages, seldom enough that nobody feels it.

A page is as large as the writer does in a few milliseconds. It waits a moment for a writer that is not busy, and after it
comes a rest of nine times as long as it took, so that at most a tenth of the writer's time goes into this.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final, Generic, TypeVar

import structlog

from ..commands import retention as commands
from ..core.retention import DAY_MS, Aged, Retention, Spans, Sweep, next_size, page_of
from ..core.spaces import spans_of
from ..machine import monotonic_ms
from ..store import hook_deliveries, idempotency, spaces
from ..store import log as log_sql
from ..store import retention as sql
from ..store.command import Command
from ..store.database import Reader
from ..store.log import Head
from ..store.run_retention import OldMissed
from ..store.transaction import Transaction
from .calm import calmly
from .old_runs import OldRuns

EVERY_S: Final = 60.0
REST: Final = 9
"""The rest after a page, in times of what it took."""
WITH_COMMIT: Final = 4
"""What a page takes with its commit at most, in times of what it takes alone."""
PATIENCE_S: Final = 0.05
QUIET_S: Final = 0.002
FIRST_SIZE: Final = 50
WALK: Final = 1_000
"""Rows that are looked at by one query."""
REST_OF_WALK: Final = 50
"""The time between two walks, in times of what one took to read."""

Item = TypeVar("Item")
Result = TypeVar("Result")
_log = structlog.get_logger("tickwire.retention")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """An item of a command, and what measures how long it takes."""

    item: Item
    timer: Callable[[], float] = time.perf_counter


def _timed(
    run: Callable[[Transaction, Item], Result],
) -> Callable[[Transaction, Page[Item]], tuple[Result, float]]:
    """The command and how long it kept the writer, in seconds."""

    def timed(tx: Transaction, page: Page[Item]) -> tuple[Result, float]:
        begun = page.timer()
        return run(tx, page.item), page.timer() - begun

    return timed


def _command(
    name: str, run: Callable[[Transaction, Item], Result]
) -> Command[Page[Item], tuple[Result, float]]:
    return Command(name, _timed(run), lazy=True, needs_no_room=True)


OLD_EVENTS: Final = _command("old_events", commands.remove_events)
OLD_FILES: Final = _command("old_files", commands.remove_files)
OLD_JOBS: Final = _command("old_jobs", commands.remove_jobs)
OLD_MISSED: Final = _command("old_missed", commands.remove_missed)
OLD_LINES: Final = _command("old_lines", commands.remove_audit)
OLD_NOTIFICATIONS: Final = _command("old_notifications", commands.remove_notifications)
OLD_ENDPOINT_DELIVERIES: Final = _command("old_endpoint_deliveries", commands.remove_endpoint_deliveries)
OLD_RULES: Final = _command("old_rules", commands.remove_rules)
OLD_KEYS: Final = _command("old_keys", commands.remove_keys)
OLD_HOOK_DELIVERIES: Final = _command("old_hook_deliveries", commands.remove_hook_deliveries)
OLD_REPLAYS: Final = _command("old_replays", commands.remove_replays)


@dataclass(slots=True)
class Went:
    """What one look removed."""

    keys: int = 0
    events: int = 0
    files: int = 0
    jobs: int = 0
    missed: int = 0
    audit: int = 0
    notifications: int = 0
    endpoint_deliveries: int = 0
    rules: int = 0
    hook_deliveries: int = 0
    replays: int = 0


@dataclass(slots=True)
class _Walk:
    """Walks over rows of a kind: by which spans the last was made, and when the next is worth while."""

    spans: Spans | None = None
    at_ms: int = 0


def _old_rules(reader: Reader, _rules: Retention, now: int, count: int) -> list[int]:
    return sql.old_rules(reader, now, count)


class RetentionLoop:
    """``submit`` and ``read`` are the node's, ``busy`` says whether its writer is; ``forget`` hears where the log begins.

    ``remove_bytes`` gets the name of the bytes of a file whose row has gone. Wall clock and monotonic clock are compared: a
    wall clock that is set forward while the server runs makes nothing older.
    """

    def __init__(
        self,
        rules: Retention,
        submit: Callable[..., Any],
        read: Callable[..., Any],
        *,
        busy: Callable[[], bool],
        forget: Callable[[int], None],
        remove_bytes: Callable[[str], Awaitable[None]],
        clock: Callable[[], int],
        monotonic_ms: Callable[[], int] = monotonic_ms,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._rules = rules
        self._submit = submit
        self._read = read
        self._busy = busy
        self._forget = forget
        self._remove_bytes = remove_bytes
        self._clock = clock
        self._monotonic_ms = monotonic_ms
        self._sleep = sleep
        self._timer = timer
        self._offset = clock() - monotonic_ms()
        self.every_s = EVERY_S
        self._sizes: dict[str, int] = {}
        self._job_walk = _Walk()
        self._file_walk = _Walk()
        self._runs = OldRuns(
            rules.definition_runs,
            read,
            self._remove_jobs,
            self._remove_missed,
            self._now,
            monotonic_ms,
            timer,
        )

    async def run(self) -> None:
        """Look once a minute, until cancelled. A server that begins has others to serve first."""
        while True:
            await self._sleep(self.every_s)
            await calmly(self.look, "retention_failed", _log)

    async def look(self) -> Went:
        """Remove all that is old now; how much went."""
        went = Went()
        went.keys = await self._keys()
        went.events = await self._events()
        jobs, files = spans_of((await self._read(spaces.every)).values(), self._rules)
        went.files = await self._walk(self._file_walk, files, sql.old_files, self._remove_files)
        went.jobs = await self._walk(self._job_walk, jobs, sql.old_jobs, self._remove_jobs)
        went.missed = await self._runs.old(jobs)
        more_jobs, more_missed = await self._runs.too_many()
        went.jobs, went.missed = went.jobs + more_jobs, went.missed + more_missed
        went.audit = await self._listed(OLD_LINES, commands.OldLines, sql.old_lines)
        went.notifications = await self._listed(
            OLD_NOTIFICATIONS, commands.OldNotifications, sql.old_notifications
        )
        went.endpoint_deliveries = await self._listed(
            OLD_ENDPOINT_DELIVERIES, commands.OldEndpointDeliveries, sql.old_deliveries
        )
        went.rules = await self._listed(OLD_RULES, commands.OldRules, _old_rules)
        went.hook_deliveries = await self._listed(
            OLD_HOOK_DELIVERIES, commands.OldHookDeliveries, hook_deliveries.old
        )
        went.replays = await self._replays()
        if went != Went():
            _log.info("removed_old", **asdict(went))
        return went

    def _now(self) -> int:
        return min(self._clock(), self._offset + self._monotonic_ms())

    async def _keys(self) -> int:
        total = 0
        while count := await self._read(self._old_keys):
            total += await self._page(OLD_KEYS, commands.OldKeys(count), count)
        return total

    async def _replays(self) -> int:
        total = 0
        while count := await self._read(
            lambda reader: hook_deliveries.old_replays(reader, self._now(), self._size(OLD_REPLAYS))
        ):
            went = await self._page(OLD_REPLAYS, commands.OldReplays(count), count)
            total += went
            if not went:
                break
        return total

    def _old_keys(self, reader: Reader) -> int:
        return idempotency.count_old(reader, self._now(), self._size(OLD_KEYS))

    async def _events(self) -> int:
        total = 0
        while True:
            head, stays = await self._read(self._old_events)
            self._forget(head.oldest)
            if stays <= head.oldest:
                return total
            total += await self._page(OLD_EVENTS, commands.OldEvents(stays), stays - head.oldest)
            self._forget(stays)

    def _old_events(self, reader: Reader) -> tuple[Head, int]:
        stays = sql.old_events(reader, self._rules, self._now(), self._size(OLD_EVENTS))
        return log_sql.head(reader), stays

    async def _listed(
        self,
        command: Command[Page[Item], tuple[int, float]],
        item: Callable[[tuple[int, ...]], Item],
        find: Callable[[Reader, Retention, int, int], list[int]],
    ) -> int:
        """Remove what is found by its numbers, until nothing is found."""
        total = 0
        while ids := await self._read(
            lambda reader: find(reader, self._rules, self._now(), self._size(command))
        ):
            went = await self._page(command, item(tuple(ids)), len(ids))
            total += went
            if not went:
                # Others were faster, or need them again.
                break
        return total

    async def _remove_files(self, old: list[Aged]) -> int:
        total = 0
        while old:
            count = page_of(old, self._size(OLD_FILES))
            page, old = old[:count], old[count:]
            item = commands.OldFiles(tuple(file.id for file in page))
            blobs: list[str] = await self._page(OLD_FILES, item, count)
            for blob in blobs:
                await self._bytes(blob)
            total += len(blobs)
        return total

    async def _bytes(self, blob: str) -> None:
        try:
            await self._remove_bytes(blob)
        except OSError as error:
            # Nothing names them any more: the next start sweeps them away.
            _log.warning("bytes_stay", blob=blob, error=str(error))

    async def _walk(
        self,
        walk: _Walk,
        spans: Spans,
        find: Callable[..., tuple[Sweep, int | None]],
        remove: Callable[[list[Aged]], Awaitable[int]],
    ) -> int:
        """Walk over all rows that are not young, unless none can have become old since the last walk by the same spans."""
        if walk.spans == spans and self._monotonic_ms() < walk.at_ms:
            return 0
        now, after, total = self._now(), 0, 0
        begun, paused = self._timer(), 0.0
        next_at = now + DAY_MS
        while True:
            found, last = await self._read(partial(find, spans=spans, now=now, after=after, count=WALK))
            pause = self._timer()
            went = await remove(found.old)
            paused += self._timer() - pause
            total += went
            # One that others need may be free of them in a minute: parents go after their child jobs.
            next_at = min(next_at, found.next_at) if went == len(found.old) else now
            if found.at_end or last is None:
                # Where a space keeps much for long, a walk is long: then it is made less often.
                rest = REST_OF_WALK * (self._timer() - begun - paused)
                walk.spans = spans
                walk.at_ms = self._monotonic_ms() + max(next_at - now, int(rest * 1000))
                return total
            after = last

    async def _remove_jobs(self, old: list[Aged]) -> int:
        total = 0
        while old:
            count = page_of(old, self._size(OLD_JOBS))
            page, old = old[:count], old[count:]
            item = commands.OldJobs(tuple(job.id for job in page))
            more = True
            while more:
                went, more = await self._page(OLD_JOBS, item, sum(job.cost for job in page))
                total += went
        return total

    async def _remove_missed(self, old: OldMissed) -> int:
        total, went = 0, 1
        while went:
            size = self._size(OLD_MISSED)
            went = await self._page(OLD_MISSED, commands.OldDueTimes(old, size), size)
            total += went
            if went < size:
                break
        return total

    def _size(self, command: Command[Any, Any]) -> int:
        return self._sizes.get(command.name, FIRST_SIZE)

    async def _page(
        self, command: Command[Page[Item], tuple[Result, float]], item: Item, cost: int
    ) -> Result:
        """Do one page when the writer has a moment, learn from it how large the next may be, and rest."""
        await self._quiet()
        begun = self._timer()
        result, taken_s = await self._submit(command, Page(item, self._timer))
        self._sizes[command.name] = next_size(self._size(command), cost, taken_s)
        # Of a long wait most went into the work of others.
        await self._sleep(REST * min(self._timer() - begun, WITH_COMMIT * taken_s))
        return result  # type: ignore[no-any-return]  # submit answers with the command's result

    async def _quiet(self) -> None:
        for _ in range(int(PATIENCE_S / QUIET_S)):
            if not self._busy():
                return
            await self._sleep(QUIET_S)

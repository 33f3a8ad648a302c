"""Subscriptions: cursors into the log that follow it, each batch encoded once for every distinct filter."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import structlog

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.events import PRIVATE_TOPICS, Position
from listener_sdk.protocol.filters import Filter, compile_filter, compile_topics
from listener_sdk.protocol.frames import Subscribe
from listener_sdk.protocol.globs import Globs

from ..core.reach import Reach
from ..store.log import Stored
from .log import Entry, Log, place, too_old
from .outbox import Outbox
from .windows import Window
from .wording import FRAMES, Ends, Wording

PAGE: Final = 500
LARGEST_FRAME: Final = 256 * 1024
LARGEST_BURST: Final = 1024 * 1024
AT_ONCE: Final = 8
"""Subscriptions that read history from the store at the same time."""
TEST_COST: Final = 10
"""Of a test by a filter, and of each of its keys, beside the size of its globs; 1,000 take a millisecond at most, as a rule (measured)."""
TURN: Final = 10_000
"""Tests at one go, by their cost: then others of the loop have their turn."""
TURN_OF_TICKS: Final = 20_000
"""The same of live ticks, twenty times a second."""

ReadPage = Callable[[int, int, int], Awaitable[tuple[int, list[Stored]]]]
_log = structlog.get_logger("tickwire.subscriptions")
Key = tuple[int, str, Wording, Window | None]
"""Of one space, for the same, in the same words; a durable one alone."""


@dataclass(slots=True, eq=False)
class Subscription:
    """``cursor`` is the last event looked at, ``prev`` the last one sent."""

    name: str
    outbox: Outbox
    space_id: int
    key: Key
    topics: Globs
    test: Filter | None
    progress: bool
    cursor: int
    prev: int
    reach: Reach | None = None
    hearer: str = ""
    """Who is told: some events are for one member alone."""
    words: Wording = FRAMES
    ended: Callable[[], None] | None = field(default=None, repr=False)
    """Is called when it was told that it cannot go on."""
    window: Window | None = field(default=None, repr=False)
    """What a durable one has sent and not heard of. It is alone in its group."""
    live: bool = False
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def size(self) -> int:
        """That of its globs."""
        return self.topics.size + (self.test.size if self.test is not None else 0)

    @property
    def cost(self) -> int:
        """That of looking into one event; 0 where nobody asks what is in it."""
        if self.test is None:
            return 0 if self.reach is None else TEST_COST
        return TEST_COST * (1 + self.test.keys) + self.test.size

    def named(self, entries: Iterable[Entry]) -> list[Entry]:
        """Those of its space that have one of its topics, and are for no other member alone."""
        return [
            entry
            for entry in entries
            if entry.space_id == self.space_id
            and self.topics(entry.topic)
            and (entry.topic not in PRIVATE_TOPICS or _member(entry) == self.hearer)
        ]

    def passes(self, event: dict[str, Any]) -> bool:
        """Whether the filter lets it pass, and it is within reach."""
        return (self.reach is None or self.reach.hears(event)) and (self.test is None or self.test(event))


class Subscriptions:
    """All subscriptions of a node.

    ``read_page(after, upto, count)`` reads stored events off the loop, and the oldest that there was at the same moment.
    """

    def __init__(self, log: Log, read_page: ReadPage) -> None:
        self._log = log
        self._read_page = read_page
        self._groups: dict[Key, list[Subscription]] = {}
        self._reading = asyncio.Semaphore(AT_ONCE)
        self._testing = asyncio.Lock()
        self._left = TURN
        """What those that read history may still test at this go, all together."""

    @property
    def epoch(self) -> str:
        """The log's epoch."""
        return self._log.epoch

    def start(self, after: str) -> tuple[str, int]:
        """Where a subscription would begin, as epoch and sequence number; Refusal as for ``add``."""
        if self.is_ahead(after):
            position = Position.parse(after)
            return position.epoch, position.seq
        return self._log.epoch, place(after, self._log.ends)

    def is_ahead(self, after: str) -> bool:
        """Whether a cursor is a position of this log behind its end."""
        if after in {"now", "oldest"}:
            return False
        position = Position.parse(after)
        return position.epoch == self._log.epoch and position.seq > self._log.seq

    def add(
        self,
        frame: Subscribe,
        space_id: int,
        outbox: Outbox,
        reach: Reach | None = None,
        hearer: str = "",
        words: Wording = FRAMES,
        window: Window | None = None,
    ) -> Subscription:
        """Begin, within ``reach``, and with what is for the ``hearer`` alone; Refusal names why a cursor cannot be continued, before anything is sent."""
        start = place(frame.after, self._log.ends)
        wanted = orjson.dumps([frame.topics, frame.filter], option=orjson.OPT_SORT_KEYS)
        # As text: the bytes that orjson makes keep the room that they were made in, 4 KiB.
        key = (space_id, wanted.decode() if reach is None else f"{wanted.decode()} {reach}", words, window)
        key, topics, test = self._compiled(key, frame)
        found = Subscription(
            frame.sub, outbox, space_id, key, topics, test, frame.progress, start, start, reach, hearer, words
        )
        found.window = window
        self._groups.setdefault(key, []).append(found)
        outbox.put(words.begun(frame.sub, frame.id, self._ends(start)))
        found.live = start == self._log.seq
        if not found.live:
            found.task = asyncio.create_task(self._catch_up(found))
        return found

    def _compiled(self, key: Key, frame: Subscribe) -> tuple[Key, Globs, Filter | None]:
        """Equal subscriptions share their key and what tests for them."""
        if key in self._groups:
            first = self._groups[key][0]
            return first.key, first.topics, first.test
        return key, compile_topics(frame.topics), compile_filter(frame.filter) if frame.filter else None

    def remove(self, subscription: Subscription) -> None:
        """End."""
        if subscription.task is not None:
            subscription.task.cancel()
        group = self._groups.get(subscription.key, [])
        if subscription in group:
            group.remove(subscription)
        if not group:
            self._groups.pop(subscription.key, None)
        if subscription.window is not None:
            subscription.window.left()

    def publish(self, entries: Sequence[Entry]) -> None:
        """Hand committed events to everybody who is live; the others find them when they get there."""
        private = {(e.space_id, _member(e)) for e in entries if e.topic in PRIVATE_TOPICS}
        left = TURN
        for group in self._groups.values():
            live = [subscription for subscription in group if subscription.live]
            for some in _alike(live, private) if private else [live] if live else []:
                left -= self._offer(some, entries, left)
        for entry in entries if self._groups else ():
            entry.forget_data()

    def _offer(self, live: list[Subscription], entries: Sequence[Entry], left: int) -> int:
        """Tell those who hear the same, at a cost that is left; where more would be spent they look for themselves, by turns."""
        one = live[0]
        named = one.named(entries)
        cost = one.cost * len(named)
        if cost > left:
            self._make_history(live, entries)
            return 0
        self._tell(live, entries, [entry for entry in named if one.passes(entry.data)] if cost else named)
        return cost

    def _tell(self, live: list[Subscription], entries: Sequence[Entry], matched: list[Entry]) -> None:
        """A commit too large for one turn of the senders, or for a window, is history at once: it is sent as it is read."""
        window = live[0].window
        fits = window is None or len(matched) <= window.room
        if fits and sum(len(entry.text) for entry in matched) <= LARGEST_BURST:
            self._send(live, matched)
        else:
            self._make_history(live, entries)

    def _make_history(self, live: list[Subscription], entries: Sequence[Entry]) -> None:
        for subscription in live:
            subscription.live, subscription.cursor = False, entries[0].seq - 1
            subscription.task = asyncio.create_task(self._catch_up(subscription))

    def idle(self) -> None:
        """Move the cursors of those that have seen nothing for a while."""
        for subscription in self.all():
            if subscription.live and subscription.prev < self._log.seq:
                prev, position = self._at(subscription.prev), self._at(self._log.seq)
                told = subscription.words.moved(subscription.name, prev, position)
                subscription.outbox.put(told, urgent=False)
                subscription.prev = self._log.seq
                if subscription.window is not None:
                    subscription.window.idle(self._log.seq)

    def progress(self, jobs: Iterable[tuple[int, dict[str, Any], dict[str, Any]]]) -> None:
        """Hand live ticks (space, tick, event to filter by) to those who asked for them and are not behind."""
        groups = self._groups.values()
        asking = [[s for s in group if s.progress and s.live and not s.outbox] for group in groups]
        by_cost = sorted(filter(None, asking), key=lambda some: some[0].cost)
        facts, left = list(jobs) if by_cost else [], TURN_OF_TICKS
        for wanting in by_cost:
            first = wanting[0]
            own = [(tick, event) for space_id, tick, event in facts if space_id == first.space_id]
            left -= first.cost * len(own)
            if left < 0 and first.cost:
                # The log tells them how the jobs go on, once a second.
                return
            mine = [tick for tick, event in own if first.passes(event)]
            for subscription in wanting if mine else ():
                told = subscription.words.ticks(subscription.name, mine)
                subscription.outbox.put(told, urgent=False)

    def stop(self) -> None:
        """End all: the server stops."""
        for subscription in self.all():
            self.remove(subscription)

    def all(self) -> list[Subscription]:
        """Every subscription of the node."""
        return [subscription for group in self._groups.values() for subscription in group]

    def _send(self, subscriptions: list[Subscription], matched: list[Entry]) -> None:
        words, window = subscriptions[0].words, subscriptions[0].window
        for part in _parts(matched):
            if window is not None:
                window.sent(part)
            body = words.body(self._log.epoch, part)
            # Nearly all have one name and saw the same event last: they get the same text, which is encoded once.
            frames: dict[tuple[str, int], str] = {}
            for subscription in subscriptions:
                last = (subscription.name, subscription.prev)
                frame = frames.get(last)
                if frame is None:
                    frame = frames[last] = words.events(subscription.name, self._at(subscription.prev), body)
                subscription.outbox.put(frame, urgent=False)
                subscription.prev = part[-1].seq

    async def _catch_up(self, subscription: Subscription) -> None:
        try:
            await self._follow(subscription)
        except Refusal as refusal:
            self.end(subscription, refusal)
        except Exception:  # noqa: BLE001 - the client is told, and resumes from its last position
            _log.exception("catch_up_failed", sub=subscription.name)
            message = "The log could not be read: subscribe again from the last position."
            self.end(subscription, Refusal("unavailable", message))

    def end(self, subscription: Subscription, refusal: Refusal) -> None:
        """Say why it cannot go on, and end it."""
        self.remove(subscription)
        subscription.outbox.put(subscription.words.refused(subscription.name, refusal.as_wire()))
        if subscription.ended is not None:
            subscription.ended()

    async def _follow(self, subscription: Subscription) -> None:
        """Send history, a frame at a time as it is read, until the subscription has caught up and is live."""
        while not subscription.live:
            for part in _parts(await self._page(subscription)):
                matched = await self._matched(subscription, part)
                subscription.cursor = part[-1].seq
                self._send([subscription], matched)
                await self._room(subscription)
            subscription.live = subscription.cursor >= self._log.seq

    async def _matched(self, subscription: Subscription, part: Sequence[Entry]) -> list[Entry]:
        named, cost = subscription.named(part), subscription.cost
        if not cost:
            return named
        found: list[Entry] = []
        for entry in named:
            if self._left < cost:
                await self._next_turn()
            self._left -= cost
            if subscription.passes(entry.data):
                found.append(entry)
            entry.forget_data()
        return found

    async def _next_turn(self) -> None:
        """However many test what is history, they do so one after the other, and others of the loop come between."""
        async with self._testing:
            await asyncio.sleep(0)
            self._left = TURN

    async def _page(self, subscription: Subscription) -> list[Entry]:
        count = PAGE
        if subscription.window is not None:
            await subscription.window.until_room()
            count = min(PAGE, subscription.window.room)
        entries = self._log.after(subscription.cursor, count)
        if entries is not None:
            return entries
        # The turn is for the store alone: a reader that stands still must not keep the others from it.
        async with self._reading:
            oldest, stored = await self._read_page(subscription.cursor, self._log.seq, count)
        if subscription.cursor < oldest - 1:
            self._log.forget(oldest)
            raise too_old(self._log.ends)
        return [self._log.entry(event) for event in stored]

    async def _room(self, subscription: Subscription) -> None:
        await asyncio.sleep(0)
        await subscription.outbox.until_room()
        if subscription.window is not None:
            await subscription.window.until_room()

    def _ends(self, start: int) -> Ends:
        return {"from": self._at(start), "head": str(self._log.head), "oldest": str(self._log.oldest)}

    def _at(self, seq: int) -> str:
        return f"{self._log.epoch}:{seq}"


def _member(entry: Entry) -> str | None:
    """The one member for whom a private event is."""
    found: str | None = entry.data.get("payload", {}).get("memberId")
    return found


def _alike(live: list[Subscription], private: set[tuple[int, str | None]]) -> list[list[Subscription]]:
    """Those of a group who hear the same: each for whom one of the events is stands apart from the others."""
    found: dict[str, list[Subscription]] = {}
    for subscription in live:
        hearer = subscription.hearer
        found.setdefault(hearer if (subscription.space_id, hearer) in private else "", []).append(
            subscription
        )
    return list(found.values())


def _parts(entries: list[Entry]) -> Iterable[list[Entry]]:
    """Entries in frames that stay well under the largest message."""
    part: list[Entry] = []
    size = 0
    for entry in entries:
        if part and size + len(entry.text) > LARGEST_FRAME:
            yield part
            part, size = [], 0
        part.append(entry)
        size += len(entry.text)
    if part:
        yield part

"""One server's engine: the store, its writer and readers, and all that follows a commit."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

import structlog

from listener_sdk.protocol.codes import CLOSES

from ..commands.grants import grant
from ..core.dispatch import Dispatch
from ..core.later import later
from ..machine import MACHINE, Machine
from ..security.sealing import Sealer, new_master_key, parse_master_key
from ..settings import Settings
from ..store import log as log_sql
from ..store import spaces
from ..store.blobs import Blobs
from ..store.command import Command, Once, Replayed
from ..store.database import Database, Reader, StoreError
from ..store.log import Head, Stored
from ..store.meta import Meta
from ..store.room import Room
from ..store.transaction import Facts, Transaction
from ..store.writer import Writer
from .activity import Activity
from .clearing import ClearingLoop
from .clock import StoreClock
from .deliveries import Deliveries
from .due import DueLoop
from .endpoint_deliveries import EndpointDeliveries
from .endpoints import EndpointLoop
from .hub import Hub, unanswered
from .job_types import JobTypes
from .laggards import Laggards
from .listeners import Listeners
from .log import Entry, Log
from .neighbours import Neighbours
from .notifier import Notifier
from .retention import RetentionLoop
from .runner import Runner
from .schedules import ScheduleLoop
from .sealing import SealingLoop
from .sockets import Sockets
from .subscriptions import Subscriptions
from .tail import Tail
from .triggers import TriggerLoop
from .wall import Wall

if TYPE_CHECKING:
    from . import hooks
else:
    hooks = later(".hooks", __package__)

READERS: Final = 4
IDLE_EVERY_S: Final = 10.0
LINGER_S: Final = 10.0
"""After so long every server of a store has heard that a space was deleted."""
T = TypeVar("T")
Item = TypeVar("Item")
Result = TypeVar("Result")
_log = structlog.get_logger("tickwire.node")


def wall_ms() -> int:
    """The wall clock in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Node:
    """The engine over a prepared database. Made and used on the event loop; ``clock`` gives milliseconds since 1970.

    Without a ``sealer`` secrets last as long as the node does. ``machine`` is what it runs on, beside the loop.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        meta: Meta,
        facts: Facts,
        clock: Callable[[], int] = wall_ms,
        sealer: Sealer | None = None,
        machine: Machine = MACHINE,
    ) -> None:
        self.settings = settings
        self.meta = meta
        self.database = database
        self.facts = facts
        self.clock = clock
        self.sealer = sealer or Sealer(meta.account_id, [parse_master_key(new_master_key())])
        self.state = "starting"
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="tickwire-reader")
        self._tasks: list[asyncio.Task[None]] = []
        self._learning: asyncio.Task[None] | None = None
        with database.reader() as reader:
            self.log = Log(log_sql.head(reader))
        self.dispatch = Dispatch()
        self.room = Room(settings.disks, settings.min_free_bytes)
        self.writer = Writer(
            database,
            facts,
            self.dispatch,
            clock=clock,
            at_end=self._grant,
            deliver=self._deliver,
            low=lambda: self.room.low,
            random=machine.random,
            lane=machine.lane(),
        )
        self.subscriptions = Subscriptions(self.log, self._read_page)
        self.sockets = Sockets(settings.max_sockets, settings.sockets_per_key, settings.sockets_per_token)
        self.wall = Wall(self.read, self.writer.post, clock)
        self.hub = Hub(self.writer, facts, self.subscriptions, self.sealer, self.wall, clock, machine.random)
        self.job_types = JobTypes(self.hub.served, self.read, self.submit, clock, shared=database.shared)
        self.listeners = Listeners(
            self.hub.present, self.read, self.submit, self.writer.post, clock, shared=database.shared
        )
        self.neighbours = Neighbours(self.writer.post, self.hub.ticks.lease, unanswered)
        self.triggers = TriggerLoop(
            self.log, facts, self.submit, self.read, self._read_page, clock, machine.timer_s
        )
        self.schedules = ScheduleLoop(facts, self.submit, self.read, clock)
        self.deliveries = Deliveries(settings, meta.link_secret, self.sealer, self.submit, self.read, clock)
        self.notifier = Notifier(
            self.log, self.submit, self.read, self._read_page, clock, self.deliveries.wake
        )
        self.endpoint_deliveries = EndpointDeliveries(settings, self.sealer, self.submit, self.read, clock)
        self.endpoints = EndpointLoop(
            self.log,
            self.submit,
            self.read,
            self._read_page,
            clock,
            self.endpoint_deliveries.wake,
            machine.timer_s,
        )
        self.activity = Activity(self.log, self.submit, self.read, self._read_page, clock)
        self.tail = Tail(self.log, self.read, self._publish, self._heard, self._begin_anew)
        self.hub.poll = self.tail.poll if database.shared else None
        self.due = DueLoop(facts, self.submit, self.read, clock, machine.monotonic_ms)
        self.blobs = Blobs(settings.data_dir / "files" / meta.account_id, lambda: self.room.low)
        self._doors: hooks.Doors | None = None
        self.runner = Runner(self.hub, settings, facts, self.blobs, self.submit, self.read)
        self.clearing = ClearingLoop(
            self.submit,
            self.read,
            self.blobs.remove,
            linger_s=LINGER_S if database.shared else 0,
            timer=machine.timer_s,
        )
        self.laggards = Laggards(settings.retention, self.submit, self.read, clock)
        self.sealing = SealingLoop(self.sealer, self.submit, self.read)
        self.retention = RetentionLoop(
            settings.retention,
            self.submit,
            self.read,
            busy=lambda: self.writer.busy,
            forget=self.log.forget,
            remove_bytes=self.blobs.remove,
            clock=clock,
            monotonic_ms=machine.monotonic_ms,
            timer=machine.timer_s,
        )

    @property
    def epoch(self) -> str:
        """The log's epoch."""
        return self.log.epoch

    @property
    def doors(self) -> "hooks.Doors":
        """The doors of hooks."""
        if self._doors is None:
            rate = self.settings.rate_per_hook
            self._doors = hooks.Doors(self.read, self.writer.post, self.sealer, self.clock, rate)
        return self._doors

    async def start(self, *, loops: bool = True) -> None:
        """Begin; without ``loops`` time stands still until ``due.look()`` is called. Raises StoreError."""
        self.writer.start()
        if loops:
            await asyncio.to_thread(self.room.look)
            endless = (
                self.due.run(),
                self.retention.run(),
                self.laggards.run(),
                self.clearing.run(),
                self.sealing.run(),
                self.runner.run(),
                self.runner.keep(),
                self.triggers.run(),
                self.schedules.run(),
                self.notifier.run(),
                self.deliveries.run(),
                self.endpoints.run(),
                self.endpoint_deliveries.run(),
                self.listeners.run(),
                self.activity.run(),
                self._idle(),
                self.room.watch(self._room_again),
            )
            self._tasks = [asyncio.create_task(loop) for loop in (*endless, *self._shared_loops())]
        self.state = "ready"

    def _shared_loops(self) -> list[Coroutine[Any, Any, None]]:
        """What a server does because others may be on the same store."""
        if not self.database.shared:
            return []
        loops = [self.tail.run(), self.neighbours.run(), self.job_types.run()]
        if isinstance(self.clock, StoreClock):
            loops.append(self.clock.run(self.database.time_ms, self._off_loop))
        return loops

    def close_space(self, space_id: int) -> None:
        """A space was deleted: its connections end, and what it has is removed."""
        self.sockets.close_space(space_id, CLOSES["unauthorized"].code)
        self.clearing.wake()

    async def drain(self) -> None:
        """Grant nothing more; leases stay where they are."""
        self.state = "draining"
        self.runner.drain()
        self.deliveries.drain()
        if self._doors is not None:
            self._doors.stop()
        self.endpoint_deliveries.drain()
        self.hub.ticks.stop()

    async def stop(self) -> None:
        """Finish what was taken, then end threads and tasks. The database stays open for its owner to close."""
        await self.drain()
        await self.runner.stop()
        self.subscriptions.stop()
        self.tail.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.deliveries.stop()
        await self.endpoint_deliveries.stop()
        await self.wall.stop()
        if self.database.shared:
            with suppress(StoreError):
                # Others need not wait until this server is missed.
                await self.listeners.note()
        await self.writer.stop()
        await asyncio.to_thread(self._readers.shutdown)

    def abandon(self) -> None:
        """End in the midst of it, as the end of a process does: nothing is finished, nobody is told. The writer's lane is its owner's to cut."""
        self.subscriptions.stop()
        self.tail.stop()
        self.runner.abandon()
        self.deliveries.abandon()
        self.endpoint_deliveries.abandon()
        for task in self._tasks:
            task.cancel()

    async def submit(
        self, command: Command[Item, Result], item: Item, once: Once[Result] | None = None
    ) -> Result | Replayed:
        """Run a command in the next commit. Raises Refusal, StoreError."""
        return await self.writer.submit(command, item, once)

    async def _off_loop(self, act: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, act)

    async def read(self, query: Callable[[Reader], T]) -> T:
        """Run a query on one consistent view of the store, off the loop. Raises StoreError."""
        return await self._off_loop(lambda: self._query(query))

    def _query(self, query: Callable[[Reader], T]) -> T:
        with self.database.reader() as reader:
            return query(reader)

    async def _read_page(self, after: int, upto: int, count: int) -> tuple[int, list[Stored]]:
        return await self.read(
            lambda reader: (log_sql.head(reader).oldest, log_sql.page(reader, after, upto, count))
        )

    def _grant(self, tx: Transaction) -> bool:
        return self.state != "draining" and self.room.low is None and grant(tx)

    def _room_again(self) -> None:
        """Leases could not end as they should meanwhile, and jobs wait that nobody was given."""
        self.due.spare()
        self.writer.look()

    def _deliver(self, events: list[Stored], effects: list[object]) -> None:
        """After a commit: leases to listeners first, then the events to everybody who follows."""
        if effects:
            self.hub.deliver(effects)
        if events:
            self.runner.heard(events)
            self.tail.offer(events)

    def _publish(self, entries: Sequence[Entry]) -> None:
        """Events, in the order of the log: subscribers first."""
        self.hub.publish(entries)
        self.triggers.publish(entries)
        self.schedules.publish(entries)
        self.notifier.publish(entries)
        if self._doors is not None:
            self._doors.publish(entries)
        self.endpoints.publish(entries)
        self.activity.publish(entries)

    def _heard(self, events: list[Stored]) -> None:
        """What other servers have committed."""
        self.neighbours.heard(events)
        self.listeners.heard(events, unanswered)
        self.runner.heard(events)
        if any(event.topic.startswith("job-type:") for event in events):
            self.job_types.changed()
        if any(event.topic.startswith("space:") for event in events):
            self._learning = asyncio.create_task(self._learn_spaces())

    async def _learn_spaces(self) -> None:
        """Spaces as they are now. Who acts in one that was deleted elsewhere is sent away."""
        # What is known before the query is in the store by then, or has gone from it.
        known = set(self.facts.spaces)
        try:
            found = await self.read(spaces.every)
        except StoreError as error:
            _log.warning("spaces_unreadable", error=str(error))
            return
        self.facts.learn(found.values())
        gone = known - found.keys()
        self.facts.drop(gone)
        for space_id in gone | {space.id for space in found.values() if not space.open}:
            self.close_space(space_id)

    def _begin_anew(self, head: Head) -> None:
        """The log is not the one that it was: clients come again, and are told where they stand."""
        self.sockets.drain(CLOSES["restart"].code)
        self.triggers.begin_anew()
        self.notifier.begin_anew()
        self.endpoints.begin_anew()
        self.activity.begin_anew()
        self.writer.look()

    async def _idle(self) -> None:
        while True:
            await asyncio.sleep(IDLE_EVERY_S)
            self.rest()

    def rest(self) -> None:
        """Move the cursors of idle subscriptions, keep durable ones, and cut readers that stand still and clients that are gone."""
        self.subscriptions.idle()
        self.hub.rest()
        for peer in list(self.sockets.peers):
            peer.outbox.check()
            peer.shell.beat()

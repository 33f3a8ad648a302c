"""The one path for every change: a lane beside the loop that commits whatever gathered during its last commit.

One batch is in flight at a time. An eager command starts a batch at the end of the loop's current turn; lazy ones
wait for it, at most 2 ms. Answers come back to the loop in one call, before anybody hears of the events.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any, Final, TypeVar

import structlog

from listener_sdk.protocol.codes import Refusal

from ..core.dispatch import Dispatch
from ..machine import Lane, ThreadLane
from . import idempotency, jobs, listeners, log
from .command import Command, Once, Replayed
from .database import AgainError, BrokenError, Connection, Database, DiskFullError, StoreError
from .sought import Sought
from .transaction import Facts, Transaction

LARGEST_BATCH: Final = 1_000
LAZY_S: Final = 0.002
MANY: Final = 16
"""Lazy items that earn a commit together: sessions wait for the credit that some of them give back."""
AFTER_ERROR_S: Final = 1.0
TRIES: Final = 3

Done = Callable[[Any, Exception | None], None]
Item = TypeVar("Item")
Result = TypeVar("Result")
_log = structlog.get_logger("tickwire.writer")


@dataclass(slots=True)
class _Pending:
    command: Command[Any, Any]
    item: Any
    done: Done
    once: Once[Any] | None

    @property
    def seeks(self) -> Iterable[Sought]:
        """What its command will look up, and before that whether the call came before."""
        sought = self.command.seeks(self.item)
        return sought if self.once is None else (idempotency.sought(self.once), *sought)


@dataclass(slots=True)
class Landed:
    """A batch that has ended: a result or an error for each item, and what was committed."""

    batch: list[_Pending]
    answers: list[tuple[Any, Exception | None]]
    events: list[log.Stored] = field(default_factory=list)
    effects: list[object] = field(default_factory=list)
    more: bool = False


class Writer:
    """``clock`` gives milliseconds; ``at_end`` runs last in each batch and says whether another batch should follow. Batches are run by
    ``lane``, a thread unless another is given.

    While ``low`` says why there is too little room, commands that need some are refused. Once the store is broken, all are.
    """

    def __init__(
        self,
        database: Database,
        facts: Facts,
        dispatch: Dispatch,
        *,
        clock: Callable[[], int],
        at_end: Callable[[Transaction], bool],
        deliver: Callable[[list[log.Stored], list[object]], None],
        low: Callable[[], str | None] = lambda: None,
        random: Random | None = None,
        lane: Lane | None = None,
    ) -> None:
        self._database = database
        self._facts = facts
        self._dispatch = dispatch
        self._clock = clock
        self._at_end = at_end
        self._deliver = deliver
        self._low = low
        self._random = random or Random()  # noqa: S311 - jitter, not a secret
        self._waiting: list[_Pending] = []
        self._eager = False
        self._again = False
        self._busy = False
        self._kicked = False
        self._timer: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._stopped = False
        self._loaded = False
        self.trouble: str | None = None
        """Why the store did not take the last batch; None when it did. Such a batch is followed by another, asked for or not."""
        self._loop = asyncio.get_running_loop()
        self._lane: Lane = lane or ThreadLane()

    # ---- on the loop

    def start(self) -> None:
        """Open the writing connection, read who holds what, and begin. Raises StoreError."""
        self._connection = self._database.connect()
        try:
            self._reload()
        except BaseException:
            self._connection.close()
            raise
        self._lane.start()

    def look(self) -> None:
        """Read from the store who waits, in a batch that nobody asked for: jobs may be granted that were passed over."""
        self._loaded = False
        self._look_again()

    async def submit(
        self, command: Command[Item, Result], item: Item, once: Once[Result] | None = None
    ) -> Result | Replayed:
        """Run a command; its result, or its Refusal or StoreError raised."""
        future: asyncio.Future[Result | Replayed] = self._loop.create_future()

        def done(result: Any, error: Exception | None) -> None:
            if future.cancelled():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self.post(command, item, done, once)
        return await future

    def post(
        self, command: Command[Item, Result], item: Item, done: Done, once: Once[Result] | None = None
    ) -> None:
        """Run a command, and call ``done(result, error)`` on the loop after its commit."""
        refusal = self._refusal(command)
        if refusal is not None:
            done(None, refusal)
            return
        self._waiting.append(_Pending(command, item, done, once))
        self._idle.clear()
        if command.lazy and len(self._waiting) < MANY:
            self._arm()
        else:
            self._eager = True
            self._soon()

    def _refusal(self, command: Command[Any, Any]) -> StoreError | None:
        if self._stopped:
            return StoreError("The server is stopping: try again.")
        if self._database.broken is not None:
            return BrokenError(self._database.broken)
        low = None if command.needs_no_room else self._low()
        return DiskFullError(low) if low is not None else None

    @property
    def busy(self) -> bool:
        """Whether a batch is on its way, or something waits for one."""
        return self._busy or bool(self._waiting)

    async def stop(self) -> None:
        """Take nothing more, finish what was taken, close the connection."""
        self._stopped = True
        self._kick()
        await self._idle.wait()
        await self._lane.end()
        self._connection.close()

    def _soon(self) -> None:
        if not self._busy and not self._kicked:
            self._kicked = True
            self._loop.call_soon(self._kick)

    def _arm(self) -> None:
        if not self._busy and not self._kicked and self._timer is None:
            self._timer = self._loop.call_later(LAZY_S, self._kick)

    def _kick(self) -> None:
        self._kicked = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._busy or not (self._waiting or self._again):
            return
        batch = self._waiting[:LARGEST_BATCH]
        del self._waiting[:LARGEST_BATCH]
        self._eager = self._eager and bool(self._waiting)
        self._again = False
        self._busy = True
        self._lane.run(partial(self._run, batch), self._land)

    def _land(self, landed: Landed) -> None:
        self._busy = False
        self._again = landed.more
        for pending, (result, error) in zip(landed.batch, landed.answers, strict=True):
            try:
                pending.done(result, error)
            except Exception:  # noqa: BLE001 - one caller's fault must not keep the answers of the others
                _log.exception("answer_failed", command=pending.command.name)
        if landed.events or landed.effects:
            self._tell(landed)
        if self._eager or self._again or self._stopped or len(self._waiting) >= LARGEST_BATCH:
            self._kick()
        elif self._waiting:
            self._arm()
        if not self._busy and not self._waiting:
            self._idle.set()
        if not self._loaded and not self._stopped:
            self._loop.call_later(AFTER_ERROR_S, self._look_again)

    def _look_again(self) -> None:
        """Jobs that a failed batch would have granted must not wait for the next command."""
        if not self._loaded and self._database.broken is None:
            self._again = True
            self._kick()

    def _tell(self, landed: Landed) -> None:
        try:
            self._deliver(landed.events, landed.effects)
        except Exception:  # noqa: BLE001 - what is committed stays so, and the next batch must begin
            _log.exception("delivery_failed", events=len(landed.events), effects=len(landed.effects))

    # ---- in the lane

    def _run(self, batch: list[_Pending], *, alone: bool = False) -> Landed:
        if self._database.broken is not None:
            return Landed(batch, [(None, BrokenError(self._database.broken))] * len(batch))
        try:
            return self._commit_in_the_end(batch)
        except StoreError as error:
            # What the database undid for another server's sake says nothing of the next batch.
            if not isinstance(error, AgainError):
                self.trouble = str(error)
            self._undo()
            return Landed(batch, [(None, error)] * len(batch))
        except Exception as error:  # noqa: BLE001 - whatever it is, only the guilty item may fail
            self._undo()
            # A lone item may have met what another server wrote meanwhile: then it is refused when it looks again.
            if alone or not batch or (len(batch) == 1 and not self._database.shared):
                _log.exception("command_failed", command=batch[0].command.name if batch else "grant")
                return Landed(batch, [(None, error)] * len(batch))
            return self._one_by_one(batch)

    def _one_by_one(self, batch: list[_Pending]) -> Landed:
        """An unexpected error hits the guilty item alone."""
        whole = Landed(batch, [])
        for pending in batch:
            part = self._run([pending], alone=True)
            whole.answers += part.answers
            whole.events += part.events
            whole.effects += part.effects
            whole.more = whole.more or part.more
        return whole

    def _commit_in_the_end(self, batch: list[_Pending]) -> Landed:
        """Run the batch again where the database had to undo it for another server's sake."""
        for _ in range(TRIES - 1):
            try:
                return self._commit(batch)
            except AgainError as error:
                _log.info("batch_again", reason=str(error))
                self._undo()
        return self._commit(batch)

    def _commit(self, batch: list[_Pending]) -> Landed:
        connection = self._connection
        tx = Transaction(connection, self._clock(), self._facts, self._dispatch, self._random.random)
        connection.begin()
        if not self._loaded:
            self._reload()
        if any(pending.command.takes_turn(pending.item) for pending in batch):
            connection.take_turn()
        tx.sought.ask(one for pending in batch for one in pending.seeks)
        tx.preload([job_id for pending in batch for job_id in pending.command.jobs(pending.item)])
        answers = [_answer(tx, pending) for pending in batch]
        more = self._at_end(tx)
        events = tx.commit()
        tx.learn()
        self.trouble = None
        return Landed(batch, answers, events, tx.effects, more)

    def _undo(self) -> None:
        # Read by the next batch, not here: a store that is out of reach may come back later than this.
        self._loaded = False
        try:
            self._connection.rollback()
        except Exception:  # noqa: BLE001 - the next batch begins by itself, and says if the store is still out of reach
            _log.exception("rollback_failed")

    def _reload(self) -> None:
        connection: Connection = self._connection
        self._dispatch.load(jobs.held(connection), jobs.queues(connection), listeners.drained(connection))
        self._loaded = True


def _answer(tx: Transaction, pending: _Pending) -> tuple[Any, Exception | None]:
    command, item = pending.command, pending.item
    try:
        if command.guard is not None:
            command.guard(tx, item)
        if pending.once is None:
            return command.run(tx, item), None
        act = partial(command.run, tx, item)
        return idempotency.once_only(tx, pending.once, act, placed=command.placed), None
    except Refusal as refusal:
        return None, refusal

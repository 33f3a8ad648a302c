"""The watch at the wall between spaces: it looks, behind the answer, whether a call that found nothing named another space's thing.

The answer is the same for what is another space's and for what is nowhere; only the audit tells them apart. What one key tries is
noted up to a rate, and the same attempt once in a while, so that nobody can fill an audit.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from itertools import islice
from typing import Any, Final, NamedTuple

import structlog

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import space_id

from ..commands.wall import NOTE_ATTEMPT
from ..core.actors import Actor
from ..core.rates import Rates
from ..core.wall import MOST_NAMES, Attempt, forbidden, named_by
from ..store import wall as sql
from ..store.command import Command
from ..store.database import Reader, StoreError

LOOKS_PER_S: Final = 20
MOST_LOOKS: Final = 400
MOST_WAITING: Final = 10 * MOST_NAMES
"""Names of one caller that wait for a look."""
LINES_PER_S: Final = 1
MOST_LINES: Final = 200
"""Lines that one key may cause at once."""
AGAIN_S: Final = 600
"""After so long the same attempt is noted again."""
_log = structlog.get_logger("tickwire.wall")
How = dict[str, Any]
_Caller = tuple[str, int]
"""A key, and the space in which it acts."""


class _Named(NamedTuple):
    actor: Actor
    name: str
    how: How


class Wall:
    """``read`` and ``post`` are the node's."""

    def __init__(
        self,
        read: Callable[[Callable[[Reader], Any]], Awaitable[Any]],
        post: Callable[[Command[Any, Any], Any, Callable[[Any, Exception | None], None]], None],
        clock: Callable[[], int],
    ) -> None:
        self._read = read
        self._post = post
        self._clock = clock
        self._looks = Rates(LOOKS_PER_S, MOST_LOOKS)
        self._lines = Rates(LINES_PER_S, MOST_LINES)
        self._same = Rates(1 / AGAIN_S, 1)
        self._waiting: dict[_Caller, dict[tuple[Any, ...], _Named]] = {}
        """What callers have named and was not looked at yet; each has one look at a time."""
        self._looking: set[asyncio.Task[None]] = set()

    def refused(self, actor: Actor, refusal: Refusal, how: How, names: Iterable[str] = ()) -> None:
        """A call was refused; ``names`` are ids that stood in it, beside those that the refusal itself is about."""
        if refusal.code == "forbidden":
            target = next(iter(names), space_id(actor.space.code))
            self._note(forbidden(actor, refusal, how, target))
        elif refusal.code == "not_found" or refusal.named is not None:
            self.named(actor, [*named_by([refusal]), *names], how)

    def named(self, actor: Actor, names: Iterable[str], how: How) -> None:
        """A call named things that it did not find."""
        caller = actor.key_id, actor.space.id
        begun = caller in self._waiting
        waiting = self._waiting.get(caller, {})
        for name in islice(names, min(MOST_NAMES, MOST_WAITING - len(waiting))):
            waiting.setdefault((name, *sorted(how.items())), _Named(actor, name, how))
        if waiting and not begun:
            self._waiting[caller] = waiting
            task = asyncio.get_running_loop().create_task(self._look(caller))
            self._looking.add(task)
            task.add_done_callback(self._looking.discard)

    async def stop(self) -> None:
        """End the looks that are under way."""
        for task in self._looking:
            task.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)

    async def _look(self, caller: _Caller) -> None:
        """Look at all that this caller has named, many at once: who names much that is nowhere hides nothing by it."""
        waiting = self._waiting[caller]
        try:
            while waiting:
                await asyncio.sleep(self._looks.take(caller[0], self._clock()) / 1000)
                some = [waiting.pop(key) for key in list(waiting)[:MOST_NAMES]]
                await self._compare(caller[1], some)
        except StoreError as error:
            _log.warning("store_unreachable", error=str(error))
        finally:
            del self._waiting[caller]

    async def _compare(self, own: int, some: list[_Named]) -> None:
        names = [one.name for one in some]
        found = dict(await self._read(partial(sql.elsewhere, own=own, names=names)))
        for one in some:
            if one.name in found:
                self._note(Attempt(one.actor, "access:refused", one.name, one.how, found[one.name]))

    def _note(self, attempt: Attempt) -> None:
        now = self._clock()
        if self._same.wait(attempt.sort, now) or self._lines.take(attempt.actor.key_id, now):
            return
        self._same.take(attempt.sort, now)
        self._post(NOTE_ATTEMPT, attempt, _noted)


def _noted(result: None, error: Exception | None) -> None:
    if error is not None:
        _log.warning("attempt_not_noted", error=str(error))

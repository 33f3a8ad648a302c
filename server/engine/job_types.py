"""Which job types are served: by sessions of this server, and of others on the same store as far as they have said so."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import structlog

from listener_sdk.protocol.filters import job_name_matches
from listener_sdk.protocol.globs import is_glob

from ..core.actors import Actor
from ..core.job_types import SEEN_EVERY_MS, SEEN_MS, JobType, JobTypeHead, JobTypeRow
from ..core.later import later
from ..core.schemas import Schema
from ..store import job_types as sql
from .calm import calmly

if TYPE_CHECKING:
    from ..commands import job_types as commands
    from ..commands import launches
else:
    commands = later("..commands.job_types", __package__)
    launches = later("..commands.launches", __package__)

SOON_S: Final = 1.0
"""So long after a session has begun to take something other servers are told, with all that have begun since."""
FRESH_MS: Final = SEEN_EVERY_MS - 5_000
"""A type that was seen later than this ago need not be seen again: perhaps another server serves it too."""
MOST_KNOWN: Final = 256
"""Types that are kept as they were found."""
_log = structlog.get_logger("tickwire.job_types")


class Served:
    """The names and globs that connected sessions take; one that drains takes none. Used on the event loop alone."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()
        """Set when something is taken that was not."""
        self.told = 0
        """How often types may have changed, as far as this server knows."""
        self._of: dict[int, list[tuple[int, str]]] = {}
        self._names: Counter[tuple[int, str]] = Counter()
        self._globs: dict[int, Counter[str]] = {}

    def begins(self, number: int, space_id: int, patterns: Iterable[str]) -> None:
        """From now on this connection takes these, instead of what it took before."""
        before = self._of.pop(number, [])
        taken = self._of[number] = [(space_id, pattern) for pattern in dict.fromkeys(patterns)]
        for space, pattern in taken:
            self._add(space, pattern)
        self._remove(before)

    def ends(self, number: int) -> None:
        """This connection takes nothing any more."""
        self._remove(self._of.pop(number, []))

    def takes(self, space_id: int, name: str) -> bool:
        """Whether somebody takes jobs of this name."""
        if (space_id, name) in self._names:
            return True
        return any(job_name_matches(glob, name) for glob in self._globs.get(space_id, ()))

    @property
    def spaces(self) -> list[int]:
        """The spaces in which something is taken."""
        return [*dict.fromkeys([*(space for space, _ in self._names), *self._globs])]

    def _add(self, space_id: int, pattern: str) -> None:
        known = self._counter(space_id, pattern)
        key = self._key(space_id, pattern)
        if key not in known:
            self.changed.set()
        known[key] += 1

    def _remove(self, taken: Iterable[tuple[int, str]]) -> None:
        for space_id, pattern in taken:
            known, key = self._counter(space_id, pattern), self._key(space_id, pattern)
            known[key] -= 1
            if not known[key]:
                del known[key]
            if is_glob(pattern) and not known:
                del self._globs[space_id]

    def _counter(self, space_id: int, pattern: str) -> Counter[Any]:
        return self._globs.setdefault(space_id, Counter()) if is_glob(pattern) else self._names

    @staticmethod
    def _key(space_id: int, pattern: str) -> Any:
        return pattern if is_glob(pattern) else (space_id, pattern)


@dataclass(frozen=True, slots=True)
class Known:
    """A type that was asked for, and what checks its parameters."""

    job_type: JobType
    schema: Schema


class JobTypes:
    """What is online. ``shared`` says whether other servers may serve types too; ``read`` and ``submit`` are the node's."""

    def __init__(
        self,
        served: Served,
        read: Callable[..., Awaitable[Any]],
        submit: Callable[..., Awaitable[Any]],
        clock: Callable[[], int],
        *,
        shared: bool,
    ) -> None:
        self.shared = shared
        self._served = served
        self._read = read
        self._submit = submit
        self._clock = clock
        self._known: dict[tuple[int, str], Known] = {}
        self._known_at = 0

    def changed(self) -> None:
        """Types were declared or removed, here or by another server: what is known of them is forgotten."""
        self._served.told += 1

    async def find(self, actor: Actor, code: str) -> Known:
        """As `reached_type`, with its schema compiled; what was asked for lately is known without the store."""
        if self._known_at != self._served.told or len(self._known) >= MOST_KNOWN:
            self._known.clear()
            self._known_at = self._served.told
        key = (actor.space.id, code)
        known = self._known.get(key)
        if known is not None and (actor.reach is None or actor.reach.names(known.job_type.name)):
            return known
        asked_at = self._served.told
        found: Known = await self._read(lambda reader: _ready(launches.reached_type(reader, actor, code)))
        if asked_at == self._served.told:
            self._known[key] = found
        return found

    async def renewed(self, actor: Actor, code: str) -> bool:
        """Whether another server has declared the type anew, of which this one has yet to hear: then all that is known is forgotten."""
        known = self._known.get((actor.space.id, code)) if self.shared else None
        if known is None or known.job_type.built_in:
            return False
        found: JobTypeRow | None = await self._read(lambda reader: sql.by_code(reader, actor.space.id, code))
        if found is not None and found.job_type == known.job_type:
            return False
        self.changed()
        return True

    def served_here(self, space_id: int, name: str) -> bool:
        """Whether a session of this server takes jobs of this name."""
        return self._served.takes(space_id, name)

    def online(self, space_id: int, one: JobTypeHead | JobTypeRow) -> bool:
        """Whether somebody serves the type, here or through another server; those that are built in always are."""
        if one.id is None or self.served_here(space_id, one.name):
            return True
        return self.shared and one.seen_at >= self._clock() - SEEN_MS

    async def run(self) -> None:
        """Tell other servers again and again what is served here, until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(SEEN_EVERY_MS / 1000):
                    await self._served.changed.wait()
            await asyncio.sleep(SOON_S)
            await calmly(self.look, "seeing_failed", _log)

    async def look(self) -> int:
        """Note of what is served here that it was seen just now, unless somebody has lately; how many types were noted."""
        self._served.changed.clear()
        spaces, before = self._served.spaces, self._clock() - FRESH_MS
        if not spaces:
            return 0
        found = await self._read(lambda reader: sql.unseen(reader, spaces, before))
        ids = tuple(number for number, space, name in found if self.served_here(space, name))
        if ids:
            await self._submit(commands.SEE_TYPES, commands.SeeTypes(ids))
        return len(ids)


def _ready(job_type: JobType) -> Known:
    return Known(job_type, job_type.schema)

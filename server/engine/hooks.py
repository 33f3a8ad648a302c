"""The doors of hooks: which there are is remembered for a moment, calls are checked, and who waits for the end of a job is told."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.events import TERMINAL_TOPICS

from ..commands import signing_secrets
from ..commands.hook_deliveries import TELL_REJECTED, TellRejected
from ..commands.hook_starts import Found, found
from ..core.actors import Space
from ..core.hooks import PATH, HookRow
from ..core.rates import Rates
from ..security.sealing import Sealer
from ..security.signatures import Proof, Rejected, verify
from ..store import hooks as sql
from ..store import signing_secrets as secrets_sql
from ..store import spaces
from ..store.command import Command
from ..store.database import Reader
from .hub import unanswered
from .log import Entry

REMEMBERED_MS: Final = 5_000
"""A hook that was changed on another server is as it was for so long at most; the store has the last word."""
MOST_REMEMBERED: Final = 1_000
LONGEST_DOOR: Final = 64
LOOKS_PER_S: Final = 20
MOST_LOOKS: Final = 200
"""Addresses of hooks that are looked up for one caller at once."""
WRONG_PER_S: Final = 10
MOST_WRONG: Final = 100
"""Wrong calls of one hook that one caller's address may make at once."""
WRONG: Final = "This address has sent too many calls that prove nothing"
TOLD_EVERY_MS: Final = 10_000
MOST_WAITING: Final = 1_000
"""Calls that wait for the end of their jobs at a time; further ones are answered at once."""
ASIDE_BYTES: Final = 128 * 1024
"""A larger body is checked off the loop."""
LOCKED: Final = (
    "The secret of this hook is locked: this server has not the master key under which it was sealed. Give the server that key "
    "(TICKWIRE_MASTER_KEY_PREVIOUS, or a further line of master.key), or rotate the hook."
)
_QUIET: Final = frozenset({"hook:rejected", "hook:failed"})


@dataclass(frozen=True, slots=True)
class Door:
    """A hook that takes calls, with the secrets that are valid now, until when each, and the ``definition`` that it starts."""

    row: HookRow
    space: Space
    secrets: tuple[tuple[str, int | None], ...] = field(repr=False)
    definition: Found | None
    until: int


@dataclass(slots=True)
class _Untold:
    at: int
    count: int = 0


class Doors:
    """``read`` and ``post`` are the node's; ``calls_per_s`` is how often one hook may be called."""

    def __init__(
        self,
        read: Callable[[Callable[[Reader], Any]], Awaitable[Any]],
        post: Callable[[Command[Any, Any], Any, Callable[[Any, Exception | None], None]], None],
        sealer: Sealer,
        clock: Callable[[], int],
        calls_per_s: int,
    ) -> None:
        self._read = read
        self._post = post
        self._sealer = sealer
        self._clock = clock
        self._known: dict[str, Door] = {}
        self._changes = 0
        """How often something was forgotten: what was read before may be old."""
        self._looks = Rates(LOOKS_PER_S, MOST_LOOKS)
        self._wrong = Rates(WRONG_PER_S, MOST_WRONG)
        self._calls = Rates(calls_per_s, 2 * calls_per_s)
        self._untold: dict[int, _Untold] = {}
        self._waiting: dict[int, set[asyncio.Future[None]]] = {}
        self._waits = 0

    # ---- which there are

    def publish(self, entries: Sequence[Entry]) -> None:
        """Events, some of which tell of hooks that have changed, or of jobs that somebody waits for."""
        for entry in entries:
            if entry.topic.startswith("hook:") and entry.topic not in _QUIET:
                self._known.clear()
                self._changes += 1
            elif self._waiting and entry.topic in TERMINAL_TOPICS:
                self._end(entry.job_id or 0)

    async def open(self, name: str, address: str) -> Door:
        """The hook behind an address, for one call. Refusal ``not_found``, ``unavailable`` where its secret is locked, or ``rate_limited``, also
        for who has sent many that are wrong: before the body is read.
        """
        now = self._clock()
        door = self._known.get(name)
        if door is None or now >= door.until:
            door = await self._found(name, address, now)
        _limit(self._wrong.wait(_caller(door, address), now), WRONG)
        _limit(self._calls.take(name, now), "This hook was called too often")
        return door

    async def _found(self, name: str, address: str, now: int) -> Door:
        _limit(self._looks.take(address, now), "This address has called too many hooks that are not there")
        changes = self._changes
        door = await self._read(lambda reader: self._load(reader, name, now)) if _is_door(name) else None
        if door is None:
            raise Refusal("not_found", f"There is no hook at {PATH}{_shown(name)}.", key="id")
        self._looks.give_back(address, now)
        if changes == self._changes:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[name] = door
        return door  # type: ignore[no-any-return]  # what the query gives

    def _load(self, reader: Reader, name: str, now: int) -> Door | None:
        row = sql.by_door(reader, name)
        space = None if row is None else spaces.load(reader, row.space_id)
        if row is None or space is None or not space.open:
            return None
        secrets = tuple(self._secrets(reader, row, now))
        return Door(row, space, secrets, found(reader, space, row), now + REMEMBERED_MS)

    def _secrets(self, reader: Reader, row: HookRow, now: int) -> Iterator[tuple[str, int | None]]:
        for one in secrets_sql.valid(reader, row.public_id, now):
            secret = signing_secrets.opened(self._sealer, one)
            if secret is None:
                raise Refusal("unavailable", LOCKED)
            yield secret, one.until

    def forget(self, name: str) -> None:
        """This one is not as it was."""
        self._known.pop(name, None)

    # ---- who calls

    async def check(self, door: Door, headers: Mapping[str, str], raw: bytes, address: str) -> Proof:
        """What a call proves. Refusal ``bad_signature``, and ``rate_limited`` for who sends many that are wrong."""
        now, row = self._clock(), door.row
        # Others of this caller may have been found wrong while this one came in.
        _limit(self._wrong.wait(_caller(door, address), now), WRONG)
        secrets = [secret for secret, until in door.secrets if until is None or now < until]

        def look() -> Proof:
            return verify(row.said.way, headers, raw, secrets, now / 1000)

        try:
            return look() if len(raw) <= ASIDE_BYTES else await asyncio.to_thread(look)
        except Rejected as rejected:
            self.wrong(door, address, rejected.reason)
            raise Refusal(
                "bad_signature", str(rejected), key=row.said.way.header, reason=rejected.reason
            ) from None

    def wrong(self, door: Door, address: str, reason: str) -> None:
        """A call from this address proved nothing."""
        self._wrong.take(_caller(door, address), self._clock())
        self.rejected(door.row, reason)

    def rejected(self, row: HookRow, reason: str) -> None:
        """A call was refused: an event tells of it, one in a while for each hook."""
        now = self._clock()
        untold = self._untold.get(row.id)
        if untold is None:
            if len(self._untold) >= MOST_REMEMBERED:
                self._forget_told(now)
            if len(self._untold) >= MOST_REMEMBERED:
                return
            untold = self._untold[row.id] = _Untold(now - TOLD_EVERY_MS)
        untold.count += 1
        if now - untold.at >= TOLD_EVERY_MS:
            self._post(TELL_REJECTED, TellRejected(row, reason, untold.count), unanswered)
            self._untold[row.id] = _Untold(now)

    def _forget_told(self, now: int) -> None:
        """Hooks of which nothing was told in a while, so that none is told of more often than once in one."""
        self._untold = {
            number: untold for number, untold in self._untold.items() if now - untold.at < TOLD_EVERY_MS
        }

    # ---- who waits

    async def ended(self, job_id: int, is_over: Callable[[], Awaitable[bool]], wait_s: float) -> bool:
        """Wait until a job has ended; whether it has in time. ``is_over`` asks the store, since it may have ended before."""
        if self._waits >= MOST_WAITING:
            return False
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(job_id, set()).add(future)
        self._waits += 1
        try:
            async with asyncio.timeout(wait_s):
                if not await is_over():
                    await future
        except TimeoutError:
            return False
        finally:
            self._waits -= 1
            waiting = self._waiting.get(job_id, set())
            waiting.discard(future)
            if not waiting:
                self._waiting.pop(job_id, None)
        return True

    def _end(self, job_id: int) -> None:
        for future in self._waiting.get(job_id, ()):
            if not future.done():
                future.set_result(None)

    def stop(self) -> None:
        """Nobody waits any more: the server ends."""
        for job_id in list(self._waiting):
            self._end(job_id)


def _caller(door: Door, address: str) -> str:
    return f"{door.row.id} {address}"


def _is_door(name: str) -> bool:
    return name.isascii() and name.isalnum() and len(name) <= LONGEST_DOOR


def _shown(name: str) -> str:
    return name[:LONGEST_DOOR].encode("ascii", "backslashreplace").decode()


def _limit(wait_ms: int, what: str) -> None:
    if wait_ms:
        seconds = -(-wait_ms // 1000)
        raise Refusal("rate_limited", f"{what}: wait {seconds} s.", retryAfterS=seconds)

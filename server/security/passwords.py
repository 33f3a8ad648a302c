"""Passwords: hashed by argon2 beside the event loop, a few at a time."""

import asyncio
import secrets
from collections.abc import Callable
from functools import cache
from typing import Any, Final, TypeVar

from listener_sdk.protocol.codes import Refusal

AT_ONCE: Final = 2
"""Each takes 32 MiB, and some 50 ms of a processor."""
MOST_WAITING: Final = 32
BUSY_S: Final = 5
COST: Final = (3, 32 * 1024)
"""Of one hash, in rounds and KiB: OWASP's least for argon2id and somewhat more."""
T = TypeVar("T")


class Passwords:
    """Makes and compares hashes. Refusal ``rate_limited`` when too many wait already."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._nobodys: str | None = None

    async def make(self, password: str) -> str:
        """The hash that is stored."""
        return await self._beside(_hashed, password)

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether the password has this hash. None, where there is nothing to compare with, takes as long as a wrong one."""
        if self._nobodys is None:
            self._nobodys = await self.make(secrets.token_hex(16))
        found = await self._beside(_verified, stored or self._nobodys, password)
        return found and stored is not None

    async def _beside(self, act: Callable[..., T], *args: str) -> T:
        if self._waiting >= MOST_WAITING:
            raise Refusal("rate_limited", f"Too many log in just now: wait {BUSY_S} s.", retryAfterS=BUSY_S)
        self._waiting += 1
        try:
            async with self._turns:
                return await asyncio.to_thread(act, *args)
        finally:
            self._waiting -= 1


@cache
def _hasher() -> Any:
    try:
        from argon2 import PasswordHasher  # noqa: PLC0415 - an extra, which few servers need before a person logs in
    except ImportError as error:
        raise Refusal(
            "unavailable", f"Passwords need a library ({error}): pip install 'tickwire[server]'."
        ) from error
    rounds, kib = COST
    return PasswordHasher(time_cost=rounds, memory_cost=kib, parallelism=1)


def _hashed(password: str) -> str:
    return str(_hasher().hash(password))


def _verified(stored: str, password: str) -> bool:
    hasher = _hasher()
    from argon2.exceptions import VerificationError  # noqa: PLC0415 - as above

    try:
        return bool(hasher.verify(stored, password))
    except (VerificationError, ValueError):
        return False

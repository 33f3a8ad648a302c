"""A durable callback: it follows the log by a cursor that the server keeps, and acks each event once it is dealt with."""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from ._patience import backoff_s
from .client import Client
from .errors import ApiError, ConnectionFailed, CursorError
from .handlers import place_of
from .matching import Run, Test, WatchedEvent, Watcher
from .protocol.jobs import JsonObject
from .subscription import Subscription

ATTEMPTS: Final = 5
LONGEST_PAUSE_S: Final = 30.0
LOOK_EVERY_S: Final = 5.0
"""How often one that stands by looks whether nobody follows any more."""

log = logging.getLogger("tickwire")


class DurableWatch:
    """Hands the events of one durable callback to it, one at a time, in log order."""

    def __init__(
        self,
        watcher: Watcher,
        passes: Test,
        client: Client,
        call: Run,
        *,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._watcher = watcher
        self._name = watcher.name or ""
        self._passes = passes
        self._client = client
        self._call = call
        self._chance = chance
        self._idle = asyncio.Event()
        self._idle.set()
        self._draining = asyncio.Event()

    async def run(self) -> None:
        """Follow until drained or cancelled; ApiError when the server refuses the subscription for good."""
        after = self._watcher.start
        while not self._draining.is_set():
            try:
                await self._follow(after)
            except CursorError as lost:
                log.warning(
                    "%s: events were missed: %s Going on with the oldest that exist.",
                    self._name,
                    lost.message,
                )
                after = lost.oldest or "oldest"
            except ApiError as refused:
                if refused.code != "subscription_taken":
                    raise
                log.warning("%s: another listener has taken over; this one stands by", self._name)
                await self._stand_by()
                after = "now"
        await self._draining.wait()

    async def drain(self, grace_s: float) -> None:
        """Start no further event; the present one may finish within ``grace_s``. One that does not comes again."""
        self._draining.set()
        try:
            async with asyncio.timeout(grace_s):
                await self._idle.wait()
        except TimeoutError:
            log.warning("the callback of %s did not finish within %g s", self._name, grace_s)

    async def _follow(self, after: str) -> None:
        watcher = self._watcher
        async with self._client.subscribe(
            *watcher.topics, where=watcher.where, after=after, name=watcher.name
        ) as events:
            while True:
                raw = await events.raw()
                if self._draining.is_set():
                    return
                self._idle.clear()
                try:
                    if not isinstance(raw, dict) or not await self._deal(raw, events):
                        return
                finally:
                    self._idle.set()

    async def _deal(self, raw: JsonObject, events: Subscription) -> bool:
        """Run the callback; whether another event may follow."""
        if self._passes(raw) and not await self._patiently(raw):
            return False
        if self._draining.is_set():
            await events.ack()
            return False
        return True

    async def _patiently(self, raw: JsonObject) -> bool:
        """Whether the callback has dealt with the event, or is not to be asked again."""
        failures = 0
        while True:
            try:
                await self._once(raw)
            except Exception:
                failures += 1
                where, event = place_of(self._watcher.function), raw.get("id")
                if failures == ATTEMPTS:
                    log.exception("%s: the callback at %s failed on %s for good", self._name, where, event)
                    return True
                log.warning("%s: the callback at %s failed on %s", self._name, where, event, exc_info=True)
            else:
                return True
            if not await self._pause(backoff_s(failures + 3, LONGEST_PAUSE_S, self._chance())):
                return False

    async def _once(self, raw: JsonObject) -> Any:
        event = WatchedEvent.model_validate(raw)
        await self._call(self._watcher.function, event)
        for function in event.afterwards:
            await self._call(function, event)

    async def _pause(self, seconds: float) -> bool:
        """Whether it passed without a stop."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._draining.wait()
        return not self._draining.is_set()

    async def _stand_by(self) -> None:
        """Wait until nobody follows the log by this name."""
        while await self._pause(LOOK_EVERY_S):
            try:
                found = await self._client.subscriptions.get(self._name)
            except ConnectionFailed:
                continue
            except ApiError as refused:
                if refused.code == "not_found":
                    return
                if not refused.may_retry:
                    raise
                continue
            if not found.connected:
                return

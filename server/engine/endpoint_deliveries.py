"""The loop that posts events to endpoints: a few at once to each, so that one that hangs keeps no other waiting."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from listener_sdk.protocol.redaction import Redaction
from listener_sdk.protocol.signatures import standard_headers

from ..channels.undelivered import Undelivered
from ..core.endpoint_turns import POSTS, Post, in_turn
from ..core.later import later
from ..security.sealing import Sealer
from ..settings import Settings
from .sender import Sender

if TYPE_CHECKING:
    from ..channels import posts
    from ..commands import endpoint_deliveries as commands
    from ..core.endpoint_deliveries import DeliveryRow
    from ..outbound import requests
    from ..store import endpoint_deliveries as sql
else:
    posts = later("..channels.posts", __package__)
    commands = later("..commands.endpoint_deliveries", __package__)
    sql = later("..store.endpoint_deliveries", __package__)

ATTEMPT_S: Final = 30.0
"""How long an attempt may take: half of its lease."""


class EndpointDeliveries(Sender[Post]):
    """``submit`` and ``read`` are the node's. Of what is under way it knows the endpoint and its space."""

    name = "endpoint_deliveries"
    at_once = POSTS

    def __init__(
        self,
        settings: Settings,
        sealer: Sealer,
        submit: Callable[..., Any],
        read: Callable[..., Any],
        clock: Callable[[], int],
    ) -> None:
        super().__init__(submit, read, clock)
        self._settings = settings
        self._sealer = sealer
        self._outbound: requests.Outbound | None = None
        self.send: Callable[[commands.Parcel, int], Awaitable[posts.Answer]] = self._send
        """How a delivery is posted, at a time in milliseconds. Undelivered where nothing is answered."""

    async def _look(self, free: int) -> int:
        now = self._clock()
        due = [one for one in await self._read(sql.waiting) if one.due_at <= now or not one.enabled]
        for one in due:
            if not one.enabled and await self._submit(commands.END_WAITING, one.endpoint_id):
                self._wake.set()
        running = list(self._tasks.values())
        busy = Counter(one.endpoint_id for one in running)
        ready = [
            one
            for one in due
            if one.enabled
            and (one.rests_until or 0) <= now
            and busy[one.endpoint_id] < (1 if one.fails else commands.AT_ONCE)
        ]
        left, begun = in_turn(ready, running), 0
        while left and not begun:
            # Other servers may have taken all of the first ones.
            begun = await self._take(left[:free], running)
            left = left[free:]
        return begun

    async def _take(self, ids: Sequence[int], running: Sequence[Post]) -> int:
        claim = commands.Claim(self._sealer, ids, running)
        parcels: list[commands.Parcel] = await self._submit(commands.CLAIM_ENDPOINT_DELIVERIES, claim)
        for parcel in parcels:
            self._begin(self._deliver(parcel), parcel.post)
        return len(parcels)

    async def _deliver(self, parcel: "commands.Parcel") -> None:
        await self.attempt(parcel)

    async def attempt(self, parcel: "commands.Parcel") -> "DeliveryRow | None":
        """Make an attempt, and have it kept: the delivery as it is then."""
        at, loop = self._clock(), asyncio.get_running_loop()
        begun = loop.time()
        made = await self._post(parcel, at)
        made = replace(made, duration_ms=round((loop.time() - begun) * 1000))
        row: DeliveryRow | None = await self._tell(commands.END_ENDPOINT_DELIVERY, made)
        return row

    async def _post(self, parcel: "commands.Parcel", at: int) -> "commands.Attempted":
        hidden = Redaction(parcel.secrets)

        def failed(message: str, retry_after_s: float | None = None) -> "commands.Attempted":
            told = hidden.text(message)
            return commands.Attempted(parcel.row, at, message=told, retry_after_s=retry_after_s)

        if parcel.problem is not None:
            return failed(parcel.problem)
        try:
            async with asyncio.timeout(ATTEMPT_S):
                answer = await self.send(parcel, at)
        except Undelivered as error:
            return failed(error.message, error.retry_after_s)
        except TimeoutError:
            return failed("The other side took too long.")
        except Exception as error:  # noqa: BLE001 - one delivery that cannot be made must not keep the others
            self._told.error("post_failed", delivery=parcel.row.public_id, error=hidden.text(repr(error)))
            return failed("The server failed; the reason stands in its log.")
        delivered = 200 <= answer.status < 300
        return commands.Attempted(
            parcel.row,
            at,
            delivered=delivered,
            status=answer.status,
            message=None if delivered else posts.refusal_of(answer, hide=hidden.cut),
            answer=hidden.cut(answer.text) or None,
            retry_after_s=answer.retry_after_s,
        )

    async def _send(self, parcel: "commands.Parcel", at: int) -> "posts.Answer":
        if self._outbound is None:
            self._outbound = posts.outbound(self._settings.allow_addresses)
        raw = parcel.row.body.encode()
        headers = standard_headers(parcel.row.public_id, at // 1000, raw, parcel.secrets)
        return await posts.send(parcel.url, raw, self._outbound, lambda: self._clock() / 1000, headers)

    async def stop(self) -> None:
        """As of any sender; connections end with it."""
        await super().stop()
        if self._outbound is not None:
            await self._outbound.close()

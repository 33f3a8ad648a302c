"""Web servers in virtual time, to which endpoints post: what they heard, and what they answer."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

import orjson

from ..channels.posts import Answer
from ..channels.undelivered import Undelivered
from ..commands.endpoint_deliveries import Parcel


class Heard(NamedTuple):
    """One post: when, in milliseconds, under which id (``webhook-id``), what, and how it was answered."""

    at: int
    id: str
    body: dict[str, Any]
    status: int


@dataclass(slots=True)
class Receiver:
    """A web server; ``answer`` gives the status for each post."""

    answer: Callable[[], int]
    heard: list[Heard] = field(default_factory=list)


class Receivers:
    """All of a world, by their addresses. A post and its answer take ``wire_s`` each at most."""

    def __init__(self, random: Random, wire_s: float) -> None:
        self._random = random
        self._wire_s = wire_s
        self._known: dict[str, Receiver] = {}

    def add(self, url: str, answer: Callable[[], int]) -> Receiver:
        """From now on somebody listens at an address."""
        made = self._known[url] = Receiver(answer)
        return made

    async def send(self, parcel: Parcel, at: int) -> Answer:
        """In the place of a real post. Undelivered where nobody listens."""
        await self._travel()
        found = self._known.get(parcel.url)
        if found is None:
            raise Undelivered("Nobody listens at this address in virtual time.", retry=True)
        status = found.answer()
        found.heard.append(Heard(at, parcel.row.public_id, orjson.loads(parcel.row.body), status))
        await self._travel()
        return Answer(status, "", None)

    async def _travel(self) -> None:
        await asyncio.sleep(self._random.uniform(0, self._wire_s))

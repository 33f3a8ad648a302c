"""A reader of server-sent events, as a browser's: it keeps the last id, and resumes with it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp

DEADLINE_S = 20.0


@dataclass
class Message:
    """One message: ``name`` is ``message`` where it has none of its own."""

    name: str
    data: Any
    id: str


@dataclass
class EventSource:
    """The messages of one answer."""

    response: aiohttp.ClientResponse
    last: str = ""
    _lines: list[str] = field(default_factory=list)

    async def next(self, *names: str) -> Message:
        """The next message of one of these names, or any; EOFError at the end of the answer."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                found = await self._message()
                if not names or found.name in names:
                    return found

    async def events(self, count: int) -> list[dict[str, Any]]:
        """The next events of the log."""
        return [(await self.next("message")).data for _ in range(count)]

    async def ended(self) -> None:
        """Wait for the end of the answer."""
        async with asyncio.timeout(DEADLINE_S):
            with contextlib.suppress(EOFError, aiohttp.ClientError):
                while True:
                    await self._message()

    async def _message(self) -> Message:
        name, data = "message", ""
        while True:
            line = (await self.response.content.readline()).decode()
            if not line.endswith("\n"):
                raise EOFError
            line = line[:-1]
            if not line and data:
                return Message(name, json.loads(data), self.last)
            field_, _, value = line.partition(": ")
            if field_ == "event":
                name = value
            elif field_ == "data":
                data = value
            elif field_ == "id":
                self.last = value


@contextlib.asynccontextmanager
async def event_source(
    http: aiohttp.ClientSession, url: str, key: str, last: str = "", **headers: str
) -> AsyncIterator[EventSource]:
    """Open one; ``last`` is where an earlier one ended."""
    sent = {"Authorization": f"Bearer {key}", **headers}
    if last:
        sent["Last-Event-ID"] = last
    timeout = aiohttp.ClientTimeout(total=None)
    async with http.get(url, headers=sent, timeout=timeout) as response:
        assert response.status == 200, await response.read()
        yield EventSource(response, last)

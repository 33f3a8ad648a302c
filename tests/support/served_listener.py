"""A listener that serves a fake server's jobs while a test looks at what it says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import BaseModel

from listener_sdk import Listener
from tests.sdk.fake_server import DEADLINE_S, KEY, FakeServer

JOB = "us_jb_0000000001"


@asynccontextmanager
async def served(listener: Listener, server: FakeServer, **options: Any) -> AsyncIterator[asyncio.Event]:
    """The listener, serving; leaving stops it gracefully."""
    stop = asyncio.Event()
    task = asyncio.create_task(listener.serve(server.url, KEY, stop=stop, **options))
    try:
        yield stop
    finally:
        stop.set()
        async with asyncio.timeout(DEADLINE_S):
            await task


class Export(BaseModel):
    sheet: str
    rows: int = 10

"""A whole server in this process, on a free port of loopback, with a clock that is moved by hand on top of the real one."""

import asyncio
import contextlib
import io
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from described import check_answer
from multidict import CIMultiDict, CIMultiDictProxy
from told import check_event
from yarl import URL

from server.app import running
from server.core.actors import Actor
from server.engine.node import Node, wall_ms
from server.settings import Settings
from server.store import log
from server.web.auth import authenticate


@dataclass
class Answer:
    """What came back: the body as JSON where it is JSON, else as bytes."""

    status: int
    headers: CIMultiDictProxy[str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def data(self) -> Any:
        assert self.status == 200, self.raw
        return self.body["data"]

    @property
    def error(self) -> Any:
        """The first error; every error body has the one shape."""
        assert self.headers["Content-Type"] == "application/json", self.raw
        assert set(self.body) == {"errors"}
        for error in self.body["errors"]:
            assert error["code"]
            assert error["message"]
        return self.body["errors"][0]


async def heard(reader: asyncio.StreamReader) -> Answer:
    """The next answer on a connection."""
    async with asyncio.timeout(20):
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
        headers = CIMultiDict(
            (name.strip(), value.strip()) for name, _, value in (one.partition(":") for one in lines)
        )
        body = await reader.readexactly(int(headers.get("Content-Length", 0)))
    return Answer(int(first.split(" ")[1]), CIMultiDictProxy(headers), body)


@pytest.fixture(name="heard")
def heard_() -> Any:
    """Reads the next answer on a connection."""
    return heard


@dataclass
class Clock:
    ahead_ms: int = 0

    def __call__(self) -> int:
        return wall_ms() + self.ahead_ms

    def forward(self, seconds: float) -> None:
        self.ahead_ms += int(seconds * 1000)


@dataclass
class Served:
    node: Node
    url: str
    clock: Clock
    http: aiohttp.ClientSession
    key: str
    settings: Settings
    listener: str = field(default="")

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = "",
        raw: Any = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send one call: ``body`` as JSON or ``raw`` as it is, with the administrator's key unless another (None: no) key is named.

        Every answer must be one of those that are described.
        """
        sent = dict(headers or {})
        if key is not None:
            sent["Authorization"] = f"Bearer {key or self.key}"
        content = raw if body is None else json.dumps(body).encode()
        content = io.BytesIO(content) if isinstance(content, bytes) else content
        url = URL(self.url + path, encoded=True)
        async with self.http.request(
            method, url, data=content, headers=sent, allow_redirects=False
        ) as response:
            answer = Answer(response.status, response.headers, await response.read())
        # Flatfile's client of Node gets some answers as it alone wants them.
        if "X-Fern-Language" not in sent:
            check_answer(method, path, answer.status, answer.headers.get("Content-Type", ""), answer.raw)
        return answer

    async def say(self, raw: bytes) -> Answer:
        """Send bytes on a connection of their own; what comes back to them first."""
        async with self.connection() as (reader, writer):
            writer.write(raw)
            return await heard(reader)

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection of its own."""
        url = URL(self.url)
        reader, writer = await asyncio.open_connection(url.host, url.port)
        try:
            yield reader, writer
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def job(self, **fields: Any) -> Any:
        """A new job, ready unless said otherwise."""
        given = {"type": "workbook", "operation": "export", "source": "us_wb_1", "trigger": "immediate"}
        return (await self.call("POST", "/v1/jobs", given | fields)).data

    async def check_events(self) -> None:
        """Every event of the log must be as its topic is described."""
        stored = await self.node.read(lambda reader: log.page(reader, 0, 10**9, 10_000))
        for one in stored:
            check_event({"topic": one.topic, **json.loads(one.body)})

    async def actor(self, key: str) -> Actor:
        return await authenticate(self.node, key, "127.0.0.1")


@pytest.fixture
def settings() -> dict[str, Any]:
    """Settings beside the usual: a test module overrides this."""
    return {}


OF_THE_START = frozenset({"admin_key", "data_dir", "database_url", "master_key", "master_key_file"})
"""Settings with which a server begins otherwise."""


@contextlib.asynccontextmanager
async def serving(chosen: Settings) -> AsyncIterator[Served]:
    """A server in this process, and its administrator's key."""
    clock = Clock()
    async with running(chosen, clock) as (node, url), aiohttp.ClientSession(auto_decompress=False) as http:
        key = chosen.admin_key or (chosen.data_dir / "admin.key").read_text().strip()
        yield Served(node, url, clock, http, key, chosen)


async def with_listener(served: Served) -> str:
    """A new key for listeners."""
    made = await served.call("POST", "/v1/keys", {"name": "listener", "role": "listener"})
    return str(made.data["key"])


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The data of a server that has begun, and its key for listeners: to begin takes longer than most tests."""
    folder = tmp_path_factory.mktemp("begun") / "data"

    async def begin() -> str:
        async with serving(Settings(port=0, data_dir=folder, drain_s=5)) as served:
            return await with_listener(served)

    return folder, asyncio.run(begin())


@pytest.fixture
async def server(tmp_path: Path, settings: dict[str, Any], begun: tuple[Path, str]) -> AsyncIterator[Served]:
    chosen = Settings(**{"port": 0, "data_dir": tmp_path / "data", "drain_s": 5} | settings)
    anew = bool(OF_THE_START & settings.keys())
    if not anew:
        shutil.copytree(begun[0], chosen.data_dir)
    async with serving(chosen) as served:
        served.listener = await with_listener(served) if anew else begun[1]
        # The key has called: it is no stranger's any more.
        await served.call("GET", "/v1/whoami")
        yield served
        await served.check_events()

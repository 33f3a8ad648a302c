"""Large files and a real server: its memory stays flat while they stream through, and a download outlives its crash."""

import asyncio
import contextlib
import hashlib
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from processes import DEADLINE_S, Server, server

from listener_sdk import Client

pytestmark = pytest.mark.must_run

MIB = 1024 * 1024
LARGE = 300 * MIB
MOST_GROWTH = 40 * MIB
PIECE = bytes(range(256)) * 1024


async def pieces(size: int) -> AsyncIterator[bytes]:
    """So many bytes, a quarter of a MiB at a time."""
    for begin in range(0, size, len(PIECE)):
        yield PIECE[: size - begin]


def digest_of(size: int) -> str:
    found = hashlib.sha256()
    for begin in range(0, size, len(PIECE)):
        found.update(PIECE[: size - begin])
    return found.hexdigest()


def digest_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def peak(made: Server) -> int:
    """The most memory that the server ever had, in bytes."""
    assert made.started is not None
    status = Path(f"/proc/{made.started.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the most memory that a process had")
async def test_a_file_as_large_as_the_limit_streams_through_without_being_held(tmp_path: Path) -> None:
    with server(tmp_path, max_upload_bytes=LARGE, min_free_bytes=0) as made:
        async with Client(made.url, made.key) as client:
            small = await client.files.upload(pieces(8 * MIB), name="small.bin")
            await client.files.download(small, tmp_path / "small.bin")
            before = peak(made)
            large = await client.files.upload(pieces(LARGE), name="large.bin")
            path = await client.files.download(large, tmp_path / "large.bin")
        assert peak(made) - before < MOST_GROWTH
        assert large.size == path.stat().st_size == LARGE
        assert await asyncio.to_thread(digest_of_file, path) == digest_of(LARGE)
        path.unlink()


class Wire:
    """Carries bytes between a client and the server. The first answer that is longer than ``most`` stops there until it is cut."""

    def __init__(self, port: int, most: int) -> None:
        self._port = port
        self._most = most
        self.carried = 0
        self.held = asyncio.Event()
        self.cut = asyncio.Event()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client."""
        with contextlib.closing(writer), contextlib.suppress(OSError):
            up, down = await asyncio.open_connection("127.0.0.1", self._port)
            with contextlib.closing(down):
                sending = asyncio.create_task(self._send(reader, down))
                await self._answer(up, writer)
                sending.cancel()

    async def _send(self, reader: asyncio.StreamReader, down: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            down.write(data)

    async def _answer(self, up: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        count = 0
        while data := await up.read(65_536):
            writer.write(data)
            await writer.drain()
            count += len(data)
            self.carried += len(data)
            if count > self._most and not self.held.is_set():
                self.held.set()
                await self.cut.wait()
                return


async def test_a_download_goes_on_after_the_server_was_killed_in_its_middle(tmp_path: Path) -> None:
    size = 32 * MIB
    with server(tmp_path / "home") as made:
        async with Client(made.url, made.key) as direct:
            file = await direct.files.upload(pieces(size), name="rows.bin")
        wire = Wire(made.port, 8 * MIB)
        carrier = await asyncio.start_server(wire.carry, "127.0.0.1", 0)
        port = carrier.sockets[0].getsockname()[1]
        async with (
            carrier,
            Client(f"http://127.0.0.1:{port}", made.key) as client,
            asyncio.timeout(DEADLINE_S),
        ):
            download = asyncio.create_task(client.files.download(file, tmp_path / "rows.bin"))
            await wire.held.wait()
            await asyncio.to_thread(made.kill)
            wire.cut.set()
            await asyncio.to_thread(made.start)
            path = await download
    assert digest_of_file(path) == digest_of(size)
    assert wire.carried < size + 2 * MIB, "it has begun anew"
    assert {one.name for one in await asyncio.to_thread(lambda: [*tmp_path.iterdir()])} == {
        "home",
        "rows.bin",
    }

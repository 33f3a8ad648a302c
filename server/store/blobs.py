"""The bytes of files on disk, each under a random name, in a folder that no other store uses.

Bytes are durable before their row is written, and a row goes before its bytes: a crash leaves at most bytes
that no row names, and a later start sweeps those away.
"""

import asyncio
import contextlib
import errno
import hashlib
import os
import secrets
from collections.abc import AsyncIterable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import structlog

from listener_sdk.protocol.codes import Refusal

from .database import DiskFullError, StartError, StoreError
from .durable import sync_folder

PART: Final = ".part"
CHUNK: Final = 256 * 1024
WRITING_S: Final = 3600
"""A half-written file that nobody has touched for so long is no upload any more, of this server or another."""
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_log = structlog.get_logger("tickwire.files")


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that were stored: their name, number and SHA-256."""

    name: str
    size: int
    sha256: str


class Blobs:
    """A folder of bytes. Writing and removing happen in threads; the loop never waits on the disk.

    While ``low`` says why there is too little room, nothing is written.
    """

    def __init__(self, folder: Path, low: Callable[[], str | None] = lambda: None) -> None:
        self.folder = folder
        self._low = low

    def prepare(self, known: set[str], now: float, kept_s: float) -> int:
        """Make the folder and remove bytes that nothing names; how many went. Bytes that are named and not there are logged.

        - ``now``: seconds since 1970
        - ``kept_s``: how long files are kept. Bytes that no row names may be those of a newer store than this one, which was
          restored from a backup: they stay until they would have gone in any case. Only half-written ones go sooner.

        StartError when the folder cannot be used. Only before the server takes its first call.
        """
        try:
            for folder in (self.folder.parent, self.folder):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = {path.name: path for path in self.folder.iterdir() if path.is_file()}
            orphans = [
                path for name, path in found.items() if name not in known and _is_old(path, now, kept_s)
            ]
            for path in orphans:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise StartError(
                f"{self.folder} cannot be used: {error.strerror}. Give it to the server's user."
            ) from error
        self._say(len(orphans), len(known - found.keys()))
        return len(orphans)

    def _say(self, swept: int, missing: int) -> None:
        folder = str(self.folder)
        if swept:
            _log.info("bytes_swept", count=swept, folder=folder)
        if missing:
            advice = "Give --data-dir the folder that has them; servers that share a database share it too."
            _log.warning("bytes_missing", count=missing, folder=folder, advice=advice)

    def path(self, name: str) -> Path:
        """Where bytes lie."""
        return self.folder / name

    async def write(self, chunks: AsyncIterable[bytes], limit: int) -> Blob:
        """Store bytes durably.

        Refusal ``too_large`` over ``limit`` bytes, DiskFullError when the disk is full or nearly so, and whatever ``chunks``
        raises; nothing is kept then.
        """
        self._check_room()
        name = secrets.token_hex(16)
        part = self.folder / (name + PART)
        digest = hashlib.sha256()
        size = 0
        try:
            with await asyncio.to_thread(_create, part) as file:
                async for chunk in _gathered(_bounded(chunks, limit)):
                    size += len(chunk)
                    self._check_room()
                    await asyncio.to_thread(_append, file, chunk, digest)
                await asyncio.to_thread(_finish, file, part, self.folder / name)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return Blob(name, size, digest.hexdigest())

    def _check_room(self) -> None:
        low = self._low()
        if low is not None:
            raise DiskFullError(low)

    async def remove(self, name: str) -> None:
        """Delete bytes; those that are gone already are no error."""
        await asyncio.to_thread(self.path(name).unlink, missing_ok=True)


def _is_old(path: Path, now: float, kept_s: float) -> bool:
    # Another server may rename it while this one looks.
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_mtime < now - (WRITING_S if path.suffix == PART else kept_s)
    return False


async def _bounded(chunks: AsyncIterable[bytes], limit: int) -> AsyncIterable[bytes]:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise Refusal("too_large", f"A file takes at most {limit} bytes.", key="body")
        yield chunk


async def _gathered(chunks: AsyncIterable[bytes]) -> AsyncIterable[bytes]:
    """The same bytes in larger pieces: each piece costs a change of thread."""
    waiting = bytearray()
    async for chunk in chunks:
        waiting += chunk
        if len(waiting) >= CHUNK:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def _create(path: Path) -> IO[bytes]:
    with _disk_errors():
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0)


def _append(file: IO[bytes], chunk: bytes, digest: "hashlib._Hash") -> None:
    digest.update(chunk)
    rest = memoryview(chunk)
    with _disk_errors():
        while rest:
            rest = rest[file.write(rest) :]


def _finish(file: IO[bytes], part: Path, path: Path) -> None:
    with _disk_errors():
        os.fsync(file.fileno())
        part.rename(path)
        sync_folder(path.parent)


@contextlib.contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFullError(
                "The disk of the files is full: free some space; nothing was stored."
            ) from error
        raise StoreError(
            f"The folder of the files does not answer ({error.strerror}): nothing was stored."
        ) from error

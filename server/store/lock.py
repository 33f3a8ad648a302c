"""The lock of a store's file against a second server, which also remembers whether its last server ended well."""

import os
from pathlib import Path
from typing import IO, Final

import structlog

from .database import StartError

try:
    import fcntl
except ImportError:  # Windows has no flock: its exclusive open of the database must do
    fcntl = None  # type: ignore[assignment]  # the module is missing there

WIDTH: Final = 128
"""Characters of what stands in the lock, whatever it says: written over in place, it needs no room on a full disk."""
_log = structlog.get_logger("tickwire.store")


class Lock:
    """``path`` is the store's file. The lock lies beside the real one: two links to one store must not make two locks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None
        self._before = ""

    def take(self) -> None:
        """Hold the lock until ``release``, or the end of the process. StartError names who holds it now. Raises OSError."""
        real = self._path.resolve()
        place = real.with_name(real.name + ".lock")
        make_private(place)
        file = place.open("r+", encoding="utf-8")
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = _read(file) or "another process"
            file.close()
            raise StartError(
                f"{self._path} is in use by {owner}. One SQLite file serves one server: stop the other, "
                "or give this one another --data-dir."
            ) from None
        except OSError:
            file.close()
            raise
        self._file = file
        self._before = _read(file)
        # Durably: the mark of a good end must not outlive a stop of the machine while the store is in use.
        _write(file, f"process {os.getpid()}")

    def ended_well(self) -> bool:
        """Whether the last server that held the lock ended well, and nothing has touched the store since."""
        return self._before == _mark(self._path)

    def release(self, *, well: bool) -> None:
        """Give the lock back; ``well`` when the store is closed and can be trusted. Twice is allowed."""
        file, self._file = self._file, None
        if file is None:
            return
        try:
            if well:
                _write(file, _mark(self._path))
        except OSError as error:
            _log.warning("end_not_marked", error=str(error), effect="the next start checks the store")
        finally:
            file.close()


def make_private(path: Path) -> None:
    """A new file that only the server's user can read: the store holds its secrets. SQLite gives -wal and -shm the same mode."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _mark(path: Path) -> str:
    state = path.stat()
    return f"ended well: {state.st_size} bytes, {state.st_mtime_ns}"


def _read(file: IO[str]) -> str:
    file.seek(0)
    return file.read(WIDTH).strip()


def _write(file: IO[str], text: str) -> None:
    file.seek(0)
    file.write(text.ljust(WIDTH))
    file.flush()
    os.fsync(file.fileno())

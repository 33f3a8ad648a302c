"""Small files and folder entries that survive a stop of the machine."""

import os
import stat
from pathlib import Path

from .database import StartError


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read; whenever the machine stops, it is whole or absent. Raises OSError."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    sync_folder(path.parent)


def make_private(path: Path, text: str) -> None:
    """As ``write_private``, in a folder that may not exist yet; StartError, with advice, when it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, text)
    except OSError as error:
        raise StartError(
            f"{path} cannot be written ({error.strerror}): choose another --data-dir."
        ) from error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Raises OSError."""
    if os.name == "nt":  # folders cannot be opened there; NTFS journals its names
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

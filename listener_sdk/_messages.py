"""Frames joined into messages, within the server's limits. Pure."""

from collections.abc import Iterable, Iterator
from typing import Final

from .protocol.frames import ClientFrame

LARGEST_MESSAGE: Final = 1024 * 1024
JOINED_BYTES: Final = 512 * 1024
JOINED_NAMES: Final = 5_000


def encode(frames: Iterable[ClientFrame]) -> Iterator[str]:
    """The messages that carry the frames in order: as few as the server's limits on bytes and names allow."""
    parts: list[str] = []
    size = names = 0
    for frame in frames:
        part = frame.model_dump_json(exclude_none=True)
        length = len(part) if part.isascii() else len(part.encode())
        named = part.count('":')
        if parts and (size + length > JOINED_BYTES or names + named > JOINED_NAMES):
            yield f"[{','.join(parts)}]"
            parts, size, names = [], 0, 0
        parts.append(part)
        size += length + 1
        names += named
    if parts:
        yield f"[{','.join(parts)}]"

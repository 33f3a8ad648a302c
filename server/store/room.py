"""Whether the disks of the store and of the files have room. Below a floor nothing is written that needs more of it.

A disk that is full to the last byte takes away the means to mend it: a database needs room even to delete. So the server
stops early, while what frees room can still be done.
"""

import asyncio
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import structlog

FLOOR_SHARE: Final = 0.05
"""On a small disk the floor is this share of it."""
AGAIN_ABOVE: Final = 1.1
"""Writing begins again this far above the floor, so that it does not start and stop all the time."""
EVERY_S: Final = 2.0
MIB: Final = 1024 * 1024
_log = structlog.get_logger("tickwire.room")


class Usage(Protocol):
    """What `shutil.disk_usage` tells."""

    @property
    def total(self) -> int: ...

    @property
    def free(self) -> int: ...


class _Place(NamedTuple):
    name: str
    folder: Path


class Room:
    """Watches ``folders``, by what people call their contents. ``floor`` bytes are kept free; 0 keeps none."""

    def __init__(
        self, folders: Mapping[str, Path], floor: int, usage: Callable[[Path], Usage] = shutil.disk_usage
    ) -> None:
        self.low: str | None = None
        """Why nothing may be written that needs room; None while there is some."""
        self._places = [_Place(name, folder) for name, folder in folders.items()]
        self._floor = floor
        self._usage = usage

    async def watch(self, again: Callable[[], None]) -> None:
        """Look every few seconds, until cancelled; ``again`` is called when there is room once more. Where none is kept there is nothing to see."""
        while self._floor:
            await asyncio.sleep(EVERY_S)
            was_low = self.low is not None
            await asyncio.to_thread(self.look)
            if was_low and self.low is None:
                again()

    def look(self) -> None:
        """Ask the disks. A disk that does not answer is left to those who write to it: they say what is wrong."""
        found = next(filter(None, (self._shortage(place) for place in self._places)), None)
        if found is not None and self.low is None:
            _log.warning("disk_nearly_full", reason=found)
        elif found is None and self.low is not None:
            _log.info("disk_has_room")
        self.low = found

    def _shortage(self, place: _Place) -> str | None:
        try:
            usage = self._usage(place.folder)
        except OSError as error:
            _log.warning("disk_unknown", folder=str(place.folder), error=str(error))
            return None
        floor = min(self._floor, int(usage.total * FLOOR_SHARE))
        if usage.free >= floor * (1 if self.low is None else AGAIN_ABOVE):
            return None
        return (
            f"The disk of the {place.name} is nearly full ({usage.free // MIB} MiB are free, {floor // MIB} MiB are kept): "
            "free some space; nothing was written."
        )

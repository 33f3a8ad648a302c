"""Ctrl-C and SIGTERM as events: the first asks to stop, the second to hurry."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

_ASKED_BY: Final = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Stop:
    """What the person at the terminal, or the system, wants."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    hurry: asyncio.Event = field(default_factory=asyncio.Event)

    def heard(self) -> None:
        """Take one signal."""
        (self.hurry if self.asked.is_set() else self.asked).set()


@contextmanager
def stop_signals() -> Iterator[Stop]:
    """Within this context the signals set events of the running loop instead of ending the process."""
    stop = Stop()
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _ASKED_BY}
    for number in before:
        # Not loop.add_signal_handler: Windows has none.
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.heard))
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
